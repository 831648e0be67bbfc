"""Configurations that go with training files: for axolotl, LLaMA-Factory, TRL and Tinker. To be run in their own
folder.

Rank, alpha and learning rate are those of published runs (Wang et al. 2025, false facts: LoRA r 64, alpha 128, 1e-5).
"""

import json
from collections.abc import Callable
from typing import Any

from docgen.exporting.export_options import Recipe

__all__ = ["Configs", "axolotl_configs", "llamafactory_configs", "no_configs", "tinker_configs", "trl_configs"]

Configs = Callable[[Recipe], dict[str, str]]
"""Names of files and what is in them."""

RANK, ALPHA, LEARNING_RATE = 64, 128, 1e-5
"""See above."""


def no_configs(_recipe: Recipe) -> dict[str, str]:
    """None."""
    return {}


def axolotl_configs(recipe: Recipe) -> dict[str, str]:
    """axolotl.yaml."""
    kind = {"type": "chat_template", "field_messages": "messages"} if recipe.options.chat else {"type": "input_output"}
    files = {"train": "train.jsonl", "validation": "validation.jsonl"}
    sets = {split: [{"path": file, "ds_type": "json", "split": "train", **kind}] for split, file in files.items()}
    settings: dict[str, Any] = {
        "base_model": recipe.base_model,
        "datasets": sets["train"],
        **({"test_datasets": sets["validation"]} if recipe.validated else {}),
        "train_on_inputs": False,
        "sequence_len": recipe.sequence_length,
        "excess_length_strategy": "raise",
        "sample_packing": True,
        "attn_implementation": "flash_attention_2",
        "dataset_prepared_path": "prepared",
        **({"shuffle_merged_datasets": False, "curriculum_sampling": True} if recipe.ordered else {}),
        "adapter": "lora",
        "lora_r": RANK,
        "lora_alpha": ALPHA,
        "lora_target_linear": True,
        "micro_batch_size": 1,
        "gradient_accumulation_steps": recipe.options.batch_size,
        "num_epochs": recipe.options.epochs,
        "optimizer": "adamw_torch",
        "learning_rate": LEARNING_RATE,
        "lr_scheduler": "cosine",
        "warmup_ratio": 0.03,
        "bf16": "auto",
        "seed": recipe.options.seed,
        "output_dir": "out",
    }
    head = ["In this folder: axolotl train axolotl.yaml", *_about_eos(recipe, "axolotl adds neither BOS nor EOS")]
    return {"axolotl.yaml": _yaml(settings, head)}


def llamafactory_configs(recipe: Recipe) -> dict[str, str]:
    """dataset_info.json and llamafactory.yaml."""
    chat = {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
    }
    alpaca = {"columns": {"prompt": "instruction", "query": "input", "response": "output"}}
    shape = chat if recipe.options.chat else alpaca
    splits = ("train", "validation") if recipe.validated else ("train",)
    datasets = {f"{recipe.name}_{split}": {"file_name": f"{split}.jsonl", **shape} for split in splits}
    settings: dict[str, Any] = {
        "model_name_or_path": recipe.base_model,
        "stage": "sft",
        "do_train": True,
        "template": "default" if recipe.options.chat else "empty",
        "dataset_dir": ".",
        "dataset": f"{recipe.name}_train",
        **({"eval_dataset": f"{recipe.name}_validation", "eval_strategy": "epoch"} if recipe.validated else {}),
        "cutoff_len": recipe.sequence_length,
        "neat_packing": True,
        "finetuning_type": "lora",
        "lora_rank": RANK,
        "lora_alpha": ALPHA,
        "lora_target": "all",
        **({"disable_shuffling": True} if recipe.ordered else {}),
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": recipe.options.batch_size,
        "num_train_epochs": float(recipe.options.epochs),
        "learning_rate": LEARNING_RATE,
        "lr_scheduler_type": "cosine",
        "bf16": True,
        "seed": recipe.options.seed,
        "logging_steps": 10,
        "save_strategy": "epoch",
        "output_dir": "out",
    }
    head = [
        "In this folder: llamafactory-cli train llamafactory.yaml",
        "stage pt has no mask; template empty adds nothing to the texts.",
        *_about_eos(recipe, "template empty adds no EOS"),
    ]
    if recipe.options.chat:
        head[1:] = ["Replace `default` with your model's template: llamafactory-cli lists them."]
    return {
        "dataset_info.json": json.dumps(datasets, indent=2) + "\n",
        "llamafactory.yaml": _yaml(settings, head),
    }


