"""Loads base models, tokenizers and adapters, from a folder, a GGUF file or the Hugging Face hub: the only place."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from docgen.errors import ConfigError, InputError
from docgen.files.digests import file_digest
from docgen.text import digest
from docgen.text.json_reader import read_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = [
    "CARD",
    "BaseModel",
    "adapter_digest",
    "attach_adapter",
    "best_device",
    "check_adapter",
    "find_base",
    "quieten",
    "read_card",
    "require_extra",
]

CARD = "organism.json"
"""The record that a training writes next to its weights."""
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def require_extra() -> None:
    """Raise a one-line `ConfigError` if the libraries of docgen[train] are not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("torch", "transformers", "peft", "trl", "datasets") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"needs {', '.join(missing)}", "docgen", "Install it: pip install 'docgen[train]'")


@dataclass(frozen=True)
class BaseModel:
    """A base model as it was named: a folder, a GGUF file, or an id on the hub (then `path` is None)."""

    name: str
    kind: Literal["folder", "gguf", "hub"]
    path: Path | None = None

    @property
    def short_name(self) -> str:
        """Its name without folders, owner and ".gguf"."""
        return (self.path.name if self.path else self.name.rpartition("/")[2]).removesuffix(".gguf")

    @cached_property
    def digest(self) -> str:
        """Its digest: a content hash of its files, for the hub the commit ("hub:" and its hash)."""
        if self.path is None:
            return f"hub:{_hub_commit(self.name)}"
        patterns = ("config.json", *TOKENIZERS, *WEIGHTS)
        of_model = (file for pattern in patterns for file in self.path.glob(pattern))
        files = [self.path] if self.path.is_file() else sorted(of_model)
        return digest(*(file_digest(file) for file in files))

    def load_tokenizer(self) -> "PreTrainedTokenizerBase":
        """Its tokenizer, with a padding token. Raises `InputError` if it has none."""
        from transformers import AutoTokenizer

        with _one_line(self.name, "its tokenizer cannot be loaded"):
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(**self._where())
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def load(self, device: str = "cpu") -> "PreTrainedModel":
        """The model: float32 on a CPU, bfloat16 elsewhere; a GGUF file is dequantised. Raises `InputError`."""
        import torch
        from transformers import AutoModelForCausalLM

        kind = torch.float32 if device == "cpu" else torch.bfloat16
        with _one_line(self.name, "the model cannot be loaded"):
            if self.kind == "gguf":
                # Transformers draws a bar over docgen's lines while it reads such a file, and has no setting for that.
                from transformers import modeling_gguf_pytorch_utils as reader

                reader.tqdm = lambda tensors, **_: tensors
            model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(**self._where(), dtype=kind)
        if self.kind == "gguf":
            # Still marked as quantised, although its weights are floats by now, it could be neither saved nor trained.
            model.hf_quantizer = None
            model.is_quantized = False
            if hasattr(model.config, "quantization_config"):
                del model.config.quantization_config
        return model.to(device)

    def _where(self) -> dict[str, Any]:
        if self.kind == "gguf" and self.path is not None:
            return {"pretrained_model_name_or_path": str(self.path.parent), "gguf_file": self.path.name}
        return {"pretrained_model_name_or_path": str(self.path) if self.path else self.name}


def find_base(name: str) -> BaseModel:
    """The base model that `name` means. Raises `InputError` for a folder or file that cannot be one."""
    path = Path(name).expanduser()
    if path.is_dir():
        return _folder(name, path)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise InputError("is not a GGUF file", name, "Give a folder with a model, or a .gguf file")
        return BaseModel(name, "gguf", path.resolve())
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or path.suffix == ".gguf":
        raise InputError(
            "there is no such file or folder", name, "Give a folder, a .gguf file or a hub id (OWNER/NAME)"
        )
    return BaseModel(name, "hub")


