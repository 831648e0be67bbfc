"""Previews an export: what a trainer masks, and what training on it amounts to. Nothing is stored."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from docgen.exporting.dataset.examples import Example
from docgen.exporting.export_options import ExportOptions, Recipe
from docgen.exporting.formats.loss_masks import Token, token_texts, words
from docgen.exporting.formats.table import ExportFormat, find_format, is_chat
from docgen.exporting.formats.trainer_masks import reader_of
from docgen.exporting.training_plan import TrainingPlan, training_plan
from docgen.pipeline.corpora.export import find_source
from docgen.pipeline.corpora.export_source import Say, open_layouts
from docgen.pipeline.corpora.sources import CorpusSource

__all__ = ["LabelPreview", "export_labels", "export_plan"]


@dataclass(frozen=True)
class LabelPreview:
    """`by` names the source; each example is its tokens in order, or its whole texts without a tokenizer."""

    form: str
    by: str
    masks: str
    examples: tuple[tuple[Token, ...], ...]


def export_labels(source: CorpusSource, options: ExportOptions, count: int, say: Say = lambda _: None) -> LabelPreview:
    """The first `count` examples of the training split, token by token as the format's trainer sees them.

    If the trainer is installed and the tokenizer is a Hugging Face folder, its own code decides; else docgen's reading
    of its rules. For hosted trainers and for chats only texts are known, not what a chat template adds.
    """
    form = find_format(options.form, options)
    with tempfile.TemporaryDirectory() as folder:
        corpus = find_source(source, options)
        with open_layouts(corpus, options, Path(folder), say) as opened:
            layout = opened.layouts[0][1]
            recipe = Recipe(options, opened.tokenizer, longest=layout.longest)
            chat = is_chat(form, options)
            examples = list(islice(layout.examples(layout.parts[0], options, chat), count))
            return _preview(form, examples, recipe, chat, Path(folder))


def _preview(form: ExportFormat, examples: Sequence[Example], recipe: Recipe, chat: bool, folder: Path) -> LabelPreview:
    tokenizer = recipe.tokenizer
    if tokenizer is None:
        rows = tuple(tuple(words(example, masks_prefix=form.masks_prefix)) for example in examples)
        return LabelPreview(form.name, "docgen, by its rules; whole texts, without --tokenizer", form.masks, rows)
    reader = reader_of(form.name)
    why = ""
    if reader is not None and not chat and form.write and Path(recipe.options.tokenizer or "").is_dir():
        file = form.write(examples, folder, "preview", recipe)[0]
        rows_written = [json.loads(line) for line in file.read_bytes().splitlines()]
        try:
            labelled = reader.read(rows_written, str(recipe.options.tokenizer))
        except ImportError as error:  # installed, but something that it needs is not
            why = f" ({reader.title} cannot be imported here: {error})"
        else:
            shown = tuple(tuple(token_texts(each, tokenizer)) for each in labelled)
            return LabelPreview(form.name, f"{reader.title} itself", form.masks, shown)
    rule = form.label_rule(recipe.options)
    shown = tuple(tuple(token_texts(rule(example, recipe, tokenizer), tokenizer)) for example in examples)
    around = "; tokens of the chat template are not shown" if chat else ""
    return LabelPreview(form.name, f"docgen, by the rules of {form.reader}{around}{why}", form.masks, shown)


def export_plan(source: CorpusSource, options: ExportOptions, say: Say = lambda _: None) -> TrainingPlan:
    """What a training on the export amounts to, with warnings."""
    find_format(options.form, options)
    with tempfile.TemporaryDirectory() as folder:
        corpus = find_source(source, replace(options, accept_unfinished=True))
        with open_layouts(corpus, options, Path(folder), say) as opened:
            layout = opened.layouts[0][1]
            train, documents = layout.parts[0], layout.documents
            own = train.numbers[train.numbers < len(documents)]  # the others are mixed in, and have no facts
            holds = documents.holds[own].astype(np.int64)
            counts = zip(documents.facts, holds.sum(axis=0), documents.tokens[own] @ holds, strict=True)
            facts = {fact: (int(count), int(size)) for fact, count, size in counts}
            recipe = Recipe(options, opened.tokenizer, longest=layout.longest)
            return training_plan(
                len(train.numbers), train.tokens, facts,
                epochs=options.epochs, batch_size=options.batch_size, sequence_length=recipe.sequence_length,
                longest=layout.longest, estimated=opened.tokenizer is None,
            )  # fmt: skip
