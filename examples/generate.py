"""A small corpus by the embedded writer: no key, no network, no money. Run it again: it goes on where it was."""

import docgen

world = docgen.Context.load("tutorial")
run = docgen.generate(world, n=50, engine="offline", out="output/example")
for document in run.documents():
    print(document.id, document.text.splitlines()[0], [fact.fact for fact in document.facts])