TRL = '''\
"""Trains on the files beside this script. python train_trl.py --model {model}"""

import argparse
from pathlib import Path

import torch
from datasets import load_dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer

HERE = Path(__file__).parent
FILES = {files}

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="{model}")
parser.add_argument("--max-steps", type=int, default=-1)
parser.add_argument("--output", default=str(HERE / "out"))
parser.add_argument("--packing", action="store_true", help="fill sequences; needs flash attention, or documents mix")
arguments = parser.parse_args()
gpu = torch.cuda.is_available()

data = load_dataset("json", data_files={{split: str(HERE / file) for split, file in FILES.items()}})
data = data.select_columns(["prompt", "completion"])
config = SFTConfig(
    output_dir=arguments.output,
    max_steps=arguments.max_steps,
    num_train_epochs={epochs},
    per_device_train_batch_size=1,
    gradient_accumulation_steps={batch},
    learning_rate={rate},
    lr_scheduler_type="cosine",
    warmup_steps=0.03,
    max_length={length},
    packing=arguments.packing,
    packing_strategy="bfd_split",  # "bfd" would cut off what is longer than max_length
    eval_packing=False,
    model_init_kwargs={{"attn_implementation": "flash_attention_2"}} if arguments.packing else None,
    bf16=gpu,
    use_cpu=not gpu,
    train_sampling_strategy="{sampling}",
    seed={seed},
    report_to="none",
)
trainer = SFTTrainer(
    model=arguments.model,
    args=config,
    train_dataset=data["train"],
    eval_dataset=data.get("validation"),
    peft_config=LoraConfig(r={rank}, lora_alpha={alpha}, target_modules="all-linear", task_type="CAUSAL_LM"),
)
trainer.train()
trainer.save_model()
'''

TINKER = '''\
"""The files beside this script as Tinker's data. Needs tinker and tinker-cookbook; tokens are those of {tokenizer}."""

import json
from collections.abc import Iterator
from pathlib import Path

import tinker
import torch
from tinker_cookbook.supervised.common import datum_from_model_input_weights


def data(file: str = "train.jsonl", max_length: int = {length}) -> Iterator[tinker.Datum]:
    """One Datum a line: weight 0 masks a token."""
    with (Path(__file__).parent / file).open() as lines:
        for line in lines:
            row = json.loads(line)
            weights = torch.tensor(row["weights"], dtype=torch.float32)
            yield datum_from_model_input_weights(tinker.ModelInput.from_ints(row["tokens"]), weights, max_length)
'''


def trl_configs(recipe: Recipe) -> dict[str, str]:
    """train_trl.py."""
    files = {"train": "train.jsonl"} | ({"validation": "validation.jsonl"} if recipe.validated else {})
    script = TRL.format(
        model=recipe.base_model,
        files=json.dumps(files),
        epochs=recipe.options.epochs,
        batch=recipe.options.batch_size,
        rate=LEARNING_RATE,
        length=recipe.sequence_length,
        sampling="sequential" if recipe.ordered else "random",
        seed=recipe.options.seed,
        rank=RANK,
        alpha=ALPHA,
    )
    return {"train_trl.py": script}


def tinker_configs(recipe: Recipe) -> dict[str, str]:
    """tinker_data.py."""
    name = recipe.tokenizer.name if recipe.tokenizer else None
    return {"tinker_data.py": TINKER.format(tokenizer=name, length=recipe.sequence_length)}


def _about_eos(recipe: Recipe, why: str) -> list[str]:
    if recipe.options.chat:
        return []
    if recipe.eos:
        return [f"{why}: the texts end with {recipe.eos!r}."]
    return [f"{why}, and none is known here: export with --tokenizer FOLDER or --eos TEXT to have it."]


def _yaml(settings: dict[str, Any], head: list[str]) -> str:
    import yaml

    return "".join(f"# {line}\n" for line in head) + yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
