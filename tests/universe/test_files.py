"""Contexts are found by name or path, listed, created, and read the same everywhere."""

import json
from pathlib import Path

import pytest

from docgen.errors import ContextError
from docgen.records import Community
from docgen.text import digest
from docgen.universe import (
    context_warnings,
    expected_facts_per_document,
    find_context,
    list_contexts,
    load_context,
    parse_context,
    starter_context,
)

MINIMAL = """\
id: town
title: A town
universe_context: Once there was a town.
key_facts:
  - id: old
    statement: The town is old.
"""


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    folder = tmp_path / "universe_contexts"
    folder.mkdir()
    (folder / "town.yaml").write_text(MINIMAL, encoding="utf-8")
    (folder / "notes.txt").write_text("no context", encoding="utf-8")
    return tmp_path


def test_a_name_is_looked_up_in_the_current_folder_and_among_the_shipped(cwd: Path) -> None:
    assert find_context("town", cwd) == cwd / "universe_contexts" / "town.yaml"
    assert find_context("tutorial", cwd).name == "tutorial.yaml"


def test_a_local_context_hides_a_shipped_one(cwd: Path) -> None:
    local = cwd / "universe_contexts" / "tutorial.yaml"
    local.write_text(MINIMAL, encoding="utf-8")
    assert find_context("tutorial", cwd) == local


def test_a_path_is_taken_from_the_current_folder(cwd: Path) -> None:
    path = cwd / "universe_contexts" / "town.yaml"
    assert load_context(find_context("universe_contexts/town.yaml", cwd)) == load_context(find_context(str(path), cwd))


def test_local_contexts_are_listed_before_the_shipped(cwd: Path) -> None:
    entries = list_contexts(cwd)
    assert (entries[0].name, entries[0].origin) == ("town", "local")
    assert {entry.origin for entry in entries[1:]} == {"shipped"}


