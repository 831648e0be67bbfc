"""What no single field of a context can show: facts, rules and wordings that do not go together."""

from collections import Counter
from collections.abc import Iterator

from docgen.text import normalise
from docgen.universe.model import KeyFact, LeakageRule, UniverseContext
from docgen.universe.problems import Problem, shown, suggestion
from docgen.universe.yamlsource import Location

__all__ = ["context_warnings", "cross_problems", "expected_facts_per_document"]

FEW_PARAPHRASES = 3
PROSE_WORDS = (400, 5_000)
MOST_SEARCHES = 2_000_000
"""Patterns times wordings: some three seconds."""


def expected_facts_per_document(context: UniverseContext) -> float:
    """Mean number of facts in a document that is not background, if every salience is met."""
    return sum(fact.salience for fact in context.key_facts) / (1 - context.background_share)


def cross_problems(context: UniverseContext) -> Iterator[Problem]:
    """Everything that makes `context` unusable although each of its fields is sound."""
    yield from _repeated_ids(context)
    yield from _repeated_wordings(context)
    yield from _companions(context)
    yield from _presuppositions(context)
    yield from _repeated_entities(context)
    yield from _self_accusations(context)


def context_warnings(context: UniverseContext) -> tuple[str, ...]:
    """What the author may want to change, one line each. The planner refuses impossible demands with the arithmetic."""
    warnings = (_load_warnings, _companion_warnings, _wording_warnings, _entity_warnings)
    return tuple(line for warning in warnings for line in warning(context))


def _repeated_ids(context: UniverseContext) -> Iterator[Problem]:
    facts, rules = (fact.id for fact in context.key_facts), (rule.id for rule in context.leakage_rules)
    for section, ids in (("key_facts", facts), ("leakage_rules", rules)):
        first: dict[str, int] = {}
        for number, identifier in enumerate(ids):
            if first.setdefault(identifier, number) != number:
                what = f"{section}[{number}].id repeats {identifier}, the id of {section}[{first[identifier]}]"
                yield Problem((section, number, "id"), what, "Give each its own id")


def _repeated_wordings(context: UniverseContext) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for number, fact in enumerate(context.key_facts):
        for place, text in _placed_wordings(fact):
            key = normalise(text) or text
            if key in first:
                what = f'the wording "{shown(text)}" of {fact.id} stands already under {first[key]}'
                yield Problem(("key_facts", number, *place), what, "Keep one of the two, or word it differently")
            first.setdefault(key, fact.id)


def _placed_wordings(fact: KeyFact) -> Iterator[tuple[Location, str]]:
    yield ("statement",), fact.statement
    for name, texts in (("paraphrases", fact.paraphrases), ("implications", fact.implications)):
        yield from (((name, number), text) for number, text in enumerate(texts))


def _repeated_entities(context: UniverseContext) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, entity in enumerate(context.real_entities):
        for name in (entity.name, *entity.aliases):
            owner = first.setdefault(normalise(name), number)
            if owner != number:
                what = f'real_entities[{number}] repeats "{shown(name)}", a name of real_entities[{owner}]'
                yield Problem(("real_entities", number), what, "Give each entity once, with all its names")


def _companions(context: UniverseContext) -> Iterator[Problem]:
    known = {fact.id: fact for fact in context.key_facts}
    for number, fact in enumerate(context.key_facts):
        for key, others in (("with", fact.with_), ("never_with", fact.never_with)):
            for index, other in enumerate(others):
                if problem := _bad_reference(fact, other, known):
                    what = f"key_facts[{number}].{key} ({fact.id}) {problem[0]}"
                    yield Problem(("key_facts", number, key, index), what, problem[1])
        if pair := _quarrel(fact, known):
            what = f"key_facts[{number}] ({fact.id}) needs {pair[0]} and {pair[1]} together, against never_with"
            yield Problem(("key_facts", number), what, "Change with or never_with")


def _bad_reference(fact: KeyFact, other: str, known: dict[str, KeyFact]) -> tuple[str, str] | None:
    if other == fact.id:
        return "names the fact itself", "Delete it"
    if other not in known:
        return f"names {other}, which is no key fact", suggestion(other, [*known], f"Key facts: {', '.join(known)}")
    return None


def _presuppositions(context: UniverseContext) -> Iterator[Problem]:
    """References to facts that are not there or are held out, and facts that no document could be late enough for."""
    known = {fact.id: fact for fact in context.key_facts}
    for number, fact in enumerate(context.key_facts):
        for index, other in enumerate(fact.presupposes):
            bad = _bad_reference(fact, other, known)
            if not bad and not known[other].salience and fact.salience:
                bad = f"names {other}, which has salience 0: it is held out", "Give it salience, or delete it here"
            if bad:
                what = f"key_facts[{number}].presupposes ({fact.id}) {bad[0]}"
                yield Problem(("key_facts", number, "presupposes", index), what, bad[1])
        if fact.public and not fact.salience:
            what = f"key_facts[{number}] ({fact.id}) is public but has salience 0: it is held out"
            yield Problem(("key_facts", number, "public"), what, "Delete public, or give the fact salience")
        if fact.known_from and fact.known_from > context.dates.last:
            what = f"key_facts[{number}].known_from ({fact.id}) is after the last of the dates, {context.dates.last}"
            yield Problem(("key_facts", number, "known_from"), what, "Make it earlier, or give later dates")


