"""The journal keeps every paid reply, through kills and damage, and answers from them."""

import asyncio
import errno
import json
import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.errors import RequestFailed
from docgen.llm import journal as journal_module
from docgen.llm.journal import Journal, journal_totals
from docgen.llm.protocol import Completion, Usage
from docgen.llm.response_cache import ResponseCache
from tests.llm.support import Plain, completion, request


@settings(max_examples=50, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=())), dollars=st.none() | st.floats(0, 1e6))
def test_any_reply_comes_back_as_it_was_put(
    text: str, dollars: float | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Including NUL and line separators, in this process and the next; lone surrogates become "?"."""
    path = tmp_path_factory.mktemp("journal") / "llm.jsonl"
    put = completion(text, dollars=dollars, usage=Usage(input=1, output=2, cache_read=3, cache_write=4))
    back = put.model_copy(update={"reused": True, "text": text.encode("utf-8", "replace").decode()})
    with Journal(path) as journal:
        journal.put(request(), put)
        assert journal.get(request().key) == back
    with Journal(path) as journal:
        assert journal.get(request().key) == back
        assert journal.notices == ()


def test_a_line_starts_with_its_key(tmp_path: Path) -> None:
    with Journal(tmp_path / "llm.jsonl") as journal:
        journal.put(request(), completion())
    assert (tmp_path / "llm.jsonl").read_text().startswith('{"key":"' + request().key)


def test_a_half_written_last_line_is_dropped_with_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "llm.jsonl"
    with Journal(path) as journal:
        for number in range(3):
            journal.put(request(number), completion(str(number)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with Journal(path) as journal:
        assert len(journal) == 2
        assert "half-written" in journal.notices[0]
        journal.put(request(2), completion("again"))
    assert len(journal_totals(path).by_stage) == 1
    with Journal(path) as journal:
        reply = journal.get(request(2).key)
        assert reply is not None
        assert reply.text == "again"


@pytest.mark.parametrize(
    "damage",
    [b"not json", b'{"key":"zz"}', b"[]", b"null", b"\x00" * 40, b'{"key":5,"stage":"a","text":"b"}', b"\xff\xfe"],
)
def test_a_damaged_line_is_skipped_with_a_notice(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "llm.jsonl"
    with Journal(path) as journal:
        journal.put(request(1), completion("one"))
    path.write_bytes(damage + b"\n" + path.read_bytes())
    with Journal(path) as journal:
        assert journal.bad_lines == 1
        assert "1 unreadable line" in journal.notices[0]
        assert request(1).key in journal


def test_totals_are_the_same_while_writing_and_after_reading(tmp_path: Path) -> None:
    path = tmp_path / "llm.jsonl"
    with Journal(path) as journal:
        journal.put(request(1), completion("a"))
        journal.put(request(2, stage="types"), completion("b", dollars=None, batched=True))
        journal.put(request(3), completion("", stop_reason="refusal", category="bio"))
        written = journal.totals
    read = journal_totals(path)
    assert read == written
    assert read.all.calls == 3
    assert read.all.unpriced == 1
    assert read.all.batched == 1
    assert read.all.usage == Usage(input=30, output=60)
    assert read.stops[("document", "refusal (empty)", "bio")] == 1


def test_a_fork_reuses_its_parents_replies_without_counting_their_cost(tmp_path: Path) -> None:
    with Journal(tmp_path / "parent.jsonl") as parent:
        parent.put(request(1), completion("old"))
    with Journal(tmp_path / "child.jsonl", parents=[tmp_path / "parent.jsonl"]) as child:
        reply = child.get(request(1).key)
        assert reply is not None
        assert reply.text == "old"
        assert request(1).key in child
        assert child.totals.all.calls == 0


def test_reading_goes_on_beside_a_writer(tmp_path: Path) -> None:
    """A line that is being written does not count, and is not an error."""
    path = tmp_path / "llm.jsonl"
    with Journal(path) as journal:
        journal.put(request(1), completion("a"))
        with path.open("ab") as other:
            other.write(b'{"key":"00')
        assert journal_totals(path).all.calls == 1


def test_a_second_request_is_answered_from_the_journal(tmp_path: Path) -> None:
    async def run() -> tuple[Completion, Completion, int]:
        model = Plain()
        with Journal(tmp_path / "llm.jsonl") as journal:
            llm = ResponseCache(model, journal)
            return await llm.complete(request()), await llm.complete(request()), len(model.calls)

    first, second, calls = asyncio.run(run())
    assert (first.reused, second.reused, calls) == (False, True, 1)
    assert first.text == second.text


def test_identical_requests_in_flight_share_one_call(tmp_path: Path) -> None:
    class Slow(Plain):
        async def complete(self, request):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.01)
            return await super().complete(request)

    async def run() -> tuple[list[Completion], int]:
        model = Slow()
        with Journal(tmp_path / "llm.jsonl") as journal:
            llm = ResponseCache(model, journal)
            return await asyncio.gather(*(llm.complete(request()) for _ in range(5))), len(model.calls)

    replies, calls = asyncio.run(run())
    assert calls == 1
    assert [reply.reused for reply in replies].count(False) == 1


def test_failures_are_not_remembered(tmp_path: Path) -> None:
    def fail(_: object) -> Completion:
        raise RequestFailed("500", "no")

    async def run() -> int:
        model = Plain(fail)
        with Journal(tmp_path / "llm.jsonl") as journal:
            llm = ResponseCache(model, journal)
            for _ in range(2):
                with pytest.raises(RequestFailed):
                    await llm.complete(request())
            assert len(journal) == 0
        return len(model.calls)

    assert asyncio.run(run()) == 2


def test_a_reply_is_kept_although_its_caller_was_cancelled(tmp_path: Path) -> None:
    """It is billed anyway."""

    class Slow(Plain):
        async def complete(self, request):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.02)
            return await super().complete(request)

    async def run() -> None:
        with Journal(tmp_path / "llm.jsonl") as journal:
            llm = ResponseCache(Slow(), journal)
            task = asyncio.create_task(llm.complete(request()))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert llm.in_flight == 1
            assert await llm.drain(1.0) == 0
            assert request().key in journal

    asyncio.run(run())


def test_the_journal_holds_nothing_but_the_reply(tmp_path: Path, only_this_key: str) -> None:
    """Neither prompt nor key."""
    with Journal(tmp_path / "llm.jsonl") as journal:
        journal.put(request(user="SECRET PROMPT"), completion("reply"))
    text = (tmp_path / "llm.jsonl").read_text()
    assert "SECRET PROMPT" not in text
    assert only_this_key not in text
    assert json.loads(text)["text"] == "reply"


@pytest.mark.parametrize("then", ["put", "close"])
def test_a_disk_that_fails_in_the_background_is_not_kept_quiet(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next reply is still written; a later sync that succeeds does not hide the failed one."""
    real_fsync, failing = os.fsync, [OSError(errno.EIO, "the disk is gone")]

    def fsync(fd: int) -> None:
        if failing:
            raise failing.pop()
        real_fsync(fd)

    monkeypatch.setattr(journal_module, "FSYNC_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", fsync)
    journal = Journal(tmp_path / "llm.jsonl")
    journal.put(request(0), completion())
    journal._syncing.join()
    again = partial(journal.put, request(1), completion()) if then == "put" else journal.close
    with pytest.raises(OSError, match="the disk is gone"):
        again()
    journal.close()
    assert journal_totals(tmp_path / "llm.jsonl").all.calls == (2 if then == "put" else 1)
