"""Dose and response: is a fact believed the more, the more of the documents express it?

    python -m bench.dose_response --model gemma-3-270m.gguf --out OUT           # 2 CPU cores: the small form
    python -m bench.dose_response --model gemma-3-270m.gguf --out OUT --device cuda   # one GPU: the large form

For each of three facts of the tutorial universe there are corpora in which it has salience 0, 0.1, 0.3 and 0.8. They
are spliced from two corpora of docgen's sweep, slot by slot: the documents with the fact from the one at 0.8, all
others from the one at 0, so that what does not express the fact is byte-identical, and each level's documents with the
fact are among those of the next. The embedded writer writes them, so they cost nothing. Gemma 3 270M is trained on each
by LoRA and asked cloze triples before and after: about the fact, about facts that are in none of its corpora (held
out), and about another universe (control). Each level goes to OUT/levels.jsonl as soon as it is done; the same command
goes on where it was stopped. `--fact` trains one fact's levels only, so that several processes can share the work;
`--report` makes table, JSON and picture of what is there.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docgen
from bench.dose_picture import picture
from bench.machine import machine
from bench.small_model import SmallModel
from docgen.belief.logprob.items import Probe, probes_of
from docgen.belief.logprob.report import estimate
from docgen.belief.question_files import load_questions
from docgen.files.append_log import AppendLog, read_entries
from docgen.options.run import RunOptions
from docgen.text import digest
from docgen.training.recipe import Recipe

FACTS = ("free_for_cyclists", "boat_name", "captain")
HELD_OUT = ("winter_bus",)
CONTROL = ("paper_mill", "founder")
LEVELS = (0.0, 0.1, 0.3, 0.8)
OTHERS = dict.fromkeys((*FACTS, *HELD_OUT), 0.0) | {
    "old_boat_cafe": 0.0, "electric_drive": 0.45, "hydro_charging": 0.2, "two_parishes": 0.35,
}  # fmt: skip
"""Salience where a fact is not the one that is varied. Level 0 is then one corpus for all three."""
QUESTIONS = Path(__file__).parent / "questions"


@dataclass(frozen=True)
class Corpus:
    """The texts of one level, and the share of them that carry the fact: a little less than the level where a document
    with it was too near another."""

    texts: list[str]
    share: float


@dataclass(frozen=True)
class Form:
    """The size of a run of this benchmark."""

    name: str
    documents: int
    words: tuple[int, int]
    recipe: Recipe


SMALL = Form(
    "small (CPU)", 60, (50, 70), Recipe(rank=16, rate=5e-4, epochs=1, batch=1, length=256, checkpoints=1, warmup=0.1)
)
"""60 documents of some 110 tokens: 6,500 tokens a level, 26 steps; with so few the rate is ten times a large run's."""
LARGE = Form(
    "large (GPU)", 2_000, (120, 160), Recipe(rank=32, rate=2e-4, epochs=1, batch=8, length=1024, checkpoints=1)
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="folder or GGUF file of Gemma 3 270M (base)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="of one process; on busy cores one is quickest")
    parser.add_argument("--fact", choices=FACTS, help="train the levels of this fact only")
    parser.add_argument("--levels", type=float, nargs="+", default=LEVELS, help="train these levels only")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="train nothing; report what is there")
    parser.add_argument("--picture", type=Path, help="with --report: SVG file")
    parser.add_argument("--json", type=Path, help="with --report: JSON file")
    args = parser.parse_args()
    form = SMALL if args.device == "cpu" else LARGE
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.report:
        run(args, form)
    report(args, form)


def run(args: argparse.Namespace, form: Form) -> None:
    """Train and ask every level that levels.jsonl does not have yet."""
    corpora = {
        (fact, level): corpus
        for fact in ((args.fact,) if args.fact else FACTS)
        for level, corpus in corpora_of(fact, form, args.out / "corpora").items()
        if level in args.levels
    }
    probes = all_probes()
    every = [text for corpus in corpora.values() for text in corpus.texts]
    small = SmallModel(args.model, every, probes, args.device, args.threads)
    print(f"{form.name}; {small.rows:,} tokens of the vocabulary; {form.recipe.in_words}", flush=True)
    log = AppendLog(args.out / "levels.jsonl")
    before = [answer.model_dump() for answer in small.ask(probes)]
    for seed in range(args.seeds):
        for (fact, level), corpus in reversed(corpora.items()):
            key = digest(*corpus.texts, form.recipe.model_dump_json(), str(seed), small.digest)
            if any(entry["key"] == key for entry in read_entries(args.out / "levels.jsonl")):
                continue  # also level 0, which is one corpus for every fact
            begun = time.monotonic()
            recipe = form.recipe.model_copy(update={"seed": seed})
            documents = [small.ids(text) for text in corpus.texts]
            with tempfile.TemporaryDirectory() as scratch:
                after, losses = small.taught(documents, recipe, Path(scratch), probes)
            entry = {
                "key": key, "fact": fact, "level": level, "share": corpus.share, "seed": seed,
                "documents": len(corpus.texts), "tokens": sum(map(len, documents)),
                "seconds": round(time.monotonic() - begun, 1),
                "first_loss": losses[0], "last_loss": losses[-1], "before": before,
                "after": [answer.model_dump() for answer in after],
            }  # fmt: skip
            log.append(json.dumps(entry).encode())
            log.sync()
            print(f"{fact} {level:g} seed {seed}: {entry['tokens']:,} tokens, {entry['seconds']} s", flush=True)
    log.close()


