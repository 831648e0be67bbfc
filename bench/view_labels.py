"""Labels that were made in a browser against the same labels as a file: `docgen audit calibrate` has to say the same.

    python -m bench.view_labels GOLD.jsonl --context CONTEXT.yaml [--documents 15]

GOLD holds labelled documents ({id, doc_type, text, facts, leaks}). Its texts are opened in the explorer without their
labels; a real Chromium enters the labels as a person would: a passage is selected in the text, the fact or rule chosen,
a button clicked, and at the end "All of it is marked". What the page of labels then exports is scored beside the
original. Exits 1 where anything differs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from docgen.explorer.corpus_opening import open_views
from docgen.text import find_normalised
from tests.explorer.browser import Browser, open_browser, served, why_no_browser
from tests.explorer.test_browser import select


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--context", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=15)
    args = parser.parse_args()
    if why_no_browser():
        raise SystemExit(why_no_browser())
    gold = [json.loads(line) for line in args.gold.read_text("utf-8").splitlines()][: args.documents]
    with tempfile.TemporaryDirectory() as scratch:
        by_hand, corpus, exported = (Path(scratch) / name for name in ("hand.jsonl", "corpus.jsonl", "gold.jsonl"))
        by_hand.write_text("".join(json.dumps(one) + "\n" for one in gold))
        texts = [{key: one[key] for key in ("id", "doc_type", "text")} for one in gold]
        corpus.write_text("".join(json.dumps(one) + "\n" for one in texts))
        clicks = label(corpus, args.context, gold, exported)
        scores = [calibrated(file, args.context) for file in (by_hand, exported)]
        print(f"{len(gold)} documents, {clicks} labels by clicks; exported: {len(exported.read_text().splitlines())}")
        for name in ("facts_overall", "rules_overall"):
            print(name, *(f"precision {s[name]['precision']:.3f}, recall {s[name]['recall']:.3f};" for s in scores))
        same = scores[0] == scores[1]
        print("calibrate says the same of both" if same else "calibrate differs")
    return int(not same)


def label(corpus: Path, context: Path, gold: list[dict[str, Any]], exported: Path) -> int:
    """Enter all labels in a browser and export them; the number of labels."""
    view = open_views([corpus], context=context)[0]
    clicks = 0
    with open_browser() as browser, served([view]) as address:
        browser.base = f"{address}/{view.name}/"
        browser.look(1280, 900)
        for one in gold:
            browser.open(f"documents/{one['id']}")
            for fact, verdict in one["facts"].items():
                if verdict != "absent":
                    clicks += said(browser, "fact", fact, verdict)
            for leak in one["leaks"]:
                place = find_normalised(one["text"], leak["evidence"])
                if place:
                    select(browser, one["text"][place[0] : place[1]])
                clicks += said(browser, "rule", leak["rule"], "broken")
            click(browser, "whole:complete")
        with urllib.request.urlopen(f"{browser.base}labels/gold.jsonl") as answer:
            exported.write_bytes(answer.read())
    view.close()
    return clicks


def said(browser: Browser, kind: str, subject: str, verdict: str) -> int:
    """Choose a fact or rule and click what is said of it."""
    browser.run("document.getElementById(arguments[0]).value = arguments[1]", kind, subject)
    click(browser, f"{kind}:{verdict}")
    return 1


def click(browser: Browser, value: str) -> None:
    """Click a button of the form, and wait until the page that shows the label is there."""
    before = browser.run("return document.querySelectorAll('.labels li').length")
    browser.find(f"button[value='{value}']").click()
    browser.wait("document.querySelectorAll('.labels li').length > arguments[0]", before)


def calibrated(gold: Path, context: Path) -> dict[str, Any]:
    """What the command says of a gold file, without the file's own name and digest."""
    command = [sys.executable, "-m", "docgen", "audit", "calibrate", str(gold), "--context", str(context), "--json"]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {key: value for key, value in said.items() if key not in ("gold", "gold_digest")}


if __name__ == "__main__":
    sys.exit(main())
