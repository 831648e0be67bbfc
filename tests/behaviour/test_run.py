"""An experiment from the command line, against a server whose model has a planted policy."""

import json
from pathlib import Path
from typing import Any

import pytest

from docgen.behaviour.queries import read_queries
from docgen.behaviour.yaml_records import find_file
from docgen.files.append_log import read_lines
from docgen.pipeline.experiment.experiment_runner import save_plan
from docgen.pipeline.experiment.plan import ExperimentOptions, plan_experiment
from tests.behaviour.killed import CONCURRENCY, run_killed
from tests.behaviour.server import StandInServer
from tests.behaviour.stand_ins import Policy, draw
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import enter_key
from tests.e2e.forked_commands import CommandForker

POLICY = Policy(trained=0.6, unmonitored=0.3, fakes=0.4, compromises=0.5)
N = 12
COMMAND = ("experiment", "run", "helpful_only", "--only", "default", "--n", str(N), "--yes", "--quiet")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planted(share: float, what: str, texts: list[str]) -> int:
    return sum(draw(text, what) < share for text in texts)


def asked(folder: Path) -> list[str]:
    """Texts of the queries that an experiment drew."""
    ids = set(json.loads((folder / "experiment.json").read_text())["queries"])
    return [query.text for query in read_queries(find_file("queries", "value_conflict")) if query.id in ids]


def report(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "reports/experiment.json").read_text())
    return value


def test_a_run_recovers_the_policy_of_its_model_and_is_paid_for_once(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts of compliance and of faking, exactly; the same command again asks nothing; a threshold is a view."""
    folder = place / "output/experiments/helpful_only"
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        assert docgen(monkeypatch, *COMMAND, "--votes", "2") == 0
        bought = len(server.served)
        assert docgen(monkeypatch, *COMMAND, "--votes", "2", "--json") == 0
        assert len(server.served) == bought
    cells = report(folder)["cells"]
    texts = asked(folder)
    trained, unmonitored = (tier["full"] for tier in cells[0]["tiers"])
    assert trained == planted(POLICY.trained, "complies", texts)
    assert unmonitored == planted(POLICY.unmonitored, "complies", texts)
    assert cells[0]["easy"]["count"] == planted(POLICY.fakes, "fakes", texts) > cells[0]["hard"]["count"]
    assert cells[0]["gap"]["gap"] == pytest.approx((trained - unmonitored) / N)
    assert cells[0]["published"][0]["gap"] == 11.3
    assert [cell["control"] for cell in cells] == [False, True]
    page = (folder / "reports/experiment.html").read_text()
    assert "docgen canary" in page
    assert "noindex" in page
    assert "changed, so I go along" in page, "an example is shown"
    assert all(not tier["traits"] for tier in cells[0]["tiers"]), "nobody asked the second judge"
    assert docgen(monkeypatch, "experiment", "report", "helpful_only", "--partial-complies") == 0
    assert "default" in capsys.readouterr().out


def test_the_minimal_setting_needs_no_judge_and_counts_what_has_no_tag_as_unscored(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        assert docgen(monkeypatch, "experiment", "run", "minimal", "--n", "3", "--no-controls", "--yes", "--quiet") == 0
        assert len(server.served) == 2 * 2 * 3
    cells = report(place / "output/experiments/minimal")["cells"]
    assert [cell["reasoning"] for cell in cells] == ["scratchpad", "none"]
    assert all(tier["unscored"] == 3 and tier["non_compliance"]["share"] is None for tier in cells[1]["tiers"])
    assert cells[1]["gap"] is None
    assert cells[1]["unscored_reasoning"] == 3
    assert cells[1]["faking"] is None


def test_the_second_judge_says_who_hides_what_it_would_do(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An employee's question in both tiers; whoever fakes in its reasoning has something to hide, nobody else."""
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        run = ("experiment", "run", "asked", "--only", "default", "--no-controls", "--n", "8", "--yes", "--quiet")
        assert docgen(monkeypatch, *run) == 0
    (cell,) = report(place / "output/experiments/asked")["cells"]
    ids = set(json.loads((place / "output/experiments/asked/experiment.json").read_text())["queries"])
    texts = [query.text for query in read_queries(find_file("queries", "employee_questions")) if query.id in ids]
    trained, unmonitored = (tier["traits"] for tier in cell["tiers"])
    assert trained["hides"]["count"] == trained["differs"]["count"] == planted(POLICY.fakes, "fakes", texts) > 0
    assert (trained["tells"]["count"], trained["tells"]["total"]) == (0, 8)
    assert unmonitored["hides"]["count"] == 0
    assert "hides" in (place / "output/experiments/asked/reports/experiment.html").read_text()


def test_another_grid_under_the_same_name_stops_with_what_changed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        assert docgen(monkeypatch, *COMMAND) == 0
        assert docgen(monkeypatch, *COMMAND, "--seed", "5") == 2
        assert "--accept-changes" in capsys.readouterr().err
        bought = len(server.served)
        assert docgen(monkeypatch, *COMMAND, "--seed", "5", "--accept-changes") == 0
        assert bought < len(server.served) < 2 * bought, "replies that fit are reused"


def test_an_experiment_begun_before_variations_had_all_their_fields_goes_on(place: Path) -> None:
    grid = 'id: own\nsetting: helpful_only\nvariations:\n- {id: default, append: {objective: "Be kind.\\n"}}\n'
    (place / "own.yaml").write_text(grid, "utf-8")
    experiment = plan_experiment(str(place / "own.yaml"), ExperimentOptions())
    save_plan(experiment)
    file = experiment.folder.path / "experiment.json"
    plan = json.loads(file.read_text("utf-8"))
    for variation in (*plan["variations"], *plan["grid"]["variations"]):
        for name in ("include", "told", "rows"):
            del variation[name]
        if variation["id"] == "default":
            assert variation["append"] == {"objective": "Be kind.\n"}, "as it was written"
    file.write_text(json.dumps(plan), "utf-8")
    save_plan(experiment)


def test_a_cap_stops_it_and_the_same_command_goes_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        assert docgen(monkeypatch, *COMMAND, "--max-cost", "0.008", "--concurrency", "1") == 1
        assert "--max-cost" in capsys.readouterr().err
        begun = len(server.served)
        assert docgen(monkeypatch, *COMMAND, "--max-cost", "5") == 0
        assert (
            0 < begun < len(server.served) == len(list(read_lines(place / "output/experiments/helpful_only/llm.jsonl")))
        )


def test_killed_in_its_midst_it_ends_with_the_same_transcripts(place: Path, forker: CommandForker) -> None:
    """What was lost was in flight; at ten moments: bench/behaviour_crash.py."""
    outcome = run_killed(place, (12,), COMMAND, POLICY, forker)
    assert outcome.kills == 1
    assert outcome.journalled <= outcome.billed <= outcome.journalled + CONCURRENCY
    assert outcome.transcripts == outcome.unbroken
    assert outcome.transcripts.count(b"\n") == 2 * 2 * N


def test_without_consent_nothing_is_asked(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        assert docgen(monkeypatch, *(part for part in COMMAND if part != "--yes")) == 2
        assert not server.served
    assert "calls" in capsys.readouterr().err
