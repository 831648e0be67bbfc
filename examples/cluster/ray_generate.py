"""One round on a Ray cluster: requests in, replies out, a row that fails stays a row.

docgen requests my_world.yaml --run by_files --n 2000 --engine openai --model MODEL --format chat --out round.jsonl
python ray_generate.py round.jsonl answers MODEL        vLLM engines on the cluster's GPUs
python ray_generate.py round.jsonl answers URL          any server of chat completions: http://HOST/v1/chat/completions
docgen replies by_files answers

Answers are written part by part. Killed in the middle, what is there is taken by docgen replies, and the next docgen
requests asks for the rest: begin it with an empty folder.
"""

import sys
from pathlib import Path
from typing import Any

import ray
from ray.data.llm import HttpRequestProcessorConfig, build_processor, vLLMEngineProcessorConfig

ROWS_AT_A_TIME = 16
"""Rows of a part. Ray's HTTP stage gives up a whole part for one row that gets no answer at all, so it is small."""


def vllm(model: str) -> Any:
    """A processor of vLLM engines."""

    def prompt(row: dict[str, Any]) -> dict[str, Any]:
        return {"messages": row["messages"], "sampling_params": {"max_tokens": row["max_tokens"], "temperature": 1.0}}

    def reply(row: dict[str, Any]) -> dict[str, Any]:
        counts = {name: row.get(name) or 0 for name in ("num_input_tokens", "num_generated_tokens")}
        text = row.get("generated_text") or ""
        return {"custom_id": row["custom_id"], "model": model, "text": text, "error": "", **counts}

    # A failed row goes past `reply`, with its custom_id and __inference_error__, which docgen replies reads.
    config = vLLMEngineProcessorConfig(model_source=model, concurrency=1, batch_size=64, should_continue_on_error=True)
    return build_processor(config, preprocess=prompt, postprocess=reply)


def server(url: str) -> Any:
    """A processor of requests to a server."""

    def prompt(row: dict[str, Any]) -> dict[str, Any]:
        return {"payload": {name: row[name] for name in ("model", "messages", "max_tokens")}}

    def reply(row: dict[str, Any]) -> dict[str, Any]:
        answer = row["http_response"]
        choice = (answer.get("choices") or [{}])[0]
        usage = answer.get("usage") or {}
        return {
            "custom_id": row["custom_id"],
            "model": answer.get("model") or "",
            "text": (choice.get("message") or {}).get("content") or "",
            "stop_reason": choice.get("finish_reason") or "",
            "num_input_tokens": usage.get("prompt_tokens") or 0,
            "num_generated_tokens": usage.get("completion_tokens") or 0,
            "error": "" if choice else str(answer.get("error") or answer),
        }

    # Each of `concurrency` workers holds a CPU: raise it on a cluster, and leave some CPUs for reading and writing.
    config = HttpRequestProcessorConfig(url=url, concurrency=1, batch_size=ROWS_AT_A_TIME, max_retries=5)
    return build_processor(config, preprocess=prompt, postprocess=reply)


def main() -> None:
    """Read the requests, have them answered, write the answers."""
    requests, answers, where = sys.argv[1:]
    ray.data.DataContext.get_current().max_errored_blocks = -1  # a part without an answer is due in the next round
    with Path(requests).open("rb") as lines:
        parts = max(1, sum(1 for _ in lines) // ROWS_AT_A_TIME)
    rows = ray.data.read_json(str(Path(requests).resolve()), lines=True).repartition(parts)
    processor = server(where) if where.startswith("http") else vllm(where)
    processor(rows).write_json(str(Path(answers).resolve()))


if __name__ == "__main__":
    main()
