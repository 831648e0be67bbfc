"""init and context: writing universe contexts and checking them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.completion import contexts
from docgen.cli.shared.streams import say, say_json
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from docgen.options.audit import JudgeOptions
    from docgen.pipeline.contexts.context_check import ContextCheck
    from docgen.universe import LeakageRule, UniverseContext
    from docgen.universe.model import RuleExamples

__all__ = ["register"]

PANEL = "Contexts"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="List and check universe contexts.", no_args_is_help=True)
    group.command("list")(list_all)
    group.command("check")(check)
    group.command("examples")(examples)
    app.command("init", rich_help_panel=PANEL)(init)
    app.add_typer(group, name="context", rich_help_panel=PANEL)


def init(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the new context, e.g. my_world: up to 64 of a-z, 0-9, _ and -; the first not _ or -."
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
    json: o.Json = False,
) -> None:
    """Write a commented starter context to universe_contexts/NAME.yaml.

    docgen init my_world && docgen context check my_world
    """
    from docgen.errors import ContextError
    from docgen.files.atomic import write_atomically
    from docgen.universe import starter_context

    text = starter_context(name)
    file = Path("universe_contexts") / f"{name}.yaml"
    if file.exists() and not force:
        raise ContextError("exists already", str(file), "Choose another name, or overwrite it with --force")
    write_atomically(file, [text.encode("utf-8")])
    if json:
        import json as js

        say_json(js.dumps({"file": str(file)}))
    else:
        say(f"Wrote {file}. Edit it, then: docgen context check {name}")


def list_all(json: o.Json = False) -> None:
    """List the contexts that a name can mean here."""
    from docgen.universe import list_contexts

    rows = [(entry, *_try(entry.path)) for entry in list_contexts(Path.cwd())]
    if json:
        import json as js

        summary = [
            {"name": entry.name, "origin": entry.origin, "path": str(entry.path)}
            | ({"title": context.title, "facts": len(context.key_facts)} if context else {"error": error})
            for entry, context, error in rows
        ]
        say_json(js.dumps(summary, indent=2))
        return
    from rich.text import Text

    from docgen.cli.shared.console import console, table
    from docgen.text import word_count

    shown: list[list[str | Text]] = []
    for entry, context, error in rows:
        facts = str(len(context.key_facts)) if context else "-"
        words = str(word_count(context.universe_context)) if context else "-"
        shown.append([entry.name, entry.origin, facts, words, context.title if context else Text(error, style="red")])
    console.print(table(("name", "from", "facts", "words", "title"), shown, right=("facts", "words")))


def _try(path: Path) -> "tuple[UniverseContext | None, str]":
    """The context, or why it cannot be read: one broken file must not hide the others."""
    from docgen.errors import ContextError
    from docgen.universe import load_context

    try:
        return load_context(path), ""
    except ContextError as error:
        return None, str(error)


def examples(
    file: Annotated[str, typer.Argument(metavar="CONTEXT", help="Local name, or a path.", autocompletion=contexts)],
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Have a model write examples for the context's own rules, and add those that you confirm to its file.

    One passage that breaks a rule and one that almost does: a judge sees both along with the rule.

    docgen context examples my_world --max-cost 0.10

    With --json nothing is asked: --yes accepts all, and without it the file stays unchanged.
    """
    from docgen.options.audit import JudgeMode, JudgeOptions
    from docgen.pipeline.contexts.rule_examples import rules_without_examples
    from docgen.universe import find_context, load_context

    path = find_context(file, Path.cwd())
    context = load_context(path)
    rules = rules_without_examples(context)
    if not rules:
        if json:
            say_json("[]")
        else:
            say("Every rule of the context has an example that breaks it and a clean one.")
        return
    writer = JudgeOptions(which=JudgeMode("all"), engine=engine, model=model, base_url=base_url, max_cost=max_cost)
    proposed = _propose(context, rules, writer, yes, json, quiet)
    confirmed = {name: own for name, own in proposed.items() if _is_confirmed(name, own, yes, json)}
    by_hand = _write_examples(path, confirmed)
    if json:
        say_json(_proposals_as_json(proposed, confirmed.keys() - by_hand.keys()))
        return
    if len(by_hand) < len(confirmed):
        say(f"Wrote {path}: examples of {plural(len(confirmed) - len(by_hand), 'rule')}")
    for name, lines in by_hand.items():
        say(f"To be added by hand, at the rule {name}:\n{lines}")


