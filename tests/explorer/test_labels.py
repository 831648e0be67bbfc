"""Labels: kept whoever else writes, undone, refused where they cannot be kept, equal to the same labels in a file."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from docgen.audit.measure.calibration import read_gold
from docgen.explorer.labels.store import Label, LabelStore
from docgen.explorer.labels.stratified_draws import Stratum, draw_documents, estimate
from docgen.pipeline.audit.calibration import GoldSet
from docgen.universe.context_files import load_context
from tests.explorer.corpora import HOST, Site, copy_of


@pytest.fixture
def own(run: Path, tmp_path: Path) -> Site:
    """A site whose labels are the test's."""
    return Site(copy_of(run, tmp_path))


def test_labels_from_pages_are_the_same_as_in_a_file(own: Site, tmp_path: Path) -> None:
    """What is marked in pages and exported scores as a gold file written by hand does."""
    by_hand = []
    for number in range(6):
        name = f"d{number:07d}"
        page = own.get(f"documents/{name}.json").json()
        facts = dict.fromkeys(("opened", "keeper", "stairs"), "absent")
        for seen in page["sightings"]:
            verdict = "contradicted" if number == 0 else seen["verdict"]
            own.post(
                "label",
                document=name,
                say=f"fact:{verdict}",
                fact=seen["fact"],
                start=str(seen["start"]),
                end=str(seen["end"]),
            )
            facts[seen["fact"]] = verdict
        leaks = []
        if number == 1:
            own.post("label", document=name, say="rule:broken", rule="scaffold", passage=page["text"][:12])
            leaks = [{"rule": "scaffold", "evidence": page["text"][:12]}]
        assert own.post("label", document=name, say="whole:complete").status == 200
        by_hand.append(
            {"id": name, "text": page["text"], "doc_type": page["type_name"], "facts": facts, "leaks": leaks}
        )
    own.post("label", document="d0000007", say="fact:stated", fact="opened", passage="")  # not labelled whole
    exported, written = tmp_path / "gold.jsonl", tmp_path / "hand.jsonl"
    exported.write_bytes(own.get("labels/gold.jsonl").body)
    written.write_text("".join(json.dumps(line) + "\n" for line in by_hand), "utf-8")
    assert read_gold(exported) == read_gold(written)
    context = load_context(own.view.source.path / "context.yaml")
    calibration = GoldSet(exported, read_gold(exported), context).calibration()
    assert calibration is not None
    scores = own.get("facts.json").json()["scores"]
    assert scores["facts"] == json.loads(calibration.model_dump_json())["facts"]


def test_a_label_can_be_undone_and_stays_on_disk(own: Site) -> None:
    """Undone ones are gone from pages and exports; good and bad can be filtered by."""
    first = own.post("label", document="d0000002", say="document:bad", note="thin").json()
    assert own.get("documents.json?label=bad").json()["total"] == 1
    assert own.get("documents/d0000002.json").json()["labels"][0]["note"] == "thin"
    assert own.post("undo", id=str(first["id"])).json() == {"undone": True}
    assert own.post("undo", id=str(first["id"])).json() == {"undone": False}
    assert own.get("documents.json?label=bad").json()["total"] == 0


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({"origin": "http://evil.example"}, {}),
        ({"origin": "null"}, {}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({"x-docgen-token": "guessed"}, {}),
        ({"x-docgen-token": ""}, {"token": "guessed"}),
        ({"x-docgen-token": "", "origin": ""}, {}),
        ({"host": "evil.example", "origin": "http://evil.example"}, {}),
    ],
)
def test_no_other_page_can_write(own: Site, headers: dict[str, str], fields: dict[str, str]) -> None:
    """A foreign Origin, Host or token is refused, and nothing is kept."""
    answer = own.post("label", headers, document="d0000002", say="document:good", **fields)
    assert answer.status == 403
    assert own.view.labels.all() == []
    assert own.ask("GET", f"/{own.name}/label", b"", {"host": HOST}).status in (404, 405)


def test_senseless_labels_are_refused_in_words(own: Site) -> None:
    """Unknown documents, verdicts, facts left out, passages that do not occur: 409 and a line that says which."""
    for fields in (
        {"document": "d9999999", "say": "document:good"},
        {"document": "d0000001", "say": "document:splendid"},
        {"document": "d0000001", "say": "fact:stated"},
        {"document": "d0000001", "say": "fact:stated", "fact": "opened", "passage": "nowhere in it"},
        {"document": "d0000001"},
    ):
        answer = own.post("label", None, **fields)
        assert answer.status == 409, fields
        assert answer.text.strip().count("\n") == 0
    assert own.view.labels.all() == []


