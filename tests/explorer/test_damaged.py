"""Pages over damaged files: each is shown without what cannot be read, made anew, or named in one line."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from docgen.errors import UserError
from docgen.explorer import view as view_module
from docgen.explorer.corpus_opening import open_views
from docgen.explorer.index.schema import connect
from docgen.explorer.publish.site import export_site
from tests.explorer.corpora import Site, copy_of
from tests.pipeline.execution.test_disk import files_no_larger_than

PAGES = ("", "documents", "facts", "findings", "types", "duplicates", "rejected", "compare", "ten", "labels", "blind")


def changed(**values: object) -> Callable[[bytes], bytes]:
    return lambda line: json.dumps(json.loads(line) | values).encode()


LINES: dict[str, Callable[[bytes], bytes]] = {
    "NULs": lambda line: b"\x00" * 64,
    "cut": lambda line: line[: len(line) // 2],
    "a list": lambda _: b"[]",
    "facts that are none": changed(facts=[{"fakt": 1}]),
    "a reason that is a word": changed(reasons=["leak"]),
    "a finding without its rule": changed(findings=[{"severity": "error"}]),
    "a slot beyond any plan": changed(slot=10**12),
    "an attempt's number beyond any": changed(number=10**9),
    "negative words": changed(words=-5),
}


def spoil(file: Path, change: Callable[[bytes], bytes], at: int) -> None:
    """Change one line in place: the file stays the one that was indexed."""
    lines = file.read_bytes().split(b"\n")
    lines[at] = change(lines[at])
    with file.open("r+b") as opened:
        opened.write(b"\n".join(lines))
        opened.truncate()


@pytest.mark.parametrize("name", LINES)
def test_a_damaged_line_of_attempts_is_left_out_of_every_page(name: str, run: Path, tmp_path: Path) -> None:
    """Also of a published site; the list of what was not accepted says that there is such a line."""
    own = copy_of(run, tmp_path)
    spoil(own / "attempts.jsonl", LINES[name], 5)
    site = Site(own)
    assert _not_shown(site) == []
    assert "1 line of attempts.jsonl cannot be read" in site.get("rejected").text
    assert export_site(site.view, tmp_path / "site") == site.view.snapshot.documents > 20


def _not_shown(site: Site) -> list[str]:
    """Pages that are not there, of the lists and of each document and attempt in the index."""
    snapshot = site.view.snapshot
    tries = snapshot.rows("SELECT slot, number FROM attempt WHERE verdict != 'damaged'")
    own = [f"documents/{snapshot.id_of(doc)}" for doc in range(snapshot.documents)]
    own += [f"rejected/{slot}-{number}" for slot, number in tries]
    return [page for page in (*PAGES, *own) if site.get(page).status != 200]


@pytest.mark.parametrize("name", ["NULs", "cut", "a list"])
def test_a_line_damaged_after_it_was_indexed_has_the_index_made_anew(name: str, run: Path, tmp_path: Path) -> None:
    """A page says so once; a site is published from the new index."""
    own = copy_of(run, tmp_path)
    before = open_views([str(own)])[0].snapshot.documents
    spoil(own / "attempts.jsonl", LINES[name], 9)
    view = open_views([str(own)])[0]
    assert export_site(view, tmp_path / "site") == view.snapshot.documents
    assert view.snapshot.documents in (before, before - 1)


def test_a_part_of_the_index_with_other_bytes_has_it_made_anew(run: Path, tmp_path: Path) -> None:
    """Where SQLite itself notices nothing: a note, a column, a column of another length."""
    own = copy_of(run, tmp_path)
    whole = open_views([str(own)])[0].snapshot.documents
    for change in (
        "UPDATE meta SET value = replace(value, 'd', 'e') WHERE key = 'summary'",
        "UPDATE segment SET data = zeroblob(length(data)) WHERE name = 'type'",
        "UPDATE segment SET data = x'000102' WHERE name = 'at'",
    ):
        connection = connect(own / "view" / "index.sqlite")
        connection.execute(change)
        connection.close()
        assert export_site(open_views([str(own)])[0], tmp_path / "site") == whole


def test_damaged_reports_and_journals_leave_the_pages_standing(run: Path, tmp_path: Path) -> None:
    """Of each kind of file beside the attempts: what cannot be read is not shown."""
    own = copy_of(run, tmp_path)
    for name, value in (("salience.json", {"facts": [3]}), ("leakage.json", []), ("dedupe.json", {"documents": "x"})):
        (own / "reports").mkdir(exist_ok=True)
        (own / "reports" / name).write_text(json.dumps(value), "utf-8")
    (own / "slots.jsonl").write_bytes((own / "slots.jsonl").read_bytes().replace(b'"id"', b'"ix"'))
    with (own / "llm.jsonl").open("ab") as journal:
        journal.write(b'{"key":"nohex","stage":"judge_document"}\n{"key":7}\n{"key":"00","usage":["x"]}\n')
        journal.write(b'{"key":"00","stage":"judge_document"}\n')
    site = Site(own)
    assert _not_shown(site) == []


def test_damaged_labels_are_named_and_not_touched(run: Path, tmp_path: Path) -> None:
    """Nobody can make them anew: one line, on a page and of a command."""
    own = copy_of(run, tmp_path)
    (own / "view").mkdir()
    file = own / "view" / "labels.sqlite"
    file.write_bytes(b"not a database" * 500)
    site = Site(own)
    assert "labels cannot be read" in site.get("documents/d0000000").text
    assert site.post("label", document="d0000000", say="document:good").status == 409
    with pytest.raises(UserError, match=r"labels\.sqlite: labels cannot be read"):
        export_site(site.view, tmp_path / "site")
    assert file.read_bytes() == b"not a database" * 500


def test_a_plan_cut_short_is_no_reason_to_stop(run: Path, tmp_path: Path) -> None:
    """Under pages that are open: the page of a document has no plan then."""
    own = copy_of(run, tmp_path)
    site = Site(own)
    os.truncate(own / "slots.jsonl", 100)
    assert site.get("documents/d0000003").status == 200


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Site], Site]:
    """Look at once at whether the corpus has changed, and wait until what changed is taken in."""
    monkeypatch.setattr(view_module, "POLL_SECONDS", -1.0)

    def idle(site: Site) -> Site:
        while site.view.is_indexing:
            time.sleep(0.01)
        return site

    def follow(site: Site) -> Site:
        idle(site).get("documents")  # what began before, as when the disk was full, takes nothing in
        return idle(site)

    return follow


def test_a_run_that_is_deleted_under_its_pages_is_said_to_be_gone(
    run: Path, tmp_path: Path, followed: Callable[[Site], Site]
) -> None:
    """What was read stays on the pages, and nothing is put where the folder was; put back, it is followed again."""
    own = copy_of(run, tmp_path)
    site = Site(own)
    assert _not_shown(site) == []
    shutil.rmtree(own)
    assert site.get("documents/d0000003").status == 200
    assert "is gone" in followed(site).get("documents").text
    assert not own.exists()
    assert site.post("label", document="d0000003", say="document:good").status == 409
    copy_of(run, tmp_path)
    assert "is gone" not in followed(site).get("documents").text
    assert _not_shown(site) == []


@pytest.mark.parametrize("lines", [slice(0, 9), slice(None, None, -1)])
def test_a_file_put_in_the_place_of_the_one_shown_is_taken_in(
    lines: slice, run: Path, tmp_path: Path, followed: Callable[[Site], Site]
) -> None:
    """Also one of the same size."""
    own = copy_of(run, tmp_path)
    site, other = Site(own), tmp_path / "other"
    other.write_bytes(b"".join((own / "attempts.jsonl").read_bytes().splitlines(keepends=True)[lines]))
    accepted = other.read_bytes().count(b'"verdict":"accepted"')
    other.replace(own / "attempts.jsonl")
    assert _not_shown(followed(site)) == []
    assert site.view.snapshot.documents == accepted


def test_a_full_disk_costs_no_page(run: Path, tmp_path: Path, followed: Callable[[Site], Site]) -> None:
    """Growth that the index cannot take in is said; the index that is there stays, and goes on once there is room."""
    own = copy_of(run, tmp_path)
    lines = (own / "attempts.jsonl").read_bytes().splitlines(keepends=True)
    (own / "attempts.jsonl").write_bytes(b"".join(lines[:10]))
    site = Site(own)
    before = site.view.snapshot.documents
    (own / "attempts.jsonl").write_bytes(b"".join(lines))
    with files_no_larger_than(1000):
        assert "cannot be built" in followed(site).get("documents").text
        assert site.view.snapshot.documents == before
        assert _not_shown(site) == []
        assert site.post("label", document=site.view.snapshot.id_of(0), say="document:good").status == 409
    assert followed(site).view.snapshot.documents > before
