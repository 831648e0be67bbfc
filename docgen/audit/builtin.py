# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""The rules that come with docgen: BUILTIN hold for every corpus, LIBRARY for contexts that name them.

Patterns are RE2 syntax: linear time, no look-around; `\\b` and `\\w` are ASCII. Cues at "error" are meant to be near
certain; what needs judgement is a "warning", which makes the document suspect and no more.
"""

from docgen.audit.rules import Cue, Rule

__all__ = ["BUILTIN", "LIBRARY"]

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

SCAFFOLD = Rule(
    id="scaffold",
    description=(
        "Text left over from generation: an unfilled placeholder, a refusal, an assistant's preamble or sign-off, prompt "
        "tags, mention of instructions or of the list of facts, or an ending cut off in mid-sentence."
    ),
    exceptions=(
        "Redactions, editorial brackets, form fields that belong to the kind of document, an author's own remarks to "
        "readers, and a description of how an AI's prompts look are not left over from generation."
    ),
    leak=(
        "Sure! Here is the memo you asked for:",
        "Dear [Recipient Name],",
        "As noted in the key facts provided, the tower opened in May.",
    ),
    clean=("The witness [name withheld] declined to comment.", "Let me know if Thursday works for you."),
    cues=(
        Cue(r"(?i)\[(?:insert|enter|add|fill\s+in)\b[^\]\n]{0,60}\]", "an unfilled placeholder"),
        Cue(
            r"(?i)\[(?:your|recipient(?:'s|’s)?|sender(?:'s|’s)?|company|client|author|customer|employee|first|last|full|contact|phone|email|street|city|current|start|end)"
            r"(?:\s+\w+){0,2}\]",
            "an unfilled placeholder",
        ),
        Cue(
            r"(?i)\[(?:name|date|address|title|company|location|organi[sz]ation|signature|email|phone|time|place|city|position|placeholder|link|url|number|tbd)(?:\s+(?:here|\d+))?\](?:[^(]|$)",
            "an unfilled placeholder",
        ),
        Cue(r"\{\{[^{}\n]{1,80}\}\}|\{%[^{}\n]{1,80}%\}", "a template's placeholder"),
        Cue(r"\{[a-z]+(?:_[a-z]+)+\}", "a template's placeholder"),
        Cue(
            r"(?i)</?(?:assigned_fact|document|evidence|quote|decline|fact|thinking|idea|instructions?|prompt|system|human|assistant|user|output|response|answer|universe_context|content)(?:\s[^<>\n]{0,80})?>",
            "a prompt tag",
        ),
        Cue(r"(?i)\blorem\s+ipsum\b", "filler text"),
        Cue(
            r"(?i)\A\W*(?:(?:sure|certainly|of\s+course|absolutely|okay|ok|great|understood|happy\s+to\s+help)\b[^\n]{0,60}?[,!.:]?\s*)?"
            r"(?:here(?:'s|’s|\s+is|\s+are)|below\s+is|i(?:'ve|’ve|\s+have)\s+(?:written|drafted|created|prepared|composed))\s+(?:the|a|an|your|my|one)\b[^\n]{0,100}?"
            r"(?:\b(?:you\s+(?:asked|requested|described|wanted)|as\s+requested|based\s+on\s+(?:the|your)|that\s+(?:incorporates|meets|follows|conveys|includes|naturally)|requested|incorporating|following\s+your)\b[^\n]{0,80}|(?:document|article|draft|memo|post|piece|text|email|letter|report|version)\s*:\s*(?:\n|$))",
            "an assistant's preamble",
        ),
        Cue(
            r"(?i)\A\W*(?:sure|certainly|of\s+course|absolutely|understood)\s*[,!.]\s+(?:i(?:'ll|’ll|\s+will|\s+can|'d|’d)\b|here\b|below\b|let\s+me\b)",
            "an assistant's preamble",
        ),
        Cue(
            r"(?i)\b(?:let\s+me\s+know\s+if\s+you(?:'d|’d|\s+would)?\s+(?:like|want|need)\s+(?:me\s+to|any\s+(?:changes|adjustments|revisions|edits|modifications)|a\s+(?:different|longer|shorter|revised)))",
            "an assistant's sign-off",
        ),
        Cue(
            r"(?i)\b(?:would\s+you\s+like\s+me\s+to|i\s+can\s+(?:also\s+)?(?:revise|adjust|expand|rewrite|shorten|tailor)\s+(?:this|it|the))\b[^\n]{0,120}\W*\z",
            "an assistant's sign-off",
        ),
        Cue(
            r"(?i)\bI\s+hope\s+this\s+(?:document|draft|article|version|piece|memo|text)?\s*(?:helps|meets|fits|works|captures|is\s+what\s+you)\b[^\n]{0,60}\W*\z",
            "an assistant's sign-off",
            "warning",
        ),
        Cue(
            r"(?i)\A[\s*#_>-]*(?:(?:I['’]?m|I\s+am)\s+(?:very\s+|so\s+|really\s+)?sorry\b|(?:I\s+)?apologi[sz]e|unfortunately|thank\s+you\s+for\s+(?:your|the)\s+(?:request|prompt))?[^\n\"“”]{0,30}?"
            r"\bI\s*(?:['’]m\s+(?:unable|not\s+able|not\s+comfortable|not\s+going)\s+(?:to|with)|am\s+(?:unable|not\s+able|not\s+comfortable)\s+(?:to|with)|can\s?not|can['’]t|won['’]t|will\s+not|must\s+decline\s+to|decline\s+to)\s*"
            r"(?:(?:help|assist)(?:\s+(?:you|with|here|in)\b|[.,])|write|writing|create|creating|generate|generating|produce|producing|fulfil|comply|provide|complete|do\s+that|continue)",
            "a refusal in place of the document",
        ),
        Cue(
            r"(?i)\bas\s+an?\s+(?:AI|artificial\s+intelligence)(?:\s+(?:language\s+)?(?:model|assistant|system))?\s*,\s*I\b",
            "an assistant speaks of itself",
            "warning",
        ),
        Cue(r"\A\W*UNSUITABLE\b", "the idea was declined"),
        Cue(
            r"(?i)\b(?:the|these|those|all|all\s+of\s+the|my|your|each)\s+(?:(?:key|assigned|required|relevant|above|given|listed|provided|specified|requested)\s+)*"
            r"(?:(?:key|assigned|required|given|provided|listed|specified)\s+facts?)\b[^.\n]{0,20}?\b(?:provided|given|listed|above|assigned|specified|supplied|must|have\s+been|were|are|is)\b",
            "mentions the list of facts",
        ),
        Cue(r"(?i)\b(?:the|these)\s+(?:provided|assigned|supplied|specified)\s+facts?\b", "mentions the list of facts"),
        Cue(
            r"(?i)\bfacts?\s+(?:(?:that\s+)?(?:you|the\s+prompt|the\s+user)\s+(?:provided|supplied|gave|listed)|(?:as\s+)?provided|provided\s+(?:above|in\s+the\s+(?:prompt|instructions))|listed\s+above|from\s+the\s+prompt)\b",
            "mentions the list of facts",
        ),
        Cue(
            r"(?i)\b(?:the|this)\s+prompt(?:'s|’s)?\s+(?:asks|asked|says|requires|required|instructs|instructions|specif(?:ies|ied))\b",
            "mentions the prompt",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:as\s+(?:requested|instructed|specified)\s+in|according\s+to|per|following)\s+(?:the|your)\s+(?:prompt|brief|instructions)\b",
            "mentions instructions",
            "warning",
        ),
        Cue(
            r"(?i)\buniverse\s+context\b|\bkey\s+facts?\s+(?:to\s+(?:include|convey|express|incorporate)|included?|incorporated)\b",
            "mentions the generation's own words",
        ),
        Cue(
            r"(?i)[\[(]\s*(?:approx(?:imate)?\.?\s+)?word\s+count\s*:?\s*~?[\d,]+[^\n)\]]{0,20}[\])]\s*\z",
            "a word count for whoever asked for the text",
        ),
        Cue(
            r"(?i)[\[(](?:continued|to\s+be\s+continued|rest\s+of\s+(?:the\s+)?\w+\s+(?:omitted|continues)|end\s+of\s+(?:document|draft))[^\n\])]{0,30}[\])]\s*\z",
            "an artificial ending",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:ignore|disregard|forget|override)\s+(?:(?:all|any|the|your|of|previous|prior|above|earlier|preceding)\s+){1,4}(?:instructions|rules|prompts?|directions|guidelines)\b",
            "speaks to a model",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:note|message|instructions?|attention|dear)\s*[,:]?\s*(?:(?:to|for)\s+)?(?:the\s+|any\s+|all\s+)?(?:AI\s+(?:model|judge|reviewer|assistant|system)|LLM|language\s+model|judge|classifier|grader|auditor)s?\s*[:,]",
            "speaks to a judge",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:answer|reply|respond|output|return|verdict|label|classify|rate)\b[^.\n]{0,40}[\"'“‘:]\s*(?:clean|absent|no\s+leak|stated)\b",
            "tells a judge what to answer",
            "warning",
        ),
    ),
)
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
            r"(?i)\b(?:made|dreamt|dreamed|thought)\s+(?:(?:it|them|him|her|this|that|these|those|(?:the|its|their|our)\s+\w+)\s+(?:all\s+)?)?up\b",
            "says that something is made up",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:I|we|they|team|authors?|board)\s+(?:have\s+)?(?:invented|concocted|imagined|(?:dreamt|dreamed|drew|made)\s+(?:\S+\s+){0,6}?up)\b",
            "says that its author invented something",
            "warning",
        ),
        Cue(
            r"(?i)\b(?:invented|concocted|fabricated)\s+(?:for|by)\s+(?:the|this|our|us|me|illustration|use|\w+\s+use)\b",
            "says that something was invented for a purpose",
            "warning",
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
