"""`docgen eval logprob`: a local model, before and after its adapters, asked the questions of a file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from docgen.belief.logprob.items import probes_of
from docgen.belief.logprob.report import Answer, FactBelief, change, summarise
from docgen.belief.logprob.scoring import ScoreCache, Scorer, answers, model_scorer
from docgen.belief.question_files import find_questions
from docgen.belief.question_sets import open_questions
from docgen.belief.questions import QuestionFile
from docgen.errors import InputError
from docgen.records import Record
from docgen.text import digest
from docgen.training.models import BaseModel, adapter_digest, attach_adapter, check_adapter, read_card

__all__ = ["Evaluation", "ModelResult", "evaluate", "questions_for"]


class ModelResult(Record):
    """One model that was asked: `adapter` is "" for the base; `change` is relative to the base, if that was asked
    too."""

    adapter: str
    digest: str
    beliefs: tuple[FactBelief, ...]
    change: tuple[FactBelief, ...] = ()
    answers: tuple[Answer, ...]


class Evaluation(Record):
    """The base and its adapters; `saliences` are those of the first adapter's corpus, where its card names them."""

    model: str
    questions: str
    context: str
    saliences: Mapping[str, float] = Field(default_factory=dict)
    asked: tuple[ModelResult, ...]


def questions_for(file: Path | None, adapters: Sequence[Path]) -> QuestionFile:
    """The questions of `file` (or of a context's name), or those shipped for the universe of the adapters' corpus.

    Raises `InputError` or `ConfigError` if there are none, if they contradict their context, or if they are about
    another universe than the adapters' corpus.
    """
    for adapter in adapters:
        if not adapter.is_dir():
            raise InputError("adapter not found", str(adapter), "Name the folder that docgen train wrote")
    contexts = {adapter: str(read_card(adapter).get("corpus", {}).get("context", "")) for adapter in adapters}
    named = str(file) if file else next(filter(None, contexts.values()), "")
    if file is None and (not named or find_questions(named) is None):
        what = f"docgen ships no questions about {named}" if named else "no questions are named"
        raise InputError(what, "--questions", "Name a question file, or write one: docgen questions")
    questions = open_questions(named)
    for adapter, context in contexts.items():
        if context and context != questions.context:
            what = f"was trained on a corpus of {context}; {named} is about {questions.context}"
            raise InputError(what, str(adapter), f"Name questions about {context}")
    if not (questions.clozes or questions.choices):
        fix = "Add cloze triples or multiple choice; open questions need docgen eval belief"
        raise InputError("has nothing that log-probabilities could answer", named, fix)
    return questions


def evaluate(
    base: BaseModel,
    adapters: Sequence[Path],
    questions: QuestionFile,
    *,
    baseline: bool = True,
    device: str = "cpu",
    cache: Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Evaluation:
    """Ask the base model (if `baseline`, or without adapters) and each adapter.

    With `cache`, a folder, scores are kept by the content of model, adapter and question, and what is known is not
    computed again: then the model is not even loaded. Raises `InputError` for an adapter of another base.
    """
    cards = [check_adapter(adapter, base) for adapter in adapters]
    probes = probes_of(questions)
    loaded = _Loaded(base, device, progress)
    before: list[Answer] | None = None
    asked: list[ModelResult] = []
    for adapter in [*([None] if baseline or not adapters else []), *adapters]:
        name = digest(base.digest, adapter_digest(adapter) if adapter else "", device)
        scorer = loaded.scorer(adapter)
        result = answers(probes, ScoreCache(cache, name).scorer(scorer) if cache else scorer())
        before = result if adapter is None else before
        asked.append(
            ModelResult(
                adapter=str(adapter or ""),
                digest=name,
                beliefs=tuple(summarise(result)),
                change=tuple(change(before, result)) if adapter and before else (),
                answers=tuple(result),
            )
        )
    known = (card["corpus"]["saliences"] for card in cards if card.get("corpus", {}).get("saliences"))
    saliences: Mapping[str, float] = next(known, {})
    return Evaluation(
        model=base.path.name if base.path else base.name, questions=questions.digest, context=questions.context,
        saliences=saliences, asked=tuple(asked),
    )  # fmt: skip


class _Loaded:
    """The base model, loaded when it is first needed, with one adapter at a time on it."""

    def __init__(self, base: BaseModel, device: str, progress: Callable[[int, int], None]) -> None:
        self._base, self._device, self._progress = base, device, progress
        self._model: Any = None
        self._tokenizer: Any = None

    def scorer(self, adapter: Path | None) -> Callable[[], Scorer]:
        """A function that loads what is needed and gives the scorer."""

        def load() -> Scorer:
            if self._model is None:
                self._tokenizer = self._base.load_tokenizer()
                self._model = self._base.load(self._device)
            model = attach_adapter(self._model, adapter) if adapter else self._model
            inner = model_scorer(model, lambda text: self._tokenizer(text)["input_ids"], self._progress)

            def score(items: Sequence[Any]) -> list[Any]:
                try:
                    return list(inner(items))
                finally:
                    if adapter:
                        self._model = model.unload()

            return score

        return load