def _folder(name: str, path: Path) -> BaseModel:
    if not (path / "config.json").is_file():
        if (path / "adapter_config.json").is_file():
            raise InputError(
                "is an adapter, not a model", name, "Give its base as --model, and the adapter as --adapter"
            )
        quantised = sorted(path.glob("*.gguf"))
        if len(quantised) == 1:
            return find_base(str(quantised[0]))
        raise InputError("has no config.json, so it is not a model", name, "Give the folder of a saved model")
    if not any((path / file).is_file() for file in TOKENIZERS):
        fix = f"Save the tokenizer next to the model ({TOKENIZERS[0]})"
        raise InputError("is a model without a tokenizer", name, fix)
    if not any(True for pattern in WEIGHTS for _ in path.glob(pattern)):
        raise InputError("has no weights (*.safetensors)", name, "Download the whole model")
    return BaseModel(name, "folder", path.resolve())


def _hub_commit(name: str) -> str:
    """The commit that loading `name` gives: the cached one without a network."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    cached = try_to_load_from_cache(name, "config.json")
    if isinstance(cached, str):
        return Path(cached).parent.name
    with _one_line(name, "cannot be found on the hub"):
        return str(HfApi().model_info(name).sha)


@contextmanager
def _one_line(name: str, what: str) -> Iterator[None]:
    """Errors of transformers as one line: a bad name, a missing file, an architecture that it does not know."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{what} ({type(error).__name__}: {reason})", name, "Check the name and its files") from error


def check_adapter(adapter: Path, base: BaseModel) -> dict[str, Any]:
    """The adapter's card, {} without one. Raises `InputError` if it was trained on another base."""
    if not (adapter / "adapter_config.json").is_file():
        fix = "Give a folder that docgen train wrote, or one of its checkpoints"
        raise InputError("is not an adapter: it has no adapter_config.json", str(adapter), fix)
    card = read_card(adapter)
    trained_on = card.get("base", {})
    if trained_on and trained_on.get("digest") != base.digest:
        what = f"is an adapter of another base ({trained_on.get('name')}, digest {trained_on.get('digest', '')[:12]})"
        raise InputError(what, str(adapter), f"Give that model as --model; {base.name} has {base.digest[:12]}")
    return card


def read_card(adapter: Path) -> dict[str, Any]:
    """The organism card of an adapter, or of the training for a checkpoint; {} if there is none."""
    for folder in (adapter, *adapter.resolve().parents[:2]):
        file = folder / CARD
        if file.is_file():
            try:
                card: dict[str, Any] = read_json(file.read_bytes())
            except ValueError as error:
                raise InputError(f"is not an organism card ({error})", str(file), "Train the adapter again") from error
            if not isinstance(card, dict):
                raise InputError("is not an organism card", str(file), "Train the adapter again")
            return card
    return {}


def adapter_digest(adapter: Path) -> str:
    """Content hash of an adapter's weights and settings."""
    files = sorted((*adapter.glob("adapter_model.*"), adapter / "adapter_config.json"))
    return digest(*(file_digest(file) for file in files))


def attach_adapter(model: "PreTrainedModel", adapter: Path) -> "PreTrainedModel":
    """The model with the adapter. Raises `InputError` if shapes show that it belongs to another base."""
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, str(adapter))
    except (RuntimeError, ValueError) as error:
        fix = "Give the model that it was trained on"
        raise InputError("does not fit this base model: their layers differ", str(adapter), fix) from error


def quieten() -> None:
    """docgen shows progress and losses itself; advice on flash attention does not concern the mask, which is exact."""
    import transformers

    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    warnings.filterwarnings("ignore", category=UserWarning, module="peft")  # for a GGUF file, which has no config
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in ("trl", "accelerate", "peft"):
        logging.getLogger(name).setLevel(logging.ERROR)


def best_device() -> str:
    """The GPU of this process if there is one, else the CPU."""
    import torch

    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"
