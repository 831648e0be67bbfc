"""A published site in a real Chromium, opened from a disk and over HTTP: pages, search, filters, links, complaints.

    python -m bench.view_site SITE... [--pages 12]

SITE: folders that `docgen view --export` wrote. Of each it opens the overview, the list, and some pages drawn at
random, each both ways; asks the search for words of a document; follows what it finds; and has axe-core look. Every
link of every page is looked up on disk. Exits 1 where anything is wrong.
"""

import argparse
import functools
import http.server
import random
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.explorer.browser import Browser, open_browser, why_no_browser

LINK = re.compile(r'(?:href|src)="([^"#]+)')
WORD = re.compile(r"[a-z]{7,}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", type=Path, nargs="+")
    parser.add_argument("--pages", type=int, default=12)
    args = parser.parse_args()
    if why_no_browser():
        raise SystemExit(why_no_browser())
    wrong = 0
    with open_browser() as browser:
        for site in args.sites:
            wrong += len(broken_links(site))
            with over_http(site) as address:
                for base in (site.resolve().as_uri(), address):
                    problems = looked_at(browser, site, base, args.pages)
                    wrong += len(problems)
                    print(f"{base.partition(':')[0]:5} {site.name}: {len(problems)} problems", *problems, sep="\n  ")
    return int(wrong > 0)


def broken_links(site: Path) -> list[str]:
    """Links of all pages that lead nowhere; says how many there are of either."""
    pages = sorted(site.rglob("*.html"))
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text("utf-8"))]
    local = [(page, link) for page, link in links if not link.startswith(("data:", "http:", "https:"))]
    known: dict[Path, bool] = {}
    broken = []
    for page, link in local:
        target = page.parent / link.partition("?")[0]
        if not known.setdefault(target, target.exists()):
            broken.append(f"{page}: {link}")
    outside = len(links) - len(local) - sum(link.startswith("data:") for _, link in links)
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    print(f"{site.name}: {len(pages):,} pages, {size / 2**20:.0f} MiB, {len(local):,} links, {len(broken)} broken, "
          f"{outside} to elsewhere")  # fmt: skip
    return broken


def looked_at(browser: Browser, site: Path, base: str, count: int) -> list[str]:
    """What is wrong with some pages and with the search, from a disk (file:) or a server."""
    rng, problems = random.Random(0), list[str]()
    files = sorted(str(page.relative_to(site)) for page in site.rglob("*.html"))
    listed = "transcripts.html" if "transcripts.html" in files else "documents.html"
    drawn = rng.sample(files, min(count, len(files)))
    for name in dict.fromkeys(["index.html", listed, *drawn]):
        browser.look(1280, 900)
        browser.open(f"{base}/{name}")
        found = browser.violations() + browser.complaints()
        browser.look(360, 800, dark=True)
        if browser.run("return document.documentElement.scrollWidth") > 360:
            found.append("wider than a phone")
        problems += [f"{name}: {one}" for one in found]
    browser.look(1280, 900)
    name = next(name for name in drawn if name.count("/"))
    browser.open(f"{base}/{name}")
    shown = browser.run(
        "return Array.from(document.querySelectorAll('h1.query, main .text'), e => e.textContent).join(' ')"
    )
    known = sorted(set(WORD.findall(shown.lower())))
    words = rng.sample(known, min(2, len(known)))
    browser.open(f"{base}/{listed}?q={'+'.join(words)}")
    hits = browser.wait("document.querySelectorAll('#list-place .item').length")
    browser.find("#list-place .title").click()
    text = browser.wait("document.querySelector('main .text') && document.body.textContent.toLowerCase()")
    problems += [f"{word} is not in what was found for it" for word in words if word not in text]
    problems += browser.complaints()
    print(f"  {' '.join(words)!r}: {hits} found")
    return problems


@contextmanager
def over_http(site: Path) -> Iterator[str]:
    """The folder on a web server of this machine; its address."""
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing of what it served."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    sys.exit(main())
