"""Every page: as HTML and as its twin, over runs and over other corpora, and what hostile texts cannot do to it."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docgen.explorer.pages.page_registry import PAGES
from tests.explorer.corpora import HOST, Site, copy_of

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202egnp.exe\u202c \u0007 \U0001f600 {{ 7*7 }}"


def addresses(site: Site) -> list[str]:
    """An address of every kind of page."""
    snapshot = site.view.snapshot
    kind, idea = snapshot.terms["type"][0], snapshot.idea_id(0)
    slot, number = snapshot.rows("SELECT slot, number FROM attempt LIMIT 1")[0]
    ids = {"document": snapshot.id_of(0), "fact": "opened", "type": kind, "idea": idea}
    ids |= {"attempt": f"{slot}-{number}", "prompt": f"{slot}-{number}", "blind_document": ""}
    return [re.sub(r"\{.*\}", ids.get(page.name, ""), page.path) for page in PAGES if page.name != "blind_document"]


class Outline(HTMLParser):
    """What of a page runs or loads, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_page_has_a_twin(site: Site) -> None:
    """200 and HTML without a script of its own; the same address with .json is JSON."""
    for address in addresses(site):
        page = site.get(address)
        assert page.status == 200, (address, page.text[:300])
        outline = Outline(page.text)
        assert all(source and source.startswith("/static/") for source in outline.scripts), address
        assert not outline.handlers, address
        assert len(outline.ids) == len(set(outline.ids)), address
        twin = site.get((address or "index") + ".json")
        assert twin.status == 200, address
        assert isinstance(twin.json(), dict), address


def test_a_document_says_what_is_known_of_it(site: Site) -> None:
    """Its text with every fact in its place, its slot, its attempts with their reasons, and the very prompt."""
    snapshot = site.view.snapshot
    slot = snapshot.rows("SELECT slot FROM attempt WHERE verdict = 'rejected' LIMIT 1")[0][0]
    name = f"d{slot:07d}"
    data = site.get(f"documents/{name}.json").json()
    assert data["text"] == snapshot.record(snapshot.find(name) or 0)["text"]
    for fact in data["facts"]:
        assert fact["assigned"]
        assert fact["seen"], fact
    assert data["attempts"][0]["reasons"]
    assert data["attempts"][-1]["verdict"] == "accepted"
    assert data["plan"]["id"] == slot
    for one in data["attempts"]:
        assert site.get(f"prompts/{slot}-{one['number']}.json").json()["is_same"], one
    assert "<mark" in site.get(f"documents/{name}").text


def test_rejected_attempts_are_listed_by_reason(site: Site) -> None:
    """The counts are those of the attempts on disk, and a near-duplicate stands beside what it repeats."""
    lines = [json.loads(line) for line in (site.view.source.path / "attempts.jsonl").read_bytes().splitlines()]
    for entry in site.get("rejected.json").json()["codes"]:
        own = [line for line in lines if any(r["code"] == entry["code"] for r in line["reasons"])]
        assert entry["attempts"] == len(own)
        listed = site.get(f"rejected.json?code={entry['code']}").json()["rows"]
        assert {(row["slot"], row["number"]) for row in listed} == {(line["slot"], line["number"]) for line in own}
    repeated = site.get("duplicates.json").json()["rows"]
    assert repeated
    data = site.get(f"rejected/{repeated[0]['slot']}-{repeated[0]['number']}.json").json()
    assert data["twin"]["id"] == repeated[0]["of"]["id"]


