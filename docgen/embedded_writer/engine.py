"""The embedded writer as an `LLM`: deterministic, offline and free."""

import json
import random
from collections import OrderedDict
from functools import lru_cache
from typing import Any

from docgen.embedded_writer.brainstorm import ideas, types
from docgen.embedded_writer.composer import Composed, write
from docgen.embedded_writer.document_types import Library, load_library
from docgen.embedded_writer.outline import Expression
from docgen.embedded_writer.scene import Scene
from docgen.embedded_writer.world import World, build_world
from docgen.llm.protocol import Completion, Request, Usage
from docgen.prompts.requests import FactToExpress
from docgen.prompts.style_pools import style_pools
from docgen.prompts.table import DOCUMENT, TYPES
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL
from docgen.text import digest, token_estimate
from docgen.universe import UniverseContext

__all__ = ["MODEL", "EmbeddedWriter"]

MODEL = EMBEDDED_MODEL


class EmbeddedWriter:
    """Answers from `Request.variables` alone, in the reply formats of the templates.

    Equal seeds, attempts, samples and slots give equal replies, whatever the order of requests. A fact that should be
    implied but has no implications is stated. It never refuses.
    """

    engine = EMBEDDED_ENGINE

    def __init__(self) -> None:
        self._worlds: OrderedDict[int, tuple[UniverseContext, World]] = OrderedDict()

    async def complete(self, request: Request) -> Completion:
        """Compose a reply; see `LLM.complete`. Never fails for a well-formed request."""
        text = self._reply(request)
        usage = Usage(input=_tokens(request.system) + token_estimate(request.user), output=token_estimate(text))
        return Completion(text=text, stop_reason="end_turn", model=MODEL, usage=usage, dollars=0.0)

    async def aclose(self) -> None:
        """Nothing is open: the writer holds no connection."""

    def _reply(self, request: Request) -> str:
        """The reply in the format that the request's template asks for."""
        variables, library = request.variables, load_library()
        if request.stage == DOCUMENT.name:
            document = self._document(variables, library, request.sample)
            quotes = "\n".join(f'<quote fact="{fact}">{sentence}</quote>' for fact, sentence in document.evidence)
            return f"<document>\n{document.text}\n</document>\n<evidence>\n{quotes}\n</evidence>"
        world = self._world(variables["context"])
        rng = random.Random(_seed(request.stage, variables["seed"], request.sample))
        if request.stage == TYPES.name:
            return json.dumps({"types": types(library, rng, variables["count"], variables["exclude"])})
        doc_type, count, exclude = variables["doc_type"], variables["count"], variables["exclude"]
        rng = random.Random(_seed(doc_type.name, variables["seed"], request.sample))
        return json.dumps({"ideas": ideas(library, world, rng, doc_type, count, exclude)}, ensure_ascii=False)

    def _document(self, variables: Any, library: Library, sample: int) -> Composed:
        world = self._world(variables["context"])
        style, doc_type, idea = variables["style"], variables["doc_type"], variables["idea"]
        assigned: tuple[FactToExpress, ...] = variables["facts"]
        facts_key = [(f.fact.id, f.directness, f.prominence) for f in assigned]
        slot = (doc_type.name, idea.text, facts_key, style.words, style.names)
        rng = random.Random(_seed(variables["seed"], variables["attempt"], sample, *slot))
        names = world.names_in[assigned[0].fact.id] if assigned else ()
        # Chosen: about half of the documents with a fact are about a name in their first one, most others about the
        # world's main name.
        if names and rng.random() < 0.45:
            topic = names[int(rng.random() * len(names))]
        else:
            topic = world.topics[0] if rng.random() < 0.7 else world.topics[int(rng.random() * len(world.topics))]
        idea_text = idea.text.lower()
        # The angle that the idea was built from; ideas that a real model had get a random one.
        angle = next((angle for angle in library.angles if angle[: angle.index("{")] in idea_text), None)
        if angle is None:
            angle = library.angles[int(rng.random() * len(library.angles))]
        scene = Scene(rng, style, style_pools(0), topic, angle.replace("{topic}", topic))
        facts = [_expression(world, fact, rng) for fact in assigned]
        return write(library.nearest(doc_type.name, doc_type.description), library, scene, facts, style.words)

    def _world(self, context: UniverseContext) -> World:
        """Cached by identity: hashing a whole context per request would cost more than writing the document."""
        entry = self._worlds.get(id(context))
        if entry is None:
            entry = self._worlds[id(context)] = (context, build_world(context))
            if len(self._worlds) > 8:  # a process writes for one context, a test or a server for a few
                self._worlds.popitem(last=False)
        return entry[1]


def _seed(*parts: object) -> int:
    return int(digest("|".join(map(str, parts)), size=8), 16)


def _expression(world: World, assigned: FactToExpress, rng: random.Random) -> Expression:
    """The fact with its wordings, which are used in turn from a random one on."""
    wordings = world.wordings(assigned.fact.id, assigned.directness)
    first = int(rng.random() * len(wordings))
    questions = assigned.fact.related_questions if assigned.directness == "stated" else ()
    question = questions[int(rng.random() * len(questions))] if questions else None
    implied = assigned.directness == "implied"
    return Expression(assigned.fact.id, assigned.prominence, wordings[first:] + wordings[:first], question, implied)


@lru_cache(maxsize=64)
def _tokens(system: str) -> int:
    """Tokens of a system prompt, cached: a stage uses one for all its requests."""
    return token_estimate(system)
