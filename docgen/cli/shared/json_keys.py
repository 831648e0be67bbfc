"""The keys that --json prints, for the help of each command; tests compare them with what is printed."""

from collections.abc import Mapping

__all__ = ["KEYS", "LINES", "ROWS", "json_help"]

RUN = "run, path, n, complete, accepted, rejected, failed, reasons, facts, spending, dollars, leakage, files, ..."
ATTEMPT = "slot, number, verdict, doc_type, idea, facts, text, words, tokens, reasons, findings, engine, model, ..."
BELIEF = "contexts, arms, dose, curves, calibration"
KEYS: Mapping[str, str] = {
    "run": RUN,
    "generate": RUN,
    "brainstorm": RUN,
    "control": RUN,
    "status": f"{RUN} Of a sweep: kind, run, path, title, corpora, dollars, ...",
    "plan": "documents, background, loads, facts, spent",
    "estimate": "n, stages, refill, low, high, models, prices, free",
    "dedupe": "documents, kept, removed, exact, near, compared, cluster_sizes, examples, ...",
    "export": (
        "format, documents, tokens, splits, mix, files, config, context, seed, canary, ... (the manifest). "
        "Of several corpora: kind, format, documents, tokens, members. "
        "With --plan: documents, tokens, steps, packed_steps, facts, warnings, ... "
        "With --labels: format, by, examples"
    ),
    "select": "n, met, binding, facts, out",
    "ctl": "run, process, paused, concurrency, max_cost",
    "open": "run, report",
    "init": "file",
    "audit leakage": "leakage (documents, flagged, rules, ...; findings in rules.*.examples, at most 5 a rule), spent",
    "audit salience": "salience (documents, facts, ...), spent",
    "audit diversity": "documents, words, distinct, compression, similarity, markers, ...",
    "audit all": "salience, leakage, diversity, spent",
    "audit ideas": "findings, ideas, spent",
    "audit calibrate": "detector, gold, context, documents, facts, rules, confusion, ..., spent",
    "context check": "id, valid, digest, facts_per_document, facts, warnings, proposals",
    "import documents": "run, documents, doctags, left_out",
    "requests": "file, format, requests, by_stage, again, over_cap, worst, bytes",
    "replies": "taken, repeated, failed, foreign, damaged, missing, given_up, dollars, notes",
    "questions": "file, writer, facts, short, overlap, warnings",
    "train": (
        "base, corpus, recipe, plan, adapter_digest, finished, first_loss, last_loss, versions. "
        "With --plan-only: documents, tokens, masked, steps, seconds, recipe, warnings"
    ),
    "experiment prompt": "system, user",
    "experiment logs": "files",
    "experiment import": "experiment, trials, files",
    "eval belief": BELIEF,
    "eval report": BELIEF,
    "eval logprob": "model, questions, context, saliences, asked",
}
"""Commands that print an object; `...` if there are more keys. The first sentence is for a call without further
flags."""
ROWS: Mapping[str, str] = {
    "runs": "run, path, kind, corpora, context, engine, model, writer, accepted, n, when, problem",
    "prompt": "stage, system, user, tokens, max_tokens, schema",
    "sweep": "share, run, accepted, planned_new, calls, dollars. With --plan-only, an object: fact, levels, dollars",
    "doses": "size, file, met, worst, shares",
    "doctor": "name, state, detail, seconds",
    "batches": "batch, stage, requests, submitted, state, at_server, counts, ...",
    "context list": "name, origin, path, title, facts",
    "context examples": "rule, leak, clean, taken",
    "import context": "source, file, id, facts, report, proposals",
    "experiment list": "grid, setting, variations, published, about",
}
"""Those that print a list of objects."""
LINES: Mapping[str, str] = {
    "show": f"{ATTEMPT} With --prompt: slot, stage, system, user, tokens, ...",
    "pilot": ATTEMPT,
    "tail": "slot, attempt, verdict, doc_type, facts, words, reasons, accepted, of",
}
"""Those that print an object a line."""


def json_help(command: str) -> str:
    """The help of a command's --json, by the command's full name; empty if it is not listed here."""
    for tables, what in (
        (KEYS, "Print one JSON object"),
        (ROWS, "Print a JSON list of objects"),
        (LINES, "Print JSON lines"),
    ):
        if keys := tables.get(command):
            return f"{what}: {keys}" if keys.endswith("...") else f"{what}: {keys}."
    return ""
