"""Files that hold well-formed nonsense: each reader says which file, in one line, or goes on without."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docgen.behaviour.belief_by_dose import read_doses
from docgen.dedupe.persistent_index import Addition, create_index, open_index
from docgen.dedupe.sketch.parameters import Scheme
from docgen.errors import UserError
from docgen.exporting.dataset.mix_files import _rows
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.job import replaceable_files
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.batch.log import BatchLog, lost_batches, read_batches
from docgen.llm.by_file.log import HandOuts
from docgen.llm.cost.pricing import load_prices
from docgen.pipeline.experiment.plan import read_transcripts, saved_plan
from docgen.planning.slots.tracker import SlotTracker
from docgen.records import Attempt
from docgen.training.corpus import read_training_corpus

DEEP = "[" * 100_000


def written(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def said(read: Callable[[], object]) -> str:
    """The one line of the user error that it raises."""
    with pytest.raises(UserError) as error:
        read()
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


PLAN = {"grid": {"id": "g", "setting": "minimal"}, "setting": {}, "variations": [], "models": ["m"], "judge_model": "m"}


@pytest.mark.parametrize("plan", [DEEP, "\ud800", [], {}, PLAN | {"trials": "many"}, PLAN | {"models": "m"}, "\x00"])
def test_a_plan_of_an_experiment(tmp_path: Path, plan: Any) -> None:
    """Nested without end, of another kind, with a part missing."""
    folder = RunFolder(tmp_path)
    file = tmp_path / "experiment.json"
    file.write_bytes(plan.encode("utf-8", "surrogatepass") if isinstance(plan, str) else json.dumps(plan).encode())
    assert "experiment.json" in said(lambda: saved_plan(folder))


@pytest.mark.parametrize("line", ["{}", "\x00" * 9, '{"trial": {"cell": 3}}'])
def test_a_line_of_transcripts(tmp_path: Path, line: str) -> None:
    """It is named by its number."""
    written(tmp_path / "transcripts.jsonl", line + "\n")
    assert "transcripts.jsonl:1" in said(lambda: read_transcripts(RunFolder(tmp_path)))


@pytest.mark.parametrize("manifest", [{"context": []}, {"context": {"id": 7}}, {"documents": "x"},
                                      {"documents_by_fact": {"a": "x"}}, [], 7])  # fmt: skip
def test_a_manifest_that_is_trained_on(tmp_path: Path, manifest: Any) -> None:
    """Whatever stands where something else should."""
    written(tmp_path / "train.jsonl", {"text": "a"})
    written(tmp_path / "manifest.json", manifest)
    assert "manifest" in said(lambda: read_training_corpus(tmp_path))


@pytest.mark.parametrize("manifest", [{"settings": "x", "files": 7}, {"files": [1, 2]}, DEEP, [3], "\x00"])
def test_a_manifest_that_is_exported_over(tmp_path: Path, manifest: Any) -> None:
    """It counts as another export's, which only --overwrite replaces."""
    written(tmp_path / "manifest.json", manifest)
    assert "--overwrite" in said(lambda: replaceable_files(tmp_path, ["train.jsonl"], ExportOptions(), mine=False))


def damaged(**values: object) -> Callable[[Path], object]:
    return lambda folder: written(
        folder / "index.json", json.loads((folder / "index.json").read_text("utf-8")) | values
    )


INDEXES: dict[str, Callable[[Path], object]] = {
    "deep": lambda folder: written(folder / "index.json", DEEP),
    "negative": damaged(documents=-1),
    "scheme": damaged(scheme={"rows": "x"}),
    "more words than there are": damaged(words=10**15),
    "ends beyond the sets": lambda folder: (folder / "ends.i64").write_bytes(np.array([7, 9]).tobytes()),
    "ends that go back": lambda folder: (folder / "ends.i64").write_bytes(np.array([5, 4]).tobytes()),
    "ids": lambda folder: (folder / "ids.jsonl").write_bytes(b"\x00" * 8),
}


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_of_dedupe(tmp_path: Path, name: str) -> None:
    """Compiled code reads what the index says, so it says nothing that is not there."""
    folder, scheme = tmp_path / "index", Scheme.of(0.8, 3)
    minima = np.zeros((2, scheme.num_perm), np.uint32)
    addition = Addition(
        ["a", "b"], minima, np.zeros(2, np.int64), np.zeros((2, 2), np.uint64), np.arange(4, dtype=np.uint64),
        np.array([2, 4]),
    )  # fmt: skip
    assert len(create_index(folder, scheme).added([addition]).ids()) == 2
    INDEXES[name](folder)

    def read() -> object:
        index = open_index(folder)
        return index.ids(), index.known()

    assert "ebuild the index" in said(read)


@pytest.mark.parametrize("change", [{"batch": 7}, {"state": ["x"]}, {"worst": "nan"}, {"counts": {"a": "b"}},
                                    {"keys": ["zz"]}, {"at": "2024-13-45"}])  # fmt: skip
def test_a_line_on_a_batch_that_makes_no_sense_changes_nothing(tmp_path: Path, change: Any) -> None:
    """The batch stays open, as it was, and so is not bought again; a first line like it is a lost batch."""
    log = BatchLog(tmp_path / "batches.jsonl")
    entry = log.created(log.intend(["ab"], "write", "m", 0.5), "batch_1")
    log.close()
    first = (tmp_path / "batches.jsonl").read_bytes().splitlines()[0]
    with (tmp_path / "batches.jsonl").open("ab") as file:
        file.write(json.dumps({"token": entry.token} | change).encode() + b"\n")
        file.write(json.dumps(json.loads(first) | {"token": "other"} | change).encode() + b"\n")
    assert read_batches(tmp_path / "batches.jsonl") == [entry]
    assert lost_batches(tmp_path / "batches.jsonl") == 1


@pytest.mark.parametrize("worst", [float("nan"), float("inf"), -1, "x", None])
def test_a_hand_out_without_a_price_is_handed_out_again(tmp_path: Path, worst: Any) -> None:
    """A cap has to hold for it."""
    row = {"file": "f", "format": "g", "stage": "s", "model": "m", "at": "2026-01-01T00:00:00", "keys": ["ab"]}
    written(tmp_path / "log.jsonl", json.dumps(row | {"worst": worst}) + "\n")
    assert HandOuts(tmp_path / "log.jsonl").get("ab") is None


@pytest.mark.parametrize("value", [DEEP, {"arms": 3}, [1], {"rows": [1]}, "\x00"])
def test_doses(tmp_path: Path, value: Any) -> None:
    assert "doses.json" in said(lambda: read_doses(written(tmp_path / "doses.json", value)))


def test_texts_to_mix_in_that_are_nested_without_end(tmp_path: Path) -> None:
    file = written(tmp_path / "mix.jsonl", DEEP)
    assert "mix.jsonl:1" in said(lambda: list(_rows(file)))


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_is_not_a_path(name: str) -> None:
    """As a setting of a run can hold it."""
    assert "cannot be read" in said(lambda: load_prices(Path(name)))


def test_a_failed_attempt_without_a_reason_counts_all_the_same() -> None:
    tracker = SlotTracker(1)
    tracker.record(
        Attempt(slot=0, number=1, verdict="failed", key="", doc_type="", idea="", facts=(), text="", words=0, tokens=0)
    )
    assert tracker.failed[0].code == "unknown"
