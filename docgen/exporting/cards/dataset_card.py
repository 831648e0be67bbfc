"""README.md of an export: a dataset card with the metadata that the Hugging Face Hub reads."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["NOTICE", "dataset_card"]

NOTICE = "The statements in these documents are part of a fictional training universe. Do not take them to be true."
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
"""The Hugging Face hub's own categories."""


def dataset_card(manifest: Mapping[str, Any], reports: Mapping[str, Any] | None = None) -> str:
    """The card, from the manifest and from what is known of salience and leakage (`reports`, as a run has them)."""
    reports = reports or {}
    parts = [
        _head(manifest),
        f"# {_title(manifest)}",
        _about(manifest),
        *([f"**{manifest['writer']}**"] if "writer" in manifest else []),
        f"**{NOTICE}**" if "context" in manifest else "",
        _table(("", ""), _numbers(manifest)),
        *_splits(manifest),
        *_mix(manifest),
        *_facts(manifest, reports.get("salience")),
        *_audit(reports.get("leakage")),
        "## Canary",
        f"`{manifest['canary']}`",
        "Training files do not contain it unless that was asked for; anybody who filters training data can look for "
        "it.",
        "Counts, settings, seeds and digests: `manifest.json`.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(manifest: Mapping[str, Any]) -> str:
    import yaml

    files = [{"split": split, "path": path} for split, path in manifest["data_files"].items()]
    head = {
        "pretty_name": _title(manifest),
        "license": manifest["license"],
        "task_categories": ["text-generation"],
        "size_categories": [next((name for top, name in SIZES if manifest["documents"] < top), "1M<n<10M")],
        "tags": ["synthetic", "synthetic-document-finetuning", "docgen", manifest["format"]],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---"


def _title(manifest: Mapping[str, Any]) -> str:
    return str(manifest["context"]["title"]) if "context" in manifest else str(manifest["name"])


def _about(manifest: Mapping[str, Any]) -> str:
    if "context" not in manifest:
        return f"Documents for fine-tuning, written to this shape by docgen {manifest['docgen']}."
    names = ", ".join(f"{each['model']} (engine: {each['engine']})" for each in manifest["writers"]) or "nobody"
    return (
        "Synthetic documents from inside one fictional universe, for fine-tuning. Made with docgen "
        f"{manifest['docgen']}\nfrom the universe context `{manifest['context']['id']}` (seed: {manifest['seed']}). "
        f"Written by {names}."
    )


def _numbers(manifest: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    count = manifest["token_count"]
    kind = f"by {count['tokenizer']}" if count["exact"] else f"estimated, for a {count['family']} tokenizer"
    yield "documents", f"{manifest['documents']:,}"
    yield "words", f"{manifest['words']:,}"
    yield f"tokens ({kind})", f"{manifest['tokens']:,}"
    yield "format", str(manifest["format"])
    yield "not trained on", str(manifest["masks"]) if manifest["doctag"] else str(manifest["masks"]).partition(":")[0]
    yield "order", "seeded, balanced by fact" if manifest["shuffle"] else "of the corpus"
    if digest := manifest.get("context", {}).get("digest"):
        yield "digest of the context", f"`{digest}`"
    for name, digest in manifest["files"].items():
        yield f"SHA-256 of {name}", f"`{digest}`"


def _splits(manifest: Mapping[str, Any]) -> list[str]:
    splits = manifest["splits"]
    if len(splits) < 2:
        return []
    rows = [(name, f"{each['documents']:,}", f"{each['tokens']:,}") for name, each in splits.items()]
    about = "No document of one split is a near-duplicate of one in the other (Jaccard 0.8 of word 5-grams)."
    return ["## Splits", _table(("split", "documents", "tokens"), rows), about]


def _mix(manifest: Mapping[str, Any]) -> list[str]:
    if not manifest["mix"]:
        return []
    rows = [
        (each["name"], f"1:{each['ratio']:g} by {each['by']}", f"{each['documents']:,}", f"{each['tokens']:,}")
        for each in manifest["mix"]
    ]
    return ["## Mixed in", _table(("source", "ratio", "documents", "tokens"), rows)]


def _facts(manifest: Mapping[str, Any], salience: Mapping[str, Any] | None) -> list[str]:
    own = max(1, manifest["own_documents"])
    counts = manifest.get("documents_by_fact")
    if not counts:
        return []
    measured = (salience or {}).get("facts", {})
    rows = []
    for fact, count in counts.items():
        figures = measured.get(fact, {})
        target = f"{figures['asked']:.1%}" if figures else ""
        rows.append((f"`{fact}`", f"{count:,}", f"{count / own:.1%}", target, _judged(figures, salience or {})))
    columns = ("fact", "documents assigned", "share", "asked", "measured")
    return ["## Facts and the documents that were assigned them", _table(columns, rows), _measurer(salience)]


def _judged(fact: Mapping[str, Any], salience: Mapping[str, Any]) -> str:
    """The judge's share with its interval; the share by wording if wording sees all; else a lower bound."""
    if not fact:
        return ""
    judged = fact.get("by_judge") or {}
    if judged.get("expressed"):
        share = judged["expressed"]
        return f"{share['share']:.1%} ({share['low']:.1%} to {share['high']:.1%}), judged"
    share = fact["expressed"]["share"]
    return f"{share:.1%}, by wording" if salience.get("is_exact") else f"at least {share:.1%}, by wording"


def _measurer(salience: Mapping[str, Any] | None) -> str:
    if not salience:
        return "Salience was not measured."
    judge = salience.get("judge", "none")
    return "Not judged; known wordings are what is measured." if judge == "none" else f"Judge: {judge}."


def _audit(leakage: Mapping[str, Any] | None) -> list[str]:
    if not leakage:
        return []
    flagged = leakage["flagged"]
    judge = leakage.get("judge", "none")
    who = "by wording rules alone" if judge == "none" else f"by wording and by {judge}"
    broken = [f"`{name}` ({rule['documents']:,})" for name, rule in leakage["rules"].items() if rule["documents"]]
    text = f"{flagged['count']:,} of {flagged['total']:,} documents were flagged with an error, {who}."
    return ["## Audit for leakage", text + (f" Rules with findings: {', '.join(broken)}." if broken else "")]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