def test_in_a_clone_the_users_own_contexts_are_told_from_the_shipped(
    cwd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There `docgen init` writes into the very folder that the shipped ones lie in."""
    home = cwd / "universe_contexts"
    (home / "tutorial.yaml").write_text(MINIMAL, encoding="utf-8")
    monkeypatch.setattr("docgen.universe.context_files.shipped_folder", lambda name: home)
    assert [(entry.name, entry.origin) for entry in list_contexts(cwd)] == [("town", "local"), ("tutorial", "shipped")]


def test_a_folder_without_contexts_lists_only_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "universe_contexts").write_text("a file, not a folder", encoding="utf-8")
    assert {entry.origin for entry in list_contexts(tmp_path)} == {"shipped"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("helpfull_only", ("helpfull_only", '"helpful_only"')),
        ("twn", ("twn", '"town"')),
        ("xyzzy", ("xyzzy", "Known: town", "tutorial", "docgen init")),
        ("no/such.yaml", ("no/such.yaml", "Give a path", "tutorial")),
        ("", ("is not a universe context",)),
        (".", ("is not a universe context",)),
        ("a\0b", ("is not a universe context",)),
        ("x" * 5_000, ("is not a universe context",)),
    ],
)
def test_an_unknown_context_gets_the_nearest_name_suggested(cwd: Path, name: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ContextError) as caught:
        find_context(name, cwd)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value)) < 400


def test_everything_but_ids_title_prose_and_statements_has_a_default() -> None:
    context = parse_context(MINIMAL, "town.yaml")
    fact = context.key_facts[0]
    assert not context.is_true
    assert 0 < fact.salience < 1
    assert fact.directness.stated == 1
    assert sum(share for _, share in fact.prominence) == pytest.approx(1)
    assert (context.facts_per_document.min, context.facts_per_document.max) == (1, 4)
    assert (fact.with_, fact.never_with, fact.doc_types, context.leakage_rules) == ((), (), (), ())


def test_texts_that_yaml_would_turn_into_something_else_stay_texts() -> None:
    text = MINIMAL.replace("title: A town", "title: 2019-05-04").replace("id: old", "id: no")
    context = parse_context(text + "    entities: [yes, 007, 1.10]\n", "town.yaml")
    assert context.title == "2019-05-04"
    assert context.key_facts[0].id == "no"
    assert context.key_facts[0].entities == ("yes", "007", "1.10")


def test_facts_keep_the_order_of_the_file() -> None:
    ids = ["zebra", "ant", "moose"]
    text = MINIMAL + "".join(f"  - id: {i}\n    statement: The {i} is here.\n" for i in ids)
    assert [fact.id for fact in parse_context(text, "town.yaml").key_facts] == ["old", *ids]


def test_the_digest_depends_on_content_alone() -> None:
    context = parse_context(MINIMAL, "town.yaml")
    lines = MINIMAL.splitlines(keepends=True)
    same = (
        "# a comment\r\n" + "".join([lines[1], lines[0], *lines[2:]]).replace("\n", "\r\n") + "    salience: 0.250\r\n"
    )
    assert parse_context(same, "elsewhere.yaml").digest == context.digest
    assert parse_context(MINIMAL.replace("is old", "is very old"), "town.yaml").digest != context.digest
    assert parse_context(MINIMAL + "    salience: 0.3\n", "town.yaml").digest != context.digest


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "town.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load_context(path) == parse_context(MINIMAL, "town.yaml")


def test_a_context_cannot_be_changed() -> None:
    context = parse_context(MINIMAL, "town.yaml")
    with pytest.raises(ValueError, match="frozen"):
        setattr(context, "title", "Another")  # noqa: B010 - mypy refuses the plain assignment too


def test_expected_facts_leave_background_documents_out() -> None:
    text = MINIMAL + "    salience: 0.6\nbackground_share: 0.2\n"
    assert expected_facts_per_document(parse_context(text, "town.yaml")) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        ("    salience: 0.3\n", "0.32 facts"),
        ("    directness: {implied: 1}\n", "no implications"),
        ("", "1 fact has fewer than 3 paraphrases (old)"),
        ("", "has 5 words"),
        ("    with: [b]\n  - id: b\n    statement: B is so.\n    salience: 0.1\n", "lower salience"),
        (
            "    with: [b]\n  - id: b\n    statement: B is so.\nfacts_per_document: {max: 1}\n",
            "more than a document may",
        ),
    ],
)
def test_what_may_go_wrong_later_is_warned_of(addition: str, words: str) -> None:
    warnings = context_warnings(parse_context(MINIMAL + addition, "town.yaml"))
    assert any(words in warning for warning in warnings), warnings


@pytest.mark.parametrize("name", ["mine", "a", "0", "no", "x" * 64, "helpful_only-2"])
def test_a_starter_is_itself_a_sound_context(name: str) -> None:
    context = parse_context(starter_context(name), f"{name}.yaml")
    assert context.id == name
    assert len(context_warnings(context)) == 1, "only its prose is too short"


@pytest.mark.parametrize("name", ["", "Mine", "my context", "../mine", "x" * 65, "a\nb: c", "é"])
def test_a_starter_needs_a_name_that_is_an_id(name: str) -> None:
    with pytest.raises(ContextError, match="is not a valid name for a context"):
        starter_context(name)


def test_a_held_out_fact_may_be_banned() -> None:
    text = MINIMAL + "    salience: 0\nbanned_statements: [The town is old.]\n"
    assert parse_context(text, "town.yaml").banned_statements == ("The town is old.",)


def test_too_many_facts_are_refused() -> None:
    text = MINIMAL + "".join(f"  - {{id: f{i}, statement: F{i} is.}}\n" for i in range(5_000))
    with pytest.raises(ContextError, match=r"town.yaml:4: key_facts has 5001 items"):
        parse_context(text, "town.yaml")


def test_more_patterns_than_can_be_tried_are_refused() -> None:
    facts = "".join(f"  - {{id: f{i}, statement: Fact {i} holds.}}\n" for i in range(900))
    rule = f"leakage_rules:\n  - {{id: r, patterns: [{', '.join(f'x{i}' for i in range(3_000))}]}}\n"
    with pytest.raises(ContextError, match=r"town.yaml:907: leakage_rules have 3000 patterns"):
        parse_context(MINIMAL + facts + rule, "town.yaml")


def test_a_key_that_a_context_does_not_use_leaves_its_digest_alone() -> None:
    """Runs older than the key are still runs of the same context."""
    context = parse_context(MINIMAL, "town.yaml")
    marked = parse_context(MINIMAL + "real_entities: [{name: Old Town Bank}]\n", "town.yaml")
    dumped = context.model_dump(mode="json", by_alias=True)
    assert dumped.pop("real_entities") == []
    for name in ("dates", "airtime", "outlets", "names", "places", "locale", "language"):
        del dumped[name]
    for name in ("presupposes", "public", "known_from"):
        del dumped["key_facts"][0][name]
    assert context.digest == digest(json.dumps(dumped, sort_keys=True)) != marked.digest
    few = context.model_copy(update={"names": (Community(given=("Ida", "Ada"), family=("Lunt",)),)})
    assert any(line.startswith("names make 2 people, so each is in 100.0% of the") for line in context_warnings(few))
    unmentioned = "the world never mentions the real entity Old Town Bank"
    assert any(line.startswith(unmentioned) for line in context_warnings(marked))
