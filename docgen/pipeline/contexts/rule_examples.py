"""Examples for the rules of a context: written once by a model, confirmed by a person."""

from collections.abc import Callable, Sequence

from docgen.errors import InputError
from docgen.pipeline.audit.judge_setup import SILENT, Judge, JudgeCost, never
from docgen.progress import Reporter
from docgen.prompts.requests import rule_examples_request
from docgen.prompts.table import RULE_EXAMPLES
from docgen.universe import LeakageRule, RuleExamples, UniverseContext

__all__ = ["cost_of_examples", "propose_examples", "rules_without_examples"]


def rules_without_examples(context: UniverseContext) -> tuple[LeakageRule, ...]:
    """The rules without an example, or with one kind only."""
    return tuple(rule for rule in context.leakage_rules if not (rule.examples.leak and rule.examples.clean))


def cost_of_examples(context: UniverseContext, rules: Sequence[LeakageRule], writer: Judge) -> JudgeCost:
    """What asking for the examples will cost."""
    return writer.cost([rule_examples_request(context, rules, writer.model)])


async def propose_examples(
    context: UniverseContext,
    rules: Sequence[LeakageRule],
    writer: Judge,
    reporter: Reporter = SILENT,
    stopping: Callable[[], bool] = never,
) -> dict[str, RuleExamples]:
    """Examples by rule; existing ones are kept. Raises `InputError` if there are none in the reply."""
    async with writer.open(reporter, stopping) as llm:
        completion = await llm.complete(rule_examples_request(context, rules, writer.model))
    written = {name: (leak, clean) for name, leak, clean in RULE_EXAMPLES.parse(completion.text) or ()}
    proposed = {
        rule.id: RuleExamples(
            leak=rule.examples.leak or (written[rule.id][0],), clean=rule.examples.clean or (written[rule.id][1],)
        )
        for rule in rules
        if rule.id in written
    }
    if not proposed:
        fix = "Try another --model, or write them yourself: examples: {leak: [...], clean: [...]}"
        raise InputError("the model wrote no examples", writer.model.model, fix)
    return proposed
