"""What --json prints, key by key, for the help of each command; a test compares it with what is printed."""

from collections.abc import Mapping

__all__ = ["KEYS", "ROWS", "json_help"]

RUN = "run, path, n, complete, accepted, rejected, failed, reasons, facts, spending, dollars, leakage, files, ..."
KEYS: Mapping[str, str] = {
    "run": RUN,
    "generate": RUN,
    "brainstorm": RUN,
    "control": RUN,
    "status": f"{RUN}; a sweep: run, corpora, dollars",
    "leakage": "leakage (documents, rules, findings, ...), spent",
    "salience": "salience (documents, facts, ...), spent",
    "diversity": "documents, words, distinct, compression, similarity, markers, ...",
    "all": "salience, leakage, diversity, spent",
    "export": "format, documents, tokens, splits, files, config, context, seed, canary, ... (the manifest)",
    "plan": "documents, background, loads, facts, spent",
    "estimate": "n, stages, low, high, models, prices",
    "select": "n, met, facts, binding, out",
    "dedupe": "documents, kept, removed, exact, near, examples, ...",
    "check": "id, valid, digest, facts, warnings, proposals",
}
"""By command; `...` where there are more."""
ROWS: Mapping[str, str] = {
    "runs": "run, path, kind, context, engine, accepted, n, when, problem",
    "list": "name, origin, path, title, facts",
    "prompt": "stage, system, user, tokens, max_tokens, schema",
    "sweep": "share, run, accepted, planned_new, calls, dollars",
}
"""The same for lists of objects."""


def json_help(command: str) -> str:
    """The help of a command's --json; empty where this page does not know it."""
    if command in ROWS:
        return f"Print a JSON list of objects: {ROWS[command]}."
    return f"Print one JSON object: {KEYS[command]}." if command in KEYS else ""
