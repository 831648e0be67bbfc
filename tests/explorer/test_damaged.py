"""Pages over damaged files: each is shown without what cannot be read, made anew, or named in one line."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from docgen.errors import UserError
from docgen.explorer.index.schema import connect
from docgen.explorer.open import open_views
from docgen.explorer.publish.site import export_site
from tests.explorer.corpora import Site, copy_of

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
