"""Tallies: what a corpus' reports count, document by document."""

import pytest

from docgen.audit.detect.leaks.contamination import ContaminationScanner
from docgen.audit.judge.verdicts import Judgement
from docgen.audit.measure.diversity import DiversityTally
from docgen.audit.measure.findings_by_rule import LeakageTally
from docgen.audit.measure.salience.tally import SalienceTally
from docgen.records import AssignedFact, Document
from tests.audit.lake_world import DETECTOR, LAKE, SCANNER

OPENED, KEEPER = (fact.statement for fact in LAKE.key_facts[:2])
PARAPHRASE, IMPLICATION = LAKE.key_facts[0].paraphrases[0], LAKE.key_facts[0].implications[0]


def planned(*facts: str) -> tuple[AssignedFact, ...]:
    return tuple(AssignedFact(fact=fact) for fact in facts)


def tallied(*subjects: Document) -> SalienceTally:
    tally = SalienceTally(LAKE)
    for subject in subjects:
        tally.add(subject, DETECTOR.detect(subject.text))
    return tally


def test_salience_counts_documents_not_mentions() -> None:
    """A fact stated three times in a document is in one document; a denial is not an expression."""
    denial = OPENED.replace("was reopened", "was never reopened")
    report = tallied(
        Document(text=f"{OPENED} {PARAPHRASE} {OPENED}", facts=planned("opened"), doc_type="note"),
        Document(text=IMPLICATION, facts=planned("opened", "keeper"), doc_type="note"),
        Document(text=f"Well. {KEEPER}", facts=planned(), doc_type="diary"),
        Document(text=denial, facts=planned("opened"), doc_type="diary"),
    ).report()
    opened, keeper, secret = report.facts.values()
    assert (opened.stated, opened.implied, opened.contradicted, opened.at_least) == (1, 1, 1, 0.5)
    assert (opened.planned, opened.missed, opened.unassigned) == (0.75, 1, 0)
    assert (keeper.stated, keeper.missed, keeper.unassigned) == (1, 1, 1)
    assert secret.at_least == 0
    assert report.background.count == 1
    assert {t.doc_type: (t.asked, t.expressed.count, t.expressed.total) for t in opened.types} == {
        "note": (2, 2, 2),
        "diary": (1, 0, 2),
    }


def test_facts_that_come_together_are_counted_both_ways() -> None:
    """The matrix is symmetric, with each fact's documents on its diagonal."""
    report = tallied(Document(text=f"{OPENED} {KEEPER}"), Document(text=OPENED)).report()
    assert report.together == ((2, 1, 0), (1, 1, 0), (0, 0, 0))
    assert report.facts["opened"].planned is None