def test_a_form_without_script_goes_back_to_its_page(own: Site) -> None:
    """303 to the page it came from, never to another site."""
    for next_, expected in (
        ("/lamp/documents/d0000001#label", "/lamp/documents/d0000001#label"),
        ("//evil.example/", "/lamp/"),
    ):
        answer = own.post("label", {"accept": "text/html"}, document="d0000001", say="document:good", next=next_)
        assert (answer.status, answer.headers["location"]) == (303, expected)


def test_a_folder_that_cannot_be_written_refuses_labels(
    own: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pages are there, from an index in the user's cache; labels are refused with what to do."""
    from docgen.explorer.index import index_maintenance

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    allowed = index_maintenance._can_write
    monkeypatch.setattr(index_maintenance, "_can_write", lambda folder: "cache" in str(folder) and allowed(folder))
    site = Site(own.view.source.path)
    assert site.get("documents/d0000001").status == 200
    assert "Labels cannot be stored" in site.get("documents/d0000001").text
    answer = site.post("label", document="d0000001", say="document:good")
    assert answer.status == 409
    assert "make the folder writable" in answer.text
    assert list((tmp_path / "cache").rglob("index.sqlite"))


def test_writers_side_by_side_lose_no_label(tmp_path: Path) -> None:
    """Four stores of one file, as of several browsers and processes, twenty-five labels each."""

    def write(number: int) -> None:
        store = LabelStore(tmp_path)
        for i in range(25):
            store.add(Label(0, f"d{number}-{i}", "", "document", "", "good", who=str(number)), "text")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({label.document for label in LabelStore(tmp_path).all()}) == 100


def test_labels_outlive_the_corpus_they_were_made_on(own: Site) -> None:
    """The text that was labelled is in the export, though the document reads otherwise now."""
    before = own.get("documents/d0000003.json").json()["text"]
    own.post("label", document="d0000003", say="whole:complete")
    file = own.view.source.path / "attempts.jsonl"
    text = file.read_text("utf-8").replace(json.dumps(before, ensure_ascii=False)[1:-1], "Quite another text.")
    file.with_suffix(".new").write_text(text, "utf-8")
    file.with_suffix(".new").replace(file)
    again = Site(own.view.source.path)
    assert again.get("documents/d0000003.json").json()["text"] == "Quite another text."
    assert json.loads(again.get("labels/gold.jsonl").body)["text"] == before


def test_blind_pages_say_nothing_of_detectors(own: Site) -> None:
    """Neither facts, findings nor verdicts are on the page or in its twin; the draw comes to an estimate."""
    draw = own.post("draw", subject="fact:opened", count="6", seed="3").json()["draw"]
    page, twin = own.get(f"blind/{draw}"), own.get(f"blind/{draw}.json").json()
    assert page.status == 200
    assert 'class="fact' not in page.text
    assert not {"facts", "sightings", "findings", "verdicts", "plan"} & twin.keys()
    for _ in range(6):
        name = own.get(f"blind/{draw}.json").json()["id"]
        facts = {one["fact"] for one in own.get(f"documents/{name}.json").json()["sightings"]}
        if "opened" in facts:
            own.post("label", document=name, say="fact:stated", fact="opened", draw=str(draw))
        own.post("label", document=name, say="whole:complete", draw=str(draw))
    assert own.get(f"blind/{draw}.json").json()["place"] is None
    result = own.get("blind.json").json()["draws"][0]
    assert result["labelled"] == 6
    assert result["estimate"]["share"] == pytest.approx(own.get("facts/opened.json").json()["assigned_share"])


def test_estimates_from_draws_are_unbiased() -> None:
    """Over many draws from uneven strata the mean of the estimates is the true share, and errors are as claimed."""
    rng = np.random.default_rng(5)
    flagged = rng.random(2000) < 0.05
    truth = np.where(flagged, rng.random(2000) < 0.7, rng.random(2000) < 0.02)
    strata = [Stratum("found", flagged), Stratum("nothing found", ~flagged)]
    sizes = {stratum.name: stratum.size for stratum in strata}
    estimates = []
    for seed in range(400):
        labels: dict[str, list[bool]] = {}
        for doc, stratum in draw_documents(strata, 60, seed):
            labels.setdefault(stratum, []).append(bool(truth[doc]))
        estimates.append(estimate(sizes, labels))
    shares = np.array([one.share for one in estimates])
    assert shares.mean() == pytest.approx(truth.mean(), abs=3 * shares.std() / 20)
    assert np.mean([one.error for one in estimates]) == pytest.approx(shares.std(), rel=0.25)
    covered = [
        one.low is not None and one.high is not None and one.low <= truth.mean() <= one.high for one in estimates
    ]
    assert np.mean(covered) > 0.93


def test_labels_that_agree_are_no_certainty() -> None:
    """One label in each stratum, all the same: the interval is wide."""
    result = estimate({"found": 10, "nothing found": 190}, {"found": [True], "nothing found": [False]})
    assert result.share == pytest.approx(0.05)
    assert result.high is not None
    assert result.high > 0.5
