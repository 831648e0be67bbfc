"""Its texts agree with themselves: choices that depend on each other are linked, and annexes are plain prose."""

import re
from pathlib import Path

import pytest

import docgen.embedded_writer
from docgen.embedded_writer.document_types import load_library
from docgen.prompts.requests import FactToExpress

from .scenes import LIGHTHOUSE, document_request, draft

DATA = Path(docgen.embedded_writer.__file__).parent / "data"
SINGULAR, PLURAL = {"it", "is", "was", "has", "its"}, {"they", "are", "were", "have", "their", "them"}
GROUP = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def disagreeing(line: str) -> list[str]:
    """Choices inside a sentence of which one option is singular and another plural, with nothing that links them."""
    found = []
    for group in GROUP.finditer(line):
        begins = line[: group.start()].rstrip().endswith((".", "*", "|", "?", "!", ":", "}")) or "=" in group[1][:2]
        firsts = {(option.lower().split() or [""])[0] for option in group[1].split("|")}
        if not begins and firsts & SINGULAR and firsts & PLURAL:
            found.append(group[0])
    return found


@pytest.mark.parametrize("file", sorted(DATA.glob("*.txt")), ids=lambda file: file.stem)
def test_singular_and_plural_are_never_drawn_apart(file: Path) -> None:
    assert [found for line in file.read_text("utf-8").splitlines() for found in disagreeing(line)] == []


def test_the_check_sees_choices_that_are_drawn_apart() -> None:
    assert disagreeing("* {Enquiries are|Each enquiry is} logged on the day {they arrive|it arrives}.")
    assert not disagreeing("* {1=Enquiries are|Each enquiry is} logged on the day {1=they arrive|it arrives}.")


WRONG = {
    "spent a morning to": r"\b(?:A class|A course)[^.]{3,40} spent [^.,]{3,20} to ",
    "gives a morning on": r"\b(?:A class|A course)[^.]{3,40} gives [^.,]{3,20} on ",
    "were consulted, and so has": r"consulted, and so has|read a draft, as was",
    "what follows cover": r"What follows (?:are|cover|fill in|supply|treat|should)\b",
    "Exhibits 1 to F": r"Exhibits? \d|Exhibits [A-Z] to \d",
    "some time": r"each other some time",
    "The a second coffee": r"\b[Tt]he an? ",
    "It is kept in a cabinet and know its wording": r"It is kept [^.]* and know ",
    "grew since the last issue": r"\b(?:grew|rose|counted|appeared|took) [^.]{0,60}(?:since the last|these past)",
    "have read last week": r"\b(?:have|has) (?:read|asked|added|received)[^.;]{0,40}\b(?:last (?:week|month))",
    "Those who want more, the": r"Those who want more, ",
    "Tell us what it is?": r"Tell us what [^.!]*\?",
    "file it to your team": r"file it to |pass it on with ",
    "a speech and the corridor came": r", (?:a speech|a toast)[^.]* came\.",
    "letters, letters": r"\b(\w+), \1 and ",
    "1 minutes": r"\b1 (?:minutes|pages|days|euros|points)\b",
}


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    """Documents with two facts by type, many of them long enough to have an annex."""
    facts = [FactToExpress(fact, "stated", "passing") for fact in LIGHTHOUSE.key_facts[:2]]
    requests = {
        kind.name: [document_request(LIGHTHOUSE, kind.name, tuple(facts), seed, 900) for seed in range(6)]
        for kind in load_library().types
    }
    return {name: [draft(each).text for each in asked] for name, asked in requests.items()}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_parts_of_a_sentence_fit_each_other(texts: dict[str, list[str]], wrong: str) -> None:
    found = [match[0] for drafts in texts.values() for text in drafts for match in re.finditer(wrong, text)]
    assert found == []


def test_plain_paragraphs_of_an_annex_hold_no_numbered_clause(texts: dict[str, list[str]]) -> None:
    """Nor a line that only an entry of a list can have."""
    glued = re.compile(r"(?<=[.!?] )(?:\d+\. [A-Z]|Also contains|Also in this version|Added: )")
    kinds = {grammar.name: grammar.tail for grammar in load_library().types if grammar.tail}
    annexes = 0
    for name, tails in kinds.items():
        for text in texts[name]:
            _, mark, annex = text.partition(next((tail for tail in tails if f"{tail}\n" in text), "\0"))
            annexes += bool(mark)
            assert not glued.search(annex), (name, annex)
    assert annexes > len(kinds)
