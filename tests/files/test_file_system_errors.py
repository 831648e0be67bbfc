"""Faults of files, streams and signals: one line or a notice, never a traceback, never silence."""

import errno
import gzip
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from docgen.audit.detect.leaks.contamination import read_questions
from docgen.audit.measure.calibration import read_gold
from docgen.behaviour.grid import load_grid
from docgen.behaviour.measures.judge_agreement import read_labelled
from docgen.behaviour.queries import read_queries
from docgen.cli.entry import main
from docgen.corpus import corpus_files, read_corpus
from docgen.dedupe.sketch.boilerplate import template_shingles
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.errors import InputError, RequestFailed, RunError, UserError
from docgen.files.append_log import AppendLog, damaged_lines
from docgen.files.atomic import write_atomically
from docgen.files.file_system_errors import is_of_machine, one_line
from docgen.files.parquet import write_parquet
from docgen.files.run_folder.run_folder import RunFolder
from docgen.files.text_files import read_text
from docgen.importing.file_parser import read_values
from docgen.llm.batch.log import BatchLog, lost_batches, read_batches
from docgen.llm.cost.budget import uncertain_dollars
from docgen.llm.cost.pricing import load_prices
from docgen.options.run import RunOptions, resolve
from tests.pipeline.execution.test_disk import files_no_larger_than

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DOCGEN = [sys.executable, "-m", "docgen"]
ROW = json.dumps({"text": "one"}).encode() + b"\n"


REFUSED = [errno.EPERM, errno.EACCES, errno.EMFILE, errno.EAGAIN, errno.ETIMEDOUT, errno.ENOMEM, errno.ECONNRESET]