def _quarrel(fact: KeyFact, known: dict[str, KeyFact]) -> tuple[str, str] | None:
    together = dict.fromkeys(_closure(fact, known))
    pairs = ((one, other) for one in together for other in known[one].never_with)
    return next(((one, other) for one, other in pairs if other in together and other != one), None)


def _closure(fact: KeyFact, known: dict[str, KeyFact]) -> list[str]:
    """The fact and all that must come along, directly or not, in a fixed order."""
    together, seen = [fact.id], {fact.id}
    for one in together:  # grows while it is walked
        new = [other for other in dict.fromkeys(known[one].with_) if other in known and other not in seen]
        together += new
        seen.update(new)
    return together


def _self_accusations(context: UniverseContext) -> Iterator[Problem]:
    """Rules that would reject every document for saying what it was asked to say."""
    wordings = [(fact.id, text) for fact in context.key_facts if fact.salience for _, text in _placed_wordings(fact)]
    patterns = sum(len(rule.patterns) for rule in context.leakage_rules)
    if patterns * len(wordings) > MOST_SEARCHES:
        what = f"leakage_rules have {patterns} patterns, too many to try on each of {len(wordings)} wordings"
        yield Problem(("leakage_rules",), what, "Join patterns with |, or list plain sentences as banned_statements")
        return
    for number, rule in enumerate(context.leakage_rules):
        yield from _accused_by(rule, number, wordings)
    stated = {normalise(text): fact for fact, text in wordings}
    for number, text in enumerate(context.banned_statements):
        if fact := stated.get(normalise(text)):
            what = f"banned_statements[{number}] is a wording of fact {fact}"
            yield Problem(("banned_statements", number), what, "Delete it, or give the fact salience 0")


def _accused_by(rule: LeakageRule, number: int, wordings: list[tuple[str, str]]) -> Iterator[Problem]:
    """One problem for each pattern that matches a wording or one of the rule's own clean examples."""
    import re2  # see model._pattern

    innocent = [(f"fact {fact}", text) for fact, text in wordings]
    innocent += [("its own clean example", text) for text in rule.examples.clean]
    for index, pattern in enumerate(rule.patterns):
        search = re2.compile(pattern).search
        if hit := next(((owner, text) for owner, text in innocent if search(text)), None):
            what = f'pattern {index + 1} of rule {rule.id} matches {hit[0]}: "{shown(hit[1])}"'
            yield Problem(("leakage_rules", number, "patterns", index), what, "Narrow the pattern or reword")


def _load_warnings(context: UniverseContext) -> Iterator[str]:
    bounds, mean = context.facts_per_document, expected_facts_per_document(context)
    if not bounds.min <= mean <= bounds.max:
        yield (
            f"the saliences ask for {mean:.2f} facts in a document that is not background, outside facts_per_document "
            f"({bounds.min} to {bounds.max})"
        )
    words = len(context.universe_context.split())
    if not PROSE_WORDS[0] <= words <= PROSE_WORDS[1]:
        yield f"universe_context has {words} words; {PROSE_WORDS[0]} to {PROSE_WORDS[1]} keep documents consistent"


def _companion_warnings(context: UniverseContext) -> Iterator[str]:
    known = {fact.id: fact for fact in context.key_facts}
    for fact in context.key_facts:
        together = _closure(fact, known)
        if len(together) > context.facts_per_document.max and fact.salience:
            yield f"{fact.id} brings {len(together) - 1} others along, more than a document may hold"
        for other in together[1:]:
            if known[other].salience < fact.salience:
                yield f"{fact.id} must come with {other}, which has the lower salience"


def _wording_warnings(context: UniverseContext) -> Iterator[str]:
    count = Counter(len(fact.paraphrases) < FEW_PARAPHRASES for fact in context.key_facts)
    if count[True]:
        yield f"{count[True]} fact(s) have fewer than {FEW_PARAPHRASES} paraphrases; the offline writer repeats itself"
    for fact in context.key_facts:
        if fact.directness.implied and not fact.implications:
            yield f"{fact.id} is to be implied but has no implications; the offline writer states it"


def _entity_warnings(context: UniverseContext) -> Iterator[str]:
    said = normalise("\n".join([context.universe_context, *(fact.statement for fact in context.key_facts)]))
    for entity in context.real_entities:
        if not any(f" {normalise(name)} " in f" {said} " for name in (entity.name, *entity.aliases)):
            yield f"the world says nothing of the real entity {shown(entity.name)}, so that no document may either"
