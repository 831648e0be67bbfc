"""The embedded writer alone: speed on one core, memory, length, and how alike its documents are.

    python bench/offline.py [--n 50000] [--context helpful_only]

Speed is CPU time of this process for compose and reply; rendering the prompts, which the writer does not read, is timed
apart. "Alike" counts documents that resemble an earlier one of the same corpus at or above a Jaccard similarity of
lower-case word 5-grams (MinHash candidates, compared exactly).
"""

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench.machine import machine
from docgen.dedupe.index import NearDuplicateIndex
from docgen.embedded_writer import EmbeddedWriter
from docgen.llm.protocol import Request
from docgen.prompts.requests import ModelOptions, document_request
from docgen.prompts.table import DOCUMENT
from docgen.records import DocumentType, Idea
from docgen.stages.brainstorm import Brainstorm, brainstorm_ideas, brainstorm_types
from docgen.stages.plan import plan
from docgen.text import word_count
from docgen.universe import UniverseContext, find_context, load_context

TYPES, IDEAS, BATCH = 40, 25, 1000
THRESHOLDS = (0.8, 0.6, 0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--context", default="helpful_only")
    asked = parser.parse_args()
    context = load_context(find_context(asked.context, Path.cwd()))
    print(machine("datasketch", "faker"))
    asyncio.run(measure(context, asked.n))


async def measure(context: UniverseContext, n: int) -> None:
    """Write n documents and print what they took and what they are."""
    writer, options = EmbeddedWriter(), ModelOptions(model="docgen-offline-1")
    job = Brainstorm(llm=writer, context=context, options=options, seed=0)
    started = time.process_time()
    types = (await brainstorm_types(job, TYPES)).types
    ideas = [idea for kind in types for idea in await brainstorm_ideas(job, kind, IDEAS)]
    print(
        f"{len(types)} types, {len(ideas)} ideas: {time.process_time() - started:.1f} s of CPU, pools and texts loaded"
    )
    indexes = {threshold: NearDuplicateIndex(threshold) for threshold in THRESHOLDS}
    alike = dict.fromkeys(THRESHOLDS, 0)
    rendering = writing = 0.0
    words = outside = 0
    for start, wanted, requests in _batches(context, options, types, ideas, n):
        began = time.process_time()
        batch = list(requests)
        rendered = time.process_time()
        replies = [(await writer.complete(request)).text for request in batch]
        rendering, writing = rendering + rendered - began, writing + time.process_time() - rendered
        texts = [DOCUMENT.parse(reply).text for reply in replies]
        lengths = [word_count(text) for text in texts]
        words += sum(lengths)
        outside += sum(abs(length - target) > 0.25 * target for length, target in zip(lengths, wanted, strict=True))
        for threshold, index in indexes.items():
            twins = index.check_and_add(range(start, start + len(texts)), texts)
            alike[threshold] += sum(twin is not None for twin in twins)
    print(f"{n} documents of {words / n:.0f} words on average, {outside} outside +-25 % of the length asked")
    print(f"compose and reply: {n / writing:,.0f} documents/s of CPU on one core")
    print(f"rendering the prompts: {n / rendering:,.0f}/s")
    for threshold, count in alike.items():
        print(f"resembling an earlier document at Jaccard {threshold}: {count} ({count / n:.2%})")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, three indexes included")


def _batches(
    context: UniverseContext, options: ModelOptions, types: list[DocumentType], ideas: list[Idea], n: int
) -> Iterator[tuple[int, list[int], Iterator[Request]]]:
    """First slot, lengths asked, and requests (rendered as they are taken) of each thousand."""
    by_type, by_idea = {kind.id: kind for kind in types}, {idea.id: idea for idea in ideas}
    slots = plan(context, types, ideas, n, seed=0).slots()
    for start in range(0, n, BATCH):
        batch = [slot for _, slot in zip(range(min(BATCH, n - start)), slots, strict=False)]
        requests = (
            document_request(context, options, slot, by_type[slot.doc_type], by_idea[slot.idea]) for slot in batch
        )
        yield start, [slot.style.words for slot in batch], requests


if __name__ == "__main__":
    main()