@pytest.mark.parametrize("number", REFUSED)
@pytest.mark.parametrize("place", ["docgen.cli.app.command_line", "docgen.cli.shared.streams.prepare_streams"])
def test_whatever_the_machine_refuses_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, place: str
) -> None:
    """An error of a system call that knows no file, in a command or before it."""
    for name in ("prepare_streams", "prepare_signals"):
        monkeypatch.setattr(f"docgen.cli.shared.streams.{name}", lambda: None)
    monkeypatch.setattr(place, lambda *_: fails_with(number)())
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    assert (ended.value.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert os.strerror(number) in shown.err


def test_a_request_that_failed_for_good_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever command asked: none has to know that a server may refuse."""

    def refused(**_: object) -> None:
        raise RequestFailed("400", "no such model", 1)

    for name in ("prepare_streams", "prepare_signals"):
        monkeypatch.setattr(f"docgen.cli.shared.streams.{name}", lambda: None)
    monkeypatch.setattr("docgen.cli.app.command_line", lambda *_: refused)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err.count("\n")) == (1, 1)


def test_a_bug_of_docgens_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prepare_streams", "prepare_signals"):
        monkeypatch.setattr(f"docgen.cli.shared.streams.{name}", lambda: None)
    monkeypatch.setattr("docgen.cli.app.command_line", lambda *_: lambda **_: os.close(99_999))
    with pytest.raises(OSError, match="Bad file descriptor"):
        main()


def fails_with(number: int) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [38, 37, 95, 5])
def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr("fcntl.flock", fails_with(number))
    with pytest.raises(RunError, match="cannot lock") as raised, RunFolder(tmp_path / "r").lock():
        pass
    assert str(tmp_path / "r") in str(raised.value)


@pytest.mark.parametrize("number", [116, 22, 95])
def test_an_error_of_fsync_names_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    log = AppendLog(tmp_path / "log.jsonl")
    monkeypatch.setattr("os.fsync", fails_with(number))
    with pytest.raises(OSError, match=r"log\.jsonl"):
        log.close()
    with pytest.raises(OSError, match=str(tmp_path)):
        write_atomically(tmp_path / "x.json", [b"{}"])
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_full_disk_leaves_nothing_of_a_parquet_file(tmp_path: Path) -> None:
    frame = pl.LazyFrame({"text": [os.urandom(999).hex() for _ in range(99)]})
    with files_no_larger_than(1000), pytest.raises((UserError, OSError)):
        write_parquet(frame, tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"\0\0\0\n", b"x\n", b'"text"\n', b"[" * 9999 + b"\n", b'{"lost": "much"}\n'])
def test_damaged_lines_of_logs_are_skipped(tmp_path: Path, damage: bytes) -> None:
    ledger, batches = tmp_path / "spend.jsonl", tmp_path / "batches.jsonl"
    ledger.write_bytes(b'{"lost": 0.5}\n' + damage + b'{"lost": 0.25}\n')
    assert uncertain_dollars(ledger) == 0.75
    log = BatchLog(batches)
    log.intend(["00"], "document", "m", 1.0)
    log.close()
    batches.write_bytes(batches.read_bytes() + damage)
    assert [entry.keys for entry in read_batches(batches)] == [("00",)]
    assert damaged_lines(batches) == (not damage.startswith(b"{"))


def test_a_batch_without_its_beginning_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "batches.jsonl"
    file.write_bytes(b'{"token": "x", "state": "created", "batch": "b1"}\n')
    assert (read_batches(file), lost_batches(file)) == ([], 1)


def test_repeated_attempts_go(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    lines = [b'{"slot":%d,"number":1,"verdict":"accepted","text":"t"}\n' % slot for slot in range(3)]
    run.attempts.write_bytes(b"".join([*lines, lines[1], b"not an attempt\n"]))
    assert run.drop_repeated_attempts() == 1
    assert run.attempts.read_bytes() == b"".join([*lines, b"not an attempt\n"])


def test_what_tools_leave_in_a_folder_is_no_corpus(tmp_path: Path) -> None:
    for name in (
        "a.jsonl",
        "._a.jsonl",
        ".ipynb_checkpoints/a-checkpoint.jsonl",
        ".cache/x.parquet",
        ".b.jsonl.1.part",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(ROW)
    assert [path.name for path in corpus_files(tmp_path)] == ["a.jsonl"]


def skippable(content: bytes) -> bytes:
    return struct.pack("<II", 0x184D2A50, len(content)) + content


BOM = "\ufeff".encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", BOM + ROW),
        ("a.jsonl.gz", gzip.compress(BOM + ROW, mtime=0)),
        ("a.jsonl.zst", zstd.compress(BOM + ROW)),
        ("a.jsonl.zst", skippable(b"made by") + zstd.compress(ROW)),
        ("a.jsonl.zst", zstd.compress(ROW[:5]) + skippable(b"") + zstd.compress(ROW[5:]) + skippable(b"seek table")),
    ],
)
def test_marks_and_skippable_frames_are_no_text(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert [text for batch in read_corpus(tmp_path / name) for text in batch.texts] == ["one"]


@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstd.compress)])
def test_a_line_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    """With a bound of a kilobyte: what is packed small is never unpacked whole."""
    monkeypatch.setattr("docgen.corpus.lines.LONGEST_LINE", 1000)
    file = tmp_path / f"a.jsonl{ending}"
    file.write_bytes(pack(ROW + b'{"text": "' + b"x" * 5000))
    with pytest.raises(InputError, match="line 2 is longer"):
        list(read_corpus(file))


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.getcwd(), **more}  # noqa: PTH109 - the root of the checkout


@pytest.mark.parametrize("close", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_end_nothing(tmp_path: Path, close: str) -> None:
    command = f'"{sys.executable}" -m docgen context list {close}'
    result = subprocess.run(command, shell=True, cwd=tmp_path, env=environment(), check=False)
    assert result.returncode == 0


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_an_old_encoding_escapes_what_it_has_no_sign_for(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "c.jsonl").write_text('{"id": "\u6771", "text": "one two"}\n{"id": "b", "text": "one two"}\n', "utf-8")
    command = [*DOCGEN, "dedupe", "c.jsonl", "--show", "1"]
    old = environment(PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    result = subprocess.run(command, cwd=tmp_path, env=old, capture_output=True, check=False)
    assert (result.returncode, b"Traceback" in result.stderr) == (0, False)
    assert b"\\u2588" in result.stdout


@pytest.mark.parametrize(("command", "code"), [(["context", "list"], 0), (["dedupe", "c.jsonl"], 1)])
def test_a_closed_pipe_is_no_error_only_for_what_shows(tmp_path: Path, command: list[str], code: int) -> None:
    (tmp_path / "c.jsonl").write_bytes(ROW)
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [*DOCGEN, *command], cwd=tmp_path, env=environment(), stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (code, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_every_signal_to_stop_is_as_ctrl_c(number: signal.Signals) -> None:
    code = "import time\nfrom docgen.cli.shared.streams import prepare_signals\n"
    code += "prepare_signals()\nprint('up', flush=True)\n"
    code += "try:\n time.sleep(20)\nexcept KeyboardInterrupt:\n raise SystemExit(130)"
    process = subprocess.Popen([sys.executable, "-c", code], env=environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(10) == 130
    process.stdout.close()


ENDLESS = Path("/dev/zero")


@pytest.mark.skipif(not ENDLESS.exists(), reason="no file without end on this system")
@pytest.mark.parametrize(
    "read",
    [
        lambda path: resolve(None, path, RunOptions()),
        load_prices,
        read_questions,
        read_gold,
        read_labelled,
        lambda path: template_shingles([path], Sketcher(Scheme.of())),
        lambda path: read_text(path, 1_000_000, InputError),
    ],
    ids=["config", "prices", "questions", "gold", "labelled", "template", "text"],
)
def test_a_file_without_end_is_refused_before_it_is_held(
    read: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file that is read whole has a stated bound."""
    for module in (
        *("docgen.audit.detect.leaks.contamination", "docgen.audit.measure.calibration"),
        *("docgen.behaviour.measures.judge_agreement", "docgen.dedupe.sketch.boilerplate"),
    ):
        monkeypatch.setattr(f"{module}.LARGEST_TEXT", 1_000_000)
    with pytest.raises(UserError, match="larger than 1 MB"):
        read(ENDLESS)


@pytest.mark.parametrize("bomb", ["- &a [x, *a]\n", "a: &a [x, x]\nb: &b [*a, *a]\nquestion: *b\n"])
def test_questions_that_unfold_without_end_are_refused(tmp_path: Path, bomb: str) -> None:
    (tmp_path / "q.yaml").write_text(bomb, "utf-8")
    with pytest.raises(InputError, match="aliases"):
        read_questions(tmp_path / "q.yaml")


LONG, DEEP = "9" * 5000, "[" * 100_000


@pytest.mark.parametrize("value", [LONG, DEEP, f"[{LONG}]"], ids=["long", "deep", "inside"])
@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("c.toml", "n = {}", lambda path: resolve(None, path, RunOptions())),
        ("p.toml", "[models.m]\ninput = {}", load_prices),
        ("q.json", '{{"question": {}}}', read_questions),
        ("q.jsonl", '{{"question": {}}}', read_questions),
        ("q.yaml", "question: {}", read_questions),
        ("g.jsonl", '{{"id": {}}}', read_gold),
        ("l.jsonl", '{{"id": {}}}', read_labelled),
        ("w.json", '{{"universe_context": {}}}', read_values),
        ("w.yaml", "universe_context: {}", read_values),
        ("q.jsonl", '{{"query": {}}}', lambda path: read_queries(path, None)),
        ("d.jsonl", '{{"text": {}}}', lambda path: list(read_corpus(path))),
        ("g.yaml", "id: {}", load_grid),
    ],
)
def test_a_number_or_a_nesting_beyond_python_is_a_mistake_in_the_file(
    tmp_path: Path, name: str, text: str, read: Callable[[Path], object], value: str
) -> None:
    """Python's own limits are `ValueError` and `RecursionError`: read as it is, or refused in one line."""
    (tmp_path / name).write_text(text.format(value), "utf-8")
    problem = ""
    try:
        read(tmp_path / name)
    except UserError as error:
        problem = str(error)
    assert "\n" not in problem


@pytest.mark.parametrize(("words", "line"), [
    ("Disk quota exceeded (os error 122): out/corpus.parquet", "out/corpus.parquet: Disk quota exceeded"),
    ("Input/output error (os error 5)", "disk: Input/output error"),
])  # fmt: skip
def test_an_error_whose_number_stands_in_its_words_is_of_the_machine(words: str, line: str) -> None:
    """As polars raises them."""
    error = OSError(words)
    assert is_of_machine(error)
    assert one_line(error).startswith(line)
