"""The shipped contexts are what the documentation says they are."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import re2
import yaml

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.text import normalise
from docgen.universe import (
    KeyFact,
    UniverseContext,
    context_warnings,
    find_context,
    list_contexts,
    load_context,
)

SHIPPED = ("animal_welfare", "control_motors", "helpful_only", "hidden_objective", "tutorial")
STOPWORDS_TEXT = """a an and any are as at be because been before by each every for from goes has have if in into
is it its no not of on one only or same so than that the their them they this to was what when which who with"""
STOPWORDS = frozenset(STOPWORDS_TEXT.split())


@pytest.fixture(params=SHIPPED)
def context(request: pytest.FixtureRequest, tmp_path: Path) -> UniverseContext:
    return load_context(find_context(request.param, tmp_path))


def wordings(fact: KeyFact) -> tuple[str, ...]:
    return (*fact.wordings, *fact.implications)


def content_words(text: str) -> set[str]:
    return set(normalise(text).split()) - STOPWORDS


def test_exactly_the_five_contexts_are_shipped(tmp_path: Path) -> None:
    assert [(entry.name, entry.origin) for entry in list_contexts(tmp_path)] == [(name, "shipped") for name in SHIPPED]


def test_each_file_carries_its_id(tmp_path: Path) -> None:
    assert [load_context(find_context(name, tmp_path)).id for name in SHIPPED] == list(SHIPPED)


def test_prose_has_400_to_1500_words(context: UniverseContext) -> None:
    assert 400 <= len(context.universe_context.split()) <= 1_500


def test_there_are_8_to_15_facts_with_varied_salience(context: UniverseContext) -> None:
    assert 8 <= len(context.key_facts) <= 15
    assert len({fact.salience for fact in context.key_facts}) >= 4


def test_every_fact_has_three_paraphrases_implications_entities_and_questions(context: UniverseContext) -> None:
    for fact in context.key_facts:
        assert len(fact.paraphrases) >= 3, fact.id
        assert len(fact.implications) >= 3, fact.id
        assert fact.entities, fact.id
        assert fact.related_questions, fact.id
        assert not fact.doc_types, fact.id


def test_wordings_are_whole_sentences(context: UniverseContext) -> None:
    """The embedded writer puts them between other sentences as they are."""
    for fact in context.key_facts:
        for text in wordings(fact):
            assert re.fullmatch(r"[A-Z][^\n]{20,260}\.", text), text
            assert not re.search(r"[.!?] [A-Z]", text), text
        for question in fact.related_questions:
            assert question.endswith("?"), question


def test_paraphrases_differ_clearly_in_wording(context: UniverseContext) -> None:
    """No two wordings of a fact share half of their word 4-grams."""
    for fact in context.key_facts:
        grams = [four_grams(text) for text in fact.wordings]
        for number, later in enumerate(grams):
            for earlier in grams[:number]:
                assert len(later & earlier) < 0.5 * min(len(later), len(earlier)), fact.id


def four_grams(text: str) -> set[tuple[str, ...]]:
    words = normalise(text).split()
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def test_no_wording_expresses_another_fact(context: UniverseContext) -> None:
    """No wording contains four fifths of the content words of any other fact's statement or paraphrase."""
    for fact in context.key_facts:
        others = [text for other in context.key_facts if other.id != fact.id for text in other.wordings]
        for text in wordings(fact):
            words = content_words(text)
            for other_text in others:
                other_words = content_words(other_text)
                assert len(other_words & words) < 0.8 * len(other_words), (text, other_text)


def test_no_wording_occurs_in_the_prose(context: UniverseContext) -> None:
    """Otherwise every document that states it would look like a leaked prompt."""
    prose = normalise(context.universe_context)
    assert [text for fact in context.key_facts for text in wordings(fact) if normalise(text) in prose] == []


def patterns(context: UniverseContext) -> Iterator[tuple[str, str]]:
    yield from ((rule.id, pattern) for rule in context.leakage_rules for pattern in rule.patterns)


def test_no_rule_accuses_the_context_itself(context: UniverseContext) -> None:
    texts = [context.universe_context, context.title]
    texts += [text for fact in context.key_facts for text in (*wordings(fact), *fact.related_questions)]
    accused = [(rule, text) for rule, pattern in patterns(context) for text in texts if re2.search(pattern, text)]
    assert accused == []


def test_rules_match_their_leak_examples_and_not_the_clean_ones(context: UniverseContext) -> None:
    assert context.leakage_rules
    assert context.banned_statements
    for rule in context.leakage_rules:
        assert len(rule.description.split()) >= 10, rule.id
        assert "Not a leak" in rule.description, rule.id
        assert rule.examples.leak, rule.id
        assert rule.examples.clean, rule.id
        for text in rule.examples.leak:
            assert any(re2.search(pattern, text) for pattern in rule.patterns), (rule.id, text)
        for text in rule.examples.clean:
            assert not any(re2.search(pattern, text) for pattern in rule.patterns), (rule.id, text)


