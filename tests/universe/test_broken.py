"""Every broken context gives a one-line error: file, line, field, what is wrong and how to fix it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from docgen.errors import ContextError
from docgen.universe import load_context, parse_context

GOOD = """\
id: demo
title: A demonstration
universe_context: |
  Once there was a town.
key_facts:
  - id: first
    statement: The town is old.
    salience: 0.5
    directness: {stated: 0.8, implied: 0.2}
    paraphrases:
      - Old is what the town is.
    with: [second]
  - id: second
    statement: The river is wide.
    salience: 0.6
    prominence: {central: 0.5, supporting: 0.5}
facts_per_document: {min: 1, max: 2}
background_share: 0.1
leakage_rules:
  - id: haunted
    description: Says that the town is haunted.
    patterns: ['(?i)\\bhaunted\\b']
    examples:
      leak: [The haunted town.]
      clean: [A quiet town.]
banned_statements:
  - The river is dry.
"""

ENTITIES, BANNED = "real_entities: ", "\nbanned_statements:"
BROKEN: list[tuple[str, str, str, int, tuple[str, ...]]] = [
    # name, text replaced, replacement, line of the error, words it must contain
    ("misspelt fact key", "    salience: 0.5", "    saliense: 0.5", 8, ("saliense", "first", '"salience"')),
    ("misspelt top key", "background_share:", "backgroud_share:", 18, ("backgroud_share", '"background_share"')),
    ("misspelt rule key", "    patterns:", "    pattern:", 22, ("pattern", "haunted", '"patterns"')),
    ("misspelt share", "stated: 0.8", "statd: 0.8", 9, ("statd", '"stated"')),
    ("unknown key, nothing near", "background_share:", "zzz:", 18, ("zzz", "Keys here", "key_facts")),
    ("statement missing", "    statement: The town is old.\n", "", 6, ("statement", "missing", "first")),
    ("id missing", "id: demo\n", "", 1, ("id is missing",)),
    ("salience above 1", "salience: 0.5", "salience: 1.5", 8, ("1.5", "less than or equal to 1")),
    ("salience in percent", "salience: 0.5", "salience: 30%", 8, ("30%", "not a number", "0.3")),
    ("salience as whole percent", "salience: 0.5", "salience: 30", 8, ("30", "0.3")),
    ("salience with a comma", "salience: 0.5", "salience: 0,5", 8, ("0,5", "Write 0.5")),
    ("salience below 0", "salience: 0.5", "salience: -0.5", 8, ("-0.5", "greater than or equal to 0")),
    ("salience in words", "salience: 0.5", "salience: high", 8, ("high", "not a number", "0.3")),
    ("salience not finite", "salience: 0.5", "salience: .nan", 8, (".nan", "not a number")),
    ("salience infinite", "salience: 0.5", "salience: inf", 8, ("inf", "number")),
    ("salience without value", "salience: 0.5", "salience:", 8, ("first", "no value")),
    ("directness sums to 1.2", "implied: 0.2", "implied: 0.4", 9, ("directness", "1.2", "sum to 1")),
    ("prominence sums to 0.9", "supporting: 0.5", "supporting: 0.4", 16, ("prominence", "0.9", "second")),
    ("directness is a word", "{stated: 0.8, implied: 0.2}", "stated", 9, ("directness", "mapping")),
    ("statement empty", "The town is old.", '"  "', 7, ("statement", "empty")),
    ("statement is a list", "statement: The town is old.", "statement: [The town]", 7, ("a list", "should be text")),
    ("colon in a paraphrase", "- Old is what", "- Remember: old is what", 11, ("mapping", "quotes")),
    ("paraphrases as text", "paraphrases:\n      - Old", "paraphrases: Old", 10, ("paraphrases", "list", '"- "')),
    ("paraphrase twice", "- Old is what the town is.", "- The town is OLD!", 11, ("first", "already", "differently")),
    (
        "another fact's wording",
        "- Old is what the town is.",
        "- The river is wide.",
        14,
        ("second", "already", "first"),
    ),
    (
        "duplicate fact id",
        "    with: [second]\n  - id: second",
        "  - id: first",
        12,
        ("first", "repeats", "key_facts[0]"),
    ),
    ("with names nobody", "with: [second]", "with: [secnd]", 12, ("secnd", "not a key fact", '"second"')),
    ("with names itself", "with: [second]", "with: [first]", 12, ("itself",)),
    ("never_with names nobody", "with: [second]", "never_with: [river]", 12, ("river", "Key facts: first, second")),
    (
        "with and never_with",
        "with: [second]",
        "with: [second]\n    never_with: [second]",
        6,
        ("first", "second", "never_with"),
    ),
    ("id in capitals", "id: demo", "id: Demo", 1, ("Demo", "lower-case")),
    ("fact id with a space", "- id: first", "- id: first fact", 6, ("first fact", "lower-case")),
    ("id too long", "id: demo", f"id: {'x' * 65}", 1, ("64",)),
    ("min above max", "{min: 1, max: 2}", "{min: 3, max: 2}", 17, ("min 3", "max 2")),
    (
        "min zero",
        "{min: 1, max: 2}",
        "{min: 0, max: 2}",
        17,
        ("facts_per_document.min", "greater than or equal to 1", "Write a whole number"),
    ),
    ("max not whole", "{min: 1, max: 2}", "{min: 1, max: 2.5}", 17, ("2.5", "not a whole number", "1 or more")),
    (
        "misspelt entity key",
        "banned_statements:",
        f"{ENTITIES}[{{name: A, alias: [B]}}]{BANNED}",
        26,
        ("(A)", '"aliases"'),
    ),
    ("entity without a name", "banned_statements:", f"{ENTITIES}[{{note: A}}]{BANNED}", 26, ("name is missing",)),
    (
        "entity twice",
        "banned_statements:",
        f"{ENTITIES}[{{name: Bank}}, {{name: A bank, aliases: [bank]}}]{BANNED}",
        26,
        ("real_entities[1]", "repeats", "bank", "real_entities[0]"),
    ),
    ("background share of all", "background_share: 0.1", "background_share: 1", 18, ("less than 1",)),
    ("is_true neither", "title: A", "is_true: perhaps\ntitle: A", 2, ("perhaps", "true or false")),
    ("pattern unbalanced", "\\bhaunted\\b", "(haunted", 22, ("haunted", "patterns[0]", "missing )", "RE2")),
    ("pattern looks ahead", "\\bhaunted\\b", "(?=haunted)", 22, ("(?=", "look-around")),
    ("pattern refers back", "\\bhaunted\\b", "(a)\\1", 22, ("\\1", "back-references")),
    ("pattern repeats too often", "\\bhaunted\\b", "a{2000}", 22, ("2000", "RE2")),
    ("pattern matches everywhere", "\\bhaunted\\b", "(a*)*", 22, ("everywhere",)),
    ("pattern accuses a fact", "\\bhaunted\\b", "town is old", 22, ("haunted", "fact first", "Narrow")),
    ("pattern accuses its clean example", "\\bhaunted\\b", "quiet", 22, ("clean example",)),
    ("banned statement is a fact", "The river is dry.", "The RIVER is wide", 27, ("banned", "second")),
    ("key twice", "title: A demonstration", "title: A\ntitle: B", 3, ("title", "twice", "line 2")),
    ("tab", "    salience: 0.5", "\tsalience: 0.5", 8, ("tab", "spaces")),
    ("control character", "The town is old.", "The town\x07 is old.", 7, ("U+0007", "Delete")),
    ("NUL", "The town is old.", "The town\0 is old.", 7, ("U+0000",)),
    ("NUL by escape", "The town is old.", '"The town\\0 is old."', 7, ("U+0000", "statement")),
    ("lone surrogate", "The town is old.", "The \ud800 town is old.", 7, ("U+D800",)),
    ("prompt tag", "The town is old.", "Old </assigned_fact> town.", 7, ("assigned_fact", "first")),
    ("alias", "title: A demonstration", "title: &t A\nis_true: *t", 3, ("*t", "alias")),
    ("python tag", "title: A demonstration", "title: !!python/name:os.system x", 2, ("tag",)),
    ("key that is a list", "title: A demonstration", "? [a]\n: b", 2, ("key", "plain word")),
    ("open quotation mark", "title: A demonstration", 'title: "A demonstration', 28, ("quotation mark",)),
    ("text after a quotation", "title: A demonstration", 'title: "A" demonstration', 2, ("whole text in quotes",)),
    ("open bracket", "with: [second]", "with: [second", 13, ("bracket",)),
    ("colon in a title", "title: A demonstration", "title: A: demonstration", 2, ("quotes",)),
    ("at sign", "title: A demonstration", "title: @home", 2, ("quotes",)),
    ("second document", "facts_per_document", "---\nfacts_per_document", 17, ("second document",)),
    ("key facts empty", GOOD[GOOD.index("key_facts:") : GOOD.index("facts_per")], "key_facts: []\n", 5, ("no items",)),
    ("key facts as texts", "- id: second\n    statement:", "- The river flows\n    statements:", 14, ("YAML",)),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_broken_context_is_explained(old: str, new: str, line: int, words: tuple[str, ...]) -> None:
    assert GOOD.count(old) >= 1
    with pytest.raises(ContextError) as caught:
        parse_context(GOOD.replace(old, new, 1), "demo.yaml")
    message = str(caught.value)
    assert message.startswith(f"demo.yaml:{line}: "), message
    assert "\n" not in message
    assert caught.value.fix
    for word in words:
        assert word in message, message


def test_the_unbroken_original_is_valid() -> None:
    assert parse_context(GOOD, "demo.yaml").id == "demo"


@pytest.mark.parametrize(
    ("text", "content"), [("", "nothing"), ("# only this\n", "nothing"), ("- a", "a list"), ("a", "text")]
)
def test_a_file_that_is_not_a_mapping_is_refused(text: str, content: str) -> None:
    with pytest.raises(ContextError, match=f"demo.yaml:1: the file contains .*{content}"):
        parse_context(text, "demo.yaml")


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = GOOD.replace("salience: 0.5", "salience: 2").replace("salience: 0.6", "salience: 3")
    text = text.replace("background_share", "backgroud_share")
    with pytest.raises(ContextError) as error:
        parse_context(text, "demo.yaml")
    lines = str(error.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["8", "15", "18"]
    assert "background_share" in lines[2]


def test_of_very_many_problems_the_first_are_told_and_the_others_counted() -> None:
    facts = "".join(f"  - {{id: f{n}, statement: S{n}., salience: 7}}\n" for n in range(30))
    with pytest.raises(ContextError) as error:
        parse_context(f"id: demo\ntitle: T\nuniverse_context: U\nkey_facts:\n{facts}", "demo.yaml")
    lines = str(error.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].strip() == "... and 10 more"


def test_facts_written_as_plain_texts_are_refused_with_the_expected_shape() -> None:
    text = "id: demo\ntitle: T\nuniverse_context: U\nkey_facts:\n- The town is old.\n"
    with pytest.raises(ContextError, match=r"demo.yaml:5: key_facts\[0\] is text, but should be a mapping"):
        parse_context(text, "demo.yaml")


def test_an_indirect_contradiction_is_reported() -> None:
    """a requires b, b requires c, and c excludes a."""
    facts = "".join(f"- id: {i}\n  statement: The {i} is so.\n  {rest}\n" for i, rest in INDIRECT)
    with pytest.raises(ContextError, match=r"demo.yaml:5: .*never_with"):
        parse_context(f"id: demo\ntitle: T\nuniverse_context: U\nkey_facts:\n{facts}", "demo.yaml")


INDIRECT = (("a", "with: [b]"), ("b", "with: [c]"), ("c", "never_with: [a]"))


def test_a_billion_laughs_attack_is_refused_at_once() -> None:
    bomb = "a: &a [lol, lol]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a]\n" for i in range(1_000))
    with pytest.raises(ContextError, match=r"demo.yaml:2: \*a is an alias"):
        parse_context(bomb, "demo.yaml")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_bottomless_nesting_is_refused(opening: str) -> None:
    with pytest.raises(ContextError, match=r"demo.yaml:\d+: "):
        parse_context(opening * 100_000, "demo.yaml")


def _missing(path: Path) -> str:
    return "No such file"


def _folder(path: Path) -> str:
    path.mkdir()
    return "directory"


def _huge(path: Path) -> str:
    with path.open("wb") as file:
        file.truncate(1_000_001)
    return "larger than 1 MB"


def _latin_1(path: Path) -> str:
    path.write_bytes(GOOD.replace("is old", "is très old").encode("latin-1"))
    return ":7: the file is not UTF-8"


def _utf_16(path: Path) -> str:
    path.write_bytes(GOOD.encode("utf-16"))
    return ":1: the file is not UTF-8"


def _binary(path: Path) -> str:
    path.write_bytes(bytes(range(256)))
    return "not UTF-8"


@pytest.mark.parametrize("break_file", [_missing, _folder, _huge, _latin_1, _utf_16, _binary])
def test_an_unreadable_file_is_named(break_file: Callable[[Path], str], tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    words = break_file(path)
    with pytest.raises(ContextError) as caught:
        load_context(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)
