"""Providers that speak the same protocol differ in their row alone: key, token, address, and name in messages."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from docgen.errors import ConfigError, StopRun
from docgen.llm.by_file import lines
from docgen.llm.providers.table import PROVIDERS, Connection, Provider, find_provider
from docgen.text.output.secret_redaction import ADDRESS_VARIABLES, KEY_VARIABLES, redact_secrets
from tests.llm.support import request
from tests.loopback import Loopback

OWN = "third-0123456789abcdef"
OTHERS = {
    "ANTHROPIC_API_KEY": "sk-ant-other-0123456789",
    "ANTHROPIC_AUTH_TOKEN": "token-other-0123456789",
    "ANTHROPIC_CUSTOM_HEADERS": "x-gateway-token: header-other-0123456789",
    "OPENAI_API_KEY": "sk-other-0123456789",
}
each_protocol = pytest.mark.parametrize("protocol", ["anthropic", "openai"])


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**OTHERS, "THIRD_API_KEY": OWN}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def third(protocol: str, address: str = "http://127.0.0.1:9") -> Provider:
    """A provider of its own that speaks the protocol of another row."""
    return replace(
        find_provider(protocol),
        name="third",
        key_variable="THIRD_API_KEY",
        token_variable="",
        address=address,
        address_variable="THIRD_BASE_URL",
        chosen_by_environment=False,
    )


def headers_sent(server: Loopback, provider: Provider, connection: Connection) -> Mapping[str, str]:
    """The headers of one request through the provider, which must be answered."""
    sent: list[Mapping[str, str]] = []
    refused = server.server.refused

    def note(message: web.Request, body: dict[str, Any]) -> web.Response | None:
        sent.append(dict(message.headers))
        return refused(message, body)

    async def run() -> None:
        llm = provider.connect(connection)
        try:
            await llm.complete(request())
        finally:
            await llm.aclose()

    server.server.refused = note  # type: ignore[method-assign, assignment]
    asyncio.run(run())
    return sent[0]


def has_secret_of_another(headers: Mapping[str, str]) -> bool:
    values = " ".join(headers.values())
    return any(value.rpartition(" ")[2] in values for value in OTHERS.values())


@each_protocol
def test_only_its_own_key_goes_to_its_own_address(protocol: str) -> None:
    with Loopback() as server:
        headers = headers_sent(server, third(protocol, server.url), Connection())
    assert f"Bearer {OWN}" in headers.values() or OWN in headers.values()
    assert not has_secret_of_another(headers)
    assert redact_secrets(f"key {OWN}") == "key [key]"


@each_protocol
def test_without_its_own_key_it_asks_for_that_or_sends_none(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would take Anthropic's key from the environment."""
    monkeypatch.delenv("THIRD_API_KEY")
    with pytest.raises(ConfigError, match=r"--engine third.*THIRD_API_KEY"):
        third(protocol).connect(Connection())
    with Loopback() as server:
        monkeypatch.setenv("THIRD_BASE_URL", server.url)
        assert not has_secret_of_another(headers_sent(server, third(protocol), Connection()))


@each_protocol
def test_a_malformed_key_stops_its_own_provider_only(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "two\nlines")
    third(protocol).connect(Connection())
    monkeypatch.setenv("THIRD_API_KEY", "two\nlines")
    with pytest.raises(ConfigError, match="THIRD_API_KEY"):
        third(protocol).connect(Connection())
    own = find_provider(protocol)
    monkeypatch.setenv(own.key_variable, "sk-good-0123456789")
    if own.token_variable:
        monkeypatch.delenv(own.token_variable)
    assert own.connect(Connection()).engine == protocol


@each_protocol
def test_a_refused_key_is_looked_for_in_its_own_variable(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THIRD_API_KEY", "bad")
    with Loopback() as server, pytest.raises(StopRun) as caught:
        headers_sent(server, third(protocol, server.url), Connection())
    assert caught.value.fix.startswith("Check THIRD_API_KEY")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("anthropic", "--engine anthropic: no API key. Set ANTHROPIC_API_KEY, or give --base-url."),
        ("openai", "--engine openai: no API key. Set OPENAI_API_KEY, or give --base-url."),
    ],
)
def test_a_provider_without_a_key_says_what_to_set(
    name: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in (*OTHERS, "ANTHROPIC_CONFIG_DIR"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        find_provider(name).connect(Connection())
    assert str(caught.value) == says


@pytest.mark.parametrize("provider", [*PROVIDERS[1:], third("anthropic"), third("openai")], ids=lambda row: row.name)
def test_no_key_goes_to_an_address_of_a_run_folder_even_if_it_is_passed(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But what has no key of this provider may be connected to: nothing can be stolen there."""
    address = "http://127.0.0.1:10"
    for variable in [*OTHERS, "THIRD_API_KEY"]:
        monkeypatch.delenv(variable)
    with pytest.raises(ConfigError, match=r"only named by run\.json"):
        provider.connect(Connection(address, is_unnamed=True, api_key="sk-passed-0123456789"))
    another = "THIRD_API_KEY" if provider.key_variable == "OPENAI_API_KEY" else "OPENAI_API_KEY"
    monkeypatch.setenv(another, "sk-another-0123456789")
    provider.connect(Connection(address, is_unnamed=True))


def test_a_key_of_another_provider_does_not_keep_a_run_from_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THIRD_API_KEY")
    monkeypatch.delenv("ANTHROPIC_CUSTOM_HEADERS")
    with Loopback() as server:
        for protocol in ("anthropic", "openai"):
            headers = headers_sent(server, third(protocol), Connection(server.url, is_unnamed=True))
            assert not has_secret_of_another(headers)


def test_the_variables_of_every_row_are_hidden_wherever_they_would_show() -> None:
    """`secret_redaction` cannot import the table of providers, so it has its own list."""
    assert {name for row in PROVIDERS for name in row.secret_variables} == set(KEY_VARIABLES)
    assert {row.address_variable for row in PROVIDERS if row.address_variable} <= set(ADDRESS_VARIABLES)


@each_protocol
def test_requests_by_files_have_the_format_of_the_protocol(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = lines.find_format(None, protocol)
    monkeypatch.setattr(lines, "PROVIDERS", (*PROVIDERS, third(protocol)))
    assert expected is not None
    assert lines.find_format(None, "third") is expected
