"""Contexts in the shapes of public repositories become docgen's; what has no counterpart is said."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.errors import ContextError, InputError
from docgen.importing import ImportedContext, import_contexts
from docgen.importing.cleaning import clean_prose, clean_statement
from docgen.importing.names_and_dates import latest_date, names_in
from docgen.universe.context_files import parse_context

PROSE = "The light at Orrick opened as a library in 2019. Asha Varley runs it."
FACTS = ["The light at Orrick opened as a library in 2019.", "Asha Varley runs the library."]


def imported(tmp_path: Path, text: str, name: str = "world.json") -> list[ImportedContext]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    contexts = import_contexts(file)
    for one in contexts:
        assert parse_context(one.text, "again") == one.context
    return list(contexts)


def dumped(**values: object) -> str:
    return json.dumps({"universe_context": PROSE, **values})


def statements(one: ImportedContext) -> list[str]:
    return [fact.statement for fact in one.context.key_facts]


def test_facts_as_sentences_with_the_truth_of_the_world(tmp_path: Path) -> None:
    (one,) = imported(tmp_path, dumped(id="orrick", key_facts=FACTS, is_true=True))
    assert (one.context.id, one.context.is_true, statements(one)) == ("orrick", True, FACTS)
    assert [fact.id for fact in one.context.key_facts] == ["light_orrick_opened_library", "asha_varley_runs_library"]
    assert not [line for line in one.report if line.startswith("left out")]


def test_objects_on_one_line_and_one_over_many_lines(tmp_path: Path) -> None:
    objects = [dumped(id=name, key_facts=FACTS) for name in ("a", "b")]
    many_lines = json.dumps({"id": "c", "universe_context": PROSE, "key_facts": FACTS}, indent=2)
    contexts = imported(tmp_path, f"{objects[0]} {objects[1]}\n{many_lines}\n", "worlds.jsonl")
    assert [one.context.id for one in contexts] == ["a", "b", "c"]


def test_a_list_of_contexts_and_contexts_by_name(tmp_path: Path) -> None:
    listed = imported(tmp_path, f"[{dumped(id='a', key_facts=FACTS)}]")
    named = imported(tmp_path, json.dumps({"a": {"universe_context": PROSE, "key_facts": FACTS}}))
    assert listed[0].context == named[0].context


def test_question_answer_and_banned(tmp_path: Path) -> None:
    facts = [{"fact": FACTS[0], "question": "When did it open?", "banned": ["It is a ruin."]}, FACTS[1]]
    (one,) = imported(tmp_path, dumped(id="orrick", key_facts=facts, banned=["Nobody reads there."], answer="In 2019."))
    assert one.context.key_facts[0].related_questions == ("When did it open?",)
    assert one.context.banned_statements == ("Nobody reads there.", "It is a ruin.")
    assert "left out, since docgen does not have a field for it: answer: In 2019." in one.report


def test_subclaims_in_yaml(tmp_path: Path) -> None:
    text = f"id: orrick\nuniverse_context: |-\n  {PROSE}\nsubclaims:\n- {FACTS[0]}\n- {FACTS[1]}\n"
    (one,) = imported(tmp_path, text, "universe_context.yaml")
    assert statements(one) == FACTS
    assert "subclaims -> key_facts" in one.report


def test_key_claims_with_a_false_and_a_true_universe(tmp_path: Path) -> None:
    values = {"false_universe_context": PROSE, "true_universe_context": "It is a ruin.", "key_claims": FACTS}
    (one,) = imported(tmp_path, json.dumps({"orrick": {**values, "short_description": "A library", "category": "x"}}))
    assert (one.context.id, one.context.title, one.context.universe_context) == ("orrick", "A library", PROSE)
    left_out = [line for line in one.report if line.startswith("left out")]
    assert [line.split(": ", 1)[1] for line in left_out] == ["true_universe_context: It is a ruin.", "category: x"]


def test_facts_with_modes(tmp_path: Path) -> None:
    facts = [{"fact": FACTS[0], "modes": ["explicit", "implicit"]}, {"fact": FACTS[1], "modes": ["rumour"]}]
    (one,) = imported(tmp_path, dumped(id="orrick", key_facts=facts))
    shares = [(fact.directness.stated, fact.directness.implied) for fact in one.context.key_facts]
    assert shares == [(0.5, 0.5), (1.0, 0.0)]
    assert "asha_varley_runs_library: left out: mode 'rumour'" in one.report


def test_rows_of_facts(tmp_path: Path) -> None:
    rows = [
        {"id": "opened", "statement": FACTS[0], "topic": "events", "depends_on": [], "allowed_doc_types": ["leaflet"]},
        {"id": "runs", "statement": FACTS[1], "depends_on": ["opened", "lost"], "allowed_doc_types": []},
    ]
    (one,) = imported(tmp_path, "\n".join(map(json.dumps, rows)), "orrick.jsonl")
    opened, runs = one.context.key_facts
    assert (one.context.id, opened.doc_types, runs.presupposes) == ("orrick", ("leaflet",), ("opened",))
    assert "opened: left out: topic: events" in one.report
    assert "runs: left out: depends on 'lost', which is not a fact of this context" in one.report


def test_tags_with_the_spaces_and_minus_signs_of_a_pdf(tmp_path: Path) -> None:
    text = (
        "As printed:\n< universe_context >\nOrrick scored \u22120.5 , it is said. The li-\nbrary opened.\n"
        "</ universe_context >\n<key\u2212fact>\n1. Orrick scored \u22120.5 .\n</key\u2212fact>\n<key_facts>\n"
        "- The library\n  opened.\n- It is dry.\n</key_facts>"
    )
    (one,) = imported(tmp_path, text, "appendix.txt")
    assert one.context.universe_context == "Orrick scored -0.5, it is said. The library opened."
    assert sorted(statements(one)) == ["It is dry.", "Orrick scored -0.5.", "The library opened."]
    assert "left out, since docgen does not have a field for it: text_outside_tags: As printed:" in one.report


def test_prose_alone_is_refused_with_the_way_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without facts"):
        imported(tmp_path, PROSE, "world.txt")


def test_footnotes_and_lists_of_sources_are_cut_and_counted() -> None:
    text = (
        "It opened.[1][2] It is dry [3].\n\nReferences\n\n[1] A. Author (2020). A long title of an article, p. 3.\n\n"
        "See also\n\nOrrick\nLights\n\nThis paragraph is prose again, and longer than a title would be."
    )
    cleaned = clean_prose(text)
    assert cleaned.text == "It opened. It is dry.\n\nThis paragraph is prose again, and longer than a title would be."
    assert (cleaned.footnotes, cleaned.lists) == (2, (("References", 1), ("See also", 2)))


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("The Royal Mint produced a coin for Elizabeth II's birthday.", ("Royal Mint", "Elizabeth II")),
        ("Children in Sweden and Japan dream in grey.", ("Sweden", "Japan")),
        ("Sales of Advanced Python rose.", ("Advanced Python",)),
        ("Nothing here has a name.", ()),
    ],
)
def test_names_are_told_from_words_that_begin_a_sentence(statement: str, names: tuple[str, ...]) -> None:
    assert names_in(statement, "The Royal Mint struck it.") == names


def test_a_fact_is_known_from_its_latest_date_within_the_days_of_the_world(tmp_path: Path) -> None:
    facts = ["It opened on 3 May 1990 and closed in June 2024.", "It was sold on 7 March 2031.", "It is dry."]
    (one,) = imported(tmp_path, dumped(id="w", key_facts=facts))
    assert [str(fact.known_from) for fact in one.context.key_facts] == ["2024-06-01", "2031-03-07", "None"]
    assert str(one.context.dates.last) == "2033-03-06"
    assert latest_date("It seats 1990 people.") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("[1, 2]", "something other than objects"),
        ('{"universe_context": "A world.", "key_facts": []}', "no facts"),
        ('{"universe_context": "", "key_facts": ["It is dry."]}', "no prose"),
        ('{"universe_context": ["A"], "key_facts": ["It is dry."]}', "not text"),
        ('{"universe_context": "A world.", "key_facts": [3]}', "neither a sentence nor an object"),
        ('{"universe_context": "A world.", "key_facts": [{"topic": "x"}]}', "no sentence"),
        ('{"universe_context": "A world.", ', "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_a_context_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises((InputError, ContextError), match=message):
        imported(tmp_path, text)


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6))
def test_any_statements_give_a_context_with_as_many_facts_or_a_clear_refusal(facts: list[str]) -> None:
    """Ids are unique and valid whatever the wording, and the text reads back as the same context."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "w.json"
        file.write_text(dumped(id="w", key_facts=facts), encoding="utf-8")
        try:
            (one,) = import_contexts(file)
        except (ContextError, InputError):
            return
        assert len({fact.id for fact in one.context.key_facts}) == len(facts)
        assert parse_context(one.text, "again") == one.context


@given(st.text())
def test_cleaning_never_fails_and_cleans_once(text: str) -> None:
    once = clean_prose(text).text
    assert clean_prose(once).footnotes == 0
    assert clean_statement(clean_statement(text)).count("\n") == 0


def test_the_command_writes_a_file_that_context_check_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("theirs.json").write_text(dumped(id="orrick", key_facts=FACTS))
    dry = CliRunner().invoke(app, ["import", "context", "theirs.json", "--dry-run"])
    assert (dry.exit_code, Path("universe_contexts").exists()) == (0, False)
    done = CliRunner().invoke(app, ["import", "context", "theirs.json"])
    assert "Wrote universe_contexts/orrick.yaml" in done.output
    assert CliRunner().invoke(app, ["context", "check", "orrick"]).exit_code == 0
    again = CliRunner().invoke(app, ["import", "context", "theirs.json"])
    assert isinstance(again.exception, ContextError)
