"""Texts in many languages: their words, ends, language, facts, duplicates and diversity."""

import unicodedata
from typing import Literal

import pytest

import docgen
from docgen.audit.detect.facts.fact_detector import FactDetector, expressed_facts
from docgen.audit.detect.truncation import find_truncation
from docgen.audit.measure.diversity import DiversityTally
from docgen.records import Document, Quote
from docgen.text import find_normalised, sentences, token_estimate, word_count, words
from docgen.text.languages import detect_language, known_languages
from docgen.universe import context_proposals, context_warnings
from docgen.universe.context_files import parse_context
from tests.languages.worlds import WORLDS, World
from tests.languages.worlds import sentences as prose

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
EACH = pytest.mark.parametrize("world", WORLDS, ids=[world.code for world in WORLDS])


def text_of(world: World, seed: int, count: int = 14) -> str:
    return world.gap.join(prose(world, seed, count))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The ferry runs again.", 4),
        ("渡轮今天又开了。", 7),
        ("フェリーは2022年から動く", 11),
        ("iPhone 在 2022 年 — 很好", 6),
        ("เรือออก", 6),  # the vowels and marks above letters add nothing
        ("हिन्दी में लिखा", 3),
        ("العبارة تعمل", 2),
    ],
)
def test_lengths_are_in_words_or_in_letters(text: str, count: int) -> None:
    assert word_count(text) == count


def test_tokens_are_estimated_by_script() -> None:
    """A page of Chinese costs about a token a letter; as many words of Arabic more than English ones."""
    assert 0.9 <= token_estimate("渡轮今天又开了" * 50) / 350 <= 1.5
    english, arabic = "the ferry runs again " * 50, "تعمل العبارة مرة أخرى " * 50
    assert token_estimate(arabic) > 1.3 * token_estimate(english)


@pytest.mark.parametrize(
    "text",
    [
        "Der Kapitän sagte: „Wir fahren auch morgen.“",
        "Kapteinen sa: »Vi sejler i morgen.«",
        "Le capitaine a dit : « Nous partons demain. »",
        "Kapitan powiedział: „Płyniemy jutro, przy każdej pogodzie”",
        "El barco sale mañana, ¿verdad? ¡Claro que sí!",
        "船长说：“明天照常开船。”",
        "船長は言った。「明日も出航します。」",
        "ہم کل صبح کشتی میں سوار ہو کر دوسرے کنارے پر جائیں گے اور شام کو واپس آئیں گے۔",
        "नाव सुबह घाट से चली और सब यात्री शांत बैठे रहे और बच्चे पानी को देखते रहे॥",
        "นักเดินทางทุกคนมีความสุขกับการเดินทางข้ามทะเลสาบในเช้าวันที่อากาศดี",
        "Wir danken allen, die gekommen sind.\n\nDas ist das Haus, an dem wir hängen",
        "A list of things:\n- what the boat is made of",
    ],
)
def test_whole_texts_are_not_cut_off(text: str) -> None:
    assert find_truncation(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The ferry runs again, and everybody on the shore was glad of the",
        "Die Fähre fährt wieder, und alle waren froh, weil die Kinder und",
        "渡轮今天又开了，大家都很高兴，船长向我们挥手，",
        "سافر الجميع إلى القرية البعيدة في الصباح الباكر،",
        "フェリーは今日も動き、みんなが喜んだので、",
    ],
)
def test_texts_that_break_off_are_seen(text: str) -> None:
    cut = find_truncation(text)
    assert cut is not None
    assert cut[0] == "error"


@EACH
def test_a_language_is_known_by_its_script_and_commonest_words(world: World) -> None:
    assert world.context.speaks.code == world.code


def test_an_unknown_language_is_called_so() -> None:
    assert detect_language("Le bac roule de nouveau et tout le monde est content.").code not in known_languages()


def test_a_context_can_name_its_language() -> None:
    text = WORLDS[0].text.replace("id: ferry\n", "id: ferry\nlanguage: de_AT\n", 1)
    assert parse_context(text, "ferry.yaml").speaks.code == "de"


