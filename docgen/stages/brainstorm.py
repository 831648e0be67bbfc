"""Brainstorms document types from a universe context, and ideas for each type, without repetitions."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import RequestFailed, StopRun
from docgen.llm.protocol import LLM, Request
from docgen.progress import Progress, Reporter
from docgen.prompts.replies import Population, ProposedIdea
from docgen.prompts.requests import ModelOptions, ideas_request, types_request
from docgen.prompts.table import IDEAS, TYPES
from docgen.records import Cast, DocumentType, Idea
from docgen.text import normalise, slug
from docgen.universe import UniverseContext

__all__ = ["PER_CALL", "Brainstorm", "brainstorm_all_ideas", "brainstorm_ideas", "brainstorm_types", "nothing_came"]

PER_CALL = 25
"""Items requested per call. Chosen: models drift and repeat themselves in longer lists."""
MAX_FRUITLESS = 3
"""Requests in a row without anything new after which the model is taken to have run out (chosen)."""
UNFINISHED_WEIGHT = 2
"""For how many fruitless requests one counts whose reply never ended: a model that rambles on to the limit takes
minutes each time, and does not get better (seen with a base model of 270M behind llama.cpp; chosen)."""
MAX_FAILURES = 2
"""Times that one request may fail for good, each after all its retries, before the run stops (chosen)."""


@dataclass(frozen=True)
class Brainstorm:
    """What all requests of a brainstorm share."""

    llm: LLM
    context: UniverseContext
    options: ModelOptions
    seed: int
    refusals: list[str] = field(default_factory=list)
    """The server's words on requests that it will never accept."""
    replies: list[str] = field(default_factory=list)
    """The last reply that brought nothing, for showing to people."""


class _NoveltyFilter:
    """Admits a text unless it resembles one admitted before: Jaccard similarity 0.75 of word sets (chosen)."""

    def __init__(self) -> None:
        self._normal: set[str] = set()
        self._index = NearDuplicateIndex(threshold=0.75, ngram=1)
        self._next = 0

    def admit(self, text: str) -> bool:
        """Whether `text` is new; if so, it is remembered."""
        normal = normalise(text)
        if not normal or normal in self._normal:
            return False
        self._normal.add(normal)
        self._next += 1
        return self._index.check_and_add([self._next], [normal])[0] is None


async def brainstorm_types(job: Brainstorm, count: int) -> Population:
    """`count` document types, or fewer if the model keeps repeating itself; the first reply also brings the cast.

    Raises `StopRun` if there are none.
    """
    types: list[DocumentType] = []
    casts: list[Cast] = []
    novelty, ids = _NoveltyFilter(), list[str]()

    def build(missing: int, number: int) -> Request:
        names = tuple(kind.name for kind in types)
        return types_request(job.context, job.options, missing, names, job.seed + number, sample=number)

    def take(text: str, missing: int) -> int:
        before, proposed = len(types), TYPES.parse(text) or Population([], Cast())
        for kind in proposed.types:
            if len(types) - before < missing and novelty.admit(kind.name):
                base = slug(kind.name)
                spellings = [base, *(f"{base}-{number}" for number in range(2, len(ids) + 3))]
                ids.append(next(spelling for spelling in spellings if spelling not in ids))
                types.append(kind.model_copy(update={"id": ids[-1]}))
        casts.append(proposed.cast)
        return len(types) - before

    await _request_until(job, count, build, take)
    if not types:
        raise nothing_came(job, "types")
    return Population(types, next((cast for cast in casts if cast != Cast()), Cast()))


def nothing_came(job: Brainstorm, what: str) -> StopRun:
    """The error for a brainstorm without any document type or idea, in the server's or the model's own words."""
    if job.refusals:
        message = f"the server refused the request for {what}: {job.refusals[-1]}"
        fix = (
            "Change what it names: a server's context length is set where it is started, --max-tokens limits replies "
            "(docgen doctor helps). Then run the same command"
        )
        return StopRun(f"no_{what}", message, fix)
    head = f"; its last reply began: {job.replies[-1]}" if job.replies else ""
    fix = "See llm.jsonl in the run folder for its replies; try another --model, or docgen doctor"
    return StopRun(f"no_{what}", f"none of the model's replies contained readable {what}{head}", fix)


