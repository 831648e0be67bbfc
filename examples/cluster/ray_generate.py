"""One round on a Ray cluster: requests in, replies out, a row that fails stays a row.

docgen requests my_world.yaml --run by_files --n 2000 --engine openai --model MODEL --format chat --out round.jsonl
python ray_generate.py round.jsonl answers MODEL
docgen replies by_files answers
"""

import sys
from typing import Any

import ray
from ray.data.llm import build_processor, vLLMEngineProcessorConfig

requests, answers, model = sys.argv[1:]


def prompt(row: dict[str, Any]) -> dict[str, Any]:
    """What the engine takes of a line of docgen requests --format chat."""
    return {"messages": row["messages"], "sampling_params": {"max_tokens": row["max_tokens"], "temperature": 1.0}}


def reply(row: dict[str, Any]) -> dict[str, Any]:
    """What docgen replies takes: the text, or why there is none."""
    return {
        "custom_id": row["custom_id"],
        "model": model,
        "text": row.get("generated_text") or "",
        "num_input_tokens": row.get("num_input_tokens") or 0,
        "num_generated_tokens": row.get("num_generated_tokens") or 0,
        "error": row.get("__inference_error__") or "",
    }


config = vLLMEngineProcessorConfig(model_source=model, concurrency=1, batch_size=64, should_continue_on_error=True)
processor = build_processor(config, preprocess=prompt, postprocess=reply)
processor(ray.data.read_json(requests, lines=True)).write_json(answers)
