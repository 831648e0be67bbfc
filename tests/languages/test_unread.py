"""An audit says of which documents wording does not know the language: there, silence is no finding."""

import json
from pathlib import Path

import pytest

from docgen.audit.measure.unknown_languages import ALL_OF, LanguageTally
from docgen.pipeline.audit.audit import Audit
from docgen.universe import parse_context
from tests.cli.runs.test_exit_codes import docgen
from tests.worlds import LIGHTHOUSE

TEXTS = {
    "English": "The harbour office wrote to the parish about the boat, and it was read out to all who were there. " * 4,
    "German": "Das Amt hat der Gemeinde wegen des Bootes geschrieben, und der Brief wurde allen vorgelesen. " * 4,
    "French": "Le bureau du port a écrit à la paroisse au sujet du bateau, et la lettre fut lue à tous. " * 4,
    "Japanese": "港の事務所は船について教区に手紙を書き、その手紙はそこにいたすべての人の前で読まれた。" * 8,
    "Russian": "Портовая контора написала приходу о лодке, и письмо было прочитано всем, кто там был. " * 4,
}
GERMAN = LIGHTHOUSE.replace("id: lighthouse", "id: lighthouse\nlanguage: de")


@pytest.mark.parametrize(
    ("context", "known"), [(LIGHTHOUSE, {"English"}), (GERMAN, {"English", "German"})], ids=["English", "German"]
)
def test_documents_in_languages_without_cues_are_counted(context: str, known: set[str]) -> None:
    report = Audit(parse_context(context, "c.yaml")).scan(list(TEXTS.values())).leakage
    assert report.unread.looked_at == len(TEXTS)
    assert sum(report.unread.documents.values()) == len(TEXTS.keys() - known)
    assert {"Japanese", "Russian"} <= report.unread.documents.keys()
    assert not known & report.unread.documents.keys()


def test_screen_and_report_say_so_only_where_it_is_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("light.yaml").write_text(LIGHTHOUSE, "utf-8")
    for name in ("French", "English"):
        rows = [{"id": str(n), "text": f"{TEXTS[name]} {n}"} for n in range(3)]
        Path("texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        audit = ("audit", "all", "texts.jsonl", "--context", "light.yaml", "--out", name)
        assert docgen(monkeypatch, *audit) == 0
        screen = " ".join(capsys.readouterr().out.split())
        page = (tmp_path / name / "report.html").read_text("utf-8")
        said = "have no wording in the language of 3 of 3 documents"
        assert (said in screen, said in page) == (name == "French", name == "French")


def test_of_many_documents_some_are_looked_at_and_parts_add_up() -> None:
    parts = [LanguageTally({"en"}) for _ in range(2)]
    for part in parts:
        for n in range(ALL_OF + 100):
            part.add(TEXTS["Russian"] if n % 2 else TEXTS["English"])
    parts[0].merge(parts[1])
    report = parts[0].report()
    assert report.looked_at == 2 * (ALL_OF + 5)
    assert 0 < report.documents["Russian"] < report.looked_at


def test_short_texts_are_not_judged_by_their_few_words() -> None:
    tally = LanguageTally({"en"})
    tally.add("Boat: 3 p.m.")
    assert tally.report().in_words == ""
