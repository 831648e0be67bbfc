"""Which errors are retried, which fail one call, which stop the run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import Transient, first_words, one_line
from docgen.llm.providers.anthropic_errors import from_status, retry_after
from docgen.llm.ratelimit.headers import allowances


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_passing_faults_are_transient(status: int) -> None:
    assert isinstance(from_status(status, "", "", "x", {}, "A_KEY"), Transient)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_bad_request_fails_only_itself(status: int) -> None:
    error = from_status(status, "invalid_request_error", "", "max_tokens: too large", {}, "A_KEY")
    assert type(error) is RequestFailed
    assert error.kind == str(status)


@pytest.mark.parametrize(
    ("status", "kind", "code", "message", "reason"),
    [
        (401, "authentication_error", "", "invalid key", "bad_key"),
        (402, "billing_error", "", "pay", "spend_limit"),
        (403, "permission_error", "", "no", "permission"),
        (404, "not_found_error", "", "model: nope", "unknown_model"),
        (404, "", "", "Not Found", "wrong_url"),
        (405, "", "", "", "wrong_url"),
        (302, "", "", "moved", "wrong_url"),
        (429, "rate_limit_error", "enforced_spend_limit_reached", "limit", "spend_limit"),
        (429, "rate_limit_error", "contract_spend_limit_reached", "limit", "spend_limit"),
        (400, "invalid_request_error", "", "Your credit balance is too low", "spend_limit"),
    ],
)
def test_errors_that_no_repetition_heals_stop_the_run(
    status: int, kind: str, code: str, message: str, reason: str
) -> None:
    error = from_status(status, kind, code, message, {"retry-after": "1"}, "A_KEY")
    assert isinstance(error, StopRun)
    assert error.reason == reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "nonsense"}, None),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 16 Nov 99999 13:32:02 GMT"}, None),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,9} (Jan|Nov) \d{1,9} \d{1,9}:\d\d:\d\d [+-]?\w{1,12}"))
def test_any_date_is_a_time_or_none(text: str) -> None:
    names = ("limit", "remaining", "reset")
    headers = {"date": text, "retry-after": text} | {f"anthropic-ratelimit-requests-{name}": "1" for name in names}
    assert (retry_after(headers) or 0.0) >= 0.0
    assert set(allowances(headers, 1_700_000_000.0)) == {"requests"}


@pytest.mark.parametrize("reset", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "99999-01-01", "now"])
def test_a_reset_that_no_clock_reaches_is_none(reset: str) -> None:
    headers = {f"anthropic-ratelimit-requests-{name}": "5" for name in ("limit", "remaining")}
    allowance = allowances(headers | {"anthropic-ratelimit-requests-reset": reset}, 1_700_000_000.0)["requests"]
    assert allowance.seconds_to_full is None or allowance.seconds_to_full >= 0.0


@given(st.text())
def test_any_message_becomes_one_short_line(message: str) -> None:
    line = one_line(message)
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) <= 300


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"upstream\nconnect error", "upstream connect error"),
        (
            b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center>"
            b"<h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.25</center></body></html>",
            "413 Request Entity Too Large nginx/1.25",
        ),
        (
            b"<!DOCTYPE html><title>Gateway</title><style>" + b"p{color:red} " * 900 + b"</style><!-- ray 8 -->"
            b"<p>The origin of <b>api</b> is away &amp; gone.",
            "Gateway: The origin of api is away & gone.",
        ),
        (b"<html><head></head><body></body></html>", "an empty page"),
    ],
)
def test_of_a_page_the_words_are_shown_not_its_markup(body: bytes, shown: str) -> None:
    """Proxies answer in HTML; its title and text say what is wrong, its tags and styles hide that."""
    assert first_words(body) == shown


@given(st.binary(max_size=200))
def test_any_body_begins_with_one_short_line(body: bytes) -> None:
    for line in (first_words(body), first_words(b"<html>" + body)):
        assert len(line.splitlines()) <= 1
        assert len(line) <= 300
