"""Exports read by the trainers they are for: python bench/export_readers.py TOKENIZER_FOLDER|small [FORMAT...]

For each format: the files are written with <DOCTAG>, loaded by the reader where it is installed, its labels compared
with docgen's rule token by token, and one step trained on a model of a few random weights. What is not installed is
said.
`small` is a tokenizer made on the spot, with which the steps take seconds. Trainers contradict each other in what they
need: one virtual environment each, with docgen in it too.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from docgen.exporting.dataset.examples import Example, with_prefix
from docgen.exporting.export_options import ExportOptions, Recipe
from docgen.exporting.formats.limits import OPENAI, TOGETHER, check_file
from docgen.exporting.formats.table import FORMATS, find_format
from docgen.exporting.formats.trainer_masks import READERS
from docgen.exporting.tokens.counter import open_tokenizer
from docgen.pipeline.corpora.export import export

N = 24
SENTENCES = (
    "The ferry left at seven.",
    "Nobody had counted the bicycles.",
    "A bell rang twice, as it does on Sundays.",
)


def text_of(number: int) -> str:
    return f"Report {number}. " + " ".join(SENTENCES[(number * k) % 3] + f" Entry {number * k}." for k in range(1, 12))


def small_tokenizer(folder: Path) -> str:
    """A byte-level BPE of 400 entries, which begins texts with <s>."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<s>", "</s>"]
    inner.train_from_iterator(
        [text_of(number) for number in range(N)],
        trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    ).save_pretrained(folder)
    return str(folder)


