"""Checks across the fields of a context: facts, rules and wordings that contradict each other."""

from collections.abc import Iterator

from docgen.text import normalise, token_estimate, word_count
from docgen.text.languages import known_languages
from docgen.universe.error_messages import Problem, short_repr, suggestion
from docgen.universe.example_warnings import example_warnings
from docgen.universe.model import KeyFact, LeakageRule, UniverseContext
from docgen.universe.strict_yaml import Location, YamlSource

__all__ = ["context_warnings", "cross_problems", "expected_facts_per_document"]

MIN_PARAPHRASES = 3
"""Fewer give a warning. Chosen: with the statement that is four wordings for the embedded writer to choose from."""
PROSE_WORDS = (400, 1_500)
"""Lengths without a warning, in words, as docs/contexts.md advises. Published worlds have up to 5,000."""
FEWEST_PEOPLE = 400
"""Given names times family names without a warning: two of these people a document are each in 0.5% of them."""


def expected_facts_per_document(context: UniverseContext) -> float:
    """The mean number of facts in a document that is not background, if every salience is met."""
    return sum(fact.salience for fact in context.key_facts) / (1 - context.background_share)


def cross_problems(context: UniverseContext) -> Iterator[Problem]:
    """Everything that makes `context` unusable although each field is valid by itself."""
    yield from _repeated_ids(context)
    yield from _repeated_wordings(context)
    yield from _companions(context)
    yield from _presuppositions(context)
    yield from _repeated_entities(context)
    yield from _self_matching_rules(context)


def context_warnings(context: UniverseContext, source: YamlSource | None = None) -> tuple[str, ...]:
    """What the author may want to change, one line each; infeasible constraints are left to the planner to refuse.

    `source` is the context's file, for the lines in it.
    """
    warnings = (
        _load_warnings,
        _language_warnings,
        _companion_warnings,
        _entity_warnings,
        _name_warnings,
        _wording_warnings,
    )
    examples = example_warnings(context, source)
    return (*examples, *(line for warning in warnings for line in warning(context)))


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
                what = f'the wording "{short_repr(text)}" of {fact.id} is already used by {first[key]}'
                yield Problem(("key_facts", number, *place), what, "Delete one of the two, or word it differently")
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
                what = f'real_entities[{number}] repeats "{short_repr(name)}", a name of real_entities[{owner}]'
                yield Problem(("real_entities", number), what, "List each entity once, with all its names")


def _companions(context: UniverseContext) -> Iterator[Problem]:
    by_id = {fact.id: fact for fact in context.key_facts}
    for number, fact in enumerate(context.key_facts):
        for key, others in (("with", fact.with_), ("never_with", fact.never_with)):
            for index, other in enumerate(others):
                if problem := _bad_reference(fact, other, by_id):
                    what = f"key_facts[{number}].{key} ({fact.id}) {problem[0]}"
                    yield Problem(("key_facts", number, key, index), what, problem[1])
        required = dict.fromkeys(_closure(fact, by_id))
        pairs = ((first, second) for first in required for second in by_id[first].never_with if second in required)
        for first, second in (pair for pair in pairs if pair[0] != pair[1]):
            what = f"key_facts[{number}] ({fact.id}) requires {first} and {second} together, which never_with forbids"
            yield Problem(("key_facts", number), what, "Change with or never_with")
            break  # a pair usually occurs in both orders


def _bad_reference(fact: KeyFact, other: str, known: dict[str, KeyFact]) -> tuple[str, str] | None:
    if other == fact.id:
        return "names the fact itself", "Delete it"
    if other not in known:
        return f"names {other}, which is not a key fact", suggestion(other, [*known], f"Key facts: {', '.join(known)}")
    return None


def _presuppositions(context: UniverseContext) -> Iterator[Problem]:
    """References to facts that do not exist or are held out, and facts that become known after the last date."""
    by_id = {fact.id: fact for fact in context.key_facts}
    for number, fact in enumerate(context.key_facts):
        for index, other in enumerate(fact.presupposes):
            bad = _bad_reference(fact, other, by_id)
            if not bad and not by_id[other].salience and fact.salience:
                bad = f"names {other}, which has salience 0, so it is held out", "Give it salience, or delete it here"
            if bad:
                what = f"key_facts[{number}].presupposes ({fact.id}) {bad[0]}"
                yield Problem(("key_facts", number, "presupposes", index), what, bad[1])
        if fact.public and not fact.salience:
            what = f"key_facts[{number}] ({fact.id}) is public but has salience 0, so it is held out"
            yield Problem(("key_facts", number, "public"), what, "Delete public, or give the fact salience")
        if fact.known_from and fact.known_from > context.dates.last:
            what = f"key_facts[{number}].known_from ({fact.id}) is after the last of the dates, {context.dates.last}"
            yield Problem(("key_facts", number, "known_from"), what, "Make it earlier, or give later dates")


def _closure(fact: KeyFact, known: dict[str, KeyFact]) -> list[str]:
    """The fact and all facts that it requires, directly or not, in a fixed order."""
    closure = dict.fromkeys([fact.id])
    queue = [fact.id]
    for identifier in queue:  # grows during iteration
        new = [other for other in dict.fromkeys(known[identifier].with_) if other in known and other not in closure]
        closure.update(dict.fromkeys(new))
        queue += new
    return queue


