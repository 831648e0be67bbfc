"""A run by files: requests out, replies in, and the same corpus as through the engine."""

import asyncio
import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import RunError, StopRun
from docgen.llm.journal import journal_totals
from docgen.options.audit import JudgeMode, JudgeOptions
from docgen.options.last_step import Step
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.execution.request_and_reply_files import (
    RepliesTaken,
    RoundWritten,
    take_replies,
    withdraw_requests,
    write_round,
)
from docgen.pipeline.inputs.setup import Setup
from tests.loopback import Loopback, Options
from tests.runs import Notes, corpus, run_job, set_up_run, small

MODEL = "claude-haiku-5-5"
FAULTS = {"empty": 0.1, "refusal": 0.05, "max_tokens": 0.1}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789")


def paid(folder: Path, run: str, **settings: Any) -> Setup:
    return set_up_run(folder, run=run, **small(engine="anthropic", model=MODEL, verify=0, **settings))


def written(setup: Setup, folder: Path, form: str | None = "chat") -> tuple[RoundWritten, list[dict[str, Any]]]:
    """The round that is due, and its lines."""
    file = folder / "round.jsonl"
    round_ = write_round(setup, file, form, Notes())
    return round_, [json.loads(line) for line in file.read_bytes().splitlines()] if round_.requests else []


def taken(setup: Setup, folder: Path, lines: list[Any]) -> RepliesTaken:
    """What is taken of a file with these lines; a text stands for itself."""
    file = folder / "replies.jsonl"
    file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return take_replies(setup, [file], Notes())


def replies_of(setup: Setup) -> dict[str, dict[str, Any]]:
    """Every reply that a run got, by its request's key, as a line of a file."""
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    lines = {}
    for row in map(json.loads, setup.run.journal.read_text("utf-8").splitlines()):
        usage = dict(zip(names, row["usage"], strict=True))
        line = {name: row[name] for name in ("text", "stop_reason", "category", "model")}
        lines[row["key"]] = {"custom_id": row["key"], "usage": usage, **line}
    return lines


def by_files(setup: Setup, folder: Path, replies: dict[str, dict[str, Any]]) -> list[RoundWritten]:
    """Carry the run out in rounds, with replies that come shuffled, in two parts, one of them twice."""
    rounds, rng = list[RoundWritten](), random.Random(0)
    while (round_ := written(setup, folder))[0].requests:
        rounds.append(round_[0])
        lines = [replies[line["custom_id"]] for line in round_[1]]
        rng.shuffle(lines)
        half = len(lines) // 2
        taken(setup, folder, lines[half:])
        assert taken(setup, folder, lines).missing == 0
    return rounds


def test_a_run_by_files_is_the_run_through_the_engine(tmp_path: Path) -> None:
    """Same documents, same order, same costs, refills included, whatever order the replies come in."""
    with Loopback(Options(faults=FAULTS, words=40)) as server:
        engine = paid(tmp_path, "engine", n=24, base_url=server.url, max_attempts=6)
        run_job(engine, None, Step.GENERATE)  # type: ignore[arg-type]
    files = paid(tmp_path, "files", n=24, max_attempts=6)
    rounds = by_files(files, tmp_path, replies_of(engine))
    assert list(dict.fromkeys(stage for each in rounds for stage in each.by_stage)) == ["types", "ideas", "document"]
    assert sum("document" in each.by_stage for each in rounds) > 1, "nothing was rejected and refilled"
    assert corpus(files).equals(corpus(engine))
    mine, theirs = journal_totals(files.run.journal).all, journal_totals(engine.run.journal).all
    assert (mine.calls, mine.usage, round(mine.dollars, 9)) == (theirs.calls, theirs.usage, round(theirs.dollars, 9))


def test_lost_repeated_foreign_damaged_and_failed_lines_are_told(tmp_path: Path) -> None:
    setup = paid(tmp_path, "r", n=6)
    key = written(setup, tmp_path)[1][0]["custom_id"]
    failed = {"custom_id": key, "error": {"type": "overloaded", "message": "try later"}}
    told = taken(setup, tmp_path, ['{"custom_id": "', {"custom_id": "x", "text": "?"}, failed])
    assert (told.damaged, told.foreign, told.failed, told.missing, told.taken) == (1, 1, 1, 1, 0)
    assert any("replies.jsonl:1: damaged" in note for note in told.notes)
    assert any("try later" in note for note in told.notes)
    again = written(setup, tmp_path)[0]
    assert (again.requests, again.again) == (1, 1)
    good = {"custom_id": key, "text": json.dumps({"types": []})}
    told = taken(setup, tmp_path, [good, good, {**good, "text": "another"}])
    assert (told.taken, told.repeated, told.missing) == (1, 2, 0)


