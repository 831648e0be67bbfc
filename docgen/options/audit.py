"""What an audit looks for, and which judge reads what: built once, by a command or a caller."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator

from docgen.errors import ConfigError
from docgen.records import Record, Severity
from docgen.text.output.spelling_suggestions import suggestion

__all__ = ["NO_JUDGE", "AuditOptions", "JudgeMode", "JudgeOptions"]


@dataclass(frozen=True)
class JudgeMode:
    """Which documents a judge reads: none, suspects (any finding of the scan tier), a random sample, all."""

    kind: Literal["none", "suspects", "sample", "all"]
    size: int = 0

    @classmethod
    def parse(cls, text: str) -> "JudgeMode":
        """Read none, suspects, sample:N or all; raises `ConfigError` for anything else."""
        if (sample := re.fullmatch(r"sample:(\d+)", text)) and int(sample[1]) > 0:
            return cls("sample", int(sample[1]))
        if text in ("none", "suspects", "all"):
            return cls(text)  # type: ignore[arg-type]
        choices = ("none", "suspects", "sample:200", "all")
        fix = suggestion(text, choices, "Use none, suspects, sample:N or all")
        raise ConfigError(f"{text!r} does not say which documents", "--judge", fix)

    def __str__(self) -> str:
        return f"sample:{self.size}" if self.kind == "sample" else self.kind


class JudgeOptions(Record):
    """Which documents a judge reads, and its settings.

    `which` may be written as a string: "suspects", "sample:200", "all". `seed` draws the sample. Settings of None are
    those of the audited run or, for any other corpus, a new run's defaults.
    """

    which: Annotated[
        JudgeMode, BeforeValidator(lambda value: JudgeMode.parse(value) if isinstance(value, str) else value)
    ] = JudgeMode("sample", 200)
    seed: int = 0
    engine: str | None = None
    model: str | None = None
    base_url: str | None = None
    concurrency: int | None = None
    max_cost: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None


NO_JUDGE = JudgeOptions(which=JudgeMode("none"))


class AuditOptions(Record):
    """What is looked for, and how.

    `off` are rules to leave out; `questions` and `classifiers` files of the evaluation; `reference`
    files to compare diversity with (a run that was forked is compared with its base without it). A document fails with
    a finding of severity `remove` or worse; `list_failing` False only counts them. `nearest` is the share of the
    documents that the embedding shortlist makes suspects, None for no shortlist. `judge` says which documents are
    kept for `AuditResult.judge`.

    `diversity` False lets a big corpus be scanned in parts: with `processes` by all processors, with engine "ray" by a
    cluster. A script that allows `processes` needs `if __name__ == "__main__":`, since they are started by spawning.
    """

    off: tuple[str, ...] = ()
    questions: Path | None = None
    classifiers: tuple[Path, ...] = ()
    reference: tuple[Path, ...] = ()
    remove: Severity = "error"
    list_failing: bool = True
    nearest: float | None = None
    judge: JudgeOptions | None = None
    diversity: bool = True
    processes: bool = False
    engine: Literal["local", "ray"] = "local"

    @model_validator(mode="after")
    def _fits_together(self) -> "AuditOptions":
        if self.nearest is not None:
            if self.judge is not None and self.judge.which.kind not in ("suspects", "none"):
                what = f"picks suspects, but --judge {self.judge.which} reads others"
                raise ConfigError(what, "--embeddings", "Use --judge suspects")
            if self.engine == "ray":
                what, where = "ranks a corpus as a whole", "--embeddings with --engine ray"
                raise ConfigError(what, where, "Leave one of them out")
        if self.engine == "ray" and self.diversity:
            fix = "Use --engine ray with audit leakage or audit salience, without --html"
            raise ConfigError("does not measure diversity, which this report shows", "--engine ray", fix)
        return self

    @property
    def contamination(self) -> bool:
        """Whether the options name files of the evaluation."""
        return self.questions is not None or bool(self.classifiers)

    @property
    def plain(self) -> bool:
        """Whether this looks for exactly what the audit at the end of every run does."""
        return not (self.off or self.contamination or self.nearest is not None or self.judge)
