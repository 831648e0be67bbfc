"""An engine of your own: here a plain function. In earnest, any object with a name and `async complete(request)`."""

import json
import random

import docgen


def reply(request: docgen.Request) -> str:
    """What the model answers: JSON to a brainstorm, a tagged text to the prompt of a document."""
    draw = random.Random(request.key)
    names = [f"letter to {draw.random()}" for _ in range(request.variables.get("count", 0))]
    if request.stage in ("types", "ideas"):
        return json.dumps({"types": [{"name": name} for name in names], "ideas": names})
    filler = " ".join(str(draw.random()) for _ in range(request.variables["style"].words))
    return f"<document>{' '.join(item.fact.statement for item in request.variables['facts'])} {filler}</document>"


world, llm = docgen.Context.load("tutorial"), docgen.FakeLLM(reply)
options = docgen.RunOptions(types=2, ideas=3, stated={fact.id: 1 for fact in world.key_facts})
run = docgen.generate(world, n=10, llm=llm, options=options, out="output/example_engine")
print(f"{run.status().accepted} documents from {len(llm.requests)} requests to {run.config.model}")
