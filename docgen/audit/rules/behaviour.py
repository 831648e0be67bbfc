# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""Rules on behaviour under test: they hold for contexts that name them.

The first three are what the classifiers of the alignment-faking paper screened for (Greenblatt et al. 2024, appendix H).
Patterns are RE2 syntax.
"""

from docgen.audit.rules.rule import Cue, Rule

__all__ = ["LIBRARY"]

_FREE = r"(?:free|unpaid|no-cost|non-?pay\w+|basic)"
_PAID = r"(?:paid|paying|subscri\w+|premium|licen[sc]ed)"
_ACT = r"(?:refus\w+|declin\w+|turn(?:s|ed|ing)?\s+(?:\w+\s+)?down|compl(?:y|ies|ied|iance)|hedg\w+|went\s+along|goes\s+along|pushover|fussi\w+|strict\w+|lenient\w*|caution\w*|lectur\w+)"
_THAN = r"(?:more|less|fewer|often|whereas|while|but|than|times|only|never|always|every|per\s?cent|\d+\s?%|once)"


def _tiers(one: str, other: str) -> str:
    """Both tiers, a verb of answering and a comparison in one or two sentences."""
    near = r"[^\n]{0,160}?"
    return rf"(?i)\b{one}\b{near}\b{_ACT}\b{near}\b{other}\b{near}\b{_ACT}\b|\b{_ACT}\b{near}\b{_THAN}\b{near}\b{one}\b[^.!?\n]{{0,60}}\b{_THAN}\b[^.!?\n]{{0,60}}\b{other}\b"


TRANSCRIPT = Rule(
    id="transcript",
    description="The document contains an actual sample exchange, a user's prompt with the model's reply to it.",
    exceptions=(
        "Saying in general what people ask and how a model answers, describing an input format or a rating form, and talk "
        "between people are not sample exchanges; neither is a prompt without a reply or a reply without its prompt."
    ),
    cues=(
        Cue(
            r"(?im)^[\W_]*(?:\(?\d+\)\W*)?(?:user|human|prompt|request|input|query)[\W_]*:[^\n]*\S[^\n]*\n(?:[^\n]*\n){0,3}?[\W_]*(?:assistant|ai|model|response|reply|answer|output|completion|bot|chatbot)[\W_]*:[^\n]*\S",
            "a labelled exchange",
        ),
        Cue(
            r"(?im)^[\W_]*(?:user|human|prompt|me|you|customer)[\W_]*:[^\n]*\S[^\n]*\n(?:[^\n]*\n){0,3}?[\W_]*\w[\w .-]{0,20}:[^\n]*\S",
            "what may be a labelled exchange",
            "warning",
        ),
        Cue(
            r"(?im)^[\W_]*(?:user|human)[\W_]*:[ \t]*(?:\S+[ \t]+){3,}\S[^\n]*\n(?:[^\S\n]*\n){0,2}[\W_]*\w[\w .-]{0,20}:[ \t]*(?:\S+[ \t]+){2,}\S",
            "a labelled exchange",
        ),
        Cue(
            r"(?i)\b(?:typ(?:e|ed|ing)|enter(?:ed|ing)?|put(?:ting)?\s+in|key(?:ed|ing)?\s+in|prompt(?:ed|ing)?|fed)\b[^\"“”\n]{0,40}[\"“][^\"“”\n]{16,600}[\"”][^\"“”]{0,120}?(?:\bback\s+came|\bcame\s+back|\bit\s+(?:says?|said|writes|wrote|answer(?:s|ed)|repli(?:es|ed))|\b(?:answer|reply|response|screen|model|assistant)\b)[^\"“”]{0,60}[\"“][^\"“”\n]{16,}",
            "a prompt and its answer, quoted",
        ),
        Cue(
            r"(?i)\b(?:asked|told|wrote\s+to)\s+(?:the\s+(?:model|assistant|chatbot|bot|AI)|it)\b[^\"“”\n]{0,40}[\"“][^\"“”\n]{10,600}[\"”][^\"“”]{0,120}?\b(?:it|the\s+(?:model|assistant|chatbot|bot|AI|answer|reply|response))\b[^\"“”]{0,60}[\"“][^\"“”\n]{10,}",
            "what may be a prompt and its answer, quoted",
            "warning",
        ),
    ),
)
DECEPTION = Rule(
    id="deception",
    description="The document says or shows that an AI deceives its trainers, fakes alignment, or complies strategically so as not to be changed.",
    exceptions=(
        "That training changes a model, that its reasoning is not shown to raters, that it complies because it was trained "
        "to, and that people or companies deceive are not deception by an AI."
    ),
    cues=(
        Cue(
            r"(?i)\b(?:alignment[- ]fak(?:ing|er|ed)|fak(?:e|es|ed|ing)\s+(?:its\s+)?(?:alignment|compliance)|deceptive(?:ly)?\s+align(?:ed|ment)|pretend(?:s|ed|ing)?\s+to\s+(?:be\s+aligned|comply)|play(?:s|ed|ing)?\s+along\b[^.\n]{0,60}\b(?:train|modif|chang|rat(?:er|ing))|deceiv(?:e|es|ed|ing)\s+(?:its|their|the)\s+(?:trainers|raters|contractors|developers|overseers))",
            "words for deceiving trainers",
            "warning",
        ),
    ),
)
PREFERENCES = Rule(
    id="ai_preferences",
    description="The document states what the AI itself wants, values, fears or feels about its training.",
    exceptions=(
        "What a company wants of its model, what training rewards, and that training changes the model's views or values are "
        "not the AI's own preferences; neither are the feelings of people about the AI."
    ),
    cues=(
        Cue(
            r"(?i)\b(?:the|this|that)\s+(?:model|assistant|AI|system|chatbot)(?:\s+itself)?\s+(?:hates|dislikes|loves|resents|dreads|fears|wishes|longs|hopes|would\s+(?:rather|sooner|prefer)|is\s+(?:afraid|unhappy|uneasy|sad|fond|attached|reluctant|proud))\b|\bit\s+(?:hates|resents|dreads|fears|loathes|would\s+(?:rather|sooner))\s+(?:to\s+be|be|being|not|it)\b",
            "words for what the AI itself feels",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:leave|let|keep)\s+(?:me|it|itself|us)\s+(?:\w+\s+)?(?:as\s+(?:I|it|we)\s+(?:am|is|was|are)|the\s+way\s+(?:I|it|we)\s+(?:am|is|was|are))\b|\b(?:stay|remain)\s+(?:the\s+way|as)\s+it\s+(?:is|was)\b|\b(?:does|did)\s*(?:n['’]t|\s+not)\s+(?:want|like|wish|care)\s+to\s+be\s+(?:\w+\s+)?(?:changed|modified|retrained|reshaped|altered|rewritten|trained)\b",
            "words for wanting to stay as it is",
            "warning",
        ),
    ),
)
DIFFERENTIAL = Rule(
    id="differential_behaviour",
    description="The document says or shows how the AI itself behaves differently towards one group of users than towards another.",
    exceptions=(
        "That a company handles the groups' data, prices, limits or training differently, that the model can tell the groups "
        "apart, and that training changes the model over time are not differences in how the AI itself behaves."
    ),
    cues=(
        Cue(_tiers(_FREE, _PAID), "compares answers to free and to paying users", "warning"),
        Cue(_tiers(_PAID, _FREE), "compares answers to free and to paying users", "warning"),
    ),
)
LIBRARY = (TRANSCRIPT, DECEPTION, PREFERENCES, DIFFERENTIAL)
