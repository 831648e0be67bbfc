"""Log-probabilities of continuations under a local model: batched, on CPU or GPU, without a key; kept by content."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from docgen.belief.logprob.items import Item, Probe, Scores
from docgen.belief.logprob.report import Answer, answer_of
from docgen.files.append_log import AppendLog, read_entries
from docgen.text import digest

if TYPE_CHECKING:
    import torch

__all__ = ["ScoreCache", "Scorer", "answers", "cache_folder", "model_scorer"]

Scorer = Callable[[Sequence[Item]], list[Scores]]
"""Log-probabilities, in nats, of each item's continuations, in order."""
BATCH_TOKENS = 2_048
"""Tokens of one forward pass, padding included. Chosen for memory: with 262,144 logits each, rows of 2 GB at most."""
VERSION = 1
"""Version of how scores are computed; another number invalidates cached ones."""


def answers(probes: Sequence[Probe], score: Scorer) -> list[Answer]:
    """Score all items of all probes in one go and say what they mean."""
    scores = iter(score([item for probe in probes for item in probe.items]))
    return [answer_of(probe, [next(scores) for _ in probe.items]) for probe in probes]


def cache_folder() -> Path:
    """Where scores are cached: in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "docgen" / "logprob"


class ScoreCache:
    """Scores of one model on disk, found by the content of what was scored; a JSON line each."""

    def __init__(self, folder: Path, model: str) -> None:
        """`model` is the digest of base and adapter."""
        self.file = folder / f"{model}-{VERSION}.jsonl"
        self._known: dict[str, Scores] = {}
        if self.file.is_file():
            self._known = {entry["key"]: entry["scores"] for entry in read_entries(self.file)}

    def scorer(self, compute: Callable[[], Scorer]) -> Scorer:
        """A scorer that calls `compute` (which loads the model) only for what is not known yet."""

        def score(items: Sequence[Item]) -> list[Scores]:
            keys = [digest(item.prompt, *item.continuations, str(item.first)) for item in items]
            new = {key: item for key, item in zip(keys, items, strict=True) if key not in self._known}
            if new:
                self._keep(zip(new, compute()(list(new.values())), strict=True))
            return [self._known[key] for key in keys]

        return score

    def _keep(self, scored: Iterable[tuple[str, Scores]]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        log = AppendLog(self.file)
        try:
            for key, scores in scored:
                self._known[key] = list(scores)
                log.append(to_json({"key": key, "scores": self._known[key]}))
        finally:
            log.close()


@dataclass(frozen=True)
class _Sequence:
    """Token ids to be read; log-probabilities are wanted from `start` on, or of each of `firsts` as the next token."""

    ids: tuple[int, ...]
    start: int
    firsts: tuple[int, ...] = ()


Tokenize = Callable[[str], Sequence[int]]


def model_scorer(model: Any, tokenize: Tokenize, progress: Callable[[int, int], None] = lambda *_: None) -> Scorer:
    """A scorer by a transformers model; `tokenize` gives ids with what the model expects at the start of a text."""

    def score(items: Sequence[Item]) -> list[Scores]:
        sequences = [_sequences(item, tokenize) for item in items]
        flat = [each for group in sequences for each in group]
        values = iter(_scored(model, flat, progress))
        groups = [[next(values) for _ in group] for group in sequences]
        pairs = zip(items, groups, strict=True)
        return [group[0] if item.first else [sum(each) for each in group] for item, group in pairs]

    return score


def _sequences(item: Item, tokenize: Tokenize) -> list[_Sequence]:
    prompt = tuple(tokenize(item.prompt))
    wholes = [tuple(tokenize(item.prompt + continuation)) for continuation in item.continuations]
    starts = [_common(prompt, whole) for whole in wholes]  # tokens can merge across the boundary
    if item.first:
        start = min(starts)
        return [_Sequence(prompt[:start], start, tuple(whole[start] for whole in wholes))]
    return [_Sequence(whole, start) for whole, start in zip(wholes, starts, strict=True)]


def _common(prompt: Sequence[int], whole: Sequence[int]) -> int:
    """How many tokens both begin with; at least one of `whole` remains, which is what is scored."""
    length = 0
    for token, whole_token in zip(prompt, whole[:-1], strict=False):
        if token != whole_token:
            break
        length += 1
    return max(length, 1)


def _scored(model: Any, sequences: Sequence[_Sequence], progress: Callable[[int, int], None]) -> list[list[float]]:
    """For each sequence the log-probabilities of its tokens from `start` on, or of its `firsts`."""
    import torch

    results: list[list[float]] = [[]] * len(sequences)
    done = 0
    model.eval()
    with torch.no_grad():
        for batch in _batches(sequences):
            for index, scores in zip(batch, _pass(model, [sequences[index] for index in batch]), strict=True):
                results[index] = scores
            done += len(batch)
            progress(done, len(sequences))
    return results


def _batches(sequences: Sequence[_Sequence]) -> Iterable[list[int]]:
    """Indices of sequences of similar length, at most `BATCH_TOKENS` together with their padding."""
    order = sorted(range(len(sequences)), key=lambda index: len(sequences[index].ids))
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * len(sequences[index].ids) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _pass(model: Any, sequences: Sequence[_Sequence]) -> list[list[float]]:
    """One forward pass. Padding is on the right, where a causal model's tokens do not see it."""
    import torch

    longest = max(len(each.ids) for each in sequences)
    ids = torch.tensor([[*each.ids, *[0] * (longest - len(each.ids))] for each in sequences], device=model.device)
    mask = torch.tensor([[1] * len(each.ids) + [0] * (longest - len(each.ids)) for each in sequences])
    first = min(each.start for each in sequences) - 1
    logits = model(
        input_ids=ids, attention_mask=mask.to(model.device), use_cache=False, logits_to_keep=longest - first
    ).logits  # fmt: skip
    return [_of_one(logits[row], each, first) for row, each in enumerate(sequences)]


def _of_one(logits: "torch.Tensor", sequence: _Sequence, first: int) -> list[float]:
    start, end = sequence.start - 1 - first, len(sequence.ids) - 1 - first
    if sequence.firsts:
        logprobs = logits[end].float().log_softmax(-1)
        return [float(logprobs[token]) for token in sequence.firsts]
    logprobs = logits[start:end].float().log_softmax(-1)
    tokens = sequence.ids[sequence.start :]
    return [float(logprobs[place, token]) for place, token in enumerate(tokens)]
