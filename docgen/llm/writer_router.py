"""Routes each call of a run with several writers to the server of the model that it names, within one budget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from docgen.errors import ConfigError
from docgen.llm.cost.budget import Budget, BudgetedLLM
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM, Completion, Request
from docgen.llm.providers.environment import server_key
from docgen.llm.providers.lazy_provider import OnDemand
from docgen.llm.providers.table import Connection, find_provider
from docgen.llm.ratelimit.control import RateControl, RateLimitedLLM, reserved_in
from docgen.options.setting_types import ServerEntry, WriterEntry

__all__ = ["WriterRouter", "connect_writer", "has_own_server", "open_writers"]


class WriterRouter:
    """Answers by the model of each of several writers, anything else by the run's own engine."""

    def __init__(self, own: LLM, writers: Mapping[tuple[str, str], LLM]) -> None:
        self._own, self._writers = own, writers

    @property
    def engine(self) -> str:
        """The run's own engine."""
        return self._own.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        return await self._writers.get((request.engine, request.model), self._own).complete(request)


def has_own_server(writer: WriterEntry, engine: str) -> bool:
    """Whether a writer's calls go to another server than those of the run, whose engine is `engine`."""
    return bool(writer.base_url or (writer.engine and writer.engine != engine))


def connect_writer(writer: WriterEntry, engine: str, connection: Connection) -> None:
    """Raise `ConfigError` if a writer with its own server has neither a key nor an address."""
    if has_own_server(writer, engine):
        _to_writer(writer, engine, connection).connected  # noqa: B018


def open_writers(
    own: LLM,
    writers: Sequence[WriterEntry],
    connection: Connection,
    budget: Budget,
    control: RateControl,
    say: Callable[[str], None],
    journal: Journal,
) -> tuple[LLM, list[OnDemand]]:
    """`own`, with the writers that have their own servers added, and their connections, to be closed.

    `control` is what all calls share: stopping, and what they wait for.
    """
    connected, elsewhere = list[OnDemand](), dict[tuple[str, str], LLM]()
    for writer in writers:
        if not has_own_server(writer, own.engine):
            continue
        its = RateControl(connection.concurrency)
        control.also_stop(its.stop)
        control.also_limit(its.limit_to)
        llm = _to_writer(writer, own.engine, replace(connection, observe=its.observe))
        budgeted = BudgetedLLM(llm, budget, partial(reserved_in, (control, its)), say, journal.room)
        engine = "" if llm.engine == own.engine else llm.engine
        elsewhere[engine, writer.model] = _Watched(RateLimitedLLM(budgeted, its), control)
        connected.append(llm)
    return (WriterRouter(own, elsewhere) if elsewhere else own), connected


class _Watched:
    """A writer's model whose calls count among the run's calls in flight."""

    def __init__(self, llm: RateLimitedLLM, control: RateControl) -> None:
        self._llm, self._control = llm, control

    @property
    def engine(self) -> str:
        """Engine of the writer."""
        return self._llm.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        replied = False
        self._control.activity.sent()
        try:
            completion = await self._llm.complete(request)
            replied = True
            return completion
        finally:
            self._control.sent_at(request, 0.0)
            self._control.activity.ended(reply=replied)


def _to_writer(writer: WriterEntry, engine: str, connection: Connection) -> OnDemand:
    """The model of a writer, connected when it is first called; the run's headers only go to the run's own server."""
    provider = find_provider(writer.engine or engine)
    if not provider.paid:
        raise ConfigError(f"the {provider.name} engine cannot be one of several writers", "writers", "Leave it out")
    if writer.base_url:
        entry = ServerEntry(base_url=writer.base_url, key=writer.key)
        key = server_key(provider, entry, connection.is_unnamed, "writers")
        to_writer = replace(connection, base_url=writer.base_url, api_key=key, headers={})
    else:  # the environment has its address and key
        to_writer = replace(connection, base_url=None, api_key=None, headers={}, is_unnamed=False)
    return OnDemand(provider.name, lambda: provider.connect(to_writer))