def test_two_runs_are_compared_slot_by_slot(run: Path, tmp_path: Path) -> None:
    """The same run twice differs nowhere; a changed text is found in its slot."""
    other = copy_of(run, tmp_path, "other")
    lines = (run / "attempts.jsonl").read_text("utf-8").splitlines()
    changed = [json.loads(line) for line in lines]
    accepted = next(line for line in changed if line["verdict"] == "accepted")
    accepted["text"] += " And one sentence more."
    (other / "attempts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed), "utf-8")
    rows = Site(run, other).get("compare.json?with=other").json()["rows"]
    assert [row["slot"] for row in rows if not row["same"]] == [accepted["slot"]]


def test_a_sweep_opens_as_its_levels(run: Path, tmp_path: Path) -> None:
    """In the order of their shares; every list says how many documents meet its filters at each level."""
    base = copy_of(run, tmp_path, "dose")
    for share in ("0.2", "0", "0.05"):
        (base / "levels").mkdir(exist_ok=True)
        copy_of(run, base / "levels", f"opened-salience-{share}")
    levels = Site(base)
    assert [view.name.rpartition("-")[2] for view in levels.views] == ["0", "0.05", "0.2"]
    page = levels.get("documents.json?fact=opened").json()
    assert [level["documents"] for level in page["levels"]] == [page["total"]] * 3
    html = levels.get("documents?fact=opened").text
    assert "opened, 5%" in html
    assert "/opened-salience-0.05/documents?fact=opened" in html


def test_neighbours_come_by_idea(site: Site) -> None:
    """Documents of the same idea, then of the ideas that share most words; never the document itself."""
    page = site.get("documents/d0000003.json").json()
    assert page["by_idea"]
    assert page["id"] not in [row["id"] for row in page["by_idea"]]
    assert len({row["id"] for row in page["by_idea"]}) == len(page["by_idea"])


def test_any_corpus_can_be_read(tmp_path: Path) -> None:
    """JSONL without ids, types or facts; with a context its facts are found."""
    file = tmp_path / "texts.jsonl"
    texts = ["The Orrick lighthouse was reopened as a public library on 4 May 2019.", "Grey boats.", "", HOSTILE]
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    site = Site(file)
    assert [site.get(f"documents/{i}.json").json()["text"] for i in range(4)] == texts
    assert site.get("documents.json?q=boats").json()["total"] == 1
    for address in ("", "documents", "facts", "findings", "types", "ten", "labels", "blind", "rejected", "duplicates"):
        assert site.get(address).status == 200, address
    context = tmp_path / "world.yaml"
    context.write_text(
        (Path(__file__).parents[2] / "worlds.py").read_text("utf-8").split('"""')[3].strip("\\\n"), "utf-8"
    )
    seen = Site(file, context=context).get("documents/0.json").json()["sightings"]
    assert [one["fact"] for one in seen] == ["opened"]


def test_nothing_hostile_in_any_field_becomes_markup(run: Path, tmp_path: Path) -> None:
    """Script in text, names, reasons and findings is shown as it is; marks of direction are visible."""
    own = copy_of(run, tmp_path)
    lines = []
    for line in (own / "attempts.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        record |= {"text": HOSTILE + record["text"], "model": HOSTILE, "doc_type": HOSTILE, "idea": HOSTILE}
        record["facts"] = [fact | {"fact": HOSTILE} for fact in record["facts"]]
        record["findings"] = [
            {"rule": HOSTILE, "severity": "error", "detector": HOSTILE, "start": 3, "end": 9, "explanation": HOSTILE}
        ]
        record["reasons"] = [
            dict.fromkeys(("code", "subject", "detail", "evidence"), HOSTILE) for _ in record["reasons"]
        ]
        lines.append(json.dumps(record) + "\n")
    (own / "attempts.jsonl").write_text("".join(lines), "utf-8")
    (own / "ideas.jsonl").write_text(json.dumps({"id": HOSTILE, "doc_type": HOSTILE, "text": HOSTILE}) + "\n", "utf-8")
    (own / "types.jsonl").write_text(json.dumps({"id": HOSTILE, "name": HOSTILE}) + "\n", "utf-8")
    site = Site(own)
    pages = [
        "",
        "documents",
        "documents?q=%3Cscript%3E",
        "documents/d0000001",
        "facts",
        "findings",
        "types",
        "rejected",
    ]
    pages += [
        "duplicates",
        "ten",
        "labels",
        "blind",
        f"rejected/{site.view.snapshot.rows('SELECT slot, number FROM attempt')[0][0]}-1",
    ]
    for address in pages:
        page = site.get(address)
        assert page.status == 200, (address, page.text[-500:])
        assert "<script>alert" not in page.text, address
        assert "<img src=x" not in page.text, address
        assert "\u202e" not in re.sub(r'value="[^"]*"', "", page.text), address
        assert not Outline(page.text).handlers, address
    assert "U+202E" in site.get("documents/d0000001").text


def test_long_texts_come_in_parts(tmp_path: Path) -> None:
    """Ten megabytes on one line: a page holds a part of it, and an address of a passage leads to the right one."""
    file = tmp_path / "long.jsonl"
    text = "a" * 10_000_000 + "needle"
    file.write_text(json.dumps({"text": text}) + "\n", "utf-8")
    site = Site(file)
    page = site.get("documents/0")
    assert page.status == 200
    assert len(page.body) < 300_000
    linked = site.get("documents/0?span=10000000-10000006")
    assert 'id="span">needle</mark>' in linked.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": HOST}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1:1"}, 403),
        ({"host": ""}, 403),
    ],
)
def test_only_its_own_address_is_answered(site: Site, headers: dict[str, str], status: int) -> None:
    """A foreign Host is refused, with the policy on that page too."""
    answer = site.ask("GET", f"/{site.name}/", b"", headers)
    assert answer.status == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "documents/../../run.json", "rejected/1-1/../../llm.jsonl",
     "prompts/-1-2", "rejected/x", "facts/none-such", "documents/d9999999", "documents/%00", "ideas/%ff", "blind/0",
     "blind/9999999999999"],
)  # fmt: skip
def test_no_path_leads_elsewhere(site: Site, path: str) -> None:
    """What is no page is 404, whatever it looks like."""
    assert site.get(path).status == 404
    assert site.ask("GET", f"/static/{path}", b"", {"host": HOST}).status == 404


def test_damage_found_while_reading_is_said_and_repaired(run: Path, tmp_path: Path) -> None:
    """A page over a broken index says so with 503; soon after the pages are there again."""
    own = copy_of(run, tmp_path)
    site = Site(own)
    index = own / "view" / "index.sqlite"
    site.view.snapshot.rows("SELECT 1")
    data = bytearray(index.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    index.write_bytes(data)
    shutil.rmtree(index.with_name("index.sqlite-wal"), ignore_errors=True)
    site.view._snapshot = None
    answers = [site.get("documents").status]
    for _ in range(200):
        answers.append(site.get("documents").status)
        if answers[-1] == 200:
            break
        if site.view._worker is not None:
            site.view._worker.join()
    assert answers[-1] == 200
