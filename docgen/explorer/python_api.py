"""The explorer's Python functions: `view` shows corpora in the browser, `publish` writes one as a static site."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.explorer.corpus_opening import open_all

if TYPE_CHECKING:
    from docgen.pipeline.run import Run

__all__ = ["publish", "view"]


def view(
    corpora: "Run | str | Path | Sequence[Run | str | Path] | None" = None,
    *,
    context: str | Path | None = None,
    port: int = 0,
    browser: bool = True,
) -> None:
    """Show runs, experiments, or JSONL and Parquet files, in the browser until interrupted; the latest run by default.

    `context` is the world of files, whose facts are marked in them. Raises `UserError` for what cannot be opened.
    """
    from docgen.explorer.web.server import bind, serve

    views = open_all(_names(corpora), context=context)
    serve(views, bind(port), print, browser)


def publish(
    corpus: "Run | str | Path",
    out: str | Path,
    *,
    context: str | Path | None = None,
    documents: int | None = 5_000,
    seed: int = 0,
    licence: str = "",
    canary: str = "",
) -> int:
    """Write a corpus, or an experiment, as a static site to the folder `out`; returns the number of documents in it.

    At most `documents` of them, drawn with `seed`; None for all. Raises `UserError` if `out` contains anything else.
    """
    from docgen.explorer.publish.site import SiteOptions, export_site

    (shown,) = open_all(_names(corpus), context=context)
    return export_site(shown, Path(out), SiteOptions(documents, seed, licence, canary))


def _names(corpora: "Run | str | Path | Sequence[Run | str | Path] | None") -> list[str | Path]:
    several = corpora if isinstance(corpora, Sequence) and not isinstance(corpora, str) else [corpora]
    return [corpus if isinstance(corpus, str | Path) else corpus.path for corpus in several if corpus is not None]
