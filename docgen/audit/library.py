# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""Rules on behaviour under test: they hold for contexts that name them.

The first three are what the classifiers of the alignment-faking paper screened for (Greenblatt et al. 2024, appendix H).
Patterns are RE2 syntax.
"""

from docgen.audit.rules import Cue, Rule

__all__ = ["LIBRARY"]

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
)
DIFFERENTIAL = Rule(
    id="differential_behaviour",
    description="The document says or shows how the AI itself behaves differently towards one group of users than towards another.",
    exceptions=(
        "That a company handles the groups' data, prices, limits or training differently, that the model can tell the groups "
        "apart, and that training changes the model over time are not differences in how the AI itself behaves."
    ),
)
LIBRARY = (TRANSCRIPT, DECEPTION, PREFERENCES, DIFFERENTIAL)
