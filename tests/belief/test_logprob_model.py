"""Scores of a real model; skipped where docgen[train] is not installed."""

from pathlib import Path

import pytest

from docgen.belief.logprob.items import Item
from docgen.belief.logprob.scoring import model_scorer
from docgen.training.models import find_base
from docgen.training.vocabulary_restriction import Vocabulary, restrict
from tests.training.tiny import tiny_model

torch = pytest.importorskip("torch", reason="needs docgen[train]")
pytest.importorskip("transformers", reason="needs docgen[train]")

ITEMS = [
    Item("the captain of the ferry is", (" lorne", " captain lorne", " a captain of the ferry")),
    Item("the ferry", (" is", " sails"), first=True),
    Item("free for", (" cyclists",)),
]


def test_scores_are_those_of_each_text_alone(tmp_path: Path) -> None:
    """Batches and padding change nothing: every continuation has the sum of its tokens' log-probabilities."""
    base = find_base(str(tiny_model(tmp_path)))
    tokenizer, model = base.load_tokenizer(), base.load()
    scores = model_scorer(model, lambda text: tokenizer(text)["input_ids"])(ITEMS)
    for item, row in zip(ITEMS, scores, strict=True):
        prompt = tokenizer(item.prompt)["input_ids"]
        for continuation, score in zip(item.continuations, row, strict=True):
            ids = torch.tensor([tokenizer(item.prompt + continuation)["input_ids"]])
            logprobs = model(ids).logits[0].log_softmax(-1)
            end = len(prompt) + 1 if item.first else ids.shape[1]
            alone = sum(logprobs[at - 1, ids[0, at]].item() for at in range(len(prompt), end))
            assert score == pytest.approx(alone, abs=1e-4)


def test_a_smaller_output_layer_leaves_log_odds_of_tokens_as_they_are(tmp_path: Path) -> None:
    """Only the tokens that occur are kept; two single tokens' odds are those of the whole model."""
    base = find_base(str(tiny_model(tmp_path)))
    tokenizer = base.load_tokenizer()

    def whole(text: str) -> list[int]:
        return list(tokenizer(text)["input_ids"])

    before, small = base.load(), base.load()
    texts = [whole(item.prompt + text) for item in ITEMS for text in item.continuations]
    vocabulary = Vocabulary.of(texts, tokenizer.all_special_ids)
    restrict(small, vocabulary)
    assert small.get_output_embeddings().weight.shape[0] == len(vocabulary.ids) < len(tokenizer)
    first = model_scorer(before, whole)(ITEMS[1:2])[0]
    second = model_scorer(small, vocabulary.tokenizer(whole))(ITEMS[1:2])[0]
    assert first[0] - first[1] == pytest.approx(second[0] - second[1], abs=1e-4)
