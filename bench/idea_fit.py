"""How well planned documents and their ideas go together: ideas about facts that the document leaves out, or is about.

    python bench/idea_fit.py RUN [RUN ...] [--n 24]     # the types and ideas of runs, planned anew by the code of today

For each run: slots with facts, those whose idea is about a fact to be left out, how many such facts there are in all,
central facts, and those that the slot's idea is about. Nothing is generated. `--asked 25` takes, in place of the run's
ideas, 25 a type that are about exactly what `ideas.jinja` asks for.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from docgen.pipeline.audit.corpus import open_corpus
from docgen.pipeline.inputs.setup import Setup
from docgen.prompts.requests import ModelOptions, ideas_request
from docgen.records import DocumentType, Idea, Slot
from docgen.stages.plan import plan
from docgen.universe import UniverseContext, roles_of


def fit(context: UniverseContext, slots: Sequence[Slot], ideas: Sequence[Idea]) -> dict[str, int]:
    """Counts over the slots that have facts."""
    about = {idea.id: set(idea.about) for idea in ideas}
    counts = dict.fromkeys(("slots", "with left-out facts", "left-out facts", "central facts", "central fit"), 0)
    for slot in (slot for slot in slots if slot.facts):
        own = [fact.fact for fact in slot.facts]
        out = about[slot.idea] & {fact.id for fact in roles_of(context, own).left_out}
        central = [fact.fact for fact in slot.facts if fact.prominence == "central"]
        counts["slots"] += 1
        counts["with left-out facts"] += bool(out)
        counts["left-out facts"] += len(out)
        counts["central facts"] += len(central)
        counts["central fit"] += len(about[slot.idea] & set(central))
    return counts


def asked_for(setup: Setup, kind: DocumentType, each: int) -> list[Idea]:
    """Ideas as if a model had done what it is asked to, seconds with the main facts that come next."""
    asked = ideas_request(setup.context, ModelOptions("m"), kind, each, (), setup.config.seed).variables
    mains = [fact for fact, times in asked["needs"] for _ in range(times)]
    seconds = [fact for fact, times in asked["seconds"] for _ in range(times)]
    about = []
    for main in mains:
        second = next((fact for fact in seconds if fact != main), None)
        about.append((main, second) if second else (main,))
        if second:
            seconds.remove(second)
    own = [Idea(id=f"{kind.id}.{i}", doc_type=kind.id, text="-", about=ids) for i, ids in enumerate(about)]
    rest = range(len(own), len(own) + asked["background"])
    return own + [Idea(id=f"{kind.id}.{i}", doc_type=kind.id, text="-", background=True) for i in rest]


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--n", type=int)
    parser.add_argument("--asked", type=int)
    args = parser.parse_args()
    for path in args.runs:
        setup = open_corpus(path).run
        if setup is None:
            raise SystemExit(f"{path} is not a run")
        types, ideas, config = setup.run.read_types(), setup.run.read_ideas(), setup.config
        if args.asked:
            ideas = [idea for kind in types for idea in asked_for(setup, kind, args.asked)]
        n = args.n or config.n or 24
        planned = plan(setup.context, types, ideas, n, config.seed, words=config.words)
        print(setup.context.id, n, fit(setup.context, list(planned.slots()), ideas))


if __name__ == "__main__":
    main()