def test_a_request_that_fails_three_times_is_left_out_and_the_same_failure_read_twice_counts_once(
    tmp_path: Path,
) -> None:
    setup = paid(tmp_path, "r", n=6)
    for strikes in range(1, 4):
        key = written(setup, tmp_path)[1][0]["custom_id"]
        for _ in range(2):
            told = taken(setup, tmp_path, [{"custom_id": key, "error": "out of memory"}])
        assert told.given_up == (strikes == 3)
    with pytest.raises(StopRun, match="out of memory"):
        written(setup, tmp_path)


def test_a_cap_bounds_what_a_round_can_cost(tmp_path: Path) -> None:
    setup = paid(tmp_path, "r", n=6, max_cost=0.0001)
    with pytest.raises(StopRun, match="the cap is"):
        written(setup, tmp_path)


def test_a_run_of_the_embedded_writer_needs_no_files(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=3, engine="offline")
    with pytest.raises(RunError, match="does not need files"):
        written(setup, tmp_path)


def test_no_file_is_touched_when_nothing_is_due_or_the_round_cannot_be_written(tmp_path: Path) -> None:
    setup = paid(tmp_path, "r", n=6, max_cost=0.0001)
    (tmp_path / "round.jsonl").write_text("mine")
    with pytest.raises(StopRun):
        written(setup, tmp_path)
    assert (tmp_path / "round.jsonl").read_text() == "mine"


def judged_anyway(setup: Setup) -> bool:
    """Whether a judge of the run's audit would ask its model now."""

    async def opened() -> bool:
        async with Judge.of(JudgeOptions(which=JudgeMode("all")), setup).open():
            return True

    try:
        return asyncio.run(opened())
    except RunError as error:
        return "--withdraw" not in str(error)


def test_the_judges_sample_is_a_round_too_where_it_is_asked_for(tmp_path: Path) -> None:
    """Its verdicts are those of a judge asked through the engine."""
    with Loopback(Options(words=40)) as server:
        engine = set_up_run(
            tmp_path, run="engine", **small(engine="anthropic", model=MODEL, verify=5, n=12, base_url=server.url)
        )
        run_job(engine, None, Step.ALL)  # type: ignore[arg-type]
    files = set_up_run(tmp_path, run="files", **small(engine="anthropic", model=MODEL, verify=5, n=12))
    replies, stages = replies_of(engine), list[str]()
    fork = dataclasses.replace(
        set_up_run(tmp_path, run="fork", **small(engine="anthropic", model=MODEL, verify=5, n=12)),
        parents=(files.run.journal,),
    )
    while (round_ := write_round(files, tmp_path / "r.jsonl", "chat", Notes(), judged=True)).requests:
        stages += round_.by_stage
        lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_bytes().splitlines()]
        for buyer in (files, fork):
            assert judged_anyway(buyer) == ("judge_document" not in round_.by_stage), "what lies there was bought too"
        taken(files, tmp_path, [replies[line["custom_id"]] for line in lines])
    assert stages[-1] == "judge_document"
    assert judged_anyway(files)
    reports = [json.loads(setup.run.report("salience.json").read_bytes()) for setup in (engine, files)]
    assert reports[0] == reports[1]
    assert reports[1]["judge"].startswith("sample:5")


def test_what_lies_in_a_file_of_requests_is_not_bought_as_well(tmp_path: Path) -> None:
    """Neither by the run nor by a fork of it; once the file is withdrawn, or answered, it goes on."""
    with Loopback(Options(words=40)) as server:
        setup = paid(tmp_path, "r", n=4, base_url=server.url)
        _, lines = written(setup, tmp_path)
        fork = dataclasses.replace(paid(tmp_path, "f", n=4, base_url=server.url), parents=(setup.run.journal,))
        for buyer in (setup, fork):
            with pytest.raises(RunError, match=r"1 request in round\.jsonl .*--withdraw"):
                execute(buyer, Step.GENERATE, Notes())
        with pytest.raises(RunError, match="pay twice"):
            written(fork, tmp_path)
        assert not server.served
        assert withdraw_requests(setup) == 1
        assert withdraw_requests(setup) == 0
        execute(setup, Step.GENERATE, Notes())
        execute(fork, Step.GENERATE, Notes())
        assert corpus(setup).equals(corpus(fork))
    late = taken(setup, tmp_path, [{"custom_id": lines[0]["custom_id"], "text": "late"}])
    assert (late.repeated, late.taken, late.missing) == (1, 0, 0)
