"""The explorer in a real Chromium: every page in both themes and sizes, keys, labels, blind draws, the static site."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docgen.explorer.corpus_opening import open_all, open_views
from docgen.explorer.publish.site import export_site
from docgen.explorer.view import View
from tests.explorer.browser import Browser, needs_browser, open_browser, served
from tests.explorer.corpora import Site, copy_of
from tests.explorer.pages.test_pages import addresses

pytestmark = needs_browser

WORDS = "The ferry \U0001f6a2 came in. \u202eOdd\u202c marks stand here, and the keeper winds the clock."


@pytest.fixture(scope="module")
def view(run: Path, tmp_path_factory: pytest.TempPathFactory) -> View:
    """A run of its own, one of whose texts has characters that count differently in a browser."""
    own = copy_of(run, tmp_path_factory.mktemp("browser"))
    lines = [json.loads(line) for line in (own / "attempts.jsonl").read_bytes().splitlines()]
    for line in lines:
        if line["slot"] == 3 and line["verdict"] == "accepted":
            line["text"] = f"{WORDS}\n\n{line['text']}"
    (own / "attempts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return open_views([str(own)])[0]


@pytest.fixture(scope="module")
def browser(view: View) -> Iterator[Browser]:
    """A browser that looks at it."""
    with open_browser() as one, served([view]) as address:
        one.base = f"{address}/{view.name}/"
        yield one


def test_an_experiments_pages_can_be_used_by_everybody(browser: Browser, experiment: Path) -> None:
    """The same of its overview, lists and transcripts, live and as a site from a disk; keys and search work there."""
    (shown,) = open_all([experiment])
    site = experiment.parent / "site"
    export_site(shown, site)
    against: dict[str, list[str]] = {}
    with served([shown]) as address:
        path = shown.at_random().removeprefix("transcripts/")
        base = f"{address}/{shown.name}"
        live = [f"{base}/", f"{base}/transcripts?sort=random-2", f"{base}/transcripts/{path}"]
        for page in [*live, (site / "index.html").as_uri(), (site / f"{path}.html").as_uri()]:
            browser.look(1280, 900)
            browser.open(page)
            found = browser.violations() + browser.complaints()
            browser.look(360, 800, dark=True)
            found += browser.violations("color-contrast")
            if browser.run("return document.documentElement.scrollWidth") > 360:
                found.append("wider than a phone")
            against |= {page: found} if found else {}
        browser.open(live[1])
        browser.press("j", "o")
        browser.wait("document.querySelectorAll('section.tier').length === 2")
    browser.open((site / "transcripts.html").as_uri() + "?tier=free&compliance=full")
    shown_there = browser.wait("document.querySelectorAll('#list-place .item').length")
    rows = (site / "search/documents-0.js").read_text()
    assert shown_there == rows.count('"tier":"free","compliance":"full"') > 0
    assert against == {}


@pytest.fixture(autouse=True)
def fresh(browser: Browser) -> None:
    """Every test begins on a wide, light page."""
    browser.look(1280, 900)
    browser.complaints()


def test_every_page_can_be_used_by_everybody(browser: Browser, view: View, run: Path) -> None:
    """axe-core finds nothing, the dark theme has contrast too, no page is wider than a phone or breaks its policy."""
    draw = Site(view.source.path).post("draw", subject="", count="3").json()["draw"]
    against: dict[str, list[str]] = {}
    for address in [*addresses(Site(run)), f"blind/{draw}", "documents?q=boats&fact=opened", "nowhere"]:
        browser.look(1280, 900)
        browser.open(address)
        found = browser.violations() + [line for line in browser.complaints() if "404" not in line]
        browser.look(360, 800, dark=True)
        found += browser.violations("color-contrast")
        if browser.run("return document.documentElement.scrollWidth") > 360:
            found.append("wider than a phone")
        against |= {address: found} if found else {}
    assert against == {}


def test_all_of_it_can_be_done_by_keys(browser: Browser, view: View) -> None:
    """/ searches, j and k move, o opens, u goes up, r draws, ? helps; keys typed into a field are letters."""
    ids = [row["id"] for row in Site(view.source.path).get("documents.json").json()["rows"]]
    browser.open("documents")
    browser.press("j", "j", "k", "j", "o")
    browser.wait("document.body.dataset.page === 'document'")
    assert browser.driver.current_url.endswith(ids[1])
    browser.press("j")
    browser.wait("location.pathname.endsWith(arguments[0])", ids[2])
    browser.press("k")
    browser.wait("location.pathname.endsWith(arguments[0])", ids[1])
    browser.press("?")
    assert browser.wait("document.getElementById('keys').open")
    browser.press("\ue00c")
    browser.press("u")
    browser.wait("document.body.dataset.page === 'documents'")
    browser.press("/", "j", "o", "r")
    assert browser.find("#q").get_attribute("value") == "jor"
    browser.press("\ue007")
    browser.wait("location.search.includes('q=jor')")
    browser.press("r")
    browser.wait("document.body.dataset.page === 'document'")


def select(browser: Browser, words: str) -> None:
    """Select words of the text as a mouse would, hidden characters among them."""
    browser.run(
        """
        const text = document.getElementById("text"), walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
        const nodes = []; let whole = "";
        while (walker.nextNode()) { nodes.push([walker.currentNode, whole.length]); whole += walker.currentNode.data; }
        const start = whole.indexOf(arguments[0]), end = start + arguments[0].length;
        function at(place) {
          const best = nodes.filter(function (n) { return n[1] <= place; }).pop();
          return [best[0], place - best[1]];
        }
        const range = document.createRange(); range.setStart(...at(start)); range.setEnd(...at(end));
        const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range);
        """,
        words,
    )


def test_a_selected_passage_is_labelled_where_it_stands(browser: Browser, view: View) -> None:
    """After an emoji and marks of direction the places are still those of the text; undo takes it back."""
    browser.open("documents/d0000003")
    words = "and the keeper winds the clock"
    select(browser, words)
    browser.wait("document.getElementById('passage').value === arguments[0]", words)
    browser.run("document.getElementById('fact').value = 'keeper'")
    browser.find("button[value='fact:stated']").click()
    browser.wait("document.querySelector('.labels')")
    label = view.labels.of("d0000003")[-1]
    assert (label.quote, label.subject, label.verdict) == (words, "keeper", "stated")
    assert WORDS[label.start : label.end] == words
    assert browser.find("mark.label").text == words
    browser.find(".undo button").click()
    browser.wait("!document.querySelector('.labels')")
    browser.press("g")
    browser.wait("document.querySelector('button.good[aria-pressed=true]')")
    assert [one.verdict for one in view.labels.of("d0000003")] == ["good"]


def test_a_refused_label_is_said_beside_the_button(browser: Browser) -> None:
    """Without a fact chosen the page says what is missing, and stays."""
    browser.open("documents/d0000004")
    browser.find("button[value='fact:implied']").click()
    assert "which fact" in browser.wait("document.getElementById('label-problem').textContent")


def test_blind_draws_are_worked_through(browser: Browser) -> None:
    """Drawing, labelling whole one after the other, and the estimate at the end."""
    browser.open("blind")
    browser.run(
        "document.querySelector('input[name=count]').value = 2; document.querySelector('select').value = 'fact:opened'"
    )
    browser.find("main form button").click()
    for number in range(2):
        browser.wait(
            "(document.querySelector('a[rel=up]') || document.body).textContent.includes(arguments[0])",
            f"{number} labelled",
        )
        assert not browser.driver.find_elements("css selector", "mark.fact, .tag")
        browser.find("button[value='whole:complete']").click()
    browser.wait("(document.querySelector('main h1') || document.body).textContent.includes('All 2')")
    browser.open("blind")
    assert "Estimate for the corpus" in browser.find("main").text


def test_themes_are_chosen_and_kept(browser: Browser) -> None:
    """The button turns the theme round, and the next page is as the last."""
    browser.open("")
    light = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.find("#theme").click()
    dark = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.open("facts")
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == dark != light
    browser.find("#theme").click()


def test_the_published_site_works_from_a_disk(browser: Browser, view: View, tmp_path: Path) -> None:
    """file:// pages: search, filters, links, no complaint, nothing against them from axe-core."""
    export_site(view, tmp_path / "site")
    base = (tmp_path / "site").as_uri()
    for page in ("index.html", "documents.html", "fact/opened.html"):
        browser.open(f"{base}/{page}")
        assert browser.violations() == [], page
    browser.open(f"{base}/index.html")
    browser.press("/")
    browser.wait("document.activeElement.id === 'q'")  # keys that come before the box has the focus are lost
    browser.press("f", "e", "r", "r", "y", "\ue007")
    browser.wait(
        "document.querySelector('main h1') && document.querySelector('main h1').textContent.startsWith('1 document')"
    )
    browser.find("#list-place .title").click()
    browser.wait("document.body.dataset.page === 'document'")
    assert "The ferry" in browser.find("#text").text
    browser.open(f"{base}/documents.html?fact=keeper")
    shown = browser.wait("document.querySelectorAll('#list-place .item').length")
    assert shown == sum(view.snapshot.summary["facts"][str(view.snapshot.code("fact", "keeper"))][1:])
    assert browser.complaints() == []


def test_pages_can_be_read_and_labelled_without_script(browser: Browser, view: View) -> None:
    """With scripts off the text is there, and the form still keeps a label."""
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open("documents/d0000005")
        browser.find("#passage").send_keys(str(view.snapshot.record(view.snapshot.find("d0000005") or 0)["text"])[:20])
        browser.find("#fact option[value=stairs]").click()
        browser.find("button[value='fact:implied']").click()
        for _ in range(200):
            if view.labels.of("d0000005"):
                break
            time.sleep(0.025)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert [(one.subject, one.start, one.end) for one in view.labels.of("d0000005")] == [("stairs", 0, 20)]
