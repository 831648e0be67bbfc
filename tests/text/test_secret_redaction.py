"""What leaves for screen or disk holds no secret of this process and nothing that drives a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.text.output import secret_redaction
from docgen.text.output.secret_redaction import (
    DRIVERS,
    credential_name,
    credential_value,
    hide_bytes,
    hide_in_error,
    json_for_screen,
    redact_secrets,
    remember_secrets,
    screen_text,
    variables_in,
)

KEY = 'sk-or"dinary/Key-1'


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_redaction, "_forms", {})
    monkeypatch.setattr(secret_redaction, "_short", {})


@pytest.mark.parametrize(
    "written",
    [
        KEY, KEY.upper(), KEY.lower(), json.dumps({"echo": f"Bearer {KEY}"}), "http://h/?k=sk-or%22dinary%2FKey-1&x",
        f"{KEY}{KEY}", f"é{KEY}é", json.dumps([KEY], ensure_ascii=False),
    ],
)  # fmt: skip
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    remember_secrets(KEY)
    for shown in (redact_secrets(written), hide_bytes(written.encode()).decode(), screen_text(written)):
        assert "dinary" not in shown.lower()
        assert "[key]" in shown
    assert hide_bytes(b"\xff\xfe " + KEY.encode()) == b"\xff\xfe [key]"


@pytest.mark.parametrize("placeholder", ["EMPTY", "dummy", "k", "12345", "none", "20240115"])
def test_a_key_that_is_a_word_takes_no_words_out_of_documents(placeholder: str) -> None:
    """Local servers are given such; in a server's own words they are hidden none the less."""
    remember_secrets(placeholder)
    assert redact_secrets(f"A {placeholder} seat on the ferry") == f"A {placeholder} seat on the ferry"
    assert hide_in_error(f"bad key {placeholder}!") == "bad key [key]!"
    assert hide_in_error(f"x{placeholder}x") == f"x{placeholder}x"


def test_secrets_of_the_environment_are_known() -> None:
    environment = {
        "ANTHROPIC_API_KEY": " sk-1234567\n",
        "https_proxy": "socks5://me:p%40ss-word1@proxy:1080",
        "ANTHROPIC_BASE_URL": "http://u:other-pw-2@host",
        "ANTHROPIC_CUSTOM_HEADERS": "x-tier: free\nX-Gateway-Token: abc-123-def",
        "HTTP_PROXY": "http://[::1",
    }
    remember_secrets(*variables_in(environment))
    shown = redact_secrets("sk-1234567, p%40ss-word1, p@ss-word1, other-pw-2, abc-123-def, free")
    assert shown == "[key], [key], [key], [key], [key], free"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_json_says_the_same_and_drives_nothing(value: object) -> None:
    for document in (json.dumps(value, ensure_ascii=False), json.dumps(value, indent=2, ensure_ascii=False)):
        shown = json_for_screen(document)
        assert json.loads(shown) == value
        assert not DRIVERS.search(shown)


@given(st.text())
def test_a_screen_is_driven_by_no_text(text: str) -> None:
    for driving in ("\x1b]0;title\x07", "\x1b[2J", "\x9b5n", "\x08", "\r", "\x1b[31", "\x7f"):
        shown = screen_text(text + driving + text)
        assert not any(sign in shown for sign in "\x07\x08\r\x7f\x9b")
        assert "\x1b" not in secret_redaction.COLOUR.sub("", shown)
    for turning in "\u202a\u202e\u2066\u2069":
        assert turning not in screen_text(f"{text}{turning}\x1b[1mb\x1b[0m{turning}")
    assert screen_text("a\u200fb") == "a\u200fb", "marks of Arabic and Hebrew stay"
    assert screen_text("\x1b[1;31mred\x1b[0m\n\tplain") == "\x1b[1;31mred\x1b[0m\n\tplain"


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "X-API-Key", "authorization", "x-goog-api-key", "Cookie", "hf_token", "cf-access-secret",
     "Helicone-Auth", "user_password", "x-signature", "openaiApiKey"],
)  # fmt: skip
def test_names_of_keys_are_known(name: str) -> None:
    assert credential_name(name)


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "eos_token", "stop_token_ids", "top_k", "x-tier", "monkey", "author", "keyword", "prompt_cache_key",
     "min_tokens", "X-Request-Id", "skip_special_tokens"],
)  # fmt: skip
def test_names_of_other_settings_are_not_taken_for_keys(name: str) -> None:
    assert not credential_name(name)


@pytest.mark.parametrize(
    ("value", "is_key"),
    [("Bearer abcdefgh", True), ("sk-" + "a1B2" * 6, True), ("hf_abcdefghijklmnopqrst", True),
     ("eyJhbGciOiJIUzI1NiJ9.e30", True), ("sketch", False), ("free", False), ("Basic training", True), ("", False)],
)  # fmt: skip
def test_keys_are_known_by_their_look(value: str, is_key: bool) -> None:
    assert credential_value(value) is is_key
