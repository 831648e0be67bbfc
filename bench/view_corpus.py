"""A run of any size that nobody wrote: for measuring the explorer on a million documents. Not prose."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from pydantic_core import to_json

from docgen.universe import UniverseContext

FACTS, TYPES, IDEAS = 40, 50, 5_000
PLANTED = {
    "ubiquit": 0.95,
    "prevalent": 0.60,
    "frequentia": 0.20,
    "occasio": 0.05,
    "seldomly": 0.01,
    "rarissime": 0.0005,
}
"""Words that no sentence has, and the share of the documents that they are put into."""
SENTENCES, VOCABULARY = 20_000, 50_000


def make_run(folder: Path, n: int, seed: int = 0, sentences: int = SENTENCES) -> None:
    """Write run.json, the context, types, ideas, the plan and n accepted attempts, with every tenth slot refilled.

    Texts are put together from so many different `sentences`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    _write_world(folder, n)
    pool = _sentences(rng, sentences)
    with (folder / "attempts.jsonl").open("wb") as attempts, (folder / "slots.jsonl").open("wb") as slots:
        for slot, text, facts in _documents(rng, n, pool):
            kind, idea = f"type-{slot % TYPES}", f"type-{slot % TYPES}.{slot % (IDEAS // TYPES) + 1}"
            common = {"doc_type": kind, "idea": idea, "facts": facts}
            slots.write(to_json({"id": slot, **common, "style": STYLE, "seed": slot}) + b"\n")
            refilled = slot % 10 == 0
            if refilled:
                attempts.write(_attempt(slot, 1, text[:200], common, "rejected"))
            attempts.write(_attempt(slot, 1 + refilled, text, common, "accepted"))


STYLE = {
    "words": 200, "tone": "dry", "opening": "opens with a date", "audience": "readers", "names": ["A. Able"],
    "organisation": "Example Ltd", "place": "Exampleton", "date": "2024-05-01", "places": [],
}  # fmt: skip


def _attempt(slot: int, number: int, text: str, common: Mapping[str, object], verdict: str) -> bytes:
    findings = [{"rule": "scaffold", "severity": "warning", "detector": "patterns", "start": 0, "end": 9}]
    reasons = [{"code": "missing_fact", "subject": "fact_1", "detail": "not found", "evidence": ""}]
    record = {
        "slot": slot, "number": number, "verdict": verdict, "key": f"{slot:032x}", **common, "text": text,
        "words": text.count(" ") + 1, "tokens": text.count(" ") * 4 // 3, "draft": "", "quotes": [],
        "reasons": reasons if verdict == "rejected" else [], "findings": findings if slot % 97 == 0 else [],
        "stop_reason": "end_turn", "engine": "anthropic", "model": "claude-bench", "seed": slot,
    }  # fmt: skip
    return to_json(record) + b"\n"


def _sentences(rng: np.random.Generator, count: int) -> list[str]:
    """Sentences of 8 to 24 words whose frequencies fall off as those of a language do."""
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    lengths = rng.integers(2, 11, min(VOCABULARY, 10 * count))
    names = ["".join(rng.choice(letters, size)) for size in lengths]
    ranks = np.minimum(rng.zipf(1.15, count * 24) - 1, len(names) - 1)
    made, place = [], 0
    for size in rng.integers(8, 25, count):
        made.append(" ".join(names[rank] for rank in ranks[place : place + size]).capitalize() + ".")
        place += int(size)
    return made


def _documents(
    rng: np.random.Generator, n: int, sentences: list[str]
) -> Iterator[tuple[int, str, list[dict[str, str]]]]:
    """(slot, text of 80 to 320 words, three facts) of each document."""
    facts = [
        {"fact": f"fact_{i}", "directness": d, "prominence": p}
        for i in range(FACTS) for d in ("stated", "implied") for p in ("central", "supporting", "passing")
    ]  # fmt: skip
    for first in range(0, n, 10_000):
        size = min(10_000, n - first)
        picks = rng.integers(0, len(sentences), (size, 20))
        counts, chosen = rng.integers(5, 21, size), rng.integers(0, len(facts), (size, 3))
        planted = {word: rng.random(size) < share for word, share in PLANTED.items()}
        for i in range(size):
            body = [sentences[pick] for pick in picks[i, : counts[i]]]
            body += [f"It is {word}." for word, where in planted.items() if where[i]]
            own = {facts[c]["fact"]: facts[c] for c in chosen[i]}
            yield first + i, f"Document {first + i}\n\n" + " ".join(body), list(own.values())


def _write_world(folder: Path, n: int) -> None:
    facts = [
        {"id": f"fact_{i}", "statement": f"The bench has a fact of number {i}.", "salience": 0.07} for i in range(FACTS)
    ]
    world = {"id": "bench", "title": "A bench", "universe_context": "A bench of many facts.", "key_facts": facts}
    (folder / "context.yaml").write_text(json.dumps(world))  # JSON is YAML
    context = UniverseContext.model_validate(world)
    config = {"n": n, "engine": "anthropic", "model": "claude-bench"}
    meta = {
        "docgen": "bench", "config": config, "templates": {}, "versions": {}, "parents": [],
        "context": {"id": "bench", "title": "A bench", "digest": context.digest, "source": ""},
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(meta))
    with (folder / "types.jsonl").open("w") as types, (folder / "ideas.jsonl").open("w") as ideas:
        for i in range(TYPES):
            print(json.dumps({"id": f"type-{i}", "name": f"type {i}", "description": "A type."}), file=types)
            for j in range(IDEAS // TYPES):
                idea = {"id": f"type-{i}.{j + 1}", "doc_type": f"type-{i}", "text": f"Idea {j + 1} of type {i}."}
                print(json.dumps(idea), file=ideas)
