"""A language model that is a plain function, for tests and for trying out a pipeline at no cost."""

from collections.abc import Callable

from docgen.llm.protocol import Completion, Request, Usage
from docgen.text import token_estimate

__all__ = ["FakeLLM"]


class FakeLLM:
    """Answers each request with `reply(request)`.

    A string becomes a finished completion that cost nothing; a `Completion` is returned as it is; an exception is
    raised. `requests` lists every request in order of arrival.
    """

    engine = "fake"

    def __init__(self, reply: Callable[[Request], str | Completion]) -> None:
        self.reply = reply
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        self.requests.append(request)
        answer = self.reply(request)
        if isinstance(answer, Completion):
            return answer
        usage = Usage(input=token_estimate(f"{request.system} {request.user}"), output=token_estimate(answer))
        return Completion(text=answer, stop_reason="end_turn", model="fake", usage=usage, dollars=0.0)