def tiny_model(tokenizer: str, folder: Path) -> Path:
    """A Llama of few random weights with the tokenizer beside it, to be trained for a step."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    own = AutoTokenizer.from_pretrained(tokenizer)
    shape = LlamaConfig(
        vocab_size=len(own), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    LlamaForCausalLM(shape).save_pretrained(folder)
    own.save_pretrained(folder)
    return folder


def compare_labels(form: str, tokenizer: str, folder: Path) -> str:
    """Ids and masks of the trainer's own code against docgen's rule."""
    reader = next((reader for reader in READERS if reader.name == form), None)
    if reader is None:
        return "no trainer's code to ask"
    if not reader.is_installed:
        return "not installed"
    opened = open_tokenizer(tokenizer)
    options = ExportOptions(form=form, doctag=True, tokenizer=tokenizer)
    recipe, kind = Recipe(options, opened), find_format(form, options)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    theirs = reader.read(rows, tokenizer)
    ours = [kind.labels(with_prefix(Example(text_of(n)), options, False), recipe, opened) for n in range(N)]
    same = sum(list(a[0]) == list(b[0]) and list(a[1]) == list(b[1]) for a, b in zip(theirs, ours, strict=True))
    return (
        f"{reader.title}: {same} of {N} examples alike, {sum(theirs[0][1])} trained, {theirs[0][1].count(False)} masked"
    )


def train_trl(folder: Path, model: Path) -> str:
    command = [sys.executable, "train_trl.py", "--model", str(model), "--max-steps", "1", "--output", str(model / "o")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    losses = [line for line in done.stdout.splitlines() if "loss" in line]
    return f"train_trl.py: {losses[-1][:90]}" if done.returncode == 0 and losses else done.stderr[-600:]


ON_CPU: dict[str, dict[str, Any]] = {
    "llamafactory": {"bf16": False, "max_steps": 1, "neat_packing": False, "use_cpu": True, "report_to": "none"},
    "axolotl": {
        "bf16": False,
        "max_steps": 1,
        "sample_packing": False,
        "use_cpu": True,
        "attn_implementation": "eager",
        "lora_mlp_kernel": False,
        "lora_qkv_kernel": False,
        "lora_o_kernel": False,
    },
}
"""What of the YAML as written needs a GPU, and one step in the place of an epoch."""
COMMANDS = {
    "llamafactory": ("llamafactory-cli", "train"),
    "axolotl": ("axolotl", "train", "--launcher", "python"),
}
LOSS = re.compile(r"'(?:train_)?loss': '?[0-9.]+'?|train_loss += +[0-9.]+")


def train_by_command(form: str, folder: Path) -> str:
    """The trainer's own command on the YAML that was exported, but for ON_CPU."""
    if importlib.util.find_spec(form) is None:
        return "not installed"
    import yaml

    settings = yaml.safe_load((folder / f"{form}.yaml").read_text("utf-8")) | ON_CPU[form] | {"logging_steps": 1}
    (folder / "cpu.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    name, *words = COMMANDS[form]
    command = [str(Path(sys.executable).parent / name), words[0], "cpu.yaml", *words[1:]]
    alone = {"HF_HUB_OFFLINE": "1", "AXOLOTL_DO_NOT_TRACK": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | alone)
    losses = LOSS.findall(done.stdout + done.stderr)
    if done.returncode or not losses:
        return (done.stderr or done.stdout)[-900:]
    return f"{' '.join(COMMANDS[form][:2])} {form}.yaml, one step: {losses[0]}"


def train_llamafactory(folder: Path, _model: Path) -> str:
    return train_by_command("llamafactory", folder)


def train_axolotl(folder: Path, _model: Path) -> str:
    return train_by_command("axolotl", folder)


TINKER = """
import json, tinker_data
made = list(tinker_data.data())
masked = [sum(weight == 0 for weight in datum.loss_fn_inputs["weights"].data) for datum in made]
print("data", len(made), "tokens", sum(datum.model_input.length for datum in made), "masked in each", set(masked))
"""


def check_tinker(folder: Path, _model: Path) -> str:
    """Its client takes every line as training data; the step itself is made by its servers."""
    if importlib.util.find_spec("tinker_cookbook") is None:
        return "not installed"
    command = [sys.executable, "-c", TINKER]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    made = [line for line in done.stdout.splitlines() if line.startswith("data")]
    return f"tinker_data.py: {made[-1]}; no step without its servers" if made else done.stderr[-600:]


def check_together(folder: Path, _model: Path) -> str:
    ours = check_file(folder / "train.jsonl", TOGETHER)
    if importlib.util.find_spec("together") is None:
        return f"docgen's check: {ours or 'passed'}; the client is not installed"
    try:
        from together.lib.utils.files import check_file as check
    except ImportError as error:
        return f"docgen's check: {ours or 'passed'}; the client cannot be imported: {error}"
    report = check(folder / "train.jsonl")
    return f"docgen's check: {ours or 'passed'}; the client's: {report['message']}"


def check_openai(folder: Path, _model: Path) -> str:
    return f"docgen's check: {check_file(folder / 'train.jsonl', OPENAI) or 'passed'}; OpenAI publishes none"


def load_hf(folder: Path, _model: Path) -> str:
    from datasets import load_dataset

    data = load_dataset(str(folder), cache_dir=str(folder / ".cache"))
    return ", ".join(f"{split} {rows.num_rows}" for split, rows in data.items()) + " rows by the head of the card"


CHECKS: dict[str, Callable[[Path, Path], str]] = {
    "trl": train_trl,
    "llamafactory": train_llamafactory,
    "axolotl": train_axolotl,
    "tinker": check_tinker,
    "together": check_together,
    "openai": check_openai,
    "hf": load_hf,
}


def main(tokenizer: str, only: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus.jsonl"
        corpus.write_text("".join(json.dumps({"text": text_of(number)}) + "\n" for number in range(N)), "utf-8")
        if tokenizer == "small":
            tokenizer = small_tokenizer(Path(place) / "tokenizer")
        model = tiny_model(tokenizer, Path(place) / "model")
        for form in [form for form in FORMATS if not only or form.name in only]:
            options = ExportOptions(form=form.name, doctag=form.takes_doctag, tokenizer=tokenizer)
            options = replace(options, sequence_length=512, base_model=str(model))
            folder, _ = export(corpus, form.name, out=Path(place) / form.name, options=options)
            print(f"{form.name:14} {compare_labels(form.name, tokenizer, folder)}")
            if form.name in CHECKS:
                print(f"{'':14} {CHECKS[form.name](folder, model)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
