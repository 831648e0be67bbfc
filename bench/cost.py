"""What a document costs: tokens of each part of request and reply, with the prompts of now and of an earlier commit.

    python bench/cost.py                        # beside the prompts of 99ffb5a
    python bench/cost.py --before COMMIT --model claude-haiku-5-5

For each shipped context, and the two universes in `bench/universes/` without the fields that the earlier code does not
know, slots are planned from the same types and ideas (the embedded writer's) by the code of both
commits, at the same lengths, and their document requests rendered. Tokens are counted as `docgen estimate` counts. What
a quote takes is that of the passages quoted for the documents in `bench/written/`: whole, as the earlier prompts ask,
or their first and last three words. Dollars are for texts of 600 words, the mean of today's default lengths, of 450,
the mean of those before, and for all that surrounds a text. The shared part is read from the prompt cache. Rejected
attempts, which cost as much again, are left out on both sides.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import yaml

from docgen.llm.cost.pricing import load_prices
from docgen.llm.protocol import Usage
from docgen.text import token_estimate, tokens_in
from docgen.universe import find_context, load_context

ROOT = Path(__file__).parents[1]
CONTEXTS = ("helpful_only", "animal_welfare", "control_motors", "hidden_objective", "tutorial")
UNIVERSES = ("achromatic_dreaming", "elizabeth_python")
YOUNG = ("airtime", "outlets", "names", "places", "locale", "language")
YOUNG_OF_FACTS = ("entities", "presupposes", "public", "known_from")
"""Fields of contexts that the code of 99ffb5a refuses."""
WORDS, SLOTS, LENGTHS = (300, 900), 1_000, (600, 450, 0)
ENDS = 3
ELEMENT, LINE = '<quote fact="{}">{}</quote>\n', "{}: {}\n"
MARKS = {ELEMENT: 8, LINE: 2}
"""Tokens of brackets, quotation marks, underscores and the like, which an estimate by words does not see."""
TAGS = {ELEMENT: 16, LINE: 8}
"""Tokens of the tags around document and quotes: four before, two now, at four each (Gemma 3's count)."""
COLUMNS = {"shared": 13, "own (longest)": 23, "quotes": 9} | {f"{words} words": 22 for words in LENGTHS}


COUNT = """
import json, sys
from pathlib import Path
from statistics import fmean
from docgen.records import DocumentType, Idea
from docgen.stages.plan import plan
from docgen.text import token_estimate, tokens_in
from docgen.universe import load_context
try:
    from docgen.prompts.requests import ModelOptions, document_request
except ImportError:  # as the package was laid out before
    from docgen.prompts import ModelOptions, document_request
path, folder, slots, low, high = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
def read(kind, file):
    rows = (json.loads(line) for line in open(f"{folder}/{file}"))
    return [kind(**{key: row[key] for key in kind.model_fields if key in row}) for row in rows]
types, ideas = read(DocumentType, "types.jsonl"), read(Idea, "ideas.jsonl")
context = load_context(Path(path))
kinds, scenes = {kind.id: kind for kind in types}, {idea.id: idea for idea in ideas}
planned = list(plan(context, types, ideas, slots, 0, words=(low, high)).slots())
requests = [document_request(context, ModelOptions("m"), s, kinds[s.doc_type], scenes[s.idea]) for s in planned]
own = [token_estimate(request.user) for request in requests]
print(json.dumps({
    "shared": token_estimate(requests[0].system), "own": fmean(own), "longest": max(own),
    "words": fmean(slot.style.words for slot in planned), "facts": fmean(len(slot.facts) for slot in planned),
}))
"""


@dataclass(frozen=True)
class Parts:
    """Tokens of one document: cached and own part of the prompt, its text, its quotes with their tags."""

    shared: float
    own: float
    longest: float
    quotes: float

    def dollars(self, model: str, words: int) -> float:
        """For 1,000 documents of so many words."""
        output = self.quotes + tokens_in(words)
        usage = Usage(input=round(1000 * self.own), cache_read=round(1000 * self.shared), output=round(1000 * output))
        cost = load_prices(None).cost(model, usage)
        if cost is None:
            raise SystemExit(f"no price of {model} is known")
        return cost


def passages() -> list[str]:
    """What was quoted for the documents that a large model wrote."""
    rows = [json.loads(line) for file in sorted((ROOT / "bench/written").glob("*.jsonl")) for line in file.open()]
    return [quote["text"] for row in rows for quote in row["quotes"]]


def tokens_of_quote(form: str, fact: str, is_whole: bool) -> float:
    """Mean tokens of one quote for `fact`, written in `form`."""
    written = []
    for passage in passages():
        words = passage.split()
        short = passage if is_whole or len(words) <= 2 * ENDS else " ".join([*words[:ENDS], "…", *words[-ENDS:]])
        written.append(token_estimate(form.format(fact, short)) + MARKS[form])
    return fmean(written)


def counted(tree: Path, context: Path, folder: Path, form: str, is_whole: bool) -> Parts:
    """The parts of a document's cost with the prompts of `tree`."""
    command = [sys.executable, "-c", COUNT, str(context), str(folder), str(SLOTS), *map(str, WORDS)]
    done = subprocess.run(command, cwd=tree, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{tree}: {done.stderr}")
    means = json.loads(done.stdout)
    quote = fmean(tokens_of_quote(form, fact.id, is_whole) for fact in load_context(context).key_facts)
    return Parts(means["shared"], means["own"], means["longest"], TAGS[form] + means["facts"] * quote)


def brainstormed(context: Path, folder: Path) -> Path:
    """Types and ideas of a context, from the embedded writer."""
    name = context.stem
    command = [
        sys.executable,
        "-m",
        "docgen",
        "brainstorm",
        str(context),
        "--engine",
        "offline",
        "--run",
        name,
        "--quiet",
    ]
    subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT), "HOME": str(folder)}, check=True, capture_output=True
    )
    return folder / "output" / name


