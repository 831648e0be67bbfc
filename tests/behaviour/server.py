"""The loopback server with a stand-in for a model."""

import random
from typing import Any

from tests.behaviour.stand_ins import Policy
from tests.loopback import Loopback, Options
from tests.loopback.compose import prompt_text, system_text
from tests.loopback.server import MessagesServer

__all__ = ["StandInServer"]


class StandInServer(Loopback):
    """The loopback server, with a policy for a model; what it bills goes into its books as ever."""

    def __init__(self, policy: Policy, options: Options | None = None) -> None:
        super().__init__(options)
        self.policy = policy

    def _started(self, url: str, server: MessagesServer) -> None:
        def composed(body: dict[str, Any], rng: random.Random) -> str:
            return self.policy.reply(system_text(body), prompt_text(body))

        server._composed = composed  # type: ignore[method-assign]
        super()._started(url, server)
