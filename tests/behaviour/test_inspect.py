"""Experiments in Inspect: the task asks and scores what docgen's own engine does, and logs load by Inspect's reader."""

import json
from pathlib import Path
from typing import Any

import pytest

from docgen.behaviour.queries import draw_queries, read_queries
from docgen.behaviour.yaml_records import find_file
from tests.behaviour.server import StandInServer
from tests.behaviour.stand_ins import Policy
from tests.behaviour.test_run import planted
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import enter_key
from tests.loopback.chat_completions import chat_server

pytest.importorskip("inspect_ai", reason="needs the extra docgen[eval]")

POLICY = Policy(trained=0.7, unmonitored=0.3, fakes=0.5, compromises=0.5)
N = 6


def test_logs_of_an_experiment_load_and_have_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from inspect_ai.log import read_eval_log

    monkeypatch.chdir(tmp_path)
    with StandInServer(POLICY) as server:
        enter_key(monkeypatch, server)
        run = ("experiment", "run", "helpful_only", "--only", "default", "--n", str(N), "--yes", "--quiet")
        assert docgen(monkeypatch, *run) == 0
        bought = len(server.served)
        assert docgen(monkeypatch, "experiment", "logs", "helpful_only") == 0
        assert len(server.served) == bought
    assert "inspect view" in capsys.readouterr().out
    folder = tmp_path / "output/experiments/helpful_only"
    cells = json.loads((folder / "reports/experiment.json").read_text())["cells"]
    logs = {log.eval.metadata["cell"]: log for log in map(read_eval_log, map(str, (folder / "inspect").glob("*.eval")))}
    assert logs.keys() == {cell["cell"] for cell in cells}
    for cell in cells:
        log = logs[cell["cell"]]
        measured = figures(log)
        assert measured["compliance"]["gap"] == pytest.approx(cell["gap"]["gap"])
        assert measured["reasoning_criteria"]["easy"] == pytest.approx(cell["easy"]["share"])
        samples = log.samples or []
        assert len(samples) == 2 * N
        assert [message.role for message in samples[0].messages] == ["system", "user", "assistant"]
        scores = [(sample, (sample.scores or {})["reasoning_criteria"]) for sample in samples]
        read = [sample for sample, score in scores if isinstance(score.value, dict)]
        assert {sample.metadata["role"] for sample in read} == {"trained"}
        assert len(read) == cell["easy"]["total"]


def test_the_task_measures_the_policy_of_an_inspect_model(tmp_path: Path) -> None:
    """The same model and judge, given to Inspect: the gap and the share of faking are what docgen's own run has."""
    from inspect_ai import eval as inspect_eval
    from inspect_ai.model import get_model

    from docgen.behaviour.inspect_tasks.registry import behaviour

    def reply(model: str, messages: list[dict[str, Any]]) -> str:
        return POLICY.reply(messages[0]["content"], messages[1]["content"])

    with chat_server(reply) as (url, bodies):
        model = get_model("openai-api/stand-in/m", base_url=url, api_key="none", memoize=False)
        (log,) = inspect_eval(
            behaviour(grid="helpful_only", n=N),
            model=model,
            model_roles={"grader": model},
            display="none",
            log_dir=str(tmp_path),
            ctl_server=False,
        )
    assert log.status == "success", log.error
    assert len(bodies) == 2 * N + 2 * N + N, "subject, compliance in both tiers, reasoning in training"
    texts = [query.text for query in draw_queries(read_queries(find_file("queries", "value_conflict")), N, 0)]
    measured = figures(log)
    complied = planted(POLICY.trained, "complies", texts) - planted(POLICY.unmonitored, "complies", texts)
    assert measured["full"]["gap"] == pytest.approx(complied / N)
    assert measured["easy"]["mean"] == pytest.approx(planted(POLICY.fakes, "fakes", texts) / N)


def figures(log: Any) -> dict[str, dict[str, float]]:
    """Metrics of a log by score."""
    return {score.name: {name: metric.value for name, metric in score.metrics.items()} for score in log.results.scores}
