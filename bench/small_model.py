"""A base model whose output layer is cut to the tokens of a benchmark, trained again and again from its own weights.

With it bench/teach.py and bench/dose_response.py run on two CPU cores. See `docgen.training.vocabulary_restriction`.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from docgen.belief.logprob.items import Probe
from docgen.belief.logprob.report import Answer
from docgen.belief.logprob.scoring import answers, model_scorer
from docgen.progress import SilentReporter
from docgen.training.models import find_base
from docgen.training.recipe import Recipe
from docgen.training.trainer import open_training, run_training
from docgen.training.vocabulary_restriction import Vocabulary, restrict

Ids = list[int]


class SmallModel:
    """A base model, its tokenizer, and the rows of its vocabulary that are used."""

    def __init__(self, model: str, texts: Sequence[str], probes: Sequence[Probe], device: str, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        base = find_base(model)
        self.base, self.digest = base.name, base.digest
        self.tokenizer: Any = base.load_tokenizer()
        self.model: Any = base.load(device)
        asked = [item.prompt + text for probe in probes for item in probe.items for text in ("", *item.continuations)]
        whole: Callable[[str], Ids] = lambda text: self.tokenizer(text)["input_ids"]  # noqa: E731
        self.tokenize: Callable[[str], Ids] = whole
        self.eos: int = self.tokenizer.eos_token_id
        self.rows = len(self.tokenizer)
        if device == "cpu":  # a GPU has the whole output layer
            special = [token for token in self.tokenizer.all_special_ids if token < self.rows]
            vocabulary = Vocabulary.of((whole(text) for text in (*texts, *asked)), special)
            restrict(self.model, vocabulary)
            self.tokenize, self.eos = vocabulary.tokenizer(whole), vocabulary.place[self.eos]
            self.rows = len(vocabulary.ids)

    def ask(self, probes: Sequence[Probe]) -> list[Answer]:
        """What the model, as it is, makes of the questions."""
        return answers(probes, model_scorer(self.model, self.tokenize))

    def taught(self, documents: Sequence[Ids], recipe: Recipe, out: Path, probes: Sequence[Probe]) -> tuple[
        list[Answer], list[float]
    ]:  # fmt: skip
        """Answers after training on tokenised documents, and the losses; the model itself is as before."""
        rows = [{"input_ids": ids, "labels": [-100, *ids[1:]]} for ids in documents]
        training = open_training(self.model, self.tokenizer, rows, recipe, out)
        run_training(training, reporter=SilentReporter())
        trained: Any = training.trainer.model
        result = answers(probes, model_scorer(trained, self.tokenize))
        self.model = trained.unload()
        return result, [each.loss for each in training.losses]

    def ids(self, text: str) -> Ids:
        """A document's tokens, with beginning and end of text."""
        return [*self.tokenize(text), self.eos]


def fill(texts: Sequence[str], ids: Callable[[str], Ids], tokens: int, seed: int) -> list[Ids]:
    """Documents in an order drawn by the seed until there are exactly so many tokens; the last is cut.

    Raises ValueError if all of them together are too few.
    """
    order = list(texts)
    random.Random(seed).shuffle(order)
    documents: list[Ids] = []
    left = tokens
    for text in order:
        documents.append(ids(text)[:left])
        left -= len(documents[-1])
        if not left:
            return documents
    raise ValueError(f"{tokens - left} tokens, {tokens} are needed")
