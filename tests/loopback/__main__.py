"""Serve until terminated: `python -m tests.loopback [OPTIONS-AS-JSON]`; the first line printed is the URL."""

import asyncio
import sys

from tests.loopback.options import Options
from tests.loopback.run import serve


def main() -> None:
    options = Options.model_validate_json(sys.argv[1] if len(sys.argv) > 1 else "{}")
    asyncio.run(_main(options))


async def _main(options: Options) -> None:
    await serve(options, lambda url, _: print(url, flush=True), asyncio.Event())


if __name__ == "__main__":
    main()
