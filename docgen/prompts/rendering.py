"""Renders the prompt templates, in a sandbox."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from docgen.files.resources import shipped_folder
from docgen.prompts.grade_definitions import PROMINENCE
from docgen.text import digest
from docgen.universe import UniverseContext
from docgen.universe.document_density import AIRTIME

__all__ = ["render", "shared_system", "template_digests"]

TAG = re.compile(
    r"<(?=\s*/?\s*(?:world|key_facts|assigned_fact|document|evidence|quote|decline|draft"
    r"|statement|otherwise|exchange|answer|observed_\w+)\b)",
    re.IGNORECASE,
)
"""The start of a tag that the prompts themselves use."""


def render(name: str, block: str, variables: Mapping[str, Any]) -> str:
    """Block "system" or "user" of templates/`name`.jinja; an unknown variable raises jinja2's `UndefinedError`."""
    template = _template(name)
    context = template.new_context(dict(variables))
    return "".join(template.blocks[block](context)).strip()


@lru_cache(maxsize=16)
def shared_system(name: str, context: UniverseContext) -> str:
    """The system text that all requests of a prompt share, so that a prompt cache can hold it."""
    return render(name, "system", {"context": context, "airtime": AIRTIME[context.airtime], "prominence": PROMINENCE})


def template_digests() -> dict[str, str]:
    """Content hash of every template file, by name."""
    return {path.name: digest(path.read_bytes()) for path in sorted(shipped_folder("templates").glob("*.jinja"))}


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with a shortcut to the plain fields of docgen's own records, which halves rendering time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._plain: set[tuple[type, str]] = set()

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A declared field of a record, read as it is; anything else goes through the sandbox's checks."""
        if (type(obj), attribute) in self._plain:
            return getattr(obj, attribute)
        if attribute in getattr(type(obj), "__annotations__", ()) and not attribute.startswith("_"):
            self._plain.add((type(obj), attribute))
        return super().getattr(obj, attribute)


@cache
def _template(stage: str) -> Template:
    environment = _Sandbox(
        loader=FileSystemLoader(shipped_folder("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["inert"] = _inert
    return environment.get_template(f"{stage}.jinja")


@lru_cache(maxsize=4096)  # facts and rules recur in every prompt of a run; ideas do not
def _inert(text: str) -> str:
    """Filter for text that a person or model wrote: it cannot open or close one of the prompts' own tags."""
    return TAG.sub("&lt;", str(text))  # str() lets an undefined value raise its own error