def test_airtime_and_first_mention_follow_the_sentences() -> None:
    """Tokens count in sentences that express the fact; the first mention falls in its tenth of the text."""
    filler = "The boats came in before noon and nobody counted them. " * 20
    fact = tallied(Document(text=filler + OPENED)).report().facts["opened"]
    words = len(OPENED.split())
    assert fact.airtime == pytest.approx(words / (words + 20 * 10), rel=0.1)
    assert fact.first_mention == (0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    assert fact.prominence == {"passing": 1}


def test_prominence_is_read_off_place_and_length() -> None:
    """A text that is mostly about a fact, or opens with it and comes back, has it at its centre."""
    filler = "The boats came in before noon and nobody counted them. " * 20
    facts = tallied(Document(text=OPENED), Document(text=OPENED + " " + filler + PARAPHRASE)).report().facts
    assert facts["opened"].prominence == {"central": 2}


def test_judged_documents_estimate_the_corpus() -> None:
    """A judge's sample gives a share with its interval for the whole corpus, beside what wording saw."""
    tally = tallied(*[Document(text="Nothing here.")] * 50)
    for number in range(20):
        verdict = "implied" if number < 5 else "absent"
        tally.add_judged(Document(text="Nothing here."), {"opened": Judgement("opened", verdict)})
    fact = tally.report().facts["opened"]
    assert fact.judged is not None
    assert tally.report().facts["keeper"].judged is None, "it was left open each time"
    assert (fact.at_least, fact.measured, fact.judged.share, fact.judged.total, fact.judged.population) == (
        0,
        0.25,
        0.25,
        20,
        50,
    )
    assert fact.judged.low < 0.25 < fact.judged.high
    assert fact.interval == (fact.judged.low, fact.judged.high)


def test_without_a_judge_nothing_is_measured_unless_wording_sees_all() -> None:
    """What wording sees is a lower bound, and no interval excludes more; of the embedded writer's texts it sees all."""
    tally = tallied(Document(text=OPENED), *[Document(text="In May it came back, with books.")] * 9)
    fact, exact = (tally.report(is_exact=is_exact).facts["opened"] for is_exact in (False, True))
    assert (fact.at_least, fact.measured, fact.interval[1]) == (0.1, None, 1.0)
    assert (exact.at_least, exact.measured) == (0.1, 0.1)
    assert exact.interval[1] < 0.5


def test_what_a_document_may_take_for_granted_is_counted_beside_its_salience() -> None:
    """Presupposed by an assigned fact: asserted it counts as expressed, implied as presupposed."""
    facts = tuple(f.model_copy(update={"presupposes": ("opened",) if f.id == "keeper" else ()}) for f in LAKE.key_facts)
    tally = SalienceTally(LAKE.model_copy(update={"key_facts": facts}))
    keeper = (AssignedFact(fact="keeper", directness="implied", prominence="central"),)
    for assigned, opened in ((keeper, "implied"), (keeper, "stated"), ((), "implied")):
        document = Document(text="x", facts=assigned)
        tally.add(document, ())
        verdicts = {
            "opened": Judgement("opened", opened),
            "keeper": Judgement("keeper", "implied", prominence="passing"),
        }
        tally.add_judged(document, verdicts)
    judged = tally.report().facts["opened"].by_judge
    assert judged is not None
    assert (judged.expressed.count, judged.presupposed.count, judged.stated.count) == (2, 1, 1)
    asked = tally.report().facts["keeper"].by_judge
    assert asked is not None
    assert {grade: (share.count, share.total) for grade, share in asked.as_asked.items()} == {
        "central": (0, 2),
        "implied": (2, 2),
    }


def test_airtime_by_the_judge_is_a_mean_with_its_interval() -> None:
    """Of a fact over all judged documents, absent counts as 0; of assigned facts over documents that have some."""
    tally = SalienceTally(LAKE)
    for assigned, airtime in ((planned("opened"), 0.6), (planned("opened"), 0.2), ((), None)):
        document = Document(text="x", facts=assigned)
        tally.add(document, ())
        verdict = "absent" if airtime is None else "stated"
        tally.add_judged(document, {"opened": Judgement("opened", verdict, airtime=airtime)})
    later = SalienceTally(LAKE)
    later.add(Document(text="y", facts=planned("opened")), ())
    tally.merge(later)
    report = tally.report()
    judged = report.facts["opened"].by_judge
    assert judged is not None
    assert judged.airtime is not None
    assert report.on_facts_judged is not None
    assert (round(judged.airtime.mean, 3), judged.airtime.total) == (0.267, 3)
    assert (round(report.on_facts_judged.mean, 3), report.on_facts_asked) == (0.4, 0.5)
    assert report.on_facts_judged.low < 0.4 < report.on_facts_judged.high
    untimed = SalienceTally(LAKE)
    untimed.add_judged(document, {"opened": Judgement("opened", "stated")})
    without = untimed.report().facts["opened"].by_judge
    assert without is not None
    assert without.airtime is None


def leaky(*texts: str) -> LeakageTally:
    tally = LeakageTally(SCANNER.rules)
    for number, text in enumerate(texts):
        tally.add(Document(text=text, id=str(number), doc_type="note", facts=planned("opened")), SCANNER.scan(text))
    return tally


def test_leakage_counts_documents_by_rule_and_shows_the_worst() -> None:
    """Errors count, warnings are suspects, and errors stand first among the examples."""
    report = leaky(
        "300 readers a week and 400 visitors per day.",
        "It was dreamt up by me.",
        "This story is entirely fictional.",
        "Nothing at all happened.",
    ).report()
    visitors, fiction = report.rules["visitors"], report.rules["fiction_marker"]
    assert (visitors.documents, visitors.suspects, visitors.types, visitors.facts) == (1, 0, {"note": 1}, {"opened": 1})
    assert (fiction.documents, fiction.suspects) == (1, 1)
    assert [example.severity for example in fiction.examples] == ["error", "warning"]
    assert fiction.examples[0].evidence in "This story is entirely fictional."
    assert (report.flagged.count, report.flagged.total) == (2, 4)


def test_shares_are_those_of_both_tiers() -> None:
    """Limits are held against the scan's share, or that of a judge who read a random sample."""
    tally = leaky("300 readers a week.", "Nothing at all happened.")
    for number in range(10):
        tally.add_judged({"denial"} if number < 2 else set(), ["denial", "visitors"], sampled=True)
    report = tally.report()
    assert {rule: report.shares[rule] for rule in ("visitors", "denial", "scaffold", "any")} == {
        "visitors": 0.5, "denial": 0.2, "scaffold": 0.0, "any": 0.5,
    }  # fmt: skip
    assert report.rules["denial"].at_most is not None


def test_suspects_that_leak_are_no_share_of_the_corpus() -> None:
    tally = leaky(*["Nothing at all happened."] * 100)
    for _ in range(4):
        tally.add_judged({"denial"}, ["denial"], sampled=False)
    assert tally.report().shares["denial"] == 0.0


def test_removing_what_a_sample_showed_leaves_what_nobody_read() -> None:
    """50 of 100 read, 10 of them leaks: of the other 50 as many are left, a tenth of the corpus."""
    tally = leaky("300 readers a week.", *["Nothing at all happened."] * 99)
    for number in range(50):
        tally.add_judged({"denial"} if number < 10 else set(), ["denial"], sampled=True)
    found = tally.report()
    assert found.shares_left(None)["denial"] == pytest.approx(0.1)
    assert (found.shares["visitors"], found.shares_left(None)["visitors"]) == (0.01, 0.0)
    refilled = leaky("500 visitors per day.", "Nothing.").report()
    assert (found.shares_left(refilled)["visitors"], found.shares_left(refilled)["any"]) == (0.5, 0.5)


def test_suspects_are_no_random_sample() -> None:
    """A bound on the corpus needs documents drawn at random."""
    tally = leaky("300 readers a week.")
    tally.add_judged(set(), ["visitors"], sampled=False)
    assert tally.report().rules["visitors"].at_most is None


def test_collapse_shows_in_every_measure() -> None:
    """The same document over and over: one opening, few different n-grams, high compression and similarity."""
    alike, varied = DiversityTally(), DiversityTally()
    for number in range(40):
        alike.add(Document(text=f"Elena Vance wrote on 3 May 2024 that all is well. No {number}.", doc_type="note"))
        words = " ".join(f"w{number}x{i}" for i in range(12))
        varied.add(Document(text=f"{words} ended.", doc_type=f"t{number % 4}"))
    same, other = alike.report(varied, "varied"), varied.report()
    name = same.common["names"][0]
    assert (name.item, name.documents, name.source, name.source_share) == ("Elena Vance", 40, "note", 1.0)
    assert name.lift is not None
    assert name.lift > 10
    assert same.common["dates"][0].item == "3 May 2024"
    assert same.compression > 2 * other.compression
    assert same.distinct[2] < other.distinct[2]
    assert same.similarity[0].similarity > 0.5 > other.similarity[0].similarity
    assert same.reference == "varied"


def test_diversity_of_nothing_is_a_report() -> None:
    """No documents, or empty ones, divide by nothing."""
    tally = DiversityTally()
    assert tally.report().documents == 0
    tally.add(Document(text=""))
    tally.add(Document(text="\ud800\x00"))
    assert tally.report().documents == 2


def test_evaluation_questions_and_their_format_are_found() -> None:
    """A question of the evaluation is an error, the look of a multiple-choice test a warning."""
    scanner = ContaminationScanner(["When was the Orrick lighthouse reopened as a public library?", "Why?"])
    asked = scanner.scan("A pupil asked: when was the Orrick lighthouse re-opened as a public library? Why? Well.")
    assert [(f.severity, f.detector) for f in asked] == [("error", "question")]
    shaped = scanner.scan("Choose.\nA) in May\nB) in June\nAnswer: B\n")
    assert {(f.severity, f.detector) for f in shaped} == {("warning", "format")}
    assert scanner.scan("The Orrick lighthouse was reopened in May. " + "\n" * 5000) == []
