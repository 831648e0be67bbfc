"""How fast prompts render: a document prompt with four facts of a shipped context.

    python bench/prompts.py [--rounds 2000]

Prints milliseconds for a request (system text from its cache, user text anew) and for its user text alone.
"""

import argparse
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

from bench.machine import machine
from docgen.prompts.rendering import render
from docgen.prompts.requests import ModelOptions, document_request
from docgen.records import AssignedFact, DocumentType, Idea, Slot, Style
from docgen.universe import find_context, load_context

STYLE = Style(
    words=450, tone="dry", opening="opens with a date", audience="general readers", organisation="Varley & Brandt",
    names=("Asha Varley", "Tomo Brandt"), place="Alderwick", date=dt.date(2024, 3, 1),
)  # fmt: skip


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Mean of `rounds` calls after one to warm up."""
    work()
    start = time.perf_counter()
    for _ in range(rounds):
        work()
    return (time.perf_counter() - start) / rounds * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    context = load_context(find_context("animal_welfare", Path.cwd()))
    kind, idea = DocumentType(id="note", name="trade note"), Idea(id="note.1", doc_type="note", text="A rep reports.")
    facts = tuple(AssignedFact(fact=fact.id) for fact in context.key_facts[:4])
    slot = Slot(id=0, doc_type="note", idea="note.1", facts=facts, style=STYLE, seed=1)

    def request() -> object:
        return document_request(context, ModelOptions("any"), slot, kind, idea)

    variables = document_request(context, ModelOptions("any"), slot, kind, idea).variables
    print(machine("jinja2"))
    print(f"request {milliseconds(request, rounds):.3f} ms")
    print(f"user text {milliseconds(lambda: render('document', 'user', variables), rounds):.3f} ms")


if __name__ == "__main__":
    main()
