"""Every error that docgen raises on purpose.

    DocgenError
    ├── UserError            one clear line, exit code 2: what, where, what to do
    │   ├── ContextError     a universe context file
    │   ├── ConfigError      a flag or a configuration file
    │   ├── InputError       a corpus, a gold file, any other input file
    │   ├── RunError         a run folder: missing, in use, changed
    │   └── PlanError        constraints on the corpus that cannot be satisfied
    ├── RequestFailed        one LLM call failed for good; data for the report, the run continues
    └── StopRun              the run cannot continue now: bad key, spend limit, cap reached; exit code 1

Anything else is a bug and keeps its traceback.
"""

__all__ = [
    "ConfigError",
    "ContextError",
    "DocgenError",
    "InputError",
    "PlanError",
    "RequestFailed",
    "RunError",
    "StopRun",
    "UserError",
]


class DocgenError(Exception):
    """Base class of docgen's errors."""


class UserError(DocgenError):
    """Something that the user can fix.

    `what` is wrong, `where` it is (file, file:line or flag) and how to `fix` it, each without a final full stop.
    """

    def __init__(self, what: str, where: str | None = None, fix: str | None = None) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what, where, fix)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.fix}{'' if self.fix.endswith('?') else '.'}" if self.fix else f"{head}."


class ContextError(UserError):
    """A universe context that cannot be used; `others` are further problems of the file, a line for each."""

    def __init__(
        self, what: str, where: str | None = None, fix: str | None = None, others: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, where, fix)
        self.others = others

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"       {line}" for line in self.others)])


class ConfigError(UserError):
    """A flag or configuration value that cannot be used."""


class InputError(UserError):
    """An input file that cannot be read as what it should be."""


class RunError(UserError):
    """A run folder that is missing, in use, or made from other inputs."""


class PlanError(UserError):
    """Constraints on the corpus that cannot be satisfied together; `what` shows the arithmetic."""


class RequestFailed(DocgenError):
    """One LLM call that failed after all retries.

    `kind` is a stable word for counting: an HTTP status ("429"), "timeout", "connection" or "malformed".
    """

    def __init__(self, kind: str, message: str, attempts: int = 1) -> None:
        self.kind, self.message, self.attempts = kind, message, attempts
        super().__init__(kind, message, attempts)

    def __str__(self) -> str:
        attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{self.kind} after {attempts}: {self.message}"


class StopRun(DocgenError):
    """The run has to stop, and can be resumed. `reason` is a stable word, `fix` says what to do."""

    def __init__(self, reason: str, message: str, fix: str) -> None:
        self.reason, self.message, self.fix = reason, message, fix
        super().__init__(reason, message, fix)

    def __str__(self) -> str:
        return f"stopped ({self.reason}): {self.message}. {self.fix}."