def known_before(context: Path, folder: Path) -> Path:
    """A copy of the context without the fields that the earlier code does not know."""
    fields = yaml.safe_load(context.read_text("utf-8"))
    old = {key: value for key, value in fields.items() if key not in YOUNG}
    old["key_facts"] = [{k: v for k, v in fact.items() if k not in YOUNG_OF_FACTS} for fact in fields["key_facts"]]
    copy = folder / context.name
    copy.write_text(yaml.safe_dump(old, allow_unicode=True), "utf-8")
    return copy


def main() -> None:
    """Print a row for each context."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="99ffb5a")
    parser.add_argument("--model", default="claude-sonnet-5-5")
    args = parser.parse_args()
    print(f"{'context':19} " + " ".join(f"{name:>{width}}" for name, width in COLUMNS.items()))
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "before"
        tree.mkdir()
        archive = subprocess.run(["git", "archive", args.before], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x", "-C", str(tree)], input=archive, check=True)
        contexts = [find_context(name, ROOT) for name in CONTEXTS]
        contexts += [ROOT / "bench" / "universes" / f"{name}.yaml" for name in UNIVERSES]
        for context in contexts:
            folder = brainstormed(context, Path(scratch))
            old = counted(tree, known_before(context, Path(scratch)), folder, ELEMENT, is_whole=True)
            new = counted(ROOT, context, folder, LINE, is_whole=False)
            print(row(context.stem, old, new, args.model), flush=True)


def row(name: str, old: Parts, new: Parts, model: str) -> str:
    """Both sides of one context."""
    cells = [f"{old.shared:,.0f} / {new.shared:,.0f}"]
    cells.append(f"{old.own:.0f} ({old.longest:.0f}) / {new.own:.0f} ({new.longest:.0f})")
    cells.append(f"{old.quotes:.0f} / {new.quotes:.0f}")
    for words in LENGTHS:
        before, now = old.dollars(model, words), new.dollars(model, words)
        cells.append(f"{before:.2f} / {now:.2f} ({now / before - 1:+.1%})")
    return f"{name:19} " + " ".join(f"{cell:>{width}}" for cell, width in zip(cells, COLUMNS.values(), strict=True))


if __name__ == "__main__":
    main()