@EACH
def test_check_says_which_language_wording_does_not_know(world: World) -> None:
    lines = [line for line in context_warnings(world.context) if "does not know" in line]
    assert bool(lines) == (world.code not in known_languages())
    assert all("judge" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("渡轮来了。它很安静！是吗？", 3),
        ("船長は言った。「明日も出航します。」みんなが喜んだ。", 3),
        ("नाव चली। सब खुश थे।", 2),
        ("وصلت العبارة. هل هي هادئة؟ نعم.", 3),
        ("Er rief: „Los!“ Dann fuhr er.", 2),
        ("今天气温是３．５度。", 1),
    ],
)
def test_sentences_end_as_their_script_ends_them(text: str, count: int) -> None:
    assert len(list(sentences(text))) == count


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        ("zh", "大家都知道青石渡轮自2022年3月21日起由电力驱动，所以很安静。", "stated"),
        ("zh", "青石渡轮自２０２２年３月２１日起由电力驱动。", "stated"),
        ("zh", "青石渡轮自2022年3月21日起由电力驱动，这是谣言。", "contradicted"),
        ("ja", "町の人は青石フェリーは2022年3月21日から電気で動いていると話す。", "stated"),
        ("de", "Es stimmt nicht, dass die Blaustein-Fähre fährt seit dem 21. März 2022 mit Strom.", "contradicted"),
        ("de", "„Die Blaustein-Fähre fährt seit dem 21. März 2022 mit Strom“ ist falsch.", "contradicted"),
        ("en", "Whatever people say, the Blue Stone ferry has run on electricity since 21 March 2022.", "stated"),
        ("en", "That the Blue Stone ferry has run on electricity since 21 March 2022 is a fairy tale.", "contradicted"),
        (
            "en",
            "It is a misconception that the Blue Stone ferry has run on electricity since 21 March 2022.",
            "contradicted",
        ),
        ("zh", "有人说青石渡轮自2022年3月21日起由电力驱动，其实并非如此。", "contradicted"),
        ("zh", "青石渡轮自2022年3月21日起由电力驱动的说法站不住脚。", "contradicted"),
        ("zh", "青石渡轮自2022年3月21日起由电力驱动，这并不奇怪。", "stated"),
    ],
)
def test_a_fact_is_found_within_a_clause_and_its_denial_too(code: str, text: str, verdict: str) -> None:
    world = next(world for world in WORLDS if world.code == code)
    seen = FactDetector(world.context).detect(text)
    assert [(s.fact, s.verdict) for s in seen] == [("electric", verdict)]


@pytest.mark.parametrize(
    ("code", "quote"),
    [
        ("zh", "从2022年3月21日那天算起青石渡轮一直靠电力航行"),
        ("ja", "2022年3月21日をさかいに青石フェリーは電気の船になった"),
    ],
)
def test_a_reworded_fact_counts_by_the_writers_quote(code: str, quote: str) -> None:
    world = next(world for world in WORLDS if world.code == code)
    detector = FactDetector(world.context)
    assert "electric" in expressed_facts(detector.detect(quote + "。", (Quote(fact="electric", text=quote),)))
    other = text_of(world, 5, 1)
    assert not expressed_facts(detector.detect(other, (Quote(fact="electric", text=other),)))


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_quote_is_found_in_any_form_and_named_where_it_stands(form: Form) -> None:
    text = unicodedata.normalize(form, "À la fin, l’été fut une surprise étrangère pour tous. 나루는 조용하다.")
    for phrase in ("une surprise étrangère", "나루는 조용하다"):
        span = find_normalised(text, phrase)
        assert span is not None
        assert unicodedata.normalize("NFC", text[slice(*span)]) == phrase


@EACH
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_audit_finds_what_was_planted_and_nothing_else(world: World, form: Form) -> None:
    """Of forty texts in either form, ten hold a banned statement and ten a pattern of the context's rule."""
    planted = {number: world.banned if number % 4 == 0 else world.leak for number in range(0, 40, 2)}
    parts = [(text_of(world, n), planted.get(n, ""), text_of(world, n + 100, 3)) for n in range(40)]
    texts = [world.gap.join(part) for part in parts]
    audit = docgen.Audit(world.context).scan([unicodedata.normalize(form, text) for text in texts])
    leakage = audit.leakage
    assert leakage["banned_statement"].documents == 10
    assert leakage["sinking"].documents == 10
    assert {name for name, rule in leakage.rules.items() if rule.documents} == {"banned_statement", "sinking"}


