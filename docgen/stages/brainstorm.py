"""From a universe context to document types, and from each type to ideas: without repetitions, as many as asked."""

from collections.abc import Callable
from dataclasses import dataclass

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import RequestFailed, StopRun
from docgen.llm.protocol import LLM, Request
from docgen.prompts import ModelOptions, ideas_request, types_request
from docgen.records import Cast, DocumentType, Idea
from docgen.replies import ProposedIdea, parse_cast, parse_ideas, parse_types
from docgen.text import normalise, slug
from docgen.universe import UniverseContext

__all__ = ["Brainstorm", "Population", "brainstorm_ideas", "brainstorm_types"]

PER_ASK = 25
"""Items asked for at once: models drift and repeat themselves in longer lists."""
FRUITLESS_ASKS = 3
"""Asks in a row that bring nothing new, after which no more are made."""
FAILED_ASKS = 2
"""Times that one request may fail for good, after all its retries, before the run stops."""
NEVER_TAKEN = frozenset({"400", "413", "422"})
SIMILAR = 0.75
"""Jaccard of word sets at which two type names or ideas count as the same."""


@dataclass(frozen=True)
class Brainstorm:
    """What every ask of a brainstorm shares."""

    llm: LLM
    context: UniverseContext
    options: ModelOptions
    seed: int


class _Fresh:
    """Lets through only texts unlike all that it let through before."""

    def __init__(self) -> None:
        self._normal: set[str] = set()
        self._index = NearDuplicateIndex(threshold=SIMILAR, ngram=1)
        self._next = 0

    def admit(self, text: str) -> bool:
        normal = normalise(text)
        if not normal or normal in self._normal:
            return False
        self._normal.add(normal)
        self._next += 1
        return self._index.check_and_add([self._next], [normal])[0] is None


@dataclass(frozen=True)
class Population:
    """What the first brainstorm brings: document types, and the names and places of the world, if any came."""

    types: list[DocumentType]
    cast: Cast


async def brainstorm_types(job: Brainstorm, count: int) -> Population:
    """`count` document types, or fewer when the model keeps repeating itself; the first ask brings the cast with them.

    Raises `StopRun` when there is not one.
    """
    found: list[DocumentType] = []
    casts: list[Cast] = []
    fresh, ids = _Fresh(), set[str]()

    def build(wanted: int, ask: int) -> Request:
        names = tuple(kind.name for kind in found)
        return types_request(job.context, job.options, wanted, names, job.seed + ask, sample=ask)

    def take(text: str, wanted: int) -> int:
        before = len(found)
        casts.append(parse_cast(text))
        for kind in parse_types(text) or []:
            if len(found) - before < wanted and fresh.admit(kind.name):
                found.append(kind.model_copy(update={"id": _unique(slug(kind.name), ids)}))
        return len(found) - before

    await _ask_until(job.llm, count, build, take)
    if not found:
        raise StopRun("no_types", "the model gave no document types that could be read", _FIX)
    return Population(found, next((cast for cast in casts if cast != Cast()), Cast()))


_FIX = "See llm.jsonl in the run folder for its replies; try another --model, or docgen doctor"


async def brainstorm_ideas(job: Brainstorm, kind: DocumentType, count: int) -> list[Idea]:
    """`count` ideas for documents of one type, or fewer when the model keeps repeating itself."""
    found: list[ProposedIdea] = []
    fresh, facts = _Fresh(), [fact.id for fact in job.context.key_facts]

    def build(wanted: int, ask: int) -> Request:
        texts = tuple(idea.text for idea in found)
        return ideas_request(job.context, job.options, kind, wanted, texts, job.seed + ask, sample=ask)

    def take(text: str, wanted: int) -> int:
        new = [idea for idea in parse_ideas(text) or [] if fresh.admit(idea.text)][:wanted]
        found.extend(new)
        return len(new)

    await _ask_until(job.llm, count, build, take)
    return [
        Idea(
            id=f"{kind.id}.{number}",
            doc_type=kind.id,
            text=idea.text,
            about=tuple(fact for fact in facts if fact in idea.about),
            background=idea.background,
        )
        for number, idea in enumerate(found, start=1)
    ]


async def _ask_until(
    llm: LLM,
    count: int,
    build: Callable[[int, int], Request],
    take: Callable[[str, int], int],
) -> None:
    """Ask again, for what is missing, until `count` are taken or asking is fruitless.

    Each multiple of `PER_ASK` is filled before more is asked: who later wants more finds these replies in the journal.
    """
    have, fruitless, ask = 0, 0, 0
    while have < count and fruitless < FRUITLESS_ASKS:
        wanted = min(count - have, PER_ASK - have % PER_ASK)
        taken = take(await _reply(llm, build(wanted, ask)), wanted)
        have += taken
        fruitless = 0 if taken else fruitless + 1
        ask += 1


async def _reply(llm: LLM, request: Request) -> str:
    """The model's text; "" for a request that the server will never take.

    An outage must not change what is asked next: replies that were paid for would no longer be found. So the same
    request is tried a few times, then the run stops, to go on from here.
    """
    failed = 0
    while True:
        try:
            return (await llm.complete(request)).text
        except RequestFailed as error:
            if error.kind in NEVER_TAKEN:
                return ""
            failed += 1
            if failed == FAILED_ASKS:
                fix = "What came so far is kept: run the same command again"
                raise StopRun("brainstorm_failed", f"a request for {request.stage} failed: {error}", fix) from error


def _unique(base: str, taken: set[str]) -> str:
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name
