"""The names under which docgen's own engines and model are recorded.

In a module without imports, since every command's help names engines.
"""

__all__ = [
    "EMBEDDED_ENGINE",
    "EMBEDDED_MODEL",
    "EMBEDDED_NOTICE",
    "IMPORTED_ENGINE",
    "embedded_notice",
    "is_embedded",
]

EMBEDDED_ENGINE, EMBEDDED_MODEL = "offline", "docgen-offline-1"
"""The embedded writer's names as an engine and as a model: no other engine answers under that model's name."""
IMPORTED_ENGINE = "imported"
"""The engine of documents that docgen did not write: their plan is not known, and nothing is generated in addition to
them."""
EMBEDDED_NOTICE = "embedded writer: for trying out; not for research"
"""Appears wherever a text by the embedded writer is shown, counted or exported."""


def is_embedded(engine: str | None, model: str | None) -> bool:
    """Whether a text recorded under `engine` and `model` is the embedded writer's.

    Its replies carry its model's name whatever model a run once asked for.
    """
    return engine == EMBEDDED_ENGINE or model == EMBEDDED_MODEL


def embedded_notice(embedded: int, documents: int) -> str:
    """The notice for a corpus with so many documents by the embedded writer; "" for none."""
    if not embedded:
        return ""
    return EMBEDDED_NOTICE if embedded >= documents else f"{embedded:,} of {documents:,} documents: {EMBEDDED_NOTICE}"
