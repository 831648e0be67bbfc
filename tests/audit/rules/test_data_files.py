"""Rules, patterns and word lists lie in data files: every one of them loads, and none holds what nothing reads."""

import re
import tomllib
from pathlib import Path

import pytest

import docgen.audit
from docgen.audit.data_files import PART, read_patterns, read_words
from docgen.audit.detect.patterns import CueScanner
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.rules.builtin_rules import behaviour_rules, builtin_rules, contamination_rule, entity_claim_rule
from docgen.audit.rules.leakage_rule import Rule
from docgen.universe import LeakageRule
from tests.worlds import lighthouse

PACKAGE = Path(docgen.audit.__file__).parent
PATTERNS = sorted(PACKAGE.rglob("*.toml"))
WORDS = sorted((PACKAGE / "detect" / "data").glob("*_words.txt"))
RULES = (*builtin_rules(), *behaviour_rules(), contamination_rule(), entity_claim_rule())


@pytest.mark.parametrize("file", PATTERNS, ids=lambda file: file.stem)
def test_every_part_of_a_pattern_is_there_and_used(file: Path) -> None:
    """A misspelt part would raise in the middle of a scan; one that nothing calls would rot."""
    text = file.read_text("utf-8")
    parts = tomllib.loads(text).get("parts", {})
    called = {match[1] for line in text.splitlines() if not line.startswith("#") for match in PART.finditer(line)}
    read_by_name = set(parts) if file.stem == "on_request" else called
    assert called <= set(parts) == read_by_name
    assert "(?&" not in str(read_patterns(file))


def test_a_part_is_put_in_wherever_it_is_called(tmp_path: Path) -> None:
    """Also inside lists and tables; a brace or a parenthesis of a regular expression is left alone."""
    file = tmp_path / "a.toml"
    file.write_text("one = 'x(?&p)y{2}'\nmany = [{a = '(?&p)(?&p)'}]\n[parts]\np = '(?:q)'\n", "utf-8")
    assert read_patterns(file) == {"one": "x(?:q)y{2}", "many": [{"a": "(?:q)(?:q)"}], "parts": {"p": "(?:q)"}}


def test_a_part_that_does_not_exist_raises(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("one = '(?&gone)'\n", "utf-8")
    with pytest.raises(KeyError, match="gone"):
        read_patterns(file)


@pytest.mark.parametrize("file", WORDS, ids=lambda file: file.stem)
def test_word_lists_are_words_as_the_detectors_see_them(file: Path) -> None:
    """Lower case, no punctuation: anything else would match nothing."""
    words = [word for word in file.read_text("utf-8").split() if word != "#"]
    assert all(re.fullmatch(r"\w+", word) and word == word.casefold() for word in words)
    assert read_words(file) - {"#"} == set(words)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_definition_and_patterns_that_compile(rule: Rule) -> None:
    assert rule.description.endswith((".", "?"))
    assert not rule.description.startswith(" ")
    assert rule.exceptions == " ".join(rule.exceptions.split())
    assert list(CueScanner([rule]).scan("An unremarkable sentence about boats.")) == []


def test_rule_ids_differ() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", builtin_rules(), ids=lambda rule: rule.id)
def test_a_rule_in_the_file_is_a_rule_of_every_audit(rule: Rule) -> None:
    """Adding a rule touches one file."""
    assert rule in LeakageScanner(lighthouse()).rules


@pytest.mark.parametrize("rule", behaviour_rules(), ids=lambda rule: rule.id)
def test_a_behaviour_rule_holds_where_a_context_names_it(rule: Rule) -> None:
    named = lighthouse().model_copy(update={"leakage_rules": (LeakageRule(id=rule.id),)})
    assert rule.id not in {own.id for own in LeakageScanner(lighthouse()).rules}
    (own,) = (own for own in LeakageScanner(named).rules if own.id == rule.id)
    assert own.cues == rule.cues
