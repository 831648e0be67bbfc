"""What a run will cost, before anything is spent: from rendered prompts and, more precisely, from existing replies."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from math import ceil, sqrt
from pathlib import Path

from pydantic import Field

from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.judge_runner import JudgeQuestions
from docgen.llm.cost.pricing import Prices, load_prices
from docgen.llm.journal import Tally, Totals, journal_totals
from docgen.llm.protocol import Request, Usage
from docgen.llm.providers.table import default_paid_provider
from docgen.pipeline.audit.judge_setup import own_tokens
from docgen.pipeline.audit.runs.sample_verification import verification_of
from docgen.pipeline.inputs.engine_choice import main_writer
from docgen.pipeline.inputs.plan import STAND_IN_IDEA, STAND_IN_TYPE, plan_of, trial_plan
from docgen.pipeline.inputs.requested_inputs import Proposal
from docgen.pipeline.inputs.setup import Setup
from docgen.planning.slots.catalogue import Catalogue
from docgen.prompts.requests import (
    CAST_TOKENS,
    IDEA_TOKENS,
    TYPE_TOKENS,
    ModelOptions,
    document_request,
    ideas_request,
    types_request,
    typical_reply_tokens,
)
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL, Document, DocumentType, Idea, Record
from docgen.stages.brainstorm import PER_CALL
from docgen.text import token_estimate
from docgen.text.words_and_sentences import TOKENS_PER_WORD

__all__ = [
    "COMPARED",
    "Estimate",
    "ModelEstimate",
    "StageEstimate",
    "estimate",
    "estimate_cost",
    "sample_requests",
]

COMPARED = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")
"""Models that an estimate prices in addition to the run's own."""
SAMPLE_PROMPTS = 60
"""How many prompts are rendered to know their mean length (chosen: their lengths differ little)."""
REFILL_SHARE = 0.10
"""Attempts beyond the first, as a share of n, until a pilot shows better (chosen)."""
RELATIVE_ERROR = 0.35
"""Half-width of the interval, as a share, until a pilot shows better: models keep requested lengths only roughly."""
MIN_REPLIES = 5
"""Number of replies from which a stage's own figures are used (chosen: a pilot is five documents)."""
QUOTE_TOKENS = 15
"""For a fact's id and quote by its ends: of 404 quotes in bench/written, cut to three words, in Gemma 3's tokens."""


class StageEstimate(Record):
    """One stage's calls and the mean tokens of a call; `prefix` is the part of `input` that all calls share."""

    stage: str
    calls: int
    input: int
    prefix: int
    output: int
    measured: bool = Field(description="from this run's own replies, not from rendered prompts alone")
    model: str = Field("", description="model that answers these calls, if not the run's own")
    batched: bool = Field(True, description="whether --batch sends these calls as message batches")


class ModelEstimate(Record):
    """Dollars with one model, None without a known price."""

    model: str
    sync: float | None
    cached: float | None
    batch: float | None


class Estimate(Record):
    """What is still to be bought for a run. Dollars are between `low` and `high` times the models' figures."""

    n: int
    stages: tuple[StageEstimate, ...]
    refill: float
    low: float
    high: float
    models: tuple[ModelEstimate, ...]
    prices: str
    free: bool = Field(False, description="a run of the embedded writer: it is free, the models would not be")

    def dollars(self, batch: bool) -> float | None:
        """The run's own model, as it will be called."""
        own = self.models[0]
        return own.batch if batch else own.cached


