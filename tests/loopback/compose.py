"""Replies that a docgen run can live on, made from nothing but the rendered prompt."""

import json
import random
import re
from collections.abc import Sequence
from typing import Any

from docgen.text import word_count

__all__ = ["compose", "prompt_text", "system_text", "tokens"]

FACT = re.compile(r'<assigned_fact id="([^"]*)"[^>]*>\s*(.*?)\s*</assigned_fact>\s*(Implied)?', re.DOTALL)
KEY_FACT = re.compile(r'<fact id="([^"]*)"[^>]*>(.*)</fact>')
LENGTH = re.compile(r"(\d[\d,]*)(?:\s*(?:to|-|–)\s*\d[\d,]*)?\s+words")
COUNT = re.compile(r"(\d+)\s+(?:\w+[\s-]+){0,4}?(?:types|ideas|kinds)")
SUBJECTS = "the team|our office|a reviewer|the planner|one supplier|the clerk|a visitor|the editor|the archive|our desk"
VERBS = "checked|collected|compared|described|finished|gathered|listed|moved|noted|opened|ordered|prepared|read|sorted"
OBJECTS = (
    "the ledger|a draft|the calendar|two letters|the shelf plan|a sample|the invoice|a map|the minutes|the notebook|"
    "an index|the inventory|a timetable|the summary|a label|the brochure|a parcel|the figures|a sketch|the register"
)
PLACES = (
    "near the window|in the annex|at the station|by the river|after lunch|before noon|on the second floor|in Leeds|"
    "during the break|with some care|for the third time|under the clock|without delay|at the depot|in the yard"
)
ADVERBS = "quietly|again|promptly|twice|carefully|early|late|slowly|together|neatly|briefly|calmly|soon|often"


def system_text(body: dict[str, Any]) -> str:
    """The system prompt, whichever way it was sent."""
    return _text(body.get("system") or "")


def prompt_text(body: dict[str, Any]) -> str:
    """The user's part of the prompt."""
    return "\n".join(_text(message["content"]) for message in body["messages"])


def tokens(text: str) -> int:
    """About four characters each."""
    return (len(text) + 3) // 4


def compose(
    body: dict[str, Any],
    rng: random.Random,
    words: int | None = None,
    sentences: Sequence[str] = (),
    babbles: bool = False,
) -> str:
    """A reply: a judge's verdicts, other JSON where a schema asks for it, else a document in docgen's tagged form."""
    prompt = prompt_text(body)
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    if schema is None and "JSON schema" in prompt:
        schema = json.loads(prompt[prompt.index("{", prompt.rindex("JSON schema")) :])
    if schema is not None and {"facts", "rules"} <= schema.get("properties", {}).keys():
        return "I would rather not say." if babbles else _judge(system_text(body), prompt)
    if schema is not None:
        found = COUNT.search(prompt)
        return json.dumps(_of_schema(schema, rng, int(found.group(1)) if found else 10))
    wanted = LENGTH.search(prompt)
    length = words or (int(wanted.group(1).replace(",", "")) if wanted else 300)
    return _document(FACT.findall(prompt), rng, length, sentences)


def _judge(system: str, prompt: str) -> str:
    """The word of a judge that knows a fact by its statement alone, and finds no rule broken."""
    facts = [
        {
            "fact": name,
            "quote": said,
            "reason": "It says so.",
            "verdict": "stated",
            "airtime": 20,
            "prominence": "supporting",
        }
        for name, said in KEY_FACT.findall(system)
        if said in prompt
    ]
    return json.dumps({"facts": facts, "rules": []})


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content)


def _document(facts: list[tuple[str, str, str]], rng: random.Random, length: int, sentences: Sequence[str] = ()) -> str:
    stated = [(name, _implying(text, rng) if implied else _whole(text)) for name, text, implied in facts]
    lines = [sentence for _, sentence in stated]
    filler = length - sum(map(word_count, lines))
    while filler > 0:
        sentence = rng.choice(sentences) if sentences else _sentence(rng)
        lines.insert(rng.randint(0, len(lines)), sentence)
        filler -= word_count(sentence)
    paragraphs = [" ".join(lines[i : i + 6]) for i in range(0, len(lines), 6)]
    quotes = "\n".join(f'<quote fact="{name}">{sentence}</quote>' for name, sentence in stated)
    text = "\n\n".join(paragraphs)
    return f"<document>\n{text}\n</document>\n<evidence>\n{quotes}\n</evidence>"


def _whole(statement: str) -> str:
    return statement if statement.endswith((".", "!", "?", "。", "؟")) else statement + "."


def _implying(statement: str, rng: random.Random) -> str:
    """A sentence with the statement's words in another order: near it, and not it."""
    words = statement.rstrip(".!?").split()
    rng.shuffle(words)
    return f"The desk plans its week around {' '.join(words)}."


def _sentence(rng: random.Random) -> str:
    def pick(options: str) -> str:
        return rng.choice(options.split("|"))

    first = f"{pick(SUBJECTS)} {pick(VERBS)} {pick(OBJECTS)} {pick(PLACES)}"
    return f"{first.capitalize()}, and {pick(SUBJECTS)} {pick(ADVERBS)} {pick(VERBS)} {pick(OBJECTS)}."


def _of_schema(schema: dict[str, Any], rng: random.Random, count: int) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: _of_schema(part, rng, count) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_of_schema(schema["items"], rng, count) for _ in range(count)]
    if kind == "string":
        return " ".join(_sentence(rng).rstrip(".") for _ in range(1))
    return {"boolean": False, "integer": 1, "number": 0.5}.get(str(kind))
