"""Opens the servers of a run as one pool, within its budget and over its journal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from docgen.llm.cost.budget import Budget, BudgetedLLM
from docgen.llm.journal import Journal
from docgen.llm.providers.environment import server_key
from docgen.llm.providers.lazy_provider import OnDemand
from docgen.llm.providers.table import Connection, Provider
from docgen.llm.ratelimit.control import RateControl, reserved_in
from docgen.llm.servers.pool import Server, ServerPool
from docgen.options.setting_types import ServerEntry

__all__ = ["open_pool"]


def open_pool(
    provider: Provider,
    entries: Sequence[ServerEntry],
    connection: Connection,
    budget: Budget,
    control: RateControl,
    say: Callable[[str], None],
    journal: Journal,
) -> tuple[ServerPool, list[OnDemand]]:
    """The servers as one, and their connections, to be closed. `connection` is what they share.

    Raises `ConfigError` for missing keys.
    """
    connected, servers = list[OnDemand](), list[Server]()
    for entry in entries:
        most = min(entry.concurrency or connection.concurrency, connection.concurrency)
        own = RateControl(most, gentle=len(entries) > 1)
        key = server_key(provider, entry, connection.is_unnamed)
        to_server = replace(connection, base_url=entry.base_url, concurrency=most, observe=own.observe, api_key=key)
        llm = OnDemand(provider.name, partial(provider.connect, to_server))
        reserved = partial(reserved_in, (control, own))
        servers.append(Server(entry.base_url, BudgetedLLM(llm, budget, reserved, say, journal.room), own))
        connected.append(llm)
    pool = ServerPool(servers, control, say)
    control.also_stop(pool.stop)
    return pool, connected