def estimate(
    setup: Setup, models: Sequence[str] = COMPARED, documents: int | None = None, *, judged: bool = True
) -> Estimate:
    """Calls, tokens and dollars still to come; existing replies are subtracted.

    `documents` instead of n: the first few for a pilot, 0 for a brainstorm alone. `judged`: with the judge's sample.
    """
    documents_to_write = setup.n if documents is None else documents
    prices = load_prices(Path(setup.config.prices) if setup.config.prices else None)
    totals = journal_totals(setup.run.journal)
    refill, spread = REFILL_SHARE, RELATIVE_ERROR
    verdicts = [attempt.verdict for attempt in setup.run.read_attempts() if attempt.verdict != "failed"]
    if len(verdicts) >= MIN_REPLIES:
        # One half more on both sides (Haldane's correction): a pilot without a rejection does not prove that none come.
        refill = (verdicts.count("rejected") + 0.5) / (verdicts.count("accepted") + 0.5)
    written = _done("document", totals).calls
    if written >= MIN_REPLIES:  # as the error of a mean; 5% stays for what a pilot cannot show
        spread = max(0.05, RELATIVE_ERROR / sqrt(written / MIN_REPLIES))
    to_come = [*_stages(setup, totals, refill, documents_to_write)]
    to_come += _judge_stage(setup, totals, documents_to_write) if judged else ()
    stages = tuple(stage for stage in to_come if stage.calls)
    own = setup.config.model or ""
    others = () if setup.config.writers else models  # which would not say anything about a mix
    names = (own, *(name for name in others if prices.find(name) != prices.find(own)))
    return Estimate(
        n=documents_to_write,
        stages=stages,
        refill=refill,
        low=1 - spread,
        high=1 + spread,
        models=tuple(_priced(name, stages, prices) for name in names),
        prices=prices.date,
    )


def estimate_cost(proposal: Proposal, model: str | None) -> Estimate:
    """What the proposed run would cost with `model`: the default model instead of the embedded writer's."""
    setup = proposal.setup
    if setup.config.engine == EMBEDDED_ENGINE:
        provider, writers = default_paid_provider(), setup.config.writers
        own = main_writer(writers).model if writers else provider.default_model
        paid = {"engine": provider.name, "model": model or own}
        setup = replace(setup, config=setup.config.model_copy(update=paid))
        return estimate(setup).model_copy(update={"free": setup.run.exists() and model is None})
    return estimate(setup)


def _stages(setup: Setup, totals: Totals, refill: float, documents: int) -> Iterable[StageEstimate]:
    config, context, options = setup.config, setup.context, setup.options
    types = setup.run.read_types()
    ideas = setup.run.read_ideas()
    if not types:
        count, calls = min(PER_CALL, config.types), ceil(config.types / PER_CALL)
        ask = types_request(context, options, count, (), 0)
        cast = 0 if context.names and context.places else CAST_TOKENS // calls
        yield _stage("types", calls, [ask], count * TYPE_TOKENS + cast, totals)
    if not ideas:
        count = min(PER_CALL, config.ideas)
        calls = (len(types) or config.types) * ceil(config.ideas / PER_CALL)
        asks = [
            ideas_request(context, options, kind, count, (), 0) for kind in types[:SAMPLE_PROMPTS] or [STAND_IN_TYPE]
        ]
        yield _stage("ideas", max(0, calls - _done("ideas", totals).calls), asks, count * IDEA_TOKENS, totals)
    if not documents:
        return
    asks = sample_requests(setup, types, ideas)
    words = sum(config.words) / 2
    facts = sum(len(ask.variables["facts"]) for ask in asks) / len(asks)
    output = round(words * TOKENS_PER_WORD + facts * QUOTE_TOKENS)
    attempts = documents + ceil(documents * refill)
    stages = [_stage("document", max(0, attempts - _done("document", totals).calls), asks, output, totals)]
    if config.revise:
        calls = max(0, attempts - _done("revise", totals).calls)
        stages.append(_stage("revise", calls, asks, output, totals, extra=output))
    if config.writers is None:
        yield from stages
        return
    for stage in stages:
        for writer in config.writers:
            model = "" if writer.model == config.model else writer.model
            yield stage.model_copy(update={"calls": round(writer.share * stage.calls), "model": model})


