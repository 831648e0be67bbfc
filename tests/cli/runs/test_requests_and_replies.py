"""requests and replies at the command line: no key needed, exit codes that a script can go by."""

import json
from pathlib import Path

import pytest

from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import KEYS
from tests.worlds import LIGHTHOUSE


def test_a_run_by_files_needs_no_key_and_says_by_its_exit_code_what_came_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*KEYS, "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    Path("light.yaml").write_text(LIGHTHOUSE, "utf-8")
    begin = ("requests", "light.yaml", "--run", "r", "--n", "3", "--model", "m", "--format", "openai-batch")
    assert docgen(monkeypatch, *begin, "--out", "round.jsonl", "--json") == 0
    assert json.loads(capsys.readouterr().out)["by_stage"] == {"types": 1}
    line = json.loads(Path("round.jsonl").read_text("utf-8"))
    assert line["body"]["model"] == "m"
    assert json.loads(Path("output/r/run.json").read_text("utf-8"))["config"]["engine"] == "openai"
    Path("answers").mkdir()
    Path("answers/part-0.jsonl").write_text(json.dumps({"custom_id": line["custom_id"], "text": "{}"}) + "\n")
    assert docgen(monkeypatch, "replies", "r", "answers") == 0
    assert "1 replies taken" in capsys.readouterr().out
    Path("answers/part-1.jsonl").write_text('{"custom_id": "another run\'s", "text": "x"}\n')
    assert docgen(monkeypatch, "replies", "r", "answers", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["taken"], told["repeated"], told["foreign"]) == (0, 1, 1)
