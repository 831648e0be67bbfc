"""Redacts this process's secrets from everything on its way to a screen or a disk.

A server may echo what it was sent, a proxy's error may contain its password, and a model may write what controls a
terminal. Callers need not know which texts may do so: the standard streams (`docgen/cli/shared/streams.py`), every
append-only file (`docgen/files/append_log.py`) and every finished one (`docgen/files/atomic.py`) pass through here.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from docgen.text.output.sanitize import printable

__all__ = [
    "ADDRESS_VARIABLES",
    "CUSTOM_HEADERS_VARIABLE",
    "KEY_VARIABLES",
    "credential_name",
    "credential_value",
    "hide_bytes",
    "hide_in_error",
    "json_for_screen",
    "passwords_in",
    "redact_secrets",
    "remember_secrets",
    "screen_text",
    "variables_in",
]

HIDDEN = "[key]"
_forms: dict[str, None] = {}
"""What is hidden everywhere, in lower case: secrets, and what JSON and addresses make of them."""
_short: dict[str, None] = {}
"""What is hidden in error messages only."""


def remember_secrets(*secrets: str | None) -> None:
    """Hide these from now on, in upper or lower case."""
    import json  # here, as only a key needs it: it would be a fiftieth of the time of `docgen --help`

    for secret in filter(None, secrets):
        # Long enough to be removed from documents without removing words or numbers from them. Chosen: keys have twenty
        # characters and more; below six one may be part of any text. The "EMPTY" or "dummy" of a local server is a word
        # like any other, and so is all that has letters or digits alone and fewer than sixteen of them.
        is_mixed = not secret.isalpha() and not secret.isdigit()
        if len(secret) >= (6 if is_mixed else 16):
            _forms.update((form.lower(), None) for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")))
        else:
            _short[secret] = None


def redact_secrets(text: str) -> str:
    """`text` without secrets."""
    if not _forms:
        return text
    lower = text.lower()
    # The longest first: one secret may begin like another.
    present = sorted((form for form in _forms if form in lower), key=len, reverse=True)
    if not present:
        return text
    return re.sub("|".join(map(re.escape, present)), HIDDEN, text, flags=re.IGNORECASE)


def hide_in_error(text: str) -> str:
    """A message of a server or a library without secrets, including those that might be words."""
    hidden = redact_secrets(text)
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, _short))})(?!\w)", HIDDEN, hidden) if _short else hidden


def hide_bytes(data: bytes) -> bytes:
    """UTF-8 without secrets; other bytes stay as they are."""
    if not _forms:
        return data
    lower = data.lower()
    if not any(form.encode() in lower for form in _forms):
        return data
    return redact_secrets(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
"""The only control sequence that a text may have on a screen: colours, which do not move the cursor or trigger
replies."""
TURNERS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that make the rest of a line read in another order; marks of single letters, as in Arabic, are allowed."""
DRIVERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, and those that make a line read differently from how it is written."""


def screen_text(text: str) -> str:
    """`text` for a terminal: without secrets and control characters; the colours of docgen's own tables stay."""
    shown = redact_secrets(text)
    if not DRIVERS.search(shown):
        return shown
    if "\x1b" not in shown:
        return TURNERS.sub("", printable(shown))
    return "".join(part if COLOUR.fullmatch(part) else TURNERS.sub("", printable(part)) for part in COLOUR.split(shown))


def json_for_screen(document: str) -> str:
    """An equivalent JSON document that cannot control a terminal: such characters are escaped, secrets hidden."""
    return DRIVERS.sub(lambda match: f"\\u{ord(match[0]):04x}", redact_secrets(document))


KEY_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY")
"""Keys and tokens of every provider, in any order: those of docgen/llm/providers/table.py, which this package cannot
import; a test compares the two."""
CUSTOM_HEADERS_VARIABLE = "ANTHROPIC_CUSTOM_HEADERS"
"""Headers that Anthropic's SDK adds to requests, one a line."""
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
ADDRESS_VARIABLES = (*PROXY_VARIABLES, *map(str.lower, PROXY_VARIABLES), "ANTHROPIC_BASE_URL", "OPENAI_BASE_URL")
"""Addresses that may contain a password: proxies, and every provider's."""


def variables_in(environment: Mapping[str, str]) -> list[str]:
    """The secrets that docgen may send: keys, passwords of proxies, headers of the environment that contain a key."""
    secrets = [environment.get(name, "").strip() for name in KEY_VARIABLES]
    for name in ADDRESS_VARIABLES:
        secrets += passwords_in(environment.get(name, ""))
    for line in environment.get(CUSTOM_HEADERS_VARIABLE, "").splitlines():
        name, _, value = line.partition(":")
        if credential_name(name) or credential_value(value):
            secrets.append(value.strip())
    return [secret for secret in secrets if secret]


def passwords_in(address: str) -> list[str]:
    """The password in an address, as written there and as sent; nothing without one."""
    try:
        password = urlsplit(address if "://" in address else f"http://{address}").password
    except ValueError:
        return []
    return [password, unquote(password)] if password else []


_CREDENTIAL = frozenset(
    {"apikey", "auth", "authorization", "bearer", "cookie", "credential", "credentials", "jwt", "key", "passphrase"}
    | {"passwd", "password", "pwd", "secret", "signature", "token"}
)
_INNOCENT = re.compile(
    r"(bos|cls|end|eos|mask|pad|sep|special|start|stop|unk)_(token|key)(_ids?)?|(cache|sort|prompt_cache)_key"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_STARTS = re.compile(
    r"(?:Bearer|Basic)\s+\S{6,}|(?:sk|pk|rk|hf|ghp|gho|github_pat|glpat|xox[a-z]|AKIA|AIza|eyJ)[-_\w]{16,}"
)


def credential_name(name: str) -> bool:
    """Whether a header or a field of that name contains a key: api_key, X-Auth-Token, apiKey, cookie."""
    parts = [part.lower() for part in _WORDS.findall(name)]
    return not _INNOCENT.fullmatch("_".join(parts)) and any(part in _CREDENTIAL for part in parts)


def credential_value(value: str) -> bool:
    """Whether a text looks like a key, or contains one of this process's own."""
    return bool(_STARTS.match(value.strip())) or redact_secrets(value) != value
