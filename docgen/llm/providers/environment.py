"""What the environment says about a server, checked before it is used: a bad value gives one line that names it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from docgen.errors import ConfigError
from docgen.options.setting_types import HEADER_VARIABLE, ServerEntry, is_written_out
from docgen.text.output.secret_redaction import CUSTOM_HEADERS_VARIABLE, remember_secrets

if TYPE_CHECKING:
    from docgen.llm.providers.table import Provider

__all__ = [
    "check_network",
    "credential",
    "expanded_headers",
    "refuse_unnamed_address",
    "server_address",
    "server_key",
]

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
OWN_HEADERS = frozenset(
    {"accept", "accept-encoding", "anthropic-version", "connection", "content-encoding", "content-length"}
    | {"content-type", "host", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
)
"""Headers that docgen sets itself, since requests would mean something else without them."""


def credential(name: str) -> str | None:
    """The key in the environment variable `name` without white space around it; None if it is not set.

    Secret files and `.env` files of Windows end in line breaks, which no header may hold.
    """
    raw = os.environ.get(name)
    if not raw:
        return None
    key = raw.strip()
    if not key:
        raise ConfigError("contains only white space", name, "Set it to the key, or unset it")
    if key[0] in QUOTES or key[-1] in QUOTES:
        raise ConfigError("has quotation marks around the key", name, "Set it to the key without quotes")
    if not key.isascii() or not key.isprintable() or " " in key:
        fix = "Copy the key again: letters, digits and punctuation on one line"
        raise ConfigError("contains a character that cannot be in a key", name, fix)
    return key


def server_address(base_url: str | None, variable: str) -> str | None:
    """The server's address from the option or else the environment, checked; None if neither is set."""
    where = "--base-url" if base_url else variable
    address = (base_url or os.environ.get(variable) or "").strip()
    if not address:
        return None
    problem = _url_problem(address, ("http", "https"))
    if problem:
        raise ConfigError(problem, where, "Give the server's address, http://host:port")
    if "@" in urlsplit(address).netloc:
        fix = "Leave them out, and send them as a header: [headers] in a --config file"
        raise ConfigError("the address contains a user name or a password", where, fix)
    return address


def refuse_unnamed_address(
    provider: "Provider", address: str | None, headers: Mapping[str, str], api_key: str | None
) -> None:
    """Raise `ConfigError` if a key would go to an address that only a run folder names.

    A run folder may come from anybody, so the user has to confirm its server. Without a key nothing can be stolen.
    """
    variables = [name for value in headers.values() for name in HEADER_VARIABLE.findall(value)]
    secrets = (*provider.secret_variables, CUSTOM_HEADERS_VARIABLE, *variables)
    has_secrets = bool(api_key) or any(os.environ.get(name) for name in secrets)
    if address and has_secrets and _same(address) != _same(os.environ.get(provider.address_variable, "")):
        what = f"the server {address} is only named by run.json, and a key is only sent to one that you name"
        raise ConfigError(what, "--base-url", f"If it is the right one: --base-url {address}")


def server_key(provider: "Provider", entry: ServerEntry, is_unnamed: bool, table: str = "servers") -> str | None:
    """The key of one of several servers; None if it does not name a variable. Raises `ConfigError`.

    `is_unnamed`: the servers come from a run folder alone, and so get no key. `table` is the settings' table with the
    entry.
    """
    keys = filter(None, (entry.key, *provider.secret_variables))
    if is_unnamed and any(os.environ.get(name) for name in keys):
        what = f"the server {entry.base_url} is only named by run.json, and a key is only sent to one that you name"
        raise ConfigError(what, f"[[{table}]]", "If they are the right ones, name them again: --config FILE")
    if entry.key is None:
        return None
    if (key := credential(entry.key)) is None:
        raise ConfigError(f"the environment variable {entry.key} is not set", f"[[{table}]] {entry.base_url}", "Set it")
    return key


def _same(address: str) -> str:
    return address.strip().rstrip("/").removesuffix("/v1")


def check_network() -> None:
    """Raise `ConfigError` for a proxy variable that is not an address, or a certificate file that does not exist."""
    for name in (*PROXIES, *map(str.lower, PROXIES)):
        value = os.environ.get(name, "").strip()
        address, schemes = value if "://" in value else f"http://{value}", ("http", "https", "socks5", "socks5h")
        problem = _url_problem(address, schemes) if value else ""
        if problem:
            fix = "Set it to http://host:port (SOCKS: socks5://host:port), or unset it"
            raise ConfigError(f"not the address of a proxy: {problem}", name, fix)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        path = os.environ.get(name)
        if path and not Path(path).exists():
            raise ConfigError(f"{path}: no such file or folder", name, "Set it to the certificates, or unset it")


def expanded_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The user's extra headers, each `${NAME}` replaced by that environment variable.

    Raises `ConfigError` for a variable that is not set, a header that docgen sets itself, a key that is written out (it
    would be copied into the run folder), and what cannot be in a header.
    """
    return {name: _header(name, value) for name, value in headers.items()}


def _header(name: str, value: str) -> str:
    where = f"[headers] {name}"
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise ConfigError("not the name of a header", where, "Use letters, digits and dashes")
    if name.lower() in OWN_HEADERS:
        raise ConfigError("docgen sets this header itself", where, "Leave it out")
    if is_written_out(name, value):
        fix = 'Put it into an environment variable and write "${NAME}" here'
        raise ConfigError("a key must not be written out, since run folders store their settings", where, fix)
    for variable in HEADER_VARIABLE.findall(value):
        if not os.environ.get(variable):
            raise ConfigError(f"the environment variable {variable} is not set", where, "Set it, or leave it out")
    remember_secrets(*(os.environ[variable].strip() for variable in HEADER_VARIABLE.findall(value)))
    text = HEADER_VARIABLE.sub(lambda found: os.environ[found[1]].strip(), value)
    if not text.isascii() or not text.isprintable():
        raise ConfigError("contains a character that cannot be in a header", where, "Use plain characters on one line")
    return text


def _url_problem(address: str, schemes: tuple[str, ...]) -> str:
    """What is wrong with a URL, without repeating it (it may contain a password); "" if nothing is."""
    if any(char.isspace() or not char.isprintable() for char in address):
        return "the address contains white space"
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        return "the port is not a number from 0 to 65535" if "ort" in str(error) else "the address cannot be read"
    if parts.scheme.lower() not in schemes:
        return f"the address does not begin with {' or '.join(f'{scheme}://' for scheme in schemes[:3])}"
    return "" if parts.hostname else "the address does not name a host"
