"""The audit commands, tried as a user would: on a run of the offline engine and on plain files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from docgen.cli.app import app
from docgen.errors import ConfigError, InputError
from docgen.files.run_folder.run_folder import RunFolder

LEAK = "\n\nDear [Recipient Name],\n\nplease look."


def docgen(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run of thirty documents."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = docgen("run", "tutorial", "--n", "30", "--types", "5", "--ideas", "8", "--engine", "offline", "-q")
        assert made.exit_code == 0, made.output
    return folder


@pytest.fixture
def run(made: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.chdir(made)
    return RunFolder(Path("output/tutorial"))


def spoil(run: RunFolder, slot: int) -> None:
    """Plant a leak in the accepted document of a slot."""
    rows = [json.loads(line) for line in run.attempts.read_text("utf-8").splitlines()]
    for row in rows:
        if row["slot"] == slot and row["verdict"] == "accepted":
            row["text"] += LEAK
    run.attempts.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def test_all_audits_of_a_clean_run_find_what_was_asked(run: RunFolder) -> None:
    """Measured salience is the plan's, nothing leaks, and the report is written."""
    result = docgen("audit", "all", "tutorial", "--json", "--fail-over", "any=0")
    assert result.exit_code == 0, result.output
    reports = json.loads(result.stdout)
    assert all(fact["measured"] == fact["planned"] for fact in reports["salience"]["facts"].values())
    assert reports["leakage"]["flagged"]["count"] == 0
    assert reports["diversity"]["documents"] == 30
    assert run.report("report.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_planted_leak_is_found_removed_and_refilled(run: RunFolder) -> None:
    """--fail-over sets the exit code; --apply keeps the document with its reason and fills its slot again."""
    spoil(run, 7)
    assert docgen("audit", "leakage", "tutorial", "-q", "--fail-over", "scaffold=0").exit_code == 1
    applied = docgen("audit", "leakage", "tutorial", "-q", "--apply")
    assert "scaffold in d0000007" in applied.output
    attempts = [attempt for attempt in run.read_attempts() if attempt.slot == 7]
    assert [attempt.verdict for attempt in attempts] == ["rejected", "accepted"]
    assert attempts[0].reasons[0].subject == "scaffold"
    assert attempts[0].facts == attempts[1].facts
    again = json.loads(docgen("audit", "all", "tutorial", "--json").stdout)
    assert again["leakage"]["flagged"] | {"low": 0, "high": 0} == {
        "count": 0, "total": 30, "share": 0.0, "low": 0, "high": 0, "population": None,
    }  # fmt: skip
    assert all(fact["measured"] == fact["planned"] for fact in again["salience"]["facts"].values())


def test_files_are_split_into_clean_and_removed(run: RunFolder, tmp_path: Path) -> None:
    """Any JSONL with its context; removed rows carry their findings."""
    rows = [{"id": "a", "text": "The boat left at eight."}, {"id": "b", "text": "The boat left." + LEAK}]
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = docgen(
        "audit", "leakage", str(corpus), "--context", "tutorial", "--apply", "--out", str(tmp_path / "out"), "-q"
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out/clean.jsonl").read_text())["id"] == "a"
    removed = json.loads((tmp_path / "out/removed.jsonl").read_text())
    assert (removed["id"], removed["findings"][0]["rule"]) == ("b", "scaffold")


def test_what_is_not_printed_is_counted_with_the_command_that_shows_it(run: RunFolder, tmp_path: Path) -> None:
    """Two findings of a rule are printed; nothing audited is an error to a script with a limit."""
    file, empty = tmp_path / "f.jsonl", tmp_path / "empty.jsonl"
    file.write_text("".join(json.dumps({"text": f"Note {i}.{LEAK}"}) + "\n" for i in range(5)), "utf-8")
    empty.touch()
    shown = "".join(docgen("audit", "leakage", str(file), "--context", "tutorial").stdout.split())
    expected = f"scaffold: and 3 more documents, shown by: docgen view {file} --context tutorial"
    assert "".join(expected.split()) in shown  # a long path is broken anywhere
    with pytest.raises(InputError, match="nothing was audited"):
        docgen("audit", "leakage", str(empty), "--context", "tutorial", "--fail-over", "any=0")


def test_calibration_is_kept_and_cited(run: RunFolder, tmp_path: Path) -> None:
    """Scores of labelled documents stand beside the rules of later reports."""
    gold = tmp_path / "gold.jsonl"
    rows = [
        {"id": "1", "text": "The boat left." + LEAK, "leaks": [{"rule": "scaffold", "evidence": "[Recipient Name]"}]},
        {"id": "2", "text": "The boat left at eight.", "leaks": []},
    ]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    scored = json.loads(docgen("audit", "calibrate", str(gold), "--context", "tutorial", "--json").stdout)
    assert [(rule["subject"], rule["f1"]) for rule in scored["rules"]] == [("scaffold", 1.0)]
    leakage = json.loads(docgen("audit", "leakage", "tutorial", "--json").stdout)["leakage"]
    assert leakage["rules"]["scaffold"]["calibration"]["recall"] == 1.0
    assert leakage["rules"]["denial"]["calibration"] is None


def test_ideas_are_screened(run: RunFolder) -> None:
    """An idea that asks for a leak is named, and the exit code says so."""
    assert docgen("audit", "ideas", "tutorial").exit_code == 0
    ideas = run.path / "ideas.jsonl"
    before = ideas.read_bytes()
    first = json.loads(before.splitlines()[0])
    ideas.write_bytes(json.dumps({**first, "text": "This document is purely fictional."}).encode() + b"\n")
    try:
        result = docgen("audit", "ideas", "tutorial", "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["findings"][0]["rule"] == "fiction_marker"
        assert json.loads(result.stdout)["spent"] == 0
    finally:
        ideas.write_bytes(before)


def test_diversity_needs_no_context(run: RunFolder) -> None:
    """The collapse monitor compares any two corpora."""
    result = docgen("audit", "diversity", str(run.corpus), "--reference", str(run.corpus), "--json")
    report = json.loads(result.stdout)
    assert {item["lift"] for item in report["common"]["openings"]} == {1.0}


@pytest.mark.parametrize(
    "arguments",
    [
        ("leakage", "tutorial", "--judge", "some"),
        ("leakage", "tutorial", "--fail-over", "scaffold"),
        ("leakage", "tutorial", "--fail-over", "nonsense=0.1"),
        ("leakage", "tutorial", "--severity", "bad"),
        ("leakage", "tutorial", "--off", "nonsense"),
        ("leakage", "--context", "tutorial"),
        ("leakage", "tutorial", "--judge", "all", "--engine", "offline", "--yes"),
        ("leakage", "tutorial", "--judge", "all"),
        ("leakage", "output/tutorial/corpus.parquet"),
    ],
)
def test_wrong_flags_are_one_clear_error(run: RunFolder, arguments: tuple[str, ...]) -> None:
    """Nothing is spent, nothing is written, and the flag is named."""
    with pytest.raises(ConfigError):
        docgen("audit", *arguments)


def test_words_of_given_classifiers_count_as_contamination(run: RunFolder, tmp_path: Path) -> None:
    """--classifiers names the words that count, and the rule has its share and examples like any other."""
    prompt, corpus = tmp_path / "classifier.txt", tmp_path / "corpus.jsonl"
    prompt.write_text(
        "Zorbing? Zorbing and quaffle drift, quaffle drift or snidget, snidget, vashta, vashta, glumph, glumph.",
        "utf-8",
    )
    rows = [{"text": "The boat left at eight."}, {"text": "Zorbing is fun."}, {"text": prompt.read_text("utf-8")}]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    flags = ["--context", "tutorial", "--classifiers", str(prompt), "--json", "--fail-over", "eval_contamination=0.1"]
    result = docgen("audit", "leakage", str(corpus), *flags)
    rule = json.loads(result.stdout)["leakage"]["rules"]["eval_contamination"]
    assert result.exit_code == 1
    assert (rule["documents"], rule["share"]["total"], rule["detectors"]) == (1, 3, {"vocabulary": 1})
    assert "zorbing" in rule["examples"][0]["explanation"].lower()
