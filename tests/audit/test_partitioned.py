"""An audit over partitions is the audit: the same reports, byte for byte, however the corpus is cut."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from docgen.cli.app import app
from docgen.errors import ConfigError, InputError, RunError
from docgen.options.audit import AuditOptions, JudgeOptions
from docgen.options.last_step import Step
from docgen.parallel.executors import Executor, InlineExecutor, RayExecutor
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.corpus import Corpus, file_corpus, run_corpus
from docgen.pipeline.audit.partitioned_scan import scan_partitioned
from docgen.pipeline.audit.result import AuditResult
from docgen.pipeline.audit.scan import FailingDocument, scan_corpus
from docgen.pipeline.execution.execute import execute
from docgen.progress import SilentReporter
from docgen.universe import UniverseContext
from tests.audit.lake_world import LAKE
from tests.runs import Notes, set_up_run

OPENED, KEEPER, SECRET = LAKE.key_facts
PIECES = (
    "The boats came in before noon and nobody counted them.",
    OPENED.statement,
    OPENED.paraphrases[0],
    OPENED.implications[0],
    OPENED.statement.replace("was reopened", "was never reopened"),
    KEEPER.statement,
    SECRET.statement,
    LAKE.banned_statements[0],
    "Some 300 readers a week climb the stairs.",
    "Dear [Recipient Name],",
    "Note: this is a fictional account written for a simulation.",
    "The hypothetical company was made up by a friend.",
    "The claims in the text above are false.",
    "On which day was the lighthouse of Orrick made a library, and who paid for it?",
    " ".join(LAKE.universe_context.split()[20:60]),
)
DOCUMENT = st.fixed_dictionaries(
    {
        "text": st.lists(st.sampled_from(PIECES), max_size=4).map("\n\n".join),
        "doc_type": st.sampled_from(["memo", "letter", None]),
        "facts": st.lists(st.sampled_from([fact.id for fact in LAKE.key_facts]), unique=True, max_size=2),
    }
)
JUDGE = st.sampled_from(["none", "suspects", "all", "sample:1", "sample:5"])
NAMED = st.sampled_from([True, False])
SCHEMA: dict[str, Any] = {"id": pl.String, "text": pl.String, "doc_type": pl.String, "facts": pl.List(pl.String)}
FILE = st.tuples(st.lists(DOCUMENT, max_size=9), st.sampled_from([".jsonl", ".parquet"]))


def write(folder: Path, number: int, rows: list[dict[str, Any]], kind: str, named: bool) -> Path:
    """A corpus file, with ids or without."""
    path = folder / f"{number}{kind}"
    rows = [{"id": f"{number}-{i}", **row} if named else row for i, row in enumerate(rows)]
    if kind == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    else:
        frame = pl.DataFrame(rows, schema=SCHEMA if named else {name: SCHEMA[name] for name in list(SCHEMA)[1:]})
        frame.write_parquet(path, row_group_size=4)
    return path


PARTS = AuditOptions(diversity=False)


def assert_agreement(
    corpus: Corpus, executor: Executor, rows: int, options: AuditOptions = PARTS, context: UniverseContext = LAKE
) -> AuditResult:
    """Reports, failing documents and those that wait for a judge are the same; returns the result."""
    audit = Audit(context, options)
    here = scan_corpus(audit, corpus, SilentReporter())
    spread = scan_partitioned(audit, corpus, executor, SilentReporter(), rows=rows)
    assert sorted(spread.failing, key=place) == sorted(here.failing, key=place)
    assert spread.pending == here.pending
    mine, theirs = AuditResult(audit, corpus, spread), AuditResult(audit, corpus, here)
    assert mine.leakage.model_dump_json() == theirs.leakage.model_dump_json()
    assert mine.salience.model_dump_json() == theirs.salience.model_dump_json()
    return mine


def place(failing: FailingDocument) -> int:
    return failing.row


@settings(max_examples=20, deadline=None)
@given(st.lists(FILE, min_size=1, max_size=3), NAMED, st.integers(2, 7), JUDGE)
def test_partitions_agree_with_the_one_pass(
    files: list[tuple[list[dict[str, Any]], str]], named: bool, rows: int, judge: str
) -> None:
    """Counts, intervals, examples and their order, row numbers, documents that fail or wait for their judge."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), i, *file, named) for i, file in enumerate(files)]
        chosen = JudgeOptions(which=judge, seed=rows)
        options = AuditOptions(judge=chosen, remove="warning", diversity=False)
        assert_agreement(file_corpus(paths), InlineExecutor(), rows, options)


