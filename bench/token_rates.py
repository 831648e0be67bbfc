"""Makes docgen/exporting/tokens/token_rates.toml anew: python bench/token_rates.py TEXTS FAMILY=TOKENIZER...

TEXTS is a folder of UTF-8 files, one a language of a set: SET-ru.txt, running prose. TOKENIZER is a tokenizer.json, a
folder that has one, or a file of tiktoken's ranks, read with the pattern of GPT-4 (Llama 3's and Qwen's too) or GPT-4o.
A file counts for the writing that most of its characters are of. The rate of a writing lies between its lowest and its
highest file, so that the larger error is the least possible (their harmonic mean).
"""

import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from docgen.exporting.tokens import estimator
from docgen.exporting.tokens.counter import open_tokenizer

TABLE = Path(estimator.__file__).parent / "token_rates.toml"
LEAST = 200
"""Characters of its main writing that a file must have."""


def counter_of(family: str, name: str) -> Callable[[str], int]:
    if Path(name).suffix not in (".tiktoken", ".model"):
        tokenizer = open_tokenizer(name)
        return lambda text: tokenizer.count([text])[0]
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe
    from tiktoken_ext import openai_public

    pattern = openai_public.o200k_base if family == "gpt" else openai_public.cl100k_base
    ranks, openai_public.load_tiktoken_bpe = load_tiktoken_bpe(name), lambda *_, **__: {}
    encoding = tiktoken.Encoding(family, pat_str=pattern()["pat_str"], mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def main(texts: Path, tokenizers: dict[str, str]) -> None:
    counters = {family: counter_of(family, name) for family, name in tokenizers.items()}
    rates: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(texts.glob("*.txt")):
        text = file.read_text("utf-8")
        counted = estimator.count_writings(Counter(text))
        name = max(counted.characters, key=lambda each: counted.characters[each], default="")
        if counted.characters.get(name, 0) < LEAST:
            continue
        for family, count in counters.items():
            others = sum(n * estimator.writing_systems()[each].rates[family] for each, n in counted.characters.items())
            own = counted.characters[name]
            others += counted.other_tokens - own * estimator.writing_systems()[name].rates[family]
            rates[name][family].append((count(text) - others) / own)
    for name, row in tomllib.loads(TABLE.read_text("utf-8")).items():
        print(f"[{name}]")
        print(f"spans = {[list(span) for span in row['spans']]}".replace("'", '"'))
        if "letters" in row:
            print(f'letters = "{row["letters"]}"')
        if "least" in row:
            print(f"least = {row['least']}")
        found = {
            family: 2 * min(each) * max(each) / (min(each) + max(each)) for family, each in rates.get(name, {}).items()
        }
        shown = ", ".join(f"{family} = {rate:.3f}" for family, rate in (row["rates"] | found).items())
        print(f"rates = {{ {shown} }}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[2:]))
