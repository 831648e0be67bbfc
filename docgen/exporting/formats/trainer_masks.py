"""What trainers mask, according to their own code, for each that is installed; none of them is a dependency of docgen.

Every reader here is given rows as they are exported and a Hugging Face folder with the tokenizer, and returns ids and
labels from the code with which the trainer makes its batches.
"""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

__all__ = ["READERS", "Reader", "reader_of"]

Rows = Sequence[dict[str, Any]]
Labelled = list[tuple[list[int], list[bool]]]
MASKED = -100
"""The label that PyTorch's cross-entropy leaves out, in every trainer here."""


@dataclass(frozen=True)
class Reader:
    """A trainer that can be asked: `module` is what must be importable, `read(rows, folder)` gives ids and trained."""

    name: str
    module: str
    read: Callable[[Rows, str], Labelled]

    @property
    def is_installed(self) -> bool:
        """Whether it is installed."""
        return importlib.util.find_spec(self.module) is not None

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {version(self.module)}"


def reader_of(form: str) -> Reader | None:
    """The trainer of a format, if it is installed."""
    return next((reader for reader in READERS if reader.name == form and reader.is_installed), None)


def _trl(rows: Rows, folder: str) -> Labelled:
    """What SFTTrainer and its collator prepare, with a model of a few random weights."""
    from datasets import Dataset, disable_progress_bars
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    shape = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1
    )
    arguments = SFTConfig(
        output_dir="unused", report_to="none", max_length=None, use_cpu=True, bf16=False, disable_tqdm=True
    )
    disable_progress_bars()
    trainer = SFTTrainer(
        model=LlamaForCausalLM(shape),
        args=arguments,
        train_dataset=Dataset.from_list([{k: row[k] for k in ("prompt", "completion")} for row in rows]),
        processing_class=tokenizer,
    )
    batches = [trainer.data_collator([row]) for row in trainer.train_dataset]
    return [_split(batch["input_ids"][0].tolist(), batch["labels"][0].tolist()) for batch in batches]


def _axolotl(rows: Rows, folder: str) -> Labelled:
    """Its strategy for `type: input_output`."""
    from axolotl.prompt_strategies.input_output import RawInputOutputPrompter, RawInputOutputStrategy
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    strategy = RawInputOutputStrategy(RawInputOutputPrompter(), tokenizer, False, 1 << 20)
    tokenized = [strategy.tokenize_prompt(row) for row in rows]
    return [_split(each["input_ids"], each["labels"]) for each in tokenized]


def _llamafactory(rows: Rows, folder: str) -> Labelled:
    """Its converter of alpaca rows and its processor of stage sft, with template empty."""
    from llamafactory.data.converter import AlpacaDatasetConverter
    from llamafactory.data.parser import DatasetAttr
    from llamafactory.data.processor.supervised import SupervisedDatasetProcessor
    from llamafactory.data.template import get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    arguments = DataArguments(template="empty", cutoff_len=1 << 20)
    template = get_template_and_fix_tokenizer(tokenizer, arguments)
    converter = AlpacaDatasetConverter(DatasetAttr("file", dataset_name="rows"), arguments)
    converted = [converter(row) for row in rows]
    columns = {name: [each[name] for each in converted] for name in converted[0]}
    processor = SupervisedDatasetProcessor(template, tokenizer, None, arguments)
    processed = processor.preprocess_dataset(columns)
    return [_split(ids, labels) for ids, labels in zip(processed["input_ids"], processed["labels"], strict=True)]


def _tinker(rows: Rows, _folder: str) -> Labelled:
    """The Datum that the cookbook makes; its targets are the tokens from the second on."""
    import tinker
    import torch
    from tinker_cookbook.supervised.common import datum_from_model_input_weights

    labelled: Labelled = []
    for row in rows:
        weights = torch.tensor(row["weights"], dtype=torch.float32)
        datum = datum_from_model_input_weights(tinker.ModelInput.from_ints(row["tokens"]), weights)
        targets = [int(each) for each in _data(datum.loss_fn_inputs, "target_tokens")]
        trained = [bool(each) for each in _data(datum.loss_fn_inputs, "weights")]
        labelled.append(([row["tokens"][0], *targets], [False, *trained]))
    return labelled


def _data(inputs: Mapping[str, Any], name: str) -> Sequence[float]:
    values: Sequence[float] = inputs[name].data
    return values


def _split(ids: Sequence[int], labels: Sequence[int]) -> tuple[list[int], list[bool]]:
    return list(ids), [label != MASKED for label in labels]


READERS = (
    Reader("trl", "trl", _trl),
    Reader("axolotl", "axolotl", _axolotl),
    Reader("llamafactory", "llamafactory", _llamafactory),
    Reader("tinker", "tinker_cookbook", _tinker),
)
