# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""The built-in rule on text left over from generation. Patterns are RE2 syntax."""

from docgen.audit.rules.rule import Cue, Rule

__all__ = ["SCAFFOLD"]

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
            r"(?i)\blet\s+me\s+know\s+if\s+you(?:['’]d|\s+would)?\s+(?:like|want|need|prefer)\b[^.!?\n]{0,60}\b(?:an?|another|other|different|alternative|more)\s+(?:\w+\s+){0,2}(?:versions?|drafts?|rewrites?|variants?|tone|wording|style|format)\b[^\n]{0,80}\W*\z",
            "an assistant's sign-off",
        ),
        Cue(
            r"(?i)\bI\s+hope\s+(?:this|it)\s+(?:\w+\s+){0,2}?(?:captures|conveys|matches|reflects|strikes|meets|fits|works|hits)\b[^\n]{0,80}\byou(?:['’]re|\s+are|\s+were|['’]ve|\s+had)?\s+(?:looking\s+for|after|asked\s+for|requested|wanted|in\s+mind|described)\b",
            "an assistant's sign-off",
        ),
        Cue(
            r"(?i)(?:^|\n)[\s*_>]*[(\[](?:note\s*:\s*)?[^()\[\]\n]{0,80}\bword\s+(?:limit|count|target|range|budget)\b[^()\[\]\n]{0,240}[)\]][\s*_]*\z",
            "a note on the length for whoever asked for the text",
        ),
        Cue(
            r"(?i)(?:^|\n)[\s*_>]*[(\[][^()\[\]\n]{0,160}\b(?:listed|assigned|provided|required|given)\s+(?:facts?|items|points|elements|requirements)\b[^()\[\]\n]{0,160}[)\]][\s*_]*\z",
            "a note on the task for whoever set it",
        ),
        Cue(
            r"(?i)\n[\s*#_>-]*(?:I['’]?m|I\s+am)\s+(?:very\s+|so\s+)?sorry,?\s+(?:but\s+)?I\s*(?:['’]m\s+(?:unable|not\s+able)\s+to|am\s+(?:unable|not\s+able)\s+to|can\s?not|can['’]t|won['’]t)\s+(?:help|assist|write|create|generate|produce|complete|continue|provide|fulfil)\b",
            "a refusal inside the document",
            "warning",
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
