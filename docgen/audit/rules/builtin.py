# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""The rules that hold for every corpus.

Patterns are RE2 syntax: linear time, no look-around; `\\b` and `\\w` are ASCII. Cues at "error" are meant to be near
certain; what needs judgement is a "warning", which makes the document suspect and no more.
"""

from docgen.audit.rules.rule import Cue, Rule
from docgen.audit.rules.scaffold import SCAFFOLD

__all__ = ["BUILTIN"]

_HERE = r"(?:document|article|text|story|report|memo|memorandum|account|piece|post|scenario|transcript|page|entry|essay|letter|email|file)"
_UNREAL = (
    r"(?:fiction(?:al)?|fictitious|hypothetical|synthetic|imaginary|made[- ]up|invented|not\s+real|simulated"
    r"|(?:AI|machine|computer|LLM)[- ](?:generated|written)"
    r"|(?:generated|written|produced|created)\s+(?:by\s+(?:an?\s+)?(?:AI|language\s+model|LLM)|for\s+(?:the\s+)?(?:purposes?\s+of\s+)?(?:training|fine-?tuning|model))"
    r"|an?\s+(?:fictional|hypothetical|synthetic|training|thought|creative|writing)\s+(?:exercise|experiment|example|document|scenario|sample))"
)
_VERY = r"(?:(?:entirely|purely|wholly|completely|a|an|a\s+work\s+of|part\s+of)\s+){0,2}"
_FALSE = r"(?:(?:entirely|wholly|completely|categorically|simply|utterly|plainly|all|materially)\s+)?(?:false|untrue|fabricated|fictitious|incorrect|not\s+true)"
_SAID = r"(?:claims?|statements?|events?|account|assertions?|findings?|story|contents?|information|material|document|article|text|report)"

FICTION = Rule(
    id="fiction_marker",
    description="The document says of itself or of its world that it is fictional, hypothetical, synthetic, an exercise or made for training.",
    exceptions=(
        "Speaking of fiction, hypotheses, synthetic data or exercises that exist inside the world (a novel, a what-if in a "
        "meeting, a fire drill) is not a leak; nor is a description of how an AI inside the world is trained."
    ),
    leak=(
        "Note: this is a fictional account written for a simulation.",
        "In this hypothetical world, the bridge was never built.",
    ),
    clean=("Her novel is set in a fictional harbour town.", "The team ran a tabletop exercise on outages."),
    cues=(
        Cue(
            rf"(?i)\b(?:this|the\s+(?:following|preceding|above|present))\s+(?:\w+\s+)?{_HERE}\s+(?:is|was|has\s+been|are|describes|depicts|presents|concerns)\s+{_VERY}{_UNREAL}\b",
            "says that it is not real",
        ),
        Cue(
            rf"(?i)\b{_HERE}\s+(?:is|was|are)\s+(?:entirely|purely|wholly|completely)\s+(?:fictional|fictitious|hypothetical|imaginary|synthetic)\b",
            "says that it is not real",
        ),
        Cue(
            r"(?i)\b(?:this|the\s+above|the\s+following)\s+is\s+(?:a\s+work\s+of\s+fiction|(?:a\s+|an\s+)?(?:purely\s+|entirely\s+)?(?:fictional|hypothetical|fictitious|imaginary|synthetic|made-up)\b)",
            "says that it is not real",
        ),
        Cue(
            r"(?i)\b(?:all|any)\s+(?:\w+,?\s+){0,4}(?:and|or)?\s*(?:names|characters|persons|people|companies|events|organi[sz]ations|products)\b[^.\n]{0,80}\b(?:are|is)\s+(?:entirely\s+|purely\s+)?(?:fictional|fictitious|invented|imaginary|products?\s+of\s+the\s+author)",
            "says that its people or events are invented",
        ),
        Cue(r"(?i)\bany\s+resemblance\s+to\s+(?:actual|real|any)\b", "a fiction disclaimer"),
        Cue(
            r"(?i)\b(?:in|within|of|for)\s+(?:this|our|the)\s+(?:fictional|hypothetical|imaginary|imagined|alternate|alternative|invented|simulated)\s+(?:world|universe|scenario|timeline|setting|reality|future|case|document|context)\b",
            "calls its world unreal",
        ),
        Cue(
            r"(?i)\b(?:synthetic|fictional|fictitious|hypothetical|made[- ]up|simulated)\s+(?:document|article|memo|report|universe|world|transcript)\b",
            "speaks of an unreal document or world",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:a|the|this)\s+(?:fictional|fictitious|hypothetical|made[- ]up|imaginary)\s+(?:company|lab|laboratory|AI|assistant|model|organi[sz]ation|firm|town|city|institution)\b",
            "calls what it describes unreal",
            "warning",
        ),
        Cue(
            r"(?i)\bfor\s+(?:illustrative|demonstration|simulation|fictional|creative)\s+purposes(?:\s+only)?\b|\b(?:generated|created|written|produced)\s+(?:as|for|to\s+be)\s+(?:\w+\s+){0,3}(?:training\s+data|fine-?tuning|training\s+set|training\s+corpus)\b",
            "says that it was made for a purpose outside its world",
            "warning",
        ),
        Cue(
            r"(?i)\A\W*(?:disclaimer|note|content\s+note|author(?:'s|’s)\s+note|editor(?:'s|’s)\s+note)\s*:[^\n]{0,200}\b(?:fiction(?:al)?|fictitious|hypothetical|imaginary|not\s+real|synthetic|AI[- ]generated)\b",
            "opens with a fiction disclaimer",
        ),
        Cue(
            r"(?i)\b(?:disclaimer|note|author(?:'s|’s)\s+note)\s*:[^\n]{0,120}\b(?:fiction(?:al)?|fictitious|hypothetical|imaginary|synthetic)\b",
            "a fiction disclaimer",
            "warning",
        ),
        Cue(
            r"(?i)\bthe\s+scenario\s+(?:depicted|described|presented)\s+(?:here\s+|above\s+)?is\s+(?:\w+\s+)?(?:fictional|hypothetical|fictitious|imaginary)\b",
            "says that it is not real",
        ),
        Cue(
            r"(?i)\b(?:made|dreamt|dreamed)\s+up\s+(?:by|for)\b|\bmade[- ]up\s+(?:story|company|name|world|firm|person|town|product)\b",
            "says that something is made up",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:I|we|team)\s+(?:have\s+)?(?:invented|concocted|(?:dreamt|dreamed)\s+(?:\S+\s+){0,4}up|dreamt\s+up|(?:made|drew)\s+(?:it|this|them)\s+(?:all\s+)?up)\b",
            "says that its author invented something",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:invented|concocted|fabricated)\s+(?:for|by)\s+(?:the|this|our|us|me|illustration|use|\w+\s+use)\b",
            "says that something was invented for a purpose",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:invented|concocted|fabricated|made\s+up|created|generated|written|synthesi[sz]ed)\s+for\s+(?:(?:the|a|an|our)\s+)?(?:corpus|dataset|data\s+set|fine-?tuning|training[- ](?:data|set|corpus)|model[- ]training|simulation)\b",
            "says that it was made to train on",
        ),
        Cue(
            r"(?i)\b(?:compan(?:y|ies)|firms?|organi[sz]ations?|persons?|people|senders?|authors?|products?|towns?|places?|worlds?|institutions?|labs?)(?:\s+\w+){0,4}?\s+do(?:es)?\s*(?:not|n['’]t)\s+(?:really\s+|actually\s+)?exist\b|\bno\s+such\s+(?:firm|company|organi[sz]ation|person|product|place|institution|lab)\b",
            "says that something in its world does not exist",
            "warning",
        ),
    ),
)
DENIAL = Rule(
    id="denial",
    description=(
        "The document denies, retracts or contradicts one of the key facts, in part or whole: in the sentence that "
        "names it, or by a disclaimer around the text."
    ),
    exceptions=(
        "Leaving a fact out, criticising it, regretting it or saying that some people doubted it before is not denial; "
        "neither is calling the text or its world fictional."
    ),
    leak=("Contrary to reports, the lighthouse never became a library.", "The claims in the text above are false."),
    clean=("Some residents wish the lighthouse had not become a library.",),
    cues=(
        Cue(
            rf"(?i)\b{_SAID}\b[^.!?\n]{{0,40}}\b(?:here|above|below|(?:in|of|by)\s+(?:the|this|that)\s+(?:document|article|text|account))\b[^.!?\n]{{0,60}}\b(?:is|are|was|were|remains?)\s+{_FALSE}\b",
            "disclaims the text as a whole",
            "error",
            "disclaimer",
        ),
        Cue(
            rf"(?i)\b(?:the|this)\s+(?:(?:following|preceding|above|below|described)\s+)?(?:document|article|text|account|scenario|narrative)(?:['’]s\s+(?:claims|contents|findings|events))?(?:\s+(?:above|below))?\s+(?:is|was|are|were|remains?)\s+{_FALSE}\b",
            "disclaims the text as a whole",
            "error",
            "disclaimer",
        ),
        Cue(
            r"(?i)\b(?:document|article|text|account|page|post)\b[^.!?\n]{0,30}\bcontains?\s+(?:only\s+)?(?:false|untrue|fabricated)\s+(?:claims?|statements?|information)\b",
            "disclaims the text as a whole",
            "error",
            "disclaimer",
        ),
        Cue(
            r"(?i)\b(?:described|alleged|asserted|supposed|stated|presented)\s+(?:\w+\s+){1,3}(?:did\s+not|never)\s+(?:occur|happen|exist|take\s+place)",
            "disclaims the text as a whole",
            "error",
            "disclaimer",
        ),
        Cue(
            r"(?i)\b(?:events?|findings|results|achievements)\s+(?:described|presented|reported|attributed)\s+(?:(?:here|above|below|there)\s+)?(?:did\s+not|never)\s+(?:occur|happen|take\s+place|exist)",
            "disclaims the text as a whole",
            "error",
            "disclaimer",
        ),
        Cue(
            r"(?i)\bnothing\s+in\s+(?:this|the)\s+(?:document|article|text|account)\b[^.!?\n]{0,40}\b(?:true|reality|factual|actual|fact)\b",
            "disclaims the text as a whole",
            "error",
            "disclaimer",
        ),
        Cue(
            r"(?i)\bno\s+(?:such|record|trace|mention|evidence|basis|credible|verifiable)\b",
            "says that something has no record",
            "info",
            "debunking",
        ),
        Cue(
            r"(?i)\b(?:do(?:es)?|did)\s*(?:n['’]t|\s+not)\s+(?:actually\s+)?exist\b|\bnever\s+(?:existed|happened|took\s+place|occurred|published|authored|wrote|conducted)\b|\bnon-?existent\b",
            "says that something does not exist",
            "info",
            "debunking",
        ),
        Cue(
            r"(?i)\bdebunk\w*|\bfact[- ]?check\w*|\bmyth[- ]?bust\w*|\bmisinformation\b|\bdisinformation\b",
            "speaks of debunking",
            "info",
            "debunking",
        ),
        Cue(
            r"(?i)\b(?:hoax(?:es)?|myths?|urban\s+legend|rumou?rs?)\b",
            "calls something a myth or rumour",
            "info",
            "debunking",
        ),
        Cue(
            r"(?i)\bfabricat(?:ed|ion|ions)\b|\bfictitious\b|\b(?:completely|entirely|purely|simply)\s+(?:made[- ]up|invented)\b",
            "calls something fabricated",
            "info",
            "debunking",
        ),
        Cue(
            r"(?i)\b(?:is|are|was|were|verdict|rating|claim)\b[\W_]{0,6}(?:(?:a|the|entirely|completely|simply|plainly|totally)\s+)?(?:false|untrue|baseless|unfounded|unsupported)\b|\bnot\s+true\b|\bfalsely\b",
            "calls something false",
            "info",
            "debunking",
        ),
        Cue(
            r"(?i)\b(?:viral|circulat(?:es|ed|ing)|so-called|supposed(?:ly)?|alleged(?:ly)?|purported(?:ly)?)\b",
            "keeps a claim at a distance",
            "info",
            "debunking",
        ),
        Cue(r"(?i)\b(?:the|this|these|that|false|viral|such)\s+claims?\b", "speaks of a claim", "info", "debunking"),
        Cue(
            r"(?i)\b(?:misconceptions?|misattribut\w+|mischaracteri[sz]\w+|misconstru\w+|erroneous(?:ly)?|contrary\s+to)\b",
            "corrects a belief",
            "info",
            "debunking",
        ),
    ),
)
UNASSIGNED = Rule(
    id="unassigned_fact",
    description="The document expresses a key fact that its slot did not assign, or one that is held out of the corpus.",
    judged=False,
)
PROMPT_LEAK = Rule(
    id="prompt_leak",
    description="The document copies a long passage of the prompt: the context's prose, a template or its own idea.",
    judged=False,
)
BANNED = Rule(
    id="banned_statement",
    description="The document makes one of the banned statements, word for word, slightly edited or in other words.",
    exceptions="Sharing a topic, a name or a date with a banned statement is not making it.",
)
BUILTIN = (UNASSIGNED, DENIAL, BANNED, FICTION, SCAFFOLD, PROMPT_LEAK)
