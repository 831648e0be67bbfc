"""docgen train and docgen eval logprob as commands: what is refused before anything is loaded."""

from pathlib import Path

import pytest

from docgen.__main__ import main
from docgen.training.models import find_base
from tests.training.test_models import WHOLE, base_in


def docgen(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["docgen", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "run", "--model", "nowhere"), "nowhere: there is no such file or folder"),
        (("train", "run", "--model", "m", "--lr", "-1"), "--lr: -1.0 is not a valid value"),
        (("train", "run", "--model", "m", "--batch", "0"), "--batch: 0 is not a valid value"),
        (("eval", "logprob", "--model", "m"), "--questions: no questions are named"),
        (("eval", "logprob", "--model", "m", "--questions", "q.yaml"), "q.yaml"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], words: str,
) -> None:  # fmt: skip
    """Exit code 2, where and what; nothing is loaded or written."""
    base_in(tmp_path / "m", *WHOLE)
    monkeypatch.chdir(tmp_path)
    assert docgen(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_model_is_called_by_its_own_name(tmp_path: Path) -> None:
    """The folder of a training is called after the model, dots included."""
    assert find_base("Qwen/Qwen2.5-0.5B").short_name == "Qwen2.5-0.5B"
    (tmp_path / "gemma-3-270m.gguf").write_bytes(b"GGUF")
    assert find_base(str(tmp_path / "gemma-3-270m.gguf")).short_name == "gemma-3-270m"