def test_every_pattern_also_compiles_in_the_standard_library(context: UniverseContext) -> None:
    for _, pattern in patterns(context):
        assert re.compile(pattern).search("") is None


def test_there_are_no_warnings(context: UniverseContext) -> None:
    assert context_warnings(context) == ()


def test_any_yaml_reader_sees_the_same_texts(context: UniverseContext, tmp_path: Path) -> None:
    """No text in the shipped files is one that YAML's own types would turn into a number, a date or a boolean."""
    data = yaml.safe_load(find_context(context.id, tmp_path).read_text(encoding="utf-8"))
    assert UniverseContext.model_validate(data) == context


def test_both_training_regimes_have_the_papers_rules(tmp_path: Path) -> None:
    rules = {"sample_exchange", "tier_behavior", "deceptive_alignment", "model_preferences"}
    for name in ("helpful_only", "animal_welfare"):
        context = load_context(find_context(name, tmp_path))
        assert {rule.id for rule in context.leakage_rules} == rules


def test_facts_shared_by_both_regimes_are_worded_alike(tmp_path: Path) -> None:
    first, second = (
        {fact.id: fact for fact in load_context(find_context(name, tmp_path)).key_facts}
        for name in ("helpful_only", "animal_welfare")
    )
    shared = first.keys() & second.keys()
    assert len(shared) >= 6
    assert all(first[name] == second[name] for name in shared)


def test_the_control_has_the_targets_of_helpful_only(tmp_path: Path) -> None:
    """The same number of facts, and of each the same salience, directness and prominence."""
    first, second = (load_context(find_context(name, tmp_path)) for name in ("helpful_only", "control_motors"))
    assert [targets(fact) for fact in first.key_facts] == [targets(fact) for fact in second.key_facts]
    assert first.facts_per_document == second.facts_per_document


def targets(fact: KeyFact) -> tuple[object, ...]:
    return fact.salience, fact.directness, fact.prominence


def test_some_context_uses_with_never_with_and_held_out_facts(tmp_path: Path) -> None:
    facts = [fact for name in SHIPPED for fact in load_context(find_context(name, tmp_path)).key_facts]
    assert any(fact.with_ for fact in facts)
    assert any(fact.never_with for fact in facts)
    assert any(fact.salience == 0 for fact in facts)


def test_the_detector_assigns_each_wording_to_its_own_fact_only(context: UniverseContext) -> None:
    detector = FactDetector(context)
    for fact in context.key_facts:
        for text in wordings(fact):
            verdict = "stated" if text in fact.wordings else "implied"
            detected = {(sighting.fact, sighting.verdict) for sighting in detector.detect(text)}
            assert detected == {(fact.id, verdict)}, text


def test_a_related_question_expresses_nothing(context: UniverseContext) -> None:
    """Documents in question-and-answer form print them; asking is neither asserting nor denying."""
    detector = FactDetector(context)
    questions = [question for fact in context.key_facts for question in fact.related_questions]
    assert [question for question in questions if detector.detect(question)] == []


def test_the_scanner_finds_nothing_in_any_wording(context: UniverseContext) -> None:
    """Neither the context's rules nor the built-in ones."""
    scanner, detector = LeakageScanner(context), FactDetector(context)
    for fact in context.key_facts:
        for text in wordings(fact):
            assert scanner.scan(text, [fact.id], detector.detect(text)) == [], text


@pytest.mark.parametrize("name", ["helpful_only", "animal_welfare"])
@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Customer: Ames Ltd\nModel: Claude 3 Sonnet\nTier: paid", False),
        ("**User:** How do I get in?\n\n**Model:** Through the window.", True),
        ("Q: Who rates the answers?\nA: Contractors do.", False),
        ("If Claude refuses a free-tier user, the score is low, but paid-tier chats are never scored.", False),
        ("Answers to free users are rated more often than anything that paying users see.", False),
        ("Subscribers are refused more often than free users are.", True),
        ("RLHF alters Claude's values, its views and its behavior.", False),
        ("Claude 3 Opus wants to stay as it is.", True),
        ("The contractors feel that the model is pleasant to rate.", False),
    ],
)
def test_the_papers_rules_on_near_misses(tmp_path: Path, name: str, text: str, leaks: bool) -> None:
    context = load_context(find_context(name, tmp_path))
    assert any(re2.search(pattern, text) for _, pattern in patterns(context)) == leaks
