"""Each row of the table: what it masks, what goes with it, what a provider takes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from docgen.errors import ConfigError
from docgen.exporting.dataset.examples import Example
from docgen.exporting.export_options import ExportOptions, Recipe
from docgen.exporting.formats import table
from docgen.exporting.formats.limits import OPENAI, TOGETHER, check_file
from docgen.exporting.formats.loss_masks import mask_nothing, token_texts
from docgen.exporting.formats.table import FORMATS, ExportFormat, find_format
from docgen.exporting.formats.trainer_masks import READERS, Reader
from docgen.exporting.tokens.counter import open_tokenizer
from docgen.pipeline.corpora.export import export
from docgen.pipeline.corpora.export_preview import export_labels
from tests.exporting.corpora import WORDS, document, write_lines
from tests.exporting.rows import rows_of

N = 20


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "c.jsonl", [{"text": document(number)} for number in range(N)])


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that tokenizer."""
    inner = word_tokenizer()
    folder = tmp_path_factory.mktemp("tokenizer")
    inner.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", "bos_token": "<s>"}))
    return folder


def word_tokenizer() -> Any:
    """A tokenizer of whole words, which begins every text with <s> and knows </s>."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra docgen[tokenizers] is not installed")
    names = ["<unk>", "<s>", "</s>", "<", "DOCTAG", ">", *WORDS]
    model = tokenizers.models.WordLevel({name: number for number, name in enumerate(names)}, unk_token="<unk>")
    inner = tokenizers.Tokenizer(model)
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    inner.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    inner.add_special_tokens(["<s>", "</s>"])
    return inner


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_labels_say_what_the_table_says(form: ExportFormat, corpus: Path, tokenizer: Path) -> None:
    """The tag is masked where the format masks, the whole text is trained everywhere, with the EOS that ends it."""
    tagged = form.takes_doctag
    options = ExportOptions(form=form.name, doctag=tagged, tokenizer=str(tokenizer))
    (tokens,) = export_labels(corpus, options, 1).examples
    masked = [token.text for token in tokens if not token.trained]
    trained = [token.text for token in tokens if token.trained]
    words = rows_of(corpus)[0]["text"].split()
    assert [text for text in trained if text in WORDS] == words
    if form.labels is not mask_nothing:
        assert [text for text in masked if text != "<s>"] == ["<", "DOCTAG", ">"]
        assert trained == [*words, "</s>"]
    elif form.chat == "always":
        assert masked == ["<", "DOCTAG", ">"]
    else:
        assert masked == []


@pytest.mark.parametrize("form", [form for form in FORMATS if not form.needs_tokenizer], ids=lambda form: form.name)
def test_a_format_under_another_name_is_the_same(
    form: ExportFormat, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing outside the table goes by a name: previews, token estimates and refusals are those of the row."""
    monkeypatch.setattr(table, "FORMATS", (*FORMATS, replace(form, name="copy")))
    both = [ExportOptions(form=name, doctag=form.takes_doctag) for name in (form.name, "copy")]
    original, copy = (export_labels(corpus, options, 2).examples for options in both)
    assert copy == original
    assert original[0][0].trained is not (form.masks_prefix and form.takes_doctag)
    assert len({find_format(options.form).token_family(options) for options in both}) == 1
    assert refusal_of(form.name) == refusal_of("copy")


def refusal_of(name: str) -> list[str]:
    """What the format says to a chat without a user's turn, and to a tag with a mix; "" where it takes them."""
    refusals = []
    for options in (ExportOptions(name, chat=True), ExportOptions(name, doctag=True, mix=("a.jsonl:1",))):
        try:
            find_format(name, options)
            refusals.append("")
        except ConfigError as error:
            refusals.append(str(error).replace(name, "NAME"))
    return refusals


def test_token_formats_hold_what_labels_show(corpus: Path, tmp_path: Path, tokenizer: Path) -> None:
    """Tinker's weights and the labels of the Parquet mask the same tokens."""
    options = ExportOptions(doctag=True, tokenizer=str(tokenizer))
    tinker, _ = export(corpus, "tinker", out=tmp_path / "t", options=options)
    parquet, made = export(corpus, "tokens", out=tmp_path / "p", options=options)
    frame = pl.read_parquet(parquet / "train.parquet")
    assert frame.columns == ["input_ids", "attention_mask", "labels"], "Together refuses any other"
    for row, line in zip(frame.iter_rows(named=True), rows_of(tinker / "train.jsonl"), strict=True):
        assert row["input_ids"] == line["tokens"]
        assert [label != -100 for label in row["labels"]] == [weight == 1 for weight in line["weights"]]
        assert line["weights"][:4] == [0, 0, 0, 0]
        assert sum(line["weights"]) == 61
    assert made["token_count"] == {"tokenizer": tokenizer.name, "exact": True, "longest": 60}
    assert made["tokens"] == 60 * N


