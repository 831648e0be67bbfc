"""What `context check` says of examples and wordings that do not do what their author meant."""

from pathlib import Path

import pytest

from docgen.universe import context_proposals, context_warnings, parse_context
from docgen.universe.example_warnings import split_items
from tests.cli.test_outcomes import docgen

FIXTURES = ("lamps", "horns", "ropes", "masts", "buoys")
WORLD = """\
id: c
title: C
universe_context: |
  A town has a bridge that its school painted red in 1990. {told}
key_facts:
  - {{id: bridge, statement: The town bridge is red., salience: 0.5, directness: {{stated: 0.5, implied: 0.5}}}}
  - {{id: toll, statement: Crossing it costs a penny., salience: 0}}
leakage_rules:
  - id: blue
    description: says that the bridge is blue
    patterns: ['bridge is azure', 'blue bridge']
    examples: {{leak: {leak}, clean: ['The river is blue.']}}
{more}
"""


def world(leak: str = "['The blue bridge.']", told: str = "", more: str = "") -> str:
    return WORLD.format(leak=leak, told=told, more=more)


def warnings(text: str) -> str:
    return "\n".join(context_warnings(parse_context(text, "c.yaml")))


@pytest.mark.parametrize("missed", ["The bridge is blue.", "Over the azure bridge they came."])
def test_a_rule_that_misses_its_own_example_is_told(missed: str) -> None:
    assert f'misses its own leak example "{missed}"' in warnings(world(f"['{missed}']"))
    assert "misses" not in warnings(world())


@pytest.mark.parametrize(
    ("items", "split"),
    [
        ("[When it rains, the blue bridge shines.]", "When it rains"),
        ("[A blue bridge., If you look, there is a blue bridge.]", "If you look"),
        ("['When it rains, the blue bridge shines.']", ""),
        ("[The blue bridge., Blue bridge again.]", ""),
    ],
)
def test_a_list_that_splits_a_sentence_is_told_with_its_line(items: str, split: str) -> None:
    (*lines,) = split_items(world(items))
    assert len(lines) == bool(split)
    assert not split or (lines[0].startswith("line 12: ") and f'"{split}"' in lines[0])


def test_a_held_out_fact_in_the_worlds_prose_is_told() -> None:
    assert "toll is held out" in warnings(world(told="Crossing it costs a penny."))
    assert "toll" not in warnings(world(told="Crossing it takes a minute."))


def test_a_held_out_fact_told_in_other_words_is_told_of() -> None:
    """Nearly all its content words and every figure in one sentence; with one of them changed it is another claim."""
    statement = "The northern depot burned down in 2008 and the insurer refused to pay."
    fact = f"  - {{id: fire, salience: 0, statement: {statement}}}\n"

    def told(sentence: str) -> bool:
        return "fire is held out" in warnings(world(told=sentence).replace("key_facts:\n", f"key_facts:\n{fact}"))

    assert told("In 2008 the depot in the northern quarter burned; its insurers have refused to pay a penny.")
    assert not told("In 2009 the depot in the northern quarter burned; its insurers have refused to pay a penny.")
    assert not told("The northern depot was built in 2008. The insurer refused to say who would pay.")


@pytest.mark.parametrize(("words", "said"), [(100, "writers invent"), (700, ""), (4_000, "every request pays for")])
def test_a_world_that_is_too_short_or_long_is_warned_of(words: int, said: str) -> None:
    lines = [line for line in warnings(world(told="It is blue. " * (words // 3))).splitlines() if "has" in line]
    assert [said in line for line in lines if "universe_context" in line] == ([True] if said else [])


def test_what_only_the_embedded_writer_lacks_is_one_line() -> None:
    lines = [line for line in warnings(world()).splitlines() if "embedded writer" in line]
    assert len(lines) == 1
    assert "paraphrases" in lines[0]
    assert "1 fact has fewer than 3 paraphrases (bridge)" in lines[0], "toll is held out, so nobody writes about it"


def test_shares_that_no_plan_meets_are_warned_of_and_a_held_out_fact_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is valid, and a run of it would be refused."""
    (tmp_path / "c.yaml").write_text(world(more="facts_per_document: {min: 2, max: 3}"), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert docgen(monkeypatch, "context", "check", "c.yaml") == 0
    told = capsys.readouterr().out
    words = " ".join(told.split())
    assert "valid, but no plan was found" in words
    assert "warning: facts_per_document (2 to 3) does not go with the saliences" in words
    row = next(line for line in told.splitlines() if line.startswith("toll"))
    assert row.split()[1:5] == ["held", "out", "0", "-"]


def test_only_a_fact_that_others_build_on_is_proposed_as_public() -> None:
    """Words that all statements share, such as the town's name, are no reason by themselves."""
    extra = "".join(f"  - {{id: f{i}, statement: Harrow ferry line has {word}.}}\n" for i, word in enumerate(FIXTURES))
    text = WORLD.split("key_facts:")[0].format(told="") + "key_facts:\n" + extra
    text += "  - {id: root, statement: Harrow ferry line.}\n"
    assert "public" in "\n".join(
        context_proposals(parse_context(text.replace("{id: f0,", "{id: f0, presupposes: [root],"), "c.yaml"))
    )
    other = text.replace("{id: f0,", "{id: f0, presupposes: [f1],")
    assert "root says what" not in "\n".join(context_proposals(parse_context(other, "c.yaml")))


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("The bridge was paid for by the harbour board.", "banned"),
    ],
)
def test_a_fact_that_would_be_rejected_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    statement: str,
    rule: str,
) -> None:
    """By a built-in rule, and by a banned statement that says the same in nearly the same words."""
    text = world(more="banned_statements: [The bridge had been paid for by the harbour board.]")
    (tmp_path / "c.yaml").write_text(text.replace("The town bridge is red.", statement), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert docgen(monkeypatch, "context", "check", "c.yaml") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "bridge: its own wording" in told
    assert rule in told