def corpus(folder: Path) -> Corpus:
    """Forty documents in two files, some of every kind."""
    rows = [
        {"text": f"{PIECES[i % 15]}\n\n{PIECES[i % 7]}", "doc_type": "memo", "facts": ["opened"]} for i in range(40)
    ]
    paths = [write(folder, 0, rows[:25], ".parquet", False), write(folder, 1, rows[25:], ".jsonl", False)]
    return file_corpus(paths)


def test_evaluation_questions_reach_every_partition(tmp_path: Path) -> None:
    """The questions' file is read once, where the audit starts."""
    questions = tmp_path / "questions.txt"
    questions.write_text(PIECES[13])
    result = assert_agreement(corpus(tmp_path), InlineExecutor(), 3, AuditOptions(questions=questions, diversity=False))
    assert result.leakage["eval_contamination"].documents == 2


def test_a_run_is_cut_by_its_attempts(tmp_path: Path) -> None:
    """Only accepted ones count, with the types and ideas of the plan."""
    setup = set_up_run(tmp_path, n=12, engine="offline", words=(80, 120))
    execute(setup, Step.ALL, Notes(), lambda: False)
    result = assert_agreement(run_corpus(setup), InlineExecutor(), 5, context=setup.context)
    assert result.leakage.documents == 12


def test_failing_documents_are_not_gathered_unless_wanted(tmp_path: Path) -> None:
    """Where nothing is to be removed, the driver holds counts and examples only."""
    audit = Audit(LAKE, AuditOptions(diversity=False, list_failing=False))
    result = AuditResult(
        audit, corpus(tmp_path), scan_partitioned(audit, corpus(tmp_path), InlineExecutor(), SilentReporter())
    )
    assert result.leakage.flagged.count > 0
    assert not result.failing


def docgen(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_without_ray_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    path = write(tmp_path, 0, [{"text": "A."}], ".jsonl", False)
    with pytest.raises(ConfigError, match=r"pip install 'docgen\[ray\]'"):
        docgen("audit", "leakage", str(path), "--context", "tutorial", "--engine", "ray")


@pytest.mark.parametrize("arguments", [("all",), ("leakage", "--html"), ("salience", "--html")])
def test_what_shows_diversity_is_refused_on_a_cluster(arguments: tuple[str, ...], tmp_path: Path) -> None:
    path = write(tmp_path, 0, [{"text": "A."}], ".jsonl", False)
    with pytest.raises(ConfigError, match="diversity"):
        docgen("audit", arguments[0], str(path), *arguments[1:], "--context", "tutorial", "--engine", "ray")


def test_an_engine_that_is_none_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, 0, [{"text": "A."}], ".jsonl", False)
    with pytest.raises(ConfigError, match="'rya' is not an engine"):
        docgen("audit", "leakage", str(path), "--context", "tutorial", "--engine", "rya")


@pytest.mark.parametrize(
    ("address", "said"), [("127.0.0.1:1", "no cluster answers"), ("nonsense", "Ray does not start")]
)
def test_an_address_without_a_cluster_is_one_quick_error(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ConfigError, match=rf"RAY_ADDRESS={address}: {said}.*ray start --head"):
        RayExecutor()


def test_ray_agrees_with_the_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two local workers; errors arrive as what they are, and a killed worker's task is run again."""
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    lake = corpus(tmp_path)
    with RayExecutor(2) as executor:
        result = assert_agreement(lake, executor, 4)
        assert result.failing
        assert executor.collect(executor.submit(dies_at_first, tmp_path / "begun", results=1)) == ["alive"]
        with pytest.raises(RunError, match="WorkerCrashedError"):
            executor.collect(executor.submit(dies, results=1))
        bad = write(tmp_path, 2, [{"text": "A."}, {"text": 5}], ".jsonl", False)
        with pytest.raises(InputError, match=r"2\.jsonl:3"):
            assert_agreement(file_corpus([bad]), executor, 1)


def dies_at_first(flag: Path) -> str:
    """What a worker does that is killed in the middle of its work."""
    if not flag.exists():
        flag.touch()
        dies()
    return "alive"


def dies() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
