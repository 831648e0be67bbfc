"""How long a reply may be: what a server allows, learned from its refusals, and what is read of one."""

import re
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import replace

from docgen.errors import RequestFailed
from docgen.llm.errors import Transient
from docgen.llm.protocol import Completion, Request

__all__ = ["ReplyRoom", "is_too_long", "whole_body"]

LARGEST_REPLY = 64_000_000
"""Most bytes read of one reply. Chosen: fifty times the longest that a model writes."""
MIN_REPLY_TOKENS = 256
"""Tokens below which a refusal is about the prompt (chosen: no reply that docgen asks for is shorter)."""
REFUSED = ("400", "413", "422")
TOO_LONG = re.compile(
    r"max_?(?:completion_|new_|output_|model_|total_)?(?:tokens|len)|context (?:length|size|window)|output tokens"
    r"|token count",
    re.IGNORECASE,
)
"""What servers say of a request whose reply would not fit: vLLM's "max_tokens=9500 cannot be greater than
max_model_len=8192" and "maximum context length", SGLang's "token count exceeds", TGI's "`max_new_tokens` must be <=",
OpenAI's "max_tokens is too large", llama.cpp's "exceeds the available context size" (for the prompt alone)."""


class ReplyRoom:
    """Halves the room of a request until its server takes it, and remembers what it took.

    Prompts ask for room to think, which a server with a short context has not got: vLLM refuses what cannot fit, even
    where the reply would have been short. A reply that then is cut off says so like any other.
    """

    def __init__(self) -> None:
        self.most: int | None = None
        """The most tokens that a reply may have here; None while nothing was refused."""

    async def fit(self, request: Request, send: Callable[[Request], Awaitable[Completion]]) -> Completion:
        """`send` the request with the room that there is. Raises the server's first refusal if no room suits it."""
        tokens, refusal = min(request.max_tokens, self.most or request.max_tokens), None
        while True:
            try:
                fitting = request if tokens == request.max_tokens else replace(request, max_tokens=tokens)
                completion = await send(fitting)
            except RequestFailed as error:
                refusal = refusal or error
                if not is_too_long(error) or tokens // 2 < MIN_REPLY_TOKENS:
                    raise refusal from None
                tokens //= 2
            else:
                if refusal:
                    self.most = tokens
                return completion


def is_too_long(error: RequestFailed) -> bool:
    """Whether the server says that prompt and reply do not fit."""
    return error.kind in REFUSED and TOO_LONG.search(error.message) is not None


async def whole_body(parts: AsyncIterable[bytes]) -> bytes:
    """A reply's body, decompressed. Raises `Transient` if it is larger than any reply can be."""
    read, size = [], 0
    async for part in parts:
        read.append(part)
        size += len(part)
        if size > LARGEST_REPLY:
            raise Transient("malformed", f"the reply is larger than {LARGEST_REPLY:,} bytes", maybe_billed=True)
    return b"".join(read)
