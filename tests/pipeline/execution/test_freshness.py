"""What was made from the attempts says so, by their content: no clock and no kill passes an old corpus for the new."""

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.fake import FakeLLM
from docgen.options.last_step import Step
from docgen.pipeline.audit.duplicates import read_duplicates
from docgen.pipeline.audit.runs.failure_removal import withdraw
from docgen.pipeline.audit.runs.run_reports import read_measured
from docgen.pipeline.corpora.export import export_run
from docgen.pipeline.execution.freshness_check import fresh_corpus
from docgen.pipeline.inputs.setup import Setup
from docgen.records import Finding
from tests.runs import corpus, run_job, set_up_run
from tests.worlds import writes_well

N = 12
LEAK = Finding(rule="fiction", severity="error", detector="scan", explanation="says it is made up", evidence="made up")


@pytest.fixture
def finished(tmp_path: Path) -> Setup:
    setup = set_up_run(tmp_path, n=N)
    run_job(setup, FakeLLM(writes_well), until=Step.ALL)
    return setup


def clock_goes_back(run: RunFolder) -> None:
    """Everything derived is an hour younger than the attempts will ever be."""
    for file in run.path.rglob("*"):
        os.utime(file, (2e9, 2e9))


def clock_goes_on(run: RunFolder) -> None:
    """Everything derived looks older than the attempts."""
    for file in run.path.rglob("*"):
        os.utime(file, (1e9, 1e9))
    os.utime(run.attempts)


@pytest.mark.parametrize("clock", [clock_goes_back, clock_goes_on, lambda run: None])
def test_what_is_read_is_the_corpus_of_the_attempts_as_they_are(
    finished: Setup, clock: Callable[[RunFolder], None]
) -> None:
    """A withdrawal killed before anything else: no document of it is exported, selected or deduplicated any more."""
    run = finished.run
    stale = run.corpus.read_bytes()
    withdraw(finished, {0: (LEAK,), 3: (LEAK,)})
    run.corpus.write_bytes(stale)
    clock(run)
    assert not run.corpus_is_current()
    assert pl.read_parquet(fresh_corpus(run)).height == N - 2
    assert run.corpus_is_current()


def test_an_untouched_corpus_stays_current_whatever_the_clock(finished: Setup) -> None:
    run = finished.run
    before = run.corpus.stat().st_ino
    for clock in (clock_goes_back, clock_goes_on):
        clock(run)
        assert run.corpus_is_current()
    assert fresh_corpus(run).stat().st_ino == before


def test_a_damaged_corpus_is_made_anew(finished: Setup) -> None:
    finished.run.corpus.write_text("x")
    assert pl.read_parquet(fresh_corpus(finished.run)).height == N


def test_a_short_run_is_exported_only_when_told(finished: Setup) -> None:
    run = finished.run
    withdraw(finished, {0: (LEAK,)})
    assert not run.path.joinpath("export").exists(), "the earlier export holds what was withdrawn"
    with pytest.raises(RunError, match=f"has {N - 1} of {N} documents"):
        export_run(run, "text", doctag=False)
    folder, manifest = export_run(run, "text", doctag=False, accept_unfinished=True)
    assert len((folder / "train.jsonl").read_text().splitlines()) == N - 1 == manifest["documents"]
    assert manifest["made_from"]["audited"] is False


def test_a_run_not_audited_since_it_changed_is_exported_only_when_told(finished: Setup) -> None:
    run = finished.run
    export_run(run, "text", doctag=False)
    lines = run.attempts.read_bytes().splitlines(keepends=True)
    run.attempts.write_bytes(b"".join(reversed(lines)))
    with pytest.raises(RunError, match="not audited since"):
        export_run(run, "chat", doctag=False)
    export_run(run, "chat", doctag=False, accept_unfinished=True)


def test_reports_of_other_attempts_say_nothing(finished: Setup) -> None:
    shares, leaks = read_measured(finished)
    assert shares is not None
    assert leaks is not None
    assert read_duplicates(finished) == 0
    lines = finished.run.attempts.read_bytes().splitlines(keepends=True)
    finished.run.attempts.write_bytes(b"".join(reversed(lines)))
    assert read_measured(finished) == (None, None)
    assert read_duplicates(finished) is None


@pytest.mark.parametrize("damage", [b"", b"[1]", b"{", b"\x00\x00"])
def test_damaged_stamps_prove_nothing(finished: Setup, damage: bytes) -> None:
    finished.run.report("made_from.json").write_bytes(damage)
    assert read_measured(finished) == (None, None)
    with pytest.raises(RunError, match="not audited since"):
        export_run(finished.run, "text", doctag=False)


@pytest.mark.parametrize("name", ["export", "reports"])
def test_a_linked_folder_is_let_go_and_what_it_leads_to_stays(finished: Setup, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (finished.run.path / name).rename(elsewhere)
    (finished.run.path / name).symlink_to(elsewhere)
    withdraw(finished, {0: (LEAK,)})
    run_job(finished, FakeLLM(writes_well), until=Step.ALL)
    assert any(elsewhere.iterdir())
    assert corpus(finished).height == N


@pytest.mark.parametrize("damage", [b"{}}", b"[" * 5_000, b"\xff"])
def test_a_damaged_report_stops_an_export_in_one_line(finished: Setup, damage: bytes) -> None:
    finished.run.report("salience.json").write_bytes(damage)
    with pytest.raises(RunError, match="is not JSON"):
        export_run(finished.run, "text", doctag=False)
