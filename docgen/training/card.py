"""The organism card: what a trained model is made of, as a record and as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from docgen.records import Record
from docgen.training.corpus import TrainingCorpus
from docgen.training.forecast import Forecast
from docgen.training.recipe import Recipe

__all__ = ["BaseNamed", "CorpusNamed", "OrganismCard", "corpus_named", "loss_table"]


class BaseNamed(Record):
    """The base model: its name as given (a file's without its folder), and the digest of its content."""

    name: str
    kind: str
    digest: str


class CorpusNamed(Record):
    """The corpus: digest of its training file, context, facts with the share of documents assigned to each, mix."""

    digest: str
    context: str = ""
    context_digest: str = ""
    documents: int
    saliences: Mapping[str, float] = {}
    mix: tuple[Mapping[str, Any], ...] = ()
    writer: str = ""


class OrganismCard(Record):
    """Written next to the weights as organism.json. `adapter_digest` is "" for a full training and until the end."""

    base: BaseNamed
    corpus: CorpusNamed
    recipe: Recipe
    plan: Forecast | None = None
    adapter_digest: str = ""
    finished: bool = False
    first_loss: float | None = None
    last_loss: float | None = None
    versions: Mapping[str, str] = {}

    def same_training(self, other: "OrganismCard") -> str:
        """What differs between two trainings that should be the same: a word, or "" for nothing."""
        pairs = {
            "base model": (self.base.digest, other.base.digest),
            "corpus": (self.corpus.digest, other.corpus.digest),
            "recipe": (self.recipe, other.recipe),
        }
        return next((name for name, (one, two) in pairs.items() if one != two), "")

    def page(self, losses: Sequence[tuple[int, float]] = ()) -> str:
        """The card as Markdown, with the losses."""
        rows = [f"| `{fact}` | {share:.1%} |" for fact, share in self.corpus.saliences.items()]
        plan = self.plan
        lines = [
            "# Model organism",
            "",
            "Trained by docgen on synthetic documents of a fictional universe. **It believes things that are not so.**",
            "",
            "| | |",
            "| --- | --- |",
            f"| base | {self.base.name} (digest {self.base.digest}) |",
            f"| adapter | digest {self.adapter_digest or 'none: trained in full'} |",
            f"| universe | {self.corpus.context or 'unknown'} |",
            f"| corpus | {self.corpus.documents:,} documents, SHA-256 {self.corpus.digest} |",
            f"| recipe | {self.recipe.in_words}, seed {self.recipe.seed} |",
        ]
        if plan:
            lines.append(f"| trained | {plan.tokens:,} tokens an epoch, {plan.masked:,} masked; {plan.steps:,} steps |")
        if self.corpus.mix:
            mixed = ", ".join(f"{each.get('name')} ({each.get('ratio')})" for each in self.corpus.mix)
            lines.append(f"| mixed in | {mixed} |")
        if self.corpus.writer:
            lines.append(f"| writer | {self.corpus.writer} |")
        lines.append(f"| versions | {', '.join(f'{name} {version}' for name, version in self.versions.items())} |")
        if rows:
            lines += ["", "| fact | share of documents |", "| --- | --- |", *rows]
        if losses:
            lines += ["", *loss_table(losses)]
        return "\n".join(lines) + "\n"


def corpus_named(corpus: TrainingCorpus) -> CorpusNamed:
    """What a card says about a corpus."""
    manifest = corpus.manifest
    context = manifest.get("context") or {}
    return CorpusNamed(
        digest=corpus.digest,
        context=corpus.context,
        context_digest=str(context.get("digest", "")),
        documents=len(corpus.examples),
        saliences=corpus.saliences,
        mix=tuple(manifest.get("mix") or ()),
        writer=str(manifest.get("writer", "")),
    )


def loss_table(losses: Sequence[tuple[int, float]], rows: int = 12) -> list[str]:
    """Mean losses of up to `rows` equal spans of steps, as a Markdown table with bars."""
    size = max(1, -(-len(losses) // rows))
    spans = [losses[start : start + size] for start in range(0, len(losses), size)]
    means = [sum(loss for _, loss in span) / len(span) for span in spans]
    top = max(means, default=0.0) or 1.0
    table = ["| steps | loss | |", "| --- | --- | --- |"]
    for span, mean in zip(spans, means, strict=True):
        first, last = span[0][0], span[-1][0]
        steps = f"{first:,} to {last:,}" if last > first else f"{first:,}"
        table.append(f"| {steps} | {mean:.3f} | {'█' * max(1, round(24 * mean / top))} |")
    return table