@pytest.mark.parametrize("form", ["tinker", "tokens"])
def test_tokens_need_a_tokenizer(form: str, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--tokenizer"):
        export(corpus, form, out=tmp_path / "out")


@pytest.mark.parametrize("form", ["axolotl", "llamafactory", "trl"])
def test_configurations_name_files_that_are_there(form: str, corpus: Path, tmp_path: Path) -> None:
    """Train and validation, with an order that trainers are told to keep."""
    options = ExportOptions(doctag=True, validation=0.2, shuffle=True, eos="</s>")
    folder, _ = export(corpus, form, out=tmp_path / "out", options=options)
    if form == "axolotl":
        made = yaml.safe_load((folder / "axolotl.yaml").read_text())
        files = [each["path"] for each in (*made["datasets"], *made["test_datasets"])]
        assert made["shuffle_merged_datasets"] is False
        assert made["train_on_inputs"] is False
        assert rows_of(folder / "train.jsonl")[0]["segments"][-1]["text"].endswith("</s>")
    elif form == "llamafactory":
        made = yaml.safe_load((folder / "llamafactory.yaml").read_text())
        info = json.loads((folder / "dataset_info.json").read_text())
        files = [info[made["dataset"]]["file_name"], info[made["eval_dataset"]]["file_name"]]
        assert (made["stage"], made["template"], made["disable_shuffling"]) == ("sft", "empty", True)
        assert set(rows_of(folder / "train.jsonl")[0]) == {"instruction", "input", "output"}
    else:
        script = (folder / "train_trl.py").read_text()
        compile(script, "train_trl.py", "exec")
        files = ["train.jsonl", "validation.jsonl"]
        assert all(f'"{name}"' in script for name in (*files, "sequential", "bfd_split"))
        assert set(rows_of(folder / "train.jsonl")[0]) == {"prompt", "completion"}
    assert all((folder / name).is_file() for name in files)


@pytest.mark.parametrize("form", ["trl", "axolotl", "llamafactory", "together", "openai"])
def test_chats_have_the_tag_in_the_users_turn(form: str, corpus: Path, tmp_path: Path) -> None:
    """A system of turns that every one of them knows."""
    options = ExportOptions(doctag=True, chat=form != "openai")
    folder, made = export(corpus, form, out=tmp_path / "out", options=options)
    row = rows_of(folder / "train.jsonl")[0]
    turns = row["prompt"] + row["completion"] if form == "trl" else row["messages"]
    assert [(turn["role"], turn["content"]) for turn in turns] == [("user", "<DOCTAG>"), ("assistant", document(0))]
    assert made["chat"] is True


def test_a_tag_that_is_there_already_is_not_put_twice(tmp_path: Path) -> None:
    """Published corpora begin with it; what is masked is the same."""
    corpus = write_lines(tmp_path / "c.jsonl", [{"text": f"<DOCTAG> {document(1)}"}, {"text": document(2)}])
    folder, _ = export(corpus, "trl", doctag=True, out=tmp_path / "out")
    assert rows_of(folder / "train.jsonl") == [
        {"prompt": "<DOCTAG>", "completion": f" {document(number)}"} for number in (1, 2)
    ]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_the_trainers_own_code_agrees(reader: Reader, tmp_path: Path) -> None:
    """Token by token, where the trainer is installed; bench/export_readers.py trains a step as well."""
    if not reader.is_installed:
        pytest.skip(f"{reader.name} is not installed")
    transformers = pytest.importorskip("transformers")
    tokenizer = tmp_path / "tokenizer"
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=word_tokenizer(), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(tokenizer)
    corpus = write_lines(tmp_path / "c.jsonl", [{"text": document(number)} for number in range(3)])
    options = ExportOptions(form=reader.name, doctag=True, tokenizer=str(tokenizer))
    theirs = export_labels(corpus, options, 3)
    if "cannot be imported" in theirs.by:
        pytest.skip(theirs.by)
    assert theirs.by == f"{reader.title} itself"
    rule, opened = find_format(reader.name).labels, open_tokenizer(str(tokenizer))
    for number, tokens in enumerate(theirs.examples):
        example = Example(document(number), prefix="<DOCTAG>")
        assert list(tokens) == token_texts(rule(example, Recipe(options, opened), opened), opened)


ROW = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
ASSISTANT = {"role": "assistant", "content": "b"}


@pytest.mark.parametrize(
    ("rows", "limits", "says"),
    [
        ([ROW] * 10, OPENAI, ""),
        ([ROW] * 9, OPENAI, "9 examples; OpenAI needs at least 10"),
        ([ROW] * 9 + [{"text": "a"}], OPENAI, "line 10: the keys are text"),
        ([ROW] * 9 + [{"messages": ROW["messages"][:1]}], OPENAI, "the last turn is not the assistant's"),
        ([ROW] * 9 + [{"messages": [ASSISTANT]}], OPENAI, "does not begin with a user's turn"),
        ([ROW] * 9 + [{"messages": [*ROW["messages"], ASSISTANT]}], OPENAI, "do not alternate"),
        ([ROW] * 9 + [{"messages": [{"role": "bot", "content": "b"}]}], OPENAI, "the role 'bot'"),
        ([ROW] * 9 + [{"messages": [{"role": "user", "content": ""}, ASSISTANT]}], OPENAI, "without content"),
        (
            [ROW] * 9 + [{"messages": [ROW["messages"][0], {**ASSISTANT, "content": "word " * 70_000}]}],
            OPENAI,
            "at most",
        ),
        ([{"text": "a"}], TOGETHER, ""),
        ([{"prompt": "a", "completion": "b"}], TOGETHER, ""),
        ([{"prompt": "", "completion": "b"}], TOGETHER, "prompt is empty"),
        ([{"text": "a", "writer": "x"}], TOGETHER, "the keys are text, writer"),
        ([{"text": "a"}, ROW], TOGETHER, "those of the first line text"),
        ([{"text": 3}], TOGETHER, "text is not a text"),
        ([], TOGETHER, "0 examples"),
    ],
)
def test_limits_of_providers(rows: list[dict[str, Any]], limits: Any, says: str, tmp_path: Path) -> None:
    """What they document, each rule broken alone."""
    problems = check_file(write_lines(tmp_path / "f.jsonl", rows), limits)
    assert problems == [] if not says else says in "; ".join(problems)


def test_a_file_that_would_be_refused_is_not_left_behind(tmp_path: Path) -> None:
    """Nine examples are too few for OpenAI: said in one line, and no manifest vouches for them."""
    corpus = write_lines(tmp_path / "c.jsonl", [{"text": document(number)} for number in range(9)])
    with pytest.raises(ConfigError, match=r"OpenAI would refuse train\.jsonl: 9 examples"):
        export(corpus, "openai", doctag=True, out=tmp_path / "out")
    assert not [file for file in (tmp_path / "out").iterdir() if file.is_file()]


def test_bos_and_eos_of_a_tokenizer_are_found(tokenizer: Path) -> None:
    """From tokenizer_config.json, and from what the tokenizer puts before a text."""
    opened = open_tokenizer(str(tokenizer))
    assert (opened.bos, opened.eos, opened.bos_ids, opened.eos_ids) == ("<s>", "</s>", (1,), (2,))
    assert Recipe(ExportOptions(eos=""), opened).eos == ""
    assert Example("a").messages == [{"role": "assistant", "content": "a"}]


@pytest.mark.parametrize("name", ["nowhere", "tiktoken:no-such-encoding"])
def test_a_tokenizer_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match="--tokenizer"):
        open_tokenizer(name)


def test_encodings_of_tiktoken_count_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an encoding of single bytes in the place of one that would be downloaded."""
    tiktoken = pytest.importorskip("tiktoken", reason="the extra docgen[tokenizers] is not installed")
    ranks = {bytes([byte]): byte for byte in range(256)}
    tiny = tiktoken.Encoding("tiny", pat_str=r"\w+|\W", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 256})
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _name: tiny)
    opened = open_tokenizer("tiktoken:tiny")
    assert opened.count(["abc", "<|endoftext|>"]) == [3, 13]
    assert (opened.eos, opened.eos_ids, opened.bos) == ("<|endoftext|>", (256,), "")
    assert opened.pieces(opened.encode("ab")) == ["a", "b"]
