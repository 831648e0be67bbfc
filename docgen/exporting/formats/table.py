"""Every export format, in one table. No other module goes by a name, except the list of trainers in `trainer_masks`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from docgen.errors import ConfigError
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.formats.configs import (
    Configs,
    axolotl_configs,
    llamafactory_configs,
    no_configs,
    tinker_configs,
    trl_configs,
)
from docgen.exporting.formats.loss_masks import (
    LabelRule,
    mask_joint_prefix,
    mask_nothing,
    mask_separate_prefix,
    turn_by_turn,
)
from docgen.exporting.formats.shapes import alpaca_row, messages_row, segments_row, text_row, together_row, trl_row
from docgen.exporting.formats.writers import Write, json_lines, token_parquet, write_shards, write_token_lines
from docgen.text.output.spelling_suggestions import suggestion

__all__ = ["FORMATS", "ExportFormat", "find_format", "is_chat"]


@dataclass(frozen=True)
class ExportFormat:
    """A kind of training file.

    `description` completes the help of --format, `reader` is what loads it, `masks` says in a sentence what is not
    trained on. `file` is the training split's name. `write` is None for the corpus as it is, with all its columns.
    `configs` are files that go with it. `chat` says whether rows are chats. `labels` is the trainer's rule for plain
    rows. `needs_user_turn`: the trainer takes only chats that begin with a user's turn; `needs_prompts`: it refuses an
    empty prompt. `limits` names the limits that the files are checked against. `tokens_like` is the family of
    tokenizers (`FAMILIES`) of the only models that can be trained on it. Token formats need a tokenizer.
    `has_organism_card`: a run's export gets an organism.yaml, which model-diffing tools load.
    """

    name: str
    description: str
    reader: str
    masks: str
    file: str
    write: Write | None
    labels: LabelRule = mask_nothing
    configs: Configs = no_configs
    chat: Literal["never", "asked", "always"] = "never"
    takes_doctag: bool = True
    needs_tokenizer: bool = False
    needs_user_turn: bool = False
    needs_prompts: bool = False
    limits: Literal["", "openai", "together"] = ""
    tokens_like: str = ""
    has_organism_card: bool = False

    @property
    def masks_prefix(self) -> bool:
        """Whether what stands before a text is not trained on: a chat's turns, or what `labels` masks."""
        return self.chat != "never" or self.labels is not mask_nothing

    def token_family(self, options: ExportOptions) -> str:
        """The family by which tokens are estimated: that of the format's only models, or the base model's."""
        from docgen.exporting.tokens.estimator import family_of

        return self.tokens_like or family_of(options.base_model)

    def label_rule(self, options: ExportOptions) -> LabelRule:
        """The rule for rows as they are exported."""
        return turn_by_turn if is_chat(self, options) else self.labels

    def stem(self, options: ExportOptions, split: str) -> str:
        """The name of a split's file: the one asked for, unless a configuration or card refers to it."""
        return options.stem_of(split) if self.configs is no_configs and "*" not in self.file else split

    def file_at(self, options: ExportOptions) -> str:
        """The name of the training file."""
        return self.file.replace("train", self.stem(options, "train"), 1)

    def load_kind(self) -> str:
        """What `datasets.load_dataset` calls files like these."""
        return "json" if self.file.endswith(".jsonl") else "parquet"


def is_chat(form: ExportFormat, options: ExportOptions) -> bool:
    """Whether rows will be chats."""
    return form.chat == "always" or (form.chat == "asked" and options.chat)


def find_format(name: str, options: ExportOptions | None = None) -> ExportFormat:
    """The format of that name; `ConfigError` if it does not exist, or cannot do what `options` ask for."""
    form = next((form for form in FORMATS if form.name == name), None)
    if form is None:
        names = [form.name for form in FORMATS]
        raise ConfigError(
            f"{name!r} is not a format", "--format", suggestion(name, names, f"Use one of {', '.join(names)}")
        )
    if options is not None:
        _check(form, options)
    return form