async def brainstorm_all_ideas(
    job: Brainstorm,
    kinds: Sequence[DocumentType],
    count: int,
    concurrency: int,
    reporter: Reporter,
    stopping: Callable[[], bool],
) -> list[list[Idea]]:
    """`count` ideas for documents of each type, several types at once; none for types not begun before `stopping`.

    A type has fewer if the model keeps repeating itself.
    """
    semaphore, total = asyncio.Semaphore(min(16, concurrency)), 0  # chosen: a stop waits for so many types at most

    async def ideas_of(kind: DocumentType) -> list[Idea]:
        nonlocal total
        async with semaphore:
            ideas = [] if stopping() else await brainstorm_ideas(job, kind, count)
        total += len(ideas)
        reporter.progress(Progress("ideas", total, count * len(kinds)))
        return ideas

    tasks = [asyncio.create_task(ideas_of(kind)) for kind in kinds]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def brainstorm_ideas(job: Brainstorm, kind: DocumentType, count: int) -> list[Idea]:
    """`count` ideas for documents of one type, or fewer if the model keeps repeating itself."""
    ideas: list[ProposedIdea] = []
    novelty, facts = _NoveltyFilter(), [fact.id for fact in job.context.key_facts]

    def build(missing: int, number: int) -> Request:
        texts = tuple(idea.text for idea in ideas)
        return ideas_request(job.context, job.options, kind, missing, texts, job.seed + number, sample=number)

    def take(text: str, missing: int) -> int:
        new = [idea for idea in IDEAS.parse(text) or [] if novelty.admit(idea.text)][:missing]
        ideas.extend(new)
        return len(new)

    await _request_until(job, count, build, take)
    return [
        Idea(
            id=f"{kind.id}.{number}",
            doc_type=kind.id,
            text=idea.text,
            about=tuple(fact for fact in facts if fact in idea.about),
            background=idea.background,
        )
        for number, idea in enumerate(ideas, start=1)
    ]


async def _request_until(
    job: Brainstorm,
    count: int,
    build: Callable[[int, int], Request],
    take: Callable[[str, int], int],
) -> None:
    """Request what is missing until `take` has accepted `count` items or the model has run out.

    Each multiple of 25 is completed before the next is begun, so that a later run with a larger count finds the same
    requests in the journal.
    """
    total, fruitless, number = 0, 0, 0
    while total < count and fruitless < MAX_FRUITLESS:
        missing = min(count - total, PER_CALL - total % PER_CALL)
        text, ended = await _reply(job, build(missing, number))
        accepted = take(text, missing)
        if not accepted and text.strip():
            job.replies[:] = [repr(" ".join(text.split())[:160])]  # what fits on two lines of a terminal
        total += accepted
        fruitless = 0 if accepted else fruitless + (1 if ended else UNFINISHED_WEIGHT)
        number += 1


async def _reply(job: Brainstorm, request: Request) -> tuple[str, bool]:
    """The model's text, and whether the model ended it; ("", True) for a request that the server rejects as invalid.

    An outage must not change the requests that follow, or paid replies would no longer be found in the journal. So a
    request that failed after all its retries is made once more, and then the run stops, to be resumed from here.
    """
    failures = 0
    while True:
        try:
            reply = await job.llm.complete(request)
        except RequestFailed as error:
            if error.kind in ("400", "413", "422"):
                job.refusals.append(str(error))
                return "", True
            failures += 1
            if failures == MAX_FAILURES:
                fix = "The replies so far are kept: run the same command again"
                raise StopRun("brainstorm_failed", f"a request for {request.stage} failed: {error}", fix) from error
        else:
            return reply.text, reply.ended
