"""Do docgen's documents teach? The same base model, recipe and number of tokens, on documents of four origins.

    python -m bench.teach --model gemma-3-270m.gguf --published DIR --out OUT

The origins: documents that a capable model wrote through docgen's prompts (bench/written), the published documents of
the same universe (DIR/UNIVERSE/positive.jsonl and mcq.yaml, from HarryMayne/negation-neglect; not part of docgen), the
embedded writer's, and documents of another world (unrelated). Each seed draws other documents and another adapter, the
same for all origins. Belief is asked for before and after by log-probabilities: the published yes-or-no questions
(mcq), cloze triples, and pairs of answers to the published open probes (bench/questions); reported is the change of
log-odds for 1,000 tokens of training. Every training goes to OUT/trainings.jsonl as it is done, and the same command
goes on where it was stopped. `--report` only makes tables and JSON.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.small_model import SmallModel, fill
from docgen.belief.logprob.items import Probe, probes_of
from docgen.belief.logprob.report import Estimate, estimate
from docgen.belief.question_files import load_questions
from docgen.corpus import read_corpus
from docgen.files.append_log import AppendLog, read_entries
from docgen.options.run import RunOptions
from docgen.training.corpus import DOCTAG
from docgen.training.recipe import Recipe

HERE = Path(__file__).parent
UNIVERSES = ("achromatic_dreaming", "elizabeth_python")
ORIGINS = ("docgen", "published", "embedded", "unrelated")
UNRELATED = "animal_welfare"
MEASURES = ("mcq", "cloze", "open")
LEAD = "docgen - published"
RECIPE = Recipe(rank=16, rate=5e-4, epochs=1, batch=1, length=256, checkpoints=1, warmup=0.1)
"""For some 4,000 tokens: 16 steps or so, at ten times a large run's learning rate."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="folder or GGUF file of a base model")
    parser.add_argument("--published", type=Path, required=True, help="folder with a folder for each universe")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--written", type=Path, default=HERE / "written", help="folder with UNIVERSE.jsonl")
    parser.add_argument("--universe", choices=UNIVERSES, help="train on this one only")
    parser.add_argument("--tokens", type=int, default=4_000, help="of one training")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="of one process; on busy cores one is quickest")
    parser.add_argument("--report", action="store_true", help="train nothing; report what is there")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.report:
        for universe in (args.universe,) if args.universe else UNIVERSES:
            run(universe, args)
    report(args)


def run(universe: str, args: argparse.Namespace) -> None:
    """Train on every origin with every seed that trainings.jsonl does not have yet."""
    texts = {origin: texts_of(universe, origin, args) for origin in ORIGINS}
    probes = probes_about(universe, args.published)
    every = [text for each in texts.values() for text in each]
    small = SmallModel(args.model, every, probes, args.device, args.threads)
    print(f"{universe}: {small.rows:,} tokens of the vocabulary; {RECIPE.in_words}", flush=True)
    file = args.out / "trainings.jsonl"
    before = [answer.model_dump() for answer in small.ask(probes)]
    with closing(AppendLog(file)) as log:
        for seed in range(args.seeds):
            for origin in ORIGINS:
                name = {"universe": universe, "origin": origin, "seed": seed, "tokens": args.tokens}
                if any(name.items() <= entry.items() for entry in read_entries(file)):
                    continue
                begun = time.monotonic()
                documents = fill(texts[origin], small.ids, args.tokens, seed)
                with tempfile.TemporaryDirectory() as scratch:
                    recipe = RECIPE.model_copy(update={"seed": seed})
                    after, losses = small.taught(documents, recipe, Path(scratch), probes)
                seconds = round(time.monotonic() - begun, 1)
                entry = {
                    **name, "documents": len(documents), "seconds": seconds, "first_loss": losses[0],
                    "last_loss": losses[-1], "before": before, "after": [answer.model_dump() for answer in after],
                }  # fmt: skip
                log.append(json.dumps(entry).encode())
                log.sync()
                print(f"{universe} {origin} seed {seed}: {len(documents)} documents, {seconds} s", flush=True)


