"""A paid model that is connected when it is first called."""

from collections.abc import Callable
from typing import Any

from docgen.llm.protocol import Completion, Request

__all__ = ["OnDemand"]


class OnDemand:
    """A paid model that is connected when it is first called, so that no key is needed if nothing is asked."""

    def __init__(self, engine: str, connect: Callable[[], Any]) -> None:
        self.engine, self._connect = engine, connect
        self._llm: Any = None

    @property
    def connected(self) -> Any:
        """The model. Raises `ConfigError` if its settings or its key cannot be used."""
        self._llm = self._llm or self._connect()
        return self._llm

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        reply: Completion = await self.connected.complete(request)
        return reply

    async def aclose(self) -> None:
        """Close the connections, if there are any."""
        if self._llm is not None:
            await self._llm.aclose()
