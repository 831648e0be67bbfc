"""Contestant: bespokelabs-curator's Anthropic backend, rate limits set out of the way. Runs in its own environment."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from bench.engine_measure import Prompts, contestant, count_tokens_by_words


def _run(url: str, n: int, concurrency: int, folder: Path) -> int:
    os.environ |= {"ANTHROPIC_API_KEY": "k", "CURATOR_DISABLE_CACHE": "1", "TELEMETRY_ENABLED": "0"}
    os.environ |= {"CURATOR_DISABLE_RICH_DISPLAY": "1", "CURATOR_CACHE_DIR": str(folder), "HF_HOME": str(folder)}
    count_tokens_by_words()
    from bespokelabs import curator

    llm = curator.LLM(
        model_name="claude-3-5-haiku-20241022",
        backend="anthropic",
        system_prompt=Prompts.system,
        generation_params={"max_tokens": 2000},
        backend_params={
            "base_url": url + "/v1",
            "max_concurrent_requests": concurrency,
            "max_requests_per_minute": 10_000_000,
            "max_input_tokens_per_minute": 10_000_000_000,
            "max_output_tokens_per_minute": 10_000_000_000,
        },
    )
    return len(llm([Prompts.user(number) for number in range(n)]).dataset)


if __name__ == "__main__":
    contestant(_run, f"bespokelabs-curator {version('bespokelabs-curator')}")
