"""A subset of a corpus in which one fact has the share you ask for; nested doses; training files."""

import docgen

world = docgen.Context.load("tutorial")
run = docgen.generate(world, n=100, engine="offline", out="output/example_select", until=docgen.Step.ALL)
fact = world.key_facts[0].id
chosen = docgen.select(run, {fact: 0.1}, n=40, out="output/example_select/chosen.jsonl")
print(f"{len(chosen.rows)} documents, {chosen.facts[fact].chosen} with {fact}; targets met: {chosen.met}")
for dose in docgen.doses(run, [10, 50], "output/example_select/doses"):
    print(dose.file, "off by", dose.worst)
print(run.export("chat"), docgen.export("output/example_select/chosen.jsonl", out="output/example_select/training")[0])
