"""How far the estimate of tokens is off: python bench/token_estimate.py TEXTS FAMILY=TOKENIZER...

TEXTS is a folder of UTF-8 files, one a language of a set: SET-ru.txt. TOKENIZER as in bench/token_rates.py, of the
family named. A line for each set and writing: by how much the sum of its files is off, in each family; the last line
counts those within 10 %.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

from bench.token_rates import counter_of
from docgen.exporting.tokens.estimator import count_writings, training_tokens

WITHIN = 0.10


def writing_of(text: str) -> str:
    """The writing of most of its characters; "latin" where those are letters of none."""
    counted = count_writings(Counter(text)).characters
    name = max(counted, key=lambda each: counted[each], default="latin")
    return name if counted.get(name, 0) > 0.05 * len(text) else "latin"


def main(texts: Path, tokenizers: dict[str, str]) -> None:
    counters = {family: counter_of(family, name) for family, name in tokenizers.items()}
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for file in sorted(texts.glob("*.txt")):
        text = file.read_text("utf-8")
        total = sums[file.stem.rpartition("-")[0], writing_of(text)]
        total["files"] += 1
        for family, count in counters.items():
            total[family] += count(text)
            total[f"estimate {family}"] += training_tokens(text, family)
    within: Counter[bool] = Counter()
    for (source, writing), total in sorted(sums.items()):
        off = {family: total[f"estimate {family}"] / total[family] - 1 for family in counters}
        if writing != "latin":
            within.update(abs(each) <= WITHIN for each in off.values())
        shown = "  ".join(f"{family} {each:+.1%}" for family, each in off.items())
        print(f"{source:10} {writing:12} {total['files']:3} files  {shown}")
    print(f"within {WITHIN:.0%}: {within[True]} of {within.total()} that are not Latin")


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[2:]))
