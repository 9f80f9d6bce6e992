"""Words go to whoever reads them, and to the next one when that is lost."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import NotLive, RecogniserLost
from services.domain.live import (
    Ended,
    Final,
    Gap,
    GapKind,
    LanguageTold,
    LiveEvent,
    Partial,
    SpeakerTold,
)
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.speech import Speaker, Utterance
from services.exports.call_json import utterance_document
from services.live.recogniser import untold as untold_module
from services.live.recogniser.recognising import LiveOrder
from services.live.recogniser.word_feed import WordFeed
from services.live.telling.standing import Standing

WITHIN_S = 10.0
NOW = datetime(2026, 11, 27, tzinfo=UTC)
RUNNING = RunningCall(
    id="call",
    org_id="local",
    owner="me",
    name="A call",
    source=LiveSource.PHONE,
    state=LiveState.RECORDING,
    options=ProcessingOptions(provider="acs"),
    channels=1,
    began_at=NOW,
    heartbeat_at=NOW,
    process="p",
)


def line(number: int, text: str = "Hello.", **more: Any) -> Utterance:
    start = number * 1_000
    return Utterance(
        id=f"u{number}", speaker="s1", start_ms=start, end_ms=start + 500, text=text, **more
    )


class Reader:
    """Reads nothing by itself: the test tells what it has read."""

    def __init__(self, order, listener, known):
        self.order, self.listener, self.known = order, listener, list(known)
        self.heard_events: list[LiveEvent] = []
        self.now_ms = 0
        self.aborted = False
        self.lost = False
        self.finishes_with: str | None = None
        self.is_gone_at_the_end = False

    def heard(self, event):
        if self.lost:
            raise RecogniserLost
        self.heard_events.append(event)

    def passed(self, now_ms):
        self.now_ms = now_ms

    def summed_up(self, text, by, *, so_far):
        if self.lost:
            raise RecogniserLost
        self.listener({"type": "summary", "at_ms": 0, "text": text, "so_far": so_far, "by": by})

    def summarise(self):
        self.listener({"type": "summary", "at_ms": 0, "text": "ours"})

    def finish(self):
        if self.is_gone_at_the_end:
            raise RecogniserLost
        self.end(self.finishes_with)

    def abort(self):
        self.aborted = True

    def tell(self, kind: str, said: Utterance) -> None:
        self.listener({"type": kind, "at_ms": said.end_ms, **utterance_document(said)})

    def end(self, code: str | None = None) -> None:
        self.listener({"type": "ended", "at_ms": 0, "error_code": code, "error_message": code})


class Readers:
    def __init__(self):
        self.opened: list[Reader] = []
        self.refuses: list[Exception] = []
        self.may_open = threading.Event()
        self.may_open.set()
        self.lost = 0
        self.ended = 0

    def read(self, order, listener, known):
        self.may_open.wait(WITHIN_S)
        if self.refuses:
            raise self.refuses.pop(0)
        reader = Reader(order, listener, known)
        if self.lost:
            self.lost -= 1
            reader.lost = True
        elif self.ended:
            self.ended -= 1
            reader.end("RecogniserLost")
        self.opened.append(reader)
        return reader


class Call:
    def __init__(
        self,
        readers: Readers,
        before: list[dict[str, Any]] | None = None,
        *,
        redact: bool = True,
    ) -> None:
        self.readers = readers
        self.standing = Standing(RUNNING, lambda _call, _told: None)
        self.told: list[Any] = []
        self.ended: list[Ended] = []
        self.feed = WordFeed(
            readers,  # type: ignore[arg-type]
            LiveOrder(options=replace(RUNNING.options, redact=redact)),
            self.standing,
            tell=self._tell,
            then=self.ended.append,
            before=before or [],
        )

    def _tell(self, told: Any) -> None:
        self.told.append(told)
        self.standing.tell(told)

    def reader(self, number: int) -> Reader:
        wait(lambda: len(self.readers.opened) >= number)
        return self.readers.opened[number - 1]

    def kinds(self) -> list[str]:
        return [one["type"] for one in self.told]

    def gaps(self) -> list[tuple[int, int]]:
        """Return the stretches that are told as missing, which the call has to know as well."""
        told = [
            (one["start_ms"], one["end_ms"])
            for one in self.standing.log.events()
            if one["type"] == "warning" and one["kind"] == "gap"
        ]
        assert [(gap.start_ms, gap.end_ms) for gap in self.standing.running.gaps] == told
        return told


def wait(condition) -> None:
    until = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def readers() -> Readers:
    return Readers()


def test_words_that_come_before_anybody_reads_are_read_then(readers: Readers) -> None:
    readers.may_open.clear()
    call = Call(readers)
    call.feed.open()
    call.feed.heard(SpeakerTold(speaker=Speaker(id="s1", label="Speaker 1"), at_ms=0))
    call.feed.heard(Partial(line=line(1, "Hel")))
    call.feed.heard(Final(line=line(1)))
    call.feed.heard(LanguageTold(language="de", chosen=False, at_ms=1_000))
    call.feed.passed(4_000)
    readers.may_open.set()
    reader = call.reader(1)
    wait(lambda: reader.now_ms == 4_000)
    assert [type(one) for one in reader.heard_events] == [SpeakerTold, Final, LanguageTold]
    assert reader.known == []
    call.feed.close()


def test_a_lost_session_is_followed_by_one_that_knows_what_was_told(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    first = call.reader(1)
    call.feed.heard(Final(line=line(1)))
    wait(lambda: first.heard_events)
    first.tell("final", line(1, "Hello, [NAME]."))
    call.feed.heard(Partial(line=line(2, "I")))
    first.tell("partial", line(2, "I"))
    first.end("RecogniserLost")
    second = call.reader(2)
    assert [one["id"] for one in second.known] == ["u1"]
    wait(lambda: second.heard_events)
    assert [one.line.id for one in second.heard_events] == ["u2"]
    # What the second session finds once more is no news; neither is the first heard any more.
    told = len(call.told)
    second.tell("final", line(1, "Hello, [NAME]."))
    first.tell("final", line(3))
    assert len(call.told) == told
    second.tell("revised", line(1, "[NAME]."))
    assert call.told[-1]["text"] == "[NAME]."
    withdrawn = [one for one in call.standing.log.events() if one["type"] == "partial"]
    assert [one["text"] for one in withdrawn] == [""]
    call.feed.close()
    assert second.aborted


def test_a_session_that_takes_no_more_is_lost(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    first = call.reader(1)
    call.feed.heard(Final(line=line(1)))
    wait(lambda: first.heard_events)
    first.lost = True
    call.feed.heard(Final(line=line(2)))
    second = call.reader(2)
    wait(lambda: len(second.heard_events) == 2)
    assert [one.line.id for one in second.heard_events] == ["u1", "u2"]
    call.feed.close()


def test_what_was_told_by_an_earlier_process_is_known_and_not_told_again(readers: Readers) -> None:
    before = [
        {"type": "final", "at_ms": 1, **utterance_document(line(1))},
        {"type": "sentiment", "at_ms": 1, "utterance": "u1", "label": "neutral", "score": 0.0},
        {"type": "warning", "at_ms": 9, "id": "rule-1", "kind": "rule", "start_ms": 1, "end_ms": 2},
    ]
    call = Call(readers, before)
    call.feed.open()
    reader = call.reader(1)
    assert [one["type"] for one in reader.known] == ["final", "sentiment"]
    reader.listener({**before[1], "at_ms": 7, "emitted_ms": 8})
    reader.listener({**before[2], "at_ms": 20})
    assert call.told == []
    reader.listener({**before[1], "label": "negative"})
    assert call.kinds() == ["sentiment"]
    call.feed.close()


def test_the_end_is_told_once_when_all_is_read(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    reader = call.reader(1)
    call.feed.heard(Final(line=line(1)))
    wait(lambda: reader.heard_events)
    reader.tell("final", line(1))
    call.feed.finish()
    call.feed.finish()
    wait(lambda: call.ended)
    assert call.ended == [Ended(at_ms=0)]
    call.feed.give_up()
    assert len(call.ended) == 1


def test_a_call_that_nobody_could_read_says_what_is_missing(readers: Readers) -> None:
    readers.refuses = [NotLive()]
    call = Call(readers)
    call.feed.open()
    wait(lambda: not readers.refuses)
    call.feed.heard(Final(line=line(1)))
    call.feed.heard(Final(line=replace(line(2), start_ms=1_400)))
    call.feed.finish()
    wait(lambda: call.ended)
    assert call.ended[0].error_code == "RecogniserLost"
    warned = [one for one in call.standing.log.events() if one["type"] == "warning"]
    assert [one["kind"] for one in warned] == ["error", "gap"]
    assert call.gaps() == [(1_000, 2_500)]


def test_one_that_is_refused_for_now_is_opened_later(readers: Readers) -> None:
    readers.refuses = [RecogniserLost(), RecogniserLost()]
    call = Call(readers)
    call.feed.open()
    call.reader(1)
    call.feed.close()


def test_summaries_come_from_whoever_writes_them(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    reader = call.reader(1)
    wait(lambda: call.feed._session is reader)
    call.feed.summarise()
    call.feed.summed_up("theirs", "acs", so_far=False)
    assert [one["text"] for one in call.told] == ["ours", "theirs"]
    call.feed.close()


def test_a_call_that_ends_while_models_are_loaded_is_read_then(readers: Readers) -> None:
    readers.may_open.clear()
    call = Call(readers)
    call.feed.open()
    call.feed.heard(Final(line=line(1)))
    call.feed.heard(Gap(kind=GapKind.RECOGNISER_LOST, start_ms=2_000, end_ms=3_000))
    call.feed.summed_up("theirs", "acs", so_far=False)
    call.feed.finish()
    time.sleep(0.1)
    assert call.ended == []
    readers.may_open.set()
    reader = call.reader(1)
    wait(lambda: call.ended)
    assert [type(one) for one in reader.heard_events] == [Final, Gap]
    assert call.kinds() == ["summary"]
    assert call.ended[0].error_code is None


def test_words_that_may_be_shown_as_heard_are_told_without_a_reader(readers: Readers) -> None:
    readers.refuses = [NotLive()]
    call = Call(readers, redact=False)
    call.feed.open()
    wait(lambda: not readers.refuses)
    call.feed.heard(Final(line=line(1)))
    call.feed.finish()
    wait(lambda: call.ended)
    assert [one["text"] for one in call.told] == ["Hello."]


def test_a_session_that_is_lost_while_it_is_taken_into_use_is_replaced(readers: Readers) -> None:
    readers.lost = 2
    readers.ended = 1
    call = Call(readers)
    call.feed.heard(Final(line=line(1)))
    call.feed.open()
    wait(lambda: any(one.heard_events for one in readers.opened))
    assert len(readers.opened) == 4
    assert readers.opened[-1].heard_events
    call.feed.close()


def test_a_line_that_no_session_survives_is_left_out(readers: Readers) -> None:
    readers.lost = 100
    call = Call(readers)
    call.feed.heard(Final(line=line(1)))
    call.feed.open()
    wait(lambda: len(readers.opened) >= 3)
    readers.lost = 0
    call.feed.heard(Final(line=line(2)))
    wait(lambda: any(one.heard_events for one in readers.opened))
    reader = next(one for one in readers.opened if one.heard_events)
    assert [one.line.id for one in reader.heard_events] == ["u2"]
    wait(call.gaps)
    assert call.gaps() == [(1_000, 1_500)]
    call.feed.close()


def test_lines_that_a_dying_session_has_not_told_are_read_at_the_end(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    first = call.reader(1)
    call.feed.heard(Final(line=line(1)))
    wait(lambda: first.heard_events)
    first.finishes_with = "RecogniserLost"
    call.feed.finish()
    second = call.reader(2)
    wait(lambda: call.ended)
    assert [one.line.id for one in second.heard_events] == ["u1"]
    assert call.ended[0].error_code is None


def test_it_says_up_to_where_lines_are_told_and_waits_for_them(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    reader = call.reader(1)
    call.feed.heard(Final(line=line(3)))
    assert call.feed.told_until(9_000) == 3_000
    wait(lambda: reader.heard_events)
    threading.Timer(0.1, lambda: reader.tell("final", line(3))).start()
    call.feed.drain(WITHIN_S)
    assert call.feed.told_until(9_000) == 9_000
    call.feed.close()


@pytest.mark.parametrize("redact", [True, False])
def test_of_more_lines_than_can_wait_the_oldest_is_not_lost_without_a_trace(
    readers: Readers, monkeypatch: pytest.MonkeyPatch, redact: bool
) -> None:
    monkeypatch.setattr(untold_module, "MOST_UNTOLD", 2)
    call = Call(readers, redact=redact)
    for number in range(3):
        call.feed.heard(Final(line=line(number)))
    wait(lambda: call.told or call.gaps())
    assert call.gaps() == ([(0, 500)] if redact else [])
    assert [one["id"] for one in call.told] == ([] if redact else ["u0"])


def test_a_line_that_cannot_be_read_has_a_place_and_the_time_goes_on(readers: Readers) -> None:
    call = Call(readers)
    call.feed.open()
    reader = call.reader(1)
    wait(lambda: call.feed._session is reader)
    call.feed.heard(Final(line=line(1)))
    call.feed.heard(Final(line=line(3)))
    reader.tell("final", line(3))
    assert call.feed.told_until(9_000) == 9_000
    began = time.monotonic()
    call.feed.drain(WITHIN_S)
    assert time.monotonic() - began < WITHIN_S / 2
    call.feed.finish()
    wait(lambda: call.ended)
    assert call.ended == [Ended(at_ms=0)]
    assert call.gaps() == [(1_000, 1_500)]


def test_a_session_that_is_gone_when_it_is_to_finish_is_followed_by_another(
    readers: Readers,
) -> None:
    call = Call(readers)
    call.feed.open()
    first = call.reader(1)
    wait(lambda: call.feed._session is first)
    call.feed.heard(Final(line=line(1)))
    first.is_gone_at_the_end = True
    call.feed.finish()
    second = call.reader(2)
    wait(lambda: call.ended)
    assert [one.line.id for one in second.heard_events] == ["u1"]
    assert call.ended == [Ended(at_ms=0)]


def test_a_summary_outlives_the_session_it_was_to_be_given_to(readers: Readers) -> None:
    readers.lost = 1
    call = Call(readers)
    call.feed.heard(Final(line=line(1)))
    call.feed.summed_up("theirs", "acs", so_far=False)
    call.feed.open()
    second = call.reader(2)
    wait(lambda: call.told)
    assert [one["text"] for one in call.told] == ["theirs"]
    second.lost = True
    call.feed.summed_up("theirs, once more", "acs", so_far=False)
    wait(lambda: len(call.told) == 2)
    assert call.told[1]["text"] == "theirs, once more"
    call.feed.close()


@pytest.mark.parametrize("redact", [True, False])
def test_what_may_be_shown_as_heard_is_told_when_the_call_is_let_go_of(
    readers: Readers, redact: bool
) -> None:
    call = Call(readers, redact=redact)
    call.feed.open()
    reader = call.reader(1)
    wait(lambda: call.feed._session is reader)
    for number in (1, 2):
        call.feed.heard(Final(line=line(number)))
    call.feed.heard(Partial(line=line(3)))
    reader.tell("final", line(1))
    call.feed.let_go()
    assert [one["id"] for one in call.told] == (["u1"] if redact else ["u1", "u2"])
    assert reader.aborted
    reader.tell("final", line(2))
    call.feed.let_go()
    assert len(call.told) == (1 if redact else 2)
    assert call.ended == []
    # Whoever goes on with the call tells from where on it is missing; whoever lands it knows it.
    assert "warning" not in [one["type"] for one in call.standing.log.events()]
    missing = [(gap.start_ms, gap.end_ms) for gap in call.standing.running.gaps]
    assert missing == ([(2_000, 2_500)] if redact else [])