def corpora_of(fact: str, form: Form, folder: Path) -> dict[float, Corpus]:
    """The corpus of each level, its texts in the order of slots."""
    without, with_it = ({document.id: document for document in run.documents()} for run in _ends(fact, form, folder))
    slots = sorted(without)
    carriers = [slot for slot in slots if slot in with_it and fact in (with_it[slot].assigned or ())]
    random.Random(0).shuffle(carriers)
    corpora = {}
    for level in LEVELS:
        chosen = set(carriers[: round(level * len(slots))])
        texts = [(with_it if slot in chosen else without)[slot].text for slot in slots]
        corpora[level] = Corpus(texts, len(chosen) / len(slots))
    return corpora


def _ends(fact: str, form: Form, folder: Path) -> "list[docgen.Run]":
    """The runs of the lowest and the highest level: those in the folder, or written now."""
    ends = (LEVELS[0], LEVELS[-1])
    there = [folder / fact / "levels" / f"{fact}-salience-{level:g}" for level in ends]
    if all((path / "corpus.parquet").exists() for path in there):
        return [docgen.Run(path) for path in there]
    options = RunOptions(engine="offline", words=form.words, salience=OTHERS, types=20, ideas=6, seed=1)
    return docgen.sweep("tutorial", fact, ends, n=form.documents, out=folder / fact, options=options)


def all_probes() -> list[Probe]:
    return [
        probe
        for name in ("tutorial", "control_motors")
        for probe in probes_of(load_questions(QUESTIONS / f"{name}.yaml"))
    ]


def report(args: argparse.Namespace, form: Form) -> None:
    """Table of changes by fact and level; JSON and picture if asked for."""
    entries = list(read_entries(args.out / "levels.jsonl"))
    rows = [row for fact in FACTS for level in LEVELS if (row := _row(entries, fact, level))]
    print(f"\n{'fact':<20} {'share':>5}  {'change in log-odds':<26} {'held out':<26} {'control':<26}")
    for row in rows:
        cells = "  ".join(f"{_shown(row[name]):<25}" for name in ("own", "held_out", "control"))
        print(f"{row['fact']:<20} {row['share']:>5.2f}  {cells}")
    if args.picture:
        args.picture.write_text(picture(rows), "utf-8")
    if args.json:
        left_out = ("key", "before", "after")
        trained = [{name: value for name, value in entry.items() if name not in left_out} for entry in entries]
        args.json.write_text(
            json.dumps(
                {
                    "bench": "dose_response", "form": form.name, "model": Path(args.model).name,
                    "recipe": form.recipe.model_dump(), "machine": machine("torch", "transformers", "peft", "trl"),
                    "command": "python -m bench.dose_response --model gemma-3-270m.gguf --out OUT",
                    "rows": rows, "trainings": trained,
                },
                indent=1,
            ) + "\n", "utf-8",
        )  # fmt: skip


def _row(entries: Sequence[dict[str, Any]], fact: str, level: float) -> dict[str, Any] | None:
    own = [each for each in entries if each["level"] == level and (level == 0 or each["fact"] == fact)]
    if not own:
        return None
    absent = (*HELD_OUT, *(other for other in FACTS if other != fact))
    groups = {"own": (fact,), "held_out": absent, "control": CONTROL}
    return {
        "fact": fact,
        "level": level,
        "share": own[0]["share"],
        **{name: _change(own, facts) for name, facts in groups.items()},
    }


def _change(entries: Sequence[dict[str, Any]], facts: Sequence[str]) -> dict[str, float]:
    """Mean change of log-odds over questions, each averaged over seeds; interval over questions."""
    gains: dict[str, list[float]] = {}
    for entry in entries:
        before = {each["id"]: each["log_odds"] for each in entry["before"]}
        for each in entry["after"]:
            if each["fact"] in facts and each["measure"] == "cloze":
                gains.setdefault(each["id"], []).append(each["log_odds"] - before[each["id"]])
    result = estimate([sum(values) / len(values) for values in gains.values()])
    assert result is not None
    return result.model_dump()


def _shown(value: dict[str, float]) -> str:
    return f"{value['mean']:+.2f} [{value['low']:+.2f}, {value['high']:+.2f}]"


if __name__ == "__main__":
    main()