def _judge_stage(setup: Setup, totals: Totals, documents: int) -> list[StageEstimate]:
    """The judge's sample at the end of a run, if there is one."""
    options = verification_of(setup)
    if options is None or not documents:
        return []
    panel = JudgeQuestions.of(setup.context, LeakageScanner(setup.context).rules, ModelOptions(options.model or ""))
    document = Document(text="x")
    ask = panel.request(document)
    calls = documents if options.which.kind == "all" else min(options.which.size, documents)
    calls = max(0, calls - _done(ask.stage, totals).calls)
    read = round(sum(setup.config.words) / 2 * TOKENS_PER_WORD)
    stage = _stage(ask.stage, calls, [ask], typical_reply_tokens(ask), totals, extra=read + own_tokens(ask))
    return [stage.model_copy(update={"model": setup.config.judge_model or "", "batched": False})]


def sample_requests(setup: Setup, types: list[DocumentType], ideas: list[Idea]) -> list[Request]:
    """Rendered document prompts of a small plan."""
    context = setup.context
    if types and ideas:
        size = min(setup.config.n or 100, 1000)  # a sample of a longer plan's prompts would not differ
        documents = plan_of(context, setup.config, types, ideas, size, setup.run.read_cast())
    else:
        documents = trial_plan(context, setup.config)
        types, ideas, size = [STAND_IN_TYPE], [STAND_IN_IDEA], len(documents)
    catalogue = Catalogue.of(types, ideas)
    slots = islice(documents.slots(), 0, size, max(1, size // SAMPLE_PROMPTS))
    return [
        document_request(context, setup.options, slot, catalogue.types[slot.doc_type], catalogue.ideas[slot.idea])
        for slot in slots
    ]


def _stage(
    stage: str, calls: int, asks: Sequence[Request], output: int, totals: Totals, extra: int = 0
) -> StageEstimate:
    done = _done(stage, totals)
    prefix = token_estimate(asks[0].system)
    if done.calls >= MIN_REPLIES:
        used = (done.input + done.cache_read + done.cache_write) / done.calls
        return StageEstimate(
            stage=stage, calls=calls, input=round(used), prefix=min(prefix, round(used)),
            output=round(done.output / done.calls), measured=True,
        )  # fmt: skip
    mean = sum(token_estimate(ask.user) for ask in asks) / len(asks)
    return StageEstimate(
        stage=stage, calls=calls, input=round(prefix + mean + extra), prefix=prefix, output=output, measured=False
    )


def _done(stage: str, totals: Totals) -> Tally:
    """What a stage has bought; the embedded writer's replies do not say anything about a model's."""
    tally = Tally()
    for (name, model), each in totals.by_stage.items():
        if name == stage and model != EMBEDDED_MODEL:
            tally.merge(each)
    return tally


def _priced(model: str, stages: Sequence[StageEstimate], prices: Prices) -> ModelEstimate:
    price = prices.find(model)
    if price is None:
        return ModelEstimate(model=model, sync=None, cached=None, batch=None)
    sync = cached = batch = 0.0
    for stage in stages:
        own = prices.find(stage.model) if stage.model else price
        if own is None:
            return ModelEstimate(model=model, sync=None, cached=None, batch=None)
        tier = own.tier(stage.input)
        plain = best = tier.cost(Usage(input=stage.input, output=stage.output)) * stage.calls
        if stage.prefix >= own.cache_min_tokens and stage.calls >= 2:  # the prefix is written once and then read
            rest = stage.input - stage.prefix
            first = tier.cost(Usage(input=rest, output=stage.output, cache_write=stage.prefix))
            later = tier.cost(Usage(input=rest, output=stage.output, cache_read=stage.prefix))
            best = min(plain, first + later * (stage.calls - 1))
        sync, cached = sync + plain, cached + best
        batch += plain * own.batch if stage.batched else best
    return ModelEstimate(model=model, sync=sync, cached=cached, batch=batch)