def _propose(
    context: "UniverseContext", rules: "Sequence[LeakageRule]", options: "JudgeOptions", yes: bool, json: bool,
    quiet: bool,
) -> "Mapping[str, RuleExamples]":  # fmt: skip
    """Examples by rule from a model, once their cost is agreed to."""
    from docgen.cli.shared.cost_consent import ask_model
    from docgen.pipeline.audit.judge_setup import Judge
    from docgen.pipeline.contexts.rule_examples import cost_of_examples, propose_examples

    writer = Judge.of(options, None)
    return ask_model(
        cost_of_examples(context, rules, writer),
        plural(len(rules), "rule"),
        lambda reporter, stopping: propose_examples(context, rules, writer, reporter, stopping),
        yes=yes, quiet=quiet, as_json=json,
    )  # fmt: skip


def _is_confirmed(rule: str, examples: "RuleExamples", yes: bool, json: bool) -> bool:
    """Show the two examples of a rule, and ask whether to take them; with --json the flag --yes decides."""
    if json:
        return yes
    say(f"\n{rule}\n  breaks it: {examples.leak[0]}\n  does not:  {examples.clean[0]}")
    return yes or typer.confirm("Take these examples?", default=True)


def _write_examples(path: Path, examples: "Mapping[str, RuleExamples]") -> dict[str, str]:
    """Write examples into a context's file; those that it has no place for are returned, by rule, as lines of YAML."""
    from docgen.files.atomic import write_atomically
    from docgen.universe.rule_example_insertion import as_yaml, with_examples

    text, left = with_examples(path.read_text("utf-8"), examples)
    if len(left) < len(examples):
        write_atomically(path, [text.encode("utf-8")])
    return {name: as_yaml(examples[name], 4).rstrip() for name in left}


def _proposals_as_json(proposed: "Mapping[str, RuleExamples]", taken: "Set[str]") -> str:
    import json

    rows = [
        {"rule": name, "leak": list(own.leak), "clean": list(own.clean), "taken": name in taken}
        for name, own in proposed.items()
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def check(
    file: Annotated[
        str, typer.Argument(metavar="CONTEXT", help="Shipped name, local name, or a path.", autocompletion=contexts)
    ],
    n: Annotated[int, typer.Option("--n", min=1, help="Corpus size for the expected counts.")] = 10_000,
    json: o.Json = False,
) -> None:
    """Validate a context and print what a corpus made from it would contain."""
    import json as js

    from docgen.pipeline.contexts.context_check import check_context
    from docgen.universe import find_context

    path = find_context(file, Path.cwd())
    result = check_context(path, n)
    if json:
        summary = {
            "id": result.context.id,
            "valid": True,
            "digest": result.context.digest,
            "facts_per_document": result.facts_per_document,
            "facts": {fact.fact: {"salience": fact.salience, "documents": fact.documents} for fact in result.facts},
            "warnings": result.warnings,
            "proposals": result.proposals,
        }
        say_json(js.dumps(summary, indent=2))
    else:
        _show_check(result, path, n)


def _show_check(result: "ContextCheck", path: Path, n: int) -> None:
    from docgen.cli.shared.console import console, table

    context, limits = result.context, result.context.facts_per_document
    if result.unplannable:
        console.print(f"{path}: valid, but no plan was found", style="yellow", markup=False)
    else:
        console.print(f"{path}: valid", style="green", markup=False)
    console.print(f"{context.title} ({result.words:,} words of prose)", markup=False)
    rows = []
    for fact in result.facts:
        held_out = "held out", "0", "-"
        shares = (f"{fact.salience:.1%}", f"{fact.documents:,}", f"{fact.stated:.0%}") if fact.salience else held_out
        rows.append([fact.fact, *shares, str(fact.paraphrases), str(fact.implications)])
    numbers = ("salience", f"of {n:,}", "stated", "paraphrases", "implications")
    console.print(table(("fact", *numbers), rows, right=numbers))
    console.print(
        f"facts per document: {result.facts_per_document:.2f} on average (allowed: {limits.min} to {limits.max}, or "
        f"none), background {context.background_share:.0%}, leakage rules {len(context.leakage_rules)}",
        markup=False,
    )
    for warning in result.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    for proposal in result.proposals:
        console.print(f"proposal: {proposal}", style="cyan", markup=False)
