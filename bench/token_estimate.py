"""How far the estimate of tokens is off on texts of many scripts: python bench/token_estimate.py TEXTS TOKENIZER

TEXTS is a folder of UTF-8 files, one a language: SET-ru.txt. TOKENIZER is a tokenizer.json or a folder that has one.
Files of a set are summed by the script of most of their letters; the last line says on how many scripts the sum is
within 10 %.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

from docgen.exporting.estimate import character_class, training_tokens
from docgen.exporting.tokens import open_tokenizer

WITHIN = 0.10


def script_of(text: str) -> str:
    """The script of most letters that are not ASCII; "ASCII" where those are few."""
    counts = Counter(character_class(character) for character in text if character.isalpha())
    (name, _), *_ = counts.most_common(1)
    others = sum(count for script, count in counts.items() if script)
    if not name:
        return "latin" if others > 0.005 * sum(counts.values()) else "ASCII"
    return {"kana": "japanese"}.get(name, "japanese" if counts["kana"] > 50 else name)


def main(texts: Path, tokenizer_name: str) -> None:
    tokenizer = open_tokenizer(tokenizer_name)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for file in sorted(texts.glob("*.txt")):
        text = file.read_text("utf-8")
        (count,) = tokenizer.count([text])
        estimate = training_tokens(text)
        source, _, _language = file.stem.rpartition("-")
        print(f"{file.stem:20} {count:8,} tokens  estimate {estimate / count - 1:+.1%}")
        total = sums[source, script_of(text)]
        total[0] += count
        total[1] += estimate
        total[2] += 1
    print()
    within: Counter[bool] = Counter()
    for (source, script), (count, estimate, files) in sorted(sums.items()):
        off = estimate / count - 1
        if script not in ("latin", "ASCII"):
            within[abs(off) <= WITHIN] += 1
        print(f"{source:10} {script:12} {files:3} languages {count:9,} tokens  estimate {off:+.1%}")
    print(f"within {WITHIN:.0%} on {within[True]} of {within.total()} sums of scripts that are not Latin")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
