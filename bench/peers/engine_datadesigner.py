"""Contestant: NVIDIA Data Designer, one LLM text column with an Anthropic provider."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from bench.engine_measure import Prompts, contestant, count_tokens_by_words


def _run(url: str, n: int, concurrency: int, folder: Path) -> int:
    os.environ |= {"KEY": "k", "NEMO_TELEMETRY_ENABLED": "false"}
    count_tokens_by_words()
    import data_designer.config as dd
    import pandas as pd
    from data_designer.interface import DataDesigner

    provider = dd.ModelProvider(name="loopback", endpoint=url, provider_type="anthropic", api_key="KEY")
    parameters = dd.ChatCompletionInferenceParams(max_tokens=2000, max_parallel_requests=concurrency)
    model = dd.ModelConfig(
        alias="m", model="claude-haiku-5-5", provider="loopback", inference_parameters=parameters,
        skip_health_check=True,
    )  # fmt: skip
    designer = DataDesigner(artifact_path=folder, model_providers=[provider])
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    seeds = pd.DataFrame({"prompt": [Prompts.user(number) for number in range(n)]})
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=seeds))
    builder.add_column(
        dd.LLMTextColumnConfig(name="text", model_alias="m", system_prompt=Prompts.system, prompt="{{ prompt }}")
    )
    return len(designer.create(builder, num_records=n, dataset_name="bench").load_dataset())


if __name__ == "__main__":
    contestant(_run, f"data-designer {version('data-designer')}")