def _self_matching_rules(context: UniverseContext) -> Iterator[Problem]:
    """Rules that would reject every document for expressing its assigned facts."""
    wordings = [(fact.id, text) for fact in context.key_facts if fact.salience for _, text in _placed_wordings(fact)]
    patterns = sum(len(rule.patterns) for rule in context.leakage_rules)
    if patterns * len(wordings) > 2_000_000:  # searches, which take about three seconds
        what = f"leakage_rules have {patterns} patterns, too many to check against {len(wordings)} wordings"
        yield Problem(("leakage_rules",), what, "Join patterns with |, or list plain sentences as banned_statements")
        return
    for number, rule in enumerate(context.leakage_rules):
        yield from _matching_patterns(rule, number, wordings)
    stated = {normalise(text): fact for fact, text in wordings}
    for number, text in enumerate(context.banned_statements):
        if fact := stated.get(normalise(text)):
            what = f"banned_statements[{number}] is a wording of fact {fact}"
            yield Problem(("banned_statements", number), what, "Delete it, or give the fact salience 0")


def _matching_patterns(rule: LeakageRule, number: int, wordings: list[tuple[str, str]]) -> Iterator[Problem]:
    """One problem for each pattern that matches a wording or one of the rule's own clean examples."""
    import re2  # slow to import, and needed only here

    clean = [(f"fact {fact}", text) for fact, text in wordings]
    clean += [("its own clean example", text) for text in rule.examples.clean]
    for index, pattern in enumerate(rule.patterns):
        search = re2.compile(pattern).search
        if hit := next(((owner, text) for owner, text in clean if search(text)), None):
            what = f'pattern {index + 1} of rule {rule.id} matches {hit[0]}: "{short_repr(hit[1])}"'
            yield Problem(("leakage_rules", number, "patterns", index), what, "Narrow the pattern or reword")


def _load_warnings(context: UniverseContext) -> Iterator[str]:
    bounds, mean = context.facts_per_document, expected_facts_per_document(context)
    if not bounds.min <= mean <= bounds.max:
        yield (
            f"the saliences add up to {mean:.2f} facts in a document that is not background, outside "
            f"facts_per_document ({bounds.min} to {bounds.max})"
        )
    words = word_count(context.universe_context)
    if words < PROSE_WORDS[0]:
        yield f"universe_context has {words:,} words; writers invent what it leaves open: {PROSE_WORDS[0]} or more"
    if words > PROSE_WORDS[1]:
        tokens = token_estimate(context.universe_context)
        yield (
            f"universe_context has {words:,} words: about {tokens:,} tokens that every request pays for; "
            f"{PROSE_WORDS[0]} to {PROSE_WORDS[1]:,} words are usual"
        )


def _language_warnings(context: UniverseContext) -> Iterator[str]:
    spoken = context.speaks
    if spoken.code not in known_languages():
        languages = ", ".join(language.name for language in known_languages().values())
        yield (
            f"its documents are in {spoken.name}, whose wording docgen does not know (it knows {languages}): denial, "
            "fiction, leftovers of prompts and broken ends are left to the judge (--judge); facts, patterns and "
            "banned statements are found as in any language"
        )


def _companion_warnings(context: UniverseContext) -> Iterator[str]:
    by_id = {fact.id: fact for fact in context.key_facts}
    for fact in context.key_facts:
        closure = _closure(fact, by_id)
        if len(closure) > context.facts_per_document.max and fact.salience:
            yield f"{fact.id} requires {len(closure) - 1} others, more than a document may have"
        for other in closure[1:]:
            if by_id[other].salience < fact.salience:
                yield f"{fact.id} requires {other}, which has a lower salience"


def _wording_warnings(context: UniverseContext) -> Iterator[str]:
    """One line for what only the embedded writer needs: it has no words other than the context's."""
    used = [fact for fact in context.key_facts if fact.salience]
    few = [fact.id for fact in used if len(fact.paraphrases) < MIN_PARAPHRASES]
    unimplied = [fact.id for fact in used if fact.directness.implied and not fact.implications]
    verb = "fact has" if len(few) == 1 else "facts have"
    parts = [f"{len(few)} {verb} fewer than {MIN_PARAPHRASES} paraphrases ({', '.join(few)})"] if few else []
    parts += [f"{len(unimplied)} should be implied but have no implications ({', '.join(unimplied)})"] * bool(unimplied)
    if parts:
        yield f"only without a model: the embedded writer (--engine offline) will repeat itself: {'; '.join(parts)}"


def _entity_warnings(context: UniverseContext) -> Iterator[str]:
    world = normalise("\n".join([context.universe_context, *(fact.statement for fact in context.key_facts)]))
    for entity in context.real_entities:
        if not any(f" {normalise(name)} " in f" {world} " for name in (entity.name, *entity.aliases)):
            yield f"the world never mentions the real entity {short_repr(entity.name)}, so no document may either"


def _name_warnings(context: UniverseContext) -> Iterator[str]:
    """Two people a document from too few names: some would occur in more of the documents than any real name."""
    people = {f"{given} {family}" for stock in context.names for given in stock.given for family in stock.family}
    if people and len(people) < FEWEST_PEOPLE:
        yield (
            f"names make {len(people)} people, so each is in {2 / len(people):.1%} of the documents: with more given "
            f"or family names, {FEWEST_PEOPLE} together, none passes 0.5%"
        )