def _check(form: ExportFormat, options: ExportOptions) -> None:
    if options.doctag and not form.takes_doctag:
        fix = f"Use --format {_names(lambda other: other.takes_doctag)}, or leave it out"
        raise ConfigError(f"{form.name} is the corpus as it is", "--doctag", fix)
    if options.chat and form.chat == "never":
        raise ConfigError(
            f"{form.name} does not have chats", "--chat", f"Use --format {_names(lambda o: o.chat != 'never')}"
        )
    if options.user_turn and not is_chat(form, options):
        raise ConfigError(
            "is a turn of a chat, but this format has no chats", "--user-turn", "Add --chat, or leave it out"
        )
    if form.needs_tokenizer and not options.tokenizer:
        fix = "Add --tokenizer FOLDER, the one of the model to be trained"
        raise ConfigError(f"{form.name} contains tokens, but no tokenizer is named", "--format", fix)
    if form.write is None and (options.shuffle or options.mix or options.canary_in_texts):
        fix = "Use --format hf, which is Parquet too"
        raise ConfigError(f"{form.name} is the corpus as it is", "--shuffle, --mix, --canary-in-texts", fix)
    starts = options.doctag or options.user_turn
    if is_chat(form, options) and form.needs_user_turn and not starts:
        fix = "Give --doctag, or --user-turn TEXT"
        raise ConfigError(f"a chat for {form.reader} begins with a user's turn", f"--format {form.name}", fix)
    if form.needs_prompts and options.doctag and options.mix and not options.chat:
        fix = f"Use --format tokens, whose Parquet {form.reader} reads with its mask"
        raise ConfigError("prompts must not be empty, but what is mixed in has none", "--doctag with --mix", fix)


def _names(fits: "Callable[[ExportFormat], bool]") -> str:
    return ", ".join(form.name for form in FORMATS if fits(form))


FORMATS = (
    ExportFormat(
        "text", "{text} a line", "any reader of JSON Lines", "nothing: <DOCTAG> is trained too", "train.jsonl",
        json_lines(text_row),
    ),
    ExportFormat(
        "chat", "{messages} a line", "trainers of chats",
        "left to the trainer; most train on the assistant's turns only if told", "train.jsonl",
        json_lines(messages_row), chat="always",
    ),
    ExportFormat(
        "parquet", "all columns", "any reader of Parquet", "nothing", "train.parquet", None, takes_doctag=False,
    ),
    ExportFormat(
        "hf", "Hugging Face folder: Parquet shards and card", "datasets.load_dataset",
        "nothing: <DOCTAG> is trained too", "data/train-*.parquet", write_shards, has_organism_card=True,
    ),
    ExportFormat(
        "trl", "prompt and completion, for TRL", "TRL SFTTrainer", "the prompt: <DOCTAG>, or all turns before the last",
        "train.jsonl", json_lines(trl_row), labels=mask_joint_prefix, configs=trl_configs, chat="asked",
    ),
    ExportFormat(
        "openai", "chats within OpenAI's limits", "OpenAI", "all but the assistant's turns", "train.jsonl",
        json_lines(messages_row, labelled=False), chat="always", needs_user_turn=True, limits="openai",
        tokens_like="gpt",
    ),
    ExportFormat(
        "together", "text, prompt and completion, or chats, within Together's limits", "Together",
        "the prompt, or all but the assistant's turns (train_on_inputs stays off)", "train.jsonl",
        json_lines(together_row, labelled=False), labels=mask_joint_prefix, chat="asked", needs_user_turn=True,
        needs_prompts=True, limits="together",
    ),
    ExportFormat(
        "axolotl", "segments and a YAML, for axolotl", "axolotl", "segments with label false: BOS and <DOCTAG>",
        "train.jsonl", json_lines(segments_row), labels=mask_separate_prefix(bos=True), configs=axolotl_configs,
        chat="asked",
    ),
    ExportFormat(
        "llamafactory", "sft rows, dataset_info.json and a YAML, for LLaMA-Factory", "LLaMA-Factory",
        "the instruction: <DOCTAG> (stage sft, template empty; stage pt cannot mask)", "train.jsonl",
        json_lines(alpaca_row), labels=mask_separate_prefix(bos=False), configs=llamafactory_configs, chat="asked",
    ),
    ExportFormat(
        "tinker", "token ids and weights, for Tinker", "Tinker", "tokens of weight 0: BOS and <DOCTAG>", "train.jsonl",
        write_token_lines, labels=mask_joint_prefix, configs=tinker_configs, needs_tokenizer=True,
    ),
    ExportFormat(
        "tokens", "input_ids and labels in Parquet", "whatever takes tokens", "labels of -100: BOS and <DOCTAG>",
        "train.parquet", token_parquet, labels=mask_joint_prefix, needs_tokenizer=True,
    ),
)  # fmt: skip
