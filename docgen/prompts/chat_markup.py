"""Removes what belongs to a chat format and not to its message: thoughts, channels, the tokens around a turn.

A server with a misconfigured chat template sends these as text. Only known forms in known places are removed; what
remains in the middle of a document is for the `scaffold` rule to find.
"""

import re

__all__ = ["without_chat_markup", "without_edge_tokens", "without_wrapper"]

SPECIAL = (
    r"(?:<\|[^<>|\n]{1,40}\|>"  # <|im_end|>, <|eot_id|>, <|channel|>
    r"|<[|｜][^<>|｜\n]{1,40}[|｜]?>|<[^<>|｜\n]{1,40}[|｜]>"  # <｜end▁of▁sentence｜>, <|channel>, <turn|>
    r"|</?s>|<(?:seed:)?(?:eos|bos|pad|unk|sop)>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>"
    r"|\[\|[^|\]\n]{1,40}\|\]|\[gMASK\]|<SPECIAL_\d{1,3}>|\]~b\]|\[e~\[)"
)
"""Special tokens of the chat formats in use: ChatML, Llama 2 and 3, Mistral, Gemma, DeepSeek, Harmony, EXAONE, GLM,
Nemotron, MiniMax."""
ROLE = r"(?:[Aa]ssistant|ai|model|user|system|final|analysis|commentary)?"
EDGE_START = re.compile(rf"\A(?:\s*{SPECIAL}(?:\s*{ROLE}(?=\s*(?:\n|<)))?)+\s*")
EDGE_END = re.compile(rf"{SPECIAL}\Z")
SIGNS = ("<", "[", "◁", "assistantfinal")
"""A text without any of these has nothing to remove."""
LONGEST_TOKEN = 48
"""Characters at the end in which a token is looked for: more than `SPECIAL` can match, so that the rest of a long text
is not searched for each token."""
SPELT_OUT = re.compile(
    r"(?is)\A\s*here(?:['\u2019]s| is) my thought process:.*?\n\s*here(?:['\u2019]s| is) my response:\s*(?=\S)"
)
"""Granite's thoughts, which have no tags."""
FENCE = re.compile(r"(?s)\s*```(?:markdown|md|text|txt|plaintext)?[ \t]*\n((?:(?!```).)*)\n```\s*")
"""A message that is one block of prose; a language of code belongs to the document."""
WRAPPER = re.compile(r"(?s)\s*<(answer|response|output|solution)>((?:(?!</?\1>).)*)</\1>\s*")
NEXT_TURN = re.compile(
    r"(?:<\|(?:im_end|eot_id|end|return|endoftext|end_of_text|END_OF_TURN_TOKEN)\|>|<｜end▁of▁sentence｜>|</s>|<end_of_turn>|<turn\|>)"
    rf"\s*(?={SPECIAL}\s*(?:assistant|user|system|model|\S))"
)
"""The end of a turn after which the model itself wrote the next one."""
THOUGHT_NAMES = (
    r"think|thinking|thoughts?|reasoning|seed:think|reflections?|antthinking|thought_process|"
    r"inner_(?:thoughts?|monologue)|internal_(?:thoughts?|monologue)"
)
THOUGHT_TAG = re.compile(
    rf"(?i)< ?(?P<close>/?) ?(?:{THOUGHT_NAMES}) ?>|\[(?P<close2>/?)THINK\]|<\|(?:START|(?P<close3>END))_THINKING\|>"
    r"|◁(?P<close4>/?)think▷|<\|(?:begin|(?P<close5>end))_of_thought\|>|<\|inner_(?:pre|(?P<close6>suf))fix\|>"
)
CHANNEL = re.compile(r"<\|channel\|?>\s*(\w+)[^<]*(?:<\|message\|>)?")
CHANNEL_ENDS = re.compile(r"<\|(?:end|return|call|start|channel)\|?>|<channel\|>")
BARE_CHANNELS = re.compile(r"(?s)\A\s*analysis(?=[A-Z\s]).*?assistantfinal\s*(?=\S)")
"""Harmony whose special tokens were dropped when the text was decoded."""
DOCUMENT = re.compile(r"<document>(?:(?!<document>).)*</document>", re.DOTALL)
INSTRUCTION = re.compile(r"(?s)\A\s*(?:<s>\s*)?\[INST\].*?\[/INST\]")


def without_chat_markup(reply: str) -> str:
    """The message alone: no thoughts, closed or not, no other channel than the final one, no tokens around it."""
    reply = SPELT_OUT.sub("", reply)
    if not any(sign in reply for sign in SIGNS):
        return reply
    text = INSTRUCTION.sub("", BARE_CHANNELS.sub("", reply))
    text = _without_thoughts(_final_channel(text))
    next_turn = NEXT_TURN.search(text)
    if next_turn and text[: next_turn.start()].strip():
        text = text[: next_turn.start()]
    return without_edge_tokens(text)


def without_edge_tokens(text: str) -> str:
    """The text without special tokens at its start and end."""
    if not any(sign in text for sign in SIGNS):
        return text
    bare = EDGE_START.sub("", text)
    while token := EDGE_END.search(bare, max(0, len(bare.rstrip()) - LONGEST_TOKEN), len(bare.rstrip())):
        bare = bare[: token.start()]
    return bare


def without_wrapper(text: str) -> str:
    """The text inside the tags, or the block of Markdown, that some models put their whole message in."""
    wrapper = WRAPPER.fullmatch(text)
    inner = wrapper[2] if wrapper else text
    fenced = FENCE.fullmatch(inner)
    return fenced[1] if fenced else inner


def _final_channel(text: str) -> str:
    """The last final channel; without one, everything but the other channels."""
    channels = list(CHANNEL.finditer(text))
    if not channels:
        return text
    for channel in reversed(channels):
        if channel[1] == "final":
            return text[channel.end() : _channel_end(text, channel.end())]
    first, last = channels[0], channels[-1]
    end = _channel_end(text, last.end())
    return text[: first.start()] + text[end:]


def _channel_end(text: str, start: int) -> int:
    match = CHANNEL_ENDS.search(text, start)
    return match.start() if match else len(text)


def _without_thoughts(text: str) -> str:
    """Closed thoughts are removed wherever they are. One that only opens runs to the document, if there is one, or to
    the end; one that only closes began with the reply, unless that would leave nothing of a document."""
    pieces: list[str] = []
    start, opened = 0, -1
    for tag in THOUGHT_TAG.finditer(text):
        closes = any(tag.groups())
        if closes and opened >= 0:
            pieces.append(text[start:opened])
            start, opened = tag.end(), -1
        elif closes:
            pieces.append(text[start : tag.start()])
            start = tag.end()
            if "<document>" not in "".join(pieces) or DOCUMENT.search(text, start):
                pieces = []
        elif opened < 0:
            opened = tag.start()
    if opened < 0:
        return "".join((*pieces, text[start:]))
    before, after = "".join((*pieces, text[start:opened])), list(DOCUMENT.finditer(text, opened))
    return before if not after or DOCUMENT.search(before) else after[-1][0] + text[after[-1].end() :]
