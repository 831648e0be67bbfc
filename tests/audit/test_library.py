"""The audit from Python: texts, files and runs, with and without a judge."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError, InputError
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Request
from docgen.options.audit import AuditOptions, JudgeOptions
from docgen.options.last_step import Step
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.execution.execute import execute
from docgen.records import AssignedFact, Document
from tests.audit.lake_world import LAKE
from tests.runs import Notes, set_up_run

EXAMPLES = Path(__file__).parents[2] / "examples"
OPENED = LAKE.key_facts[0].statement
LEAK = "Some 300 readers a week climb the stairs."
QUIET = "Nobody would believe how many people come to read here, and yet they were counted."
"""A leak of the first rule in words that no pattern knows."""
TEXTS = [OPENED, LEAK, "The boats came in.", QUIET]


def verdicts(request: Request) -> str:
    """A judge that sees `QUIET` for what it is, and the first fact where it is stated."""
    leaks, states = QUIET in request.user, OPENED in request.user
    leak = {"rule": "visitors", "quote": QUIET, "reason": "", "denies": "", "verdict": "leak"}
    fact = {"fact": "opened", "quote": OPENED, "reason": "", "verdict": "stated", "prominence": "central"}
    return json.dumps({"facts": [fact] * states, "rules": [leak] * leaks})


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No calibration or journal of another place is at hand."""
    monkeypatch.chdir(tmp_path)


def numbered() -> Iterator[str]:
    yield from TEXTS


@pytest.mark.parametrize("texts", [TEXTS, tuple(TEXTS), numbered()])
def test_texts_in_memory_are_audited(texts: Any) -> None:
    """Whatever holds them: shares by rule and by fact, and failing documents by their number."""
    audit = Audit(LAKE).scan(texts)
    assert audit.documents == 4
    assert f"{audit.leakage['visitors'].share:.2f}" == "0.25"
    assert float(audit.leakage["visitors"].share) == 0.25
    assert audit.salience["opened"].at_least == 0.25
    assert audit.diversity.documents == 4
    assert [(document.row, document.id) for document in audit.failing] == [(1, "1")]


def test_a_result_in_a_notebook_says_what_was_read() -> None:
    """Its representation names the corpus and counts its documents."""
    assert repr(Audit(LAKE).scan(TEXTS)) == f"AuditResult('texts', documents={len(TEXTS)}, judged=0)"


def test_an_unknown_name_says_which_there_are() -> None:
    """Spelling with `-` and capitals is the same name."""
    leakage = Audit(LAKE).scan(TEXTS).leakage
    assert leakage["Prompt-Leak"] == leakage.rules["prompt_leak"]
    assert "visitors" in leakage
    assert "sunshine" not in leakage
    with pytest.raises(KeyError, match=r"sunshine.*visitors"):
        leakage["sunshine"]


def test_documents_say_what_they_were_to_express() -> None:
    """A fact that a document was not to express is a leak there and nowhere else."""
    planned = (AssignedFact(fact="opened"),)
    audit = Audit(LAKE).scan([Document(text=OPENED, facts=planned), Document(text=OPENED, facts=())])
    assert [document.id for document in audit.failing] == ["1"]
    assert audit.leakage["unassigned_fact"].documents == 1


def test_a_path_is_read_like_the_texts_in_it(tmp_path: Path) -> None:
    """One file by name, or several as paths."""
    for number, texts in enumerate((TEXTS[:2], TEXTS[2:])):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        (tmp_path / f"{number}.jsonl").write_text(lines)
    whole = Audit(LAKE).scan(TEXTS)
    assert Audit(LAKE).scan([tmp_path / "0.jsonl", tmp_path / "1.jsonl"]).leakage == whole.leakage
    assert Audit(LAKE).scan(str(tmp_path / "0.jsonl")).documents == 2


def test_a_run_is_audited_by_what_it_asks(tmp_path: Path) -> None:
    """By its folder or as a `Setup`; the run's own targets count as asked."""
    setup = set_up_run(tmp_path, n=12, engine="offline", words=(80, 120), salience={"keeper": 0.5})
    execute(setup, Step.ALL, Notes(), lambda: False)
    audit = Audit(setup.context).scan(setup)
    assert (audit.documents, audit.salience["keeper"].asked) == (12, 0.5)
    assert Audit(setup.context).scan(setup.run.path).salience == audit.salience


def test_a_judge_of_your_own_reads_all_documents() -> None:
    """It finds what wording cannot, whether or not the reports were looked at before."""
    audit = Audit(LAKE).scan(numbered())
    assert audit.leakage["visitors"].share.count == 1
    llm = FakeLLM(verdicts)
    assert audit.judge(llm, which="all") is audit
    assert len(llm.requests) == len(TEXTS)
    assert audit.leakage["visitors"].share.count == 2
    assert audit.leakage.judge == "all by fake"
    judged = audit.salience["opened"].judged
    assert judged is not None
    assert judged.share == audit.salience["opened"].measured == 0.25
    assert audit.salience.judge == "all by fake"
    assert {document.row for document in audit.failing} == {1, 3}


def test_suspects_are_kept_for_the_judge_by_the_scan() -> None:
    """Only the documents with a finding are asked about, and nothing is scanned twice for it."""
    llm = FakeLLM(verdicts)
    audit = Audit(LAKE, AuditOptions(judge=JudgeOptions(which="suspects"))).scan(TEXTS)
    assert audit.to_judge == 1
    audit.judge(llm)
    assert len(llm.requests) == 1
    assert (audit.judged, audit.unjudged, audit.to_judge) == (1, 0, 0)


def test_a_judge_that_babbles_is_counted_and_changes_nothing() -> None:
    before = Audit(LAKE).scan(TEXTS)
    audit = Audit(LAKE).scan(TEXTS).judge(FakeLLM(lambda _: "It is clean, I promise."), which="sample:2")
    assert (audit.judged, audit.unjudged, audit.in_vain) == (0, 2, True)
    assert dict(audit.unjudged_reasons) == {"not lists of facts and rules": 2}
    assert audit.leakage.flagged == before.leakage.flagged


def test_reports_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    audit = Audit(LAKE).scan(TEXTS)
    page = audit.report_html(tmp_path / "report.html")
    assert "climb the stairs." in page.read_text("utf-8")
    assert {file.name for file in audit.save(out=tmp_path / "r")} == {"salience.json", "leakage.json", "diversity.json"}
    assert audit.save() == [], "texts have no folder of their own"


@pytest.mark.parametrize(
    "make",
    [
        lambda: AuditOptions(engine="ray"),
        lambda: AuditOptions(nearest=0.5, judge=JudgeOptions(which="all")),
        lambda: JudgeOptions(which="some"),
        lambda: Audit(LAKE, AuditOptions(judge=JudgeOptions(engine="offline"))).scan(TEXTS),
        lambda: Audit(LAKE, AuditOptions(diversity=False)).scan(TEXTS).diversity,
        lambda: Audit(LAKE, AuditOptions(off=("sunshine",))).scan(TEXTS),
    ],
)
def test_options_that_cannot_be_used_are_one_clear_error(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InputError, match="item 1: is a int"):
        Audit(LAKE).scan(["A text.", 5])  # type: ignore[arg-type]


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """examples/audit_texts.py prints the share of a rule that one of its two texts breaks."""
    runpy.run_path(str(EXAMPLES / "audit_texts.py"), run_name="__main__")
    assert "50.0%" in capsys.readouterr().out
