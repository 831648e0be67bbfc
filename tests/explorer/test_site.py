"""A published site: complete, self-contained, and without anything that is not to be published."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError
from docgen.explorer.corpus_opening import open_views
from docgen.explorer.publish.site import SiteOptions, export_site
from tests.explorer.corpora import copy_of


@pytest.fixture(scope="module")
def published(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the whole run, on which somebody had left labels."""
    own = copy_of(run, tmp_path_factory.mktemp("published"))
    (own / "llm.jsonl").write_text(
        (own / "llm.jsonl").read_text("utf-8").replace('"text":"', '"text":"JOURNALMARK '), "utf-8"
    )
    out = own.parent / "site"
    export_site(open_views([str(own)])[0], out, SiteOptions(licence="CC BY 4.0", canary="canary-of-the-test"))
    return out


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_every_link_leads_somewhere(published: Path) -> None:
    """Each local link, style and script of each page is a file of the site."""
    for page in pages(published):
        for link in re.findall(r'(?:href|src|action)="([^"]*)"', page.read_text("utf-8")):
            target = link.partition("#")[0].partition("?")[0]
            assert not link.startswith(("/", "http")), (page, link)
            assert not target or (page.parent / target).exists(), (page, link)


def test_every_document_is_there_under_a_hash_of_its_text(published: Path, run: Path) -> None:
    """The address of a text stays whatever else is published beside it."""
    texts = [json.loads(line) for line in (run / "attempts.jsonl").read_bytes().splitlines()]
    accepted = {one["text"] for one in texts if one["verdict"] == "accepted"}
    assert len(list((published / "document").iterdir())) == len(accepted)
    fewer = published.parent / "fewer"
    export_site(open_views([str(run)])[0], fewer, SiteOptions(documents=4))
    names = {file.name for file in (fewer / "document").iterdir()}
    assert len(names) == 4
    assert names <= {file.name for file in (published / "document").iterdir()}


def test_every_page_says_what_it_is(published: Path) -> None:
    """Synthetic, licence, canary, no robots, a policy; and a robots.txt."""
    for page in pages(published):
        text = page.read_text("utf-8")
        for needed in ("Synthetic.", "CC BY 4.0", "canary-of-the-test", 'name="robots"', "Content-Security-Policy"):
            assert needed in text, (page, needed)
    assert "Disallow: /" in (published / "robots.txt").read_text("utf-8")


def test_nothing_of_the_journal_or_of_this_machine_is_in_it(published: Path) -> None:
    """No reply, no path, no name of a user, no token."""
    import getpass

    for file in published.rglob("*"):
        text = file.read_text("utf-8") if file.is_file() else ""
        for secret in (
            "JOURNALMARK",
            str(published.parent),
            "llm.jsonl",
            "x-docgen-token=",
            "/home/",
            f">{getpass.getuser()}<",
        ):
            assert secret not in text, (file, secret)


def test_the_search_files_hold_every_word(published: Path) -> None:
    """What a browser loads for a word lists the documents that have it."""
    rows, words, common = dict[int, Any](), dict[str, str](), set[str]()
    for file in (published / "search").iterdir():
        kind, _, value = json.loads(
            f"[{file.read_text('utf-8').removeprefix('docgenSearch(').removesuffix(');' + chr(10))}]"
        )
        if kind == "documents":
            rows |= dict(enumerate(value))
        elif kind == "words":
            words |= value
        else:
            common = set(value["common"])
    for number, row in rows.items():
        html = (published / row["u"]).read_text("utf-8").partition('id="text"')[2].partition("</article>")[0]
        text = re.sub(r"<[^>]+>", "", html.partition(">")[2])
        for word in set(re.findall(r"[a-z]+", text.lower())) - common:
            places, at = set(), 0
            for part in words[word].split():
                at += int(part, 36)
                places.add(at)
            assert number in places, word


def test_only_an_earlier_site_is_replaced(published: Path, run: Path, tmp_path: Path) -> None:
    """A folder with anything else in it is left alone."""
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ConfigError, match="something other than"):
        export_site(open_views([str(run)])[0], tmp_path)
    assert (tmp_path / "mine.txt").exists()