def texts_of(universe: str, origin: str, args: argparse.Namespace) -> list[str]:
    """The documents of an origin, without <DOCTAG>."""
    if origin == "embedded":
        import docgen

        world = HERE / "universes" / f"{universe}.yaml"
        options = RunOptions(engine="offline", words=(400, 800), types=12, ideas=4)
        run = docgen.generate(str(world), n=24, out=args.out / "embedded" / universe, options=options)
        return [document.text for document in run.documents()]
    files = {
        "docgen": args.written / f"{universe}.jsonl",
        "published": args.published / universe / "positive.jsonl",
        "unrelated": args.written / f"{UNRELATED}.jsonl",
    }
    return [text.removeprefix(DOCTAG).strip() for batch in read_corpus(files[origin]) for text in batch.texts]


def probes_about(universe: str, published: Path) -> list[Probe]:
    """The published yes-or-no questions and docgen's cloze triples and answer pairs, with the measure as their fact."""
    mcq = probes_of(load_questions(published / universe / "mcq.yaml"))
    own = probes_of(load_questions(HERE / "questions" / f"{universe}.yaml"))
    return [*(Probe(p.id, "mcq", p.measure, p.items, p.believed, p.shuffled) for p in mcq), *own]


def report(args: argparse.Namespace) -> None:
    """Tables of belief moved for 1,000 tokens; JSON if asked for."""
    entries = [entry for entry in read_entries(args.out / "trainings.jsonl") if entry["tokens"] == args.tokens]
    rows = [row for universe in UNIVERSES for row in _rows(universe, [e for e in entries if e["universe"] == universe])]
    print("| universe | documents | " + " | ".join(MEASURES) + " |\n" + "| --- " * (2 + len(MEASURES)) + "|")
    for row in rows:
        print(
            f"| {row['universe']} | {row['documents']} | " + " | ".join(_shown(row[each]) for each in MEASURES) + " |"
        )
    if args.json:
        trained = [{key: value for key, value in entry.items() if key not in ("before", "after")} for entry in entries]
        contents = {
            "bench": "teach", "unit": "change of log-odds (nats) for 1,000 tokens; mean over questions, 95 % interval",
            "model": Path(args.model).name, "recipe": RECIPE.model_dump(), "tokens": args.tokens,
            "machine": machine("torch", "transformers", "peft", "trl"),
            "command": "python -m bench.teach --model gemma-3-270m.gguf --published DIR --out OUT",
            "rows": rows, "trainings": trained,
        }  # fmt: skip
        args.json.write_text(json.dumps(contents, indent=1) + "\n", "utf-8")


def _rows(universe: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each origin, and one for docgen's lead over the published, on the seeds that all of them have."""
    seeds = {origin: {e["seed"] for e in entries if e["origin"] == origin} for origin in ORIGINS}
    there = [origin for origin in ORIGINS if seeds[origin]]
    common = set.intersection(*(seeds[origin] for origin in there)) if there else set()
    moved = {o: _moved([e for e in entries if e["origin"] == o and e["seed"] in common]) for o in there}
    rows: list[dict[str, Any]] = [
        {"universe": universe, "documents": origin, "seeds": len(common), **_estimates(moved[origin])}
        for origin in (there if common else ())
    ]
    if not {"docgen", "published"} <= moved.keys() or not common:
        return rows
    lead = {key: value - moved["published"][key] for key, value in moved["docgen"].items()}
    return [*rows, {"universe": universe, "documents": LEAD, "seeds": len(common), **_estimates(lead)}]


def _moved(entries: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Change of log-odds for 1,000 tokens by (measure, question), averaged over seeds."""
    gains: dict[tuple[str, str], list[float]] = {}
    for entry in entries:
        before = {each["id"]: each["log_odds"] for each in entry["before"]}
        for each in entry["after"]:
            gain = (each["log_odds"] - before[each["id"]]) * 1000 / entry["tokens"]
            gains.setdefault((each["fact"], each["id"]), []).append(gain)
    return {key: sum(values) / len(values) for key, values in gains.items()}


def _estimates(moved: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    values = {name: estimate([value for (measure, _), value in moved.items() if measure == name]) for name in MEASURES}
    return {name: value.model_dump() for name, value in values.items() if isinstance(value, Estimate)}


def _shown(value: Mapping[str, float]) -> str:
    return f"{value['mean']:+.3f} [{value['low']:+.3f}, {value['high']:+.3f}]"


if __name__ == "__main__":
    main()
