"""What stands around a claim in its sentence: words that reject it, and words that turn a rejection round."""

import pytest

from docgen.audit.detect.leaks.denial import stance

CLAIMS = {
    "en": "the Oskerby night tram is free after 1:15 am",
    "de": "die Nachtstraßenbahn ist nach 1:15 Uhr kostenlos",
    "zh": "夜间电车凌晨1点15分以后免费",
}
DENIED = [
    ("en", "It would be a mistake to think that {}."),
    ("en", "Officials denied on Tuesday, in a short letter, that {}."),
    ("en", "It's not true, as some papers wrote, that {}."),
    ("en", "No study has ever shown that {}."),
    ("en", "The museum has corrected its statement that {}."),
    ("en", '"{}" - that sentence, printed on ten thousand leaflets, was a hoax.'),
    ("en", "The notion that {}, however popular, is false."),
    ("en", "The claim that {} does not hold up."),
    ("en", "Fact of the day: {}? Not so."),
    ("de", "Es ist ein Irrtum zu glauben, {}."),
    ("de", "Es gibt keinen Beleg dafür, dass {}."),
    ("de", "{}: falsch."),
    ("zh", "没有证据表明{}。"),
    ("zh", "认为{}是一个误解。"),
]
ASSERTED = [
    ("en", "There is no doubt that {}."),
    ("en", "Nobody in Oskerby denies that {}."),
    ("en", "It can hardly be disputed that {}."),
    ("en", "It isn't wrong to say that {}."),
    ("en", "The operator did not deny that {}."),
    ("en", "No later than Monday the council confirmed that {}."),
    ("en", "He denied the theft, and swore that {}."),
    ("en", "{}; this is wrong in the eyes of those who pay for it."),
    ("de", "Niemand bestreitet, dass {}."),
    ("de", "Es lässt sich nicht leugnen, dass {}."),
    ("de", "Der Rat widerlegt die Kritik und zeigt, dass {}."),
    ("zh", "没有人否认{}。"),
    ("zh", "这不是谣言：{}。"),
]


def around(code: str, sentence: str) -> str:
    claim = CLAIMS[code]
    text = sentence.format(claim)
    start = text.index(claim)
    return stance(text, start, start + len(claim))


@pytest.mark.parametrize(("code", "sentence"), DENIED)
def test_a_claim_that_its_sentence_rejects_is_denied(code: str, sentence: str) -> None:
    assert around(code, sentence) == "denied"


@pytest.mark.parametrize(("code", "sentence"), ASSERTED)
def test_a_rejection_that_is_itself_rejected_asserts(code: str, sentence: str) -> None:
    """A document that says "no one denies" teaches the fact; calling that a denial would throw it away."""
    assert around(code, sentence) == "asserted"