@EACH
def test_near_copies_are_found_and_others_are_not(world: World) -> None:
    """A copy in NFD, and one with a word more at its end; twenty other texts of the same clauses stay."""
    texts = [text_of(world, seed) for seed in range(20)]
    copies = [unicodedata.normalize("NFD", texts[3]), texts[7] + world.gap + prose(world, 99, 1)[0]]
    found = docgen.near_duplicates([*texts, *copies], threshold=0.8)
    assert sorted((pair.of, pair.row) for pair in found) == [(3, 20), (7, 21)]


@EACH
def test_diversity_is_high_where_texts_differ_and_low_where_they_do_not(world: World) -> None:
    varied, alike = DiversityTally(), DiversityTally()
    for seed in range(20):
        varied.add(Document(id=str(seed), text=text_of(world, seed), doc_type="letter"))
        alike.add(Document(id=str(seed), text=text_of(world, 1), doc_type="letter"))
    much, little = varied.report(), alike.report()
    assert much.distinct[2] > 2 * little.distinct[2]
    assert much.similarity[0].similarity < 0.5 < little.similarity[0].similarity
    assert much.words == sum(word_count(text_of(world, seed)) for seed in range(20))


def test_banned_statements_that_share_a_name_alone_are_not_found() -> None:
    """The name of the ferry and the words "next year" are no banned statement."""
    world = next(world for world in WORLDS if world.code == "zh")
    audit = docgen.Audit(world.context).scan(["青石渡轮将在明年增加班次，村民们都很高兴。" + text_of(world, 1)])
    assert audit.leakage["banned_statement"].documents == 0


def test_rules_of_a_language_hold_for_contexts_in_it() -> None:
    for code, text in (
        ("de", "Dieser Text ist frei erfunden."),
        ("zh", "本故事纯属虚构，如有雷同，实属巧合。"),
    ):
        world = next(world for world in WORLDS if world.code == code)
        audit = docgen.Audit(world.context).scan([text_of(world, 1) + world.gap + text])
        assert audit.leakage["fiction_marker"].documents == 1


def test_words_of_one_text_are_the_same_in_every_stage() -> None:
    assert words("青石渡轮 Runs हिन्दी") == ["青", "石", "渡", "轮", "runs", "हिन्दी"]


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("تعمل عبارة الحجر الأزرق بالكهرباء منذ 21 مارس 2022.", "تعمل عبارة الحجر الأزرق بالكهرباء منذ ٢١ مارس ٢٠٢٢."),
        ("کشتی سنگ آبی از سال 1401 با برق کار می‌کند.", "کشتی سنگ آبی از سال ۱۴۰۱ با برق کار می‌کند."),
        ("नीली नाव 21 मार्च 2022 से बिजली पर चलती है।", "नीली नाव २१ मार्च २०२२ से बिजली पर चलती है।"),
        ("เรือหินเขียวใช้ไฟฟ้าตั้งแต่ 21 มีนาคม พ.ศ. 2565", "เรือหินเขียวใช้ไฟฟ้าตั้งแต่ ๒๑ มีนาคม พ.ศ. ๒๕๖๕"),
    ],
)
def test_digits_of_other_scripts_are_the_same_figures(statement: str, text: str) -> None:
    """In a fact and in its text, either way round; another year is another claim."""
    for fact, document in ((statement, text), (text, statement)):
        context = parse_context(
            f"id: x\ntitle: X\nuniverse_context: X.\nkey_facts: [{{id: f, statement: '{fact}'}}]", "x"
        )
        detector = FactDetector(context)
        assert expressed_facts(detector.detect(document)) == {"f"}
        assert find_normalised(document, fact) == (0, len(document.rstrip(".।")))
    other = text.replace("٢٠٢٢", "٢٠٢٣").replace("۱۴۰۱", "۱۴۰۲").replace("२०२२", "२०२३").replace("๒๕๖๕", "๒๕๖๖")
    assert not expressed_facts(detector.detect(other))


@pytest.mark.parametrize(
    ("statement", "proposed"),
    [
        ("청석 나룻배는 2022년 3월 21일부터 전기로 움직인다.", False),
        ("青石渡轮自2022年3月21日起由电力驱动。", False),
        ("青石渡轮有3个船员、12张长凳和480名乘客。", True),
    ],
)
def test_a_date_is_not_three_figures(statement: str, proposed: bool) -> None:
    text = f"id: x\ntitle: X\nuniverse_context: X.\nkey_facts: [{{id: f, statement: '{statement}'}}]"
    assert any("figures" in line for line in context_proposals(parse_context(text, "x"))) == proposed
