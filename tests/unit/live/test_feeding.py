"""The way of sound to the recogniser: slow, lost, refused, and always from the tape.

A millisecond of sound is 16 frames that hold its number, so that what was sent can be read.
"""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    NotLive,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderUnavailable,
    RecogniserLost,
)
from services.domain.live import Ended
from services.live import trying_again
from services.live.feeding import Feed
from services.live.recognising import LiveOrder
from services.live.standing import Standing
from services.live.telling import Told, ToldListener
from tests.threads import no_thread_left
from tests.unit.live.feeding_stand_ins import (
    FRAMES_PER_MS,
    HandRecognised,
    HandRecogniser,
    line,
    running_call,
    wait_until,
)


def sound(first_ms: int, last_ms: int) -> bytes:
    return b"".join(
        (ms % 65_536).to_bytes(2, "little") * FRAMES_PER_MS for ms in range(first_ms, last_ms)
    )


class Fed:
    """A call that is fed, and all that is told of it."""

    def __init__(self, channels: int = 1, wanted: int = 1) -> None:
        self.recogniser = HandRecogniser()
        self.told: list[Told] = []
        self.ended: list[Ended] = []
        self.over = threading.Event()
        self.now_ms = 0
        self.tape = bytearray()
        self.reads: list[tuple[int, int]] = []
        self._frame_bytes = 2 * channels
        standing = Standing(running_call(), lambda _call, told: self.told.append(told))
        order = LiveOrder(options=ProcessingOptions(provider="hand"), channels=wanted)
        self.feed = Feed(self.recogniser, order, standing, channels=channels, then=self._is_over)

    def begin(self) -> HandRecognised:
        self.feed.open()
        self.feed.start(self)
        return self.session

    @property
    def session(self) -> HandRecognised:
        return self.recogniser.sessions[-1]

    def speak(self, for_ms: int) -> None:
        """Let sound come, in pieces of up to 100 ms."""
        while for_ms > 0:
            piece = min(100, for_ms)
            self.come(sound(self.now_ms, self.now_ms + piece))
            for_ms -= piece

    def come(self, pcm: bytes, *, recorded: bool = True) -> None:
        first = len(self.tape) // self._frame_bytes
        self.tape += pcm
        self.feed.came(first, pcm, recorded=recorded)
        self.now_ms += len(pcm) // self._frame_bytes // FRAMES_PER_MS

    def read(self, first_frame: int, last_frame: int) -> bytes:
        """Be the tape."""
        self.reads.append((first_frame, last_frame))
        return bytes(self.tape[first_frame * self._frame_bytes : last_frame * self._frame_bytes])

    def finish(self) -> Ended:
        self.feed.finish()
        assert self.over.wait(10)
        return self.ended[-1]

    def of_type(self, kind: str) -> list[Told]:
        return [told for told in self.told if told["type"] == kind]

    def gaps(self) -> list[tuple[int, int]]:
        found = [told for told in self.told if told.get("reason") == "recogniser_lost"]
        return [(told["start_ms"], told["end_ms"]) for told in found]

    def errors(self) -> list[str]:
        return [told["code"] for told in self.told if told.get("kind") == "error"]

    def _is_over(self, ended: Ended) -> None:
        self.ended.append(ended)
        self.over.set()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Fed]]:
    monkeypatch.setattr(trying_again, "FIRST_PAUSE_S", 0.01)
    made: list[Fed] = []

    def fed(**given: int) -> Fed:
        made.append(Fed(**given))
        return made[-1]

    with no_thread_left():
        yield fed
        for one in made:
            one.feed.close()


def test_all_sound_is_given_and_last_words_are_told(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    session.last_words = [line("final", "u1", 0, 900)]
    fed.speak(1000)
    ended = fed.finish()
    assert bytes(session.sent) == sound(0, 1000)
    assert [told["id"] for told in fed.of_type("final")] == ["u1"]
    assert ended.error_code is None
    assert fed.gaps() == []


def test_a_slow_recogniser_gets_everything_from_the_tape(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    session.may_take.clear()
    fed.speak(10_000)
    assert bytes(session.sent) == b""
    session.may_take.set()
    wait_until(lambda: len(session.sent) == len(sound(0, 10_000)))
    assert bytes(session.sent) == sound(0, 10_000)
    assert fed.reads
    fed.speak(500)
    wait_until(lambda: bytes(session.sent) == sound(0, 10_500))


def test_without_haste_the_tape_is_not_read(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    for _ in range(20):
        fed.speak(100)
        wait_until(lambda: len(session.sent) == len(fed.tape))
    assert fed.reads == []


def test_two_channels_are_mixed_for_who_takes_one(make: Callable[..., Fed]) -> None:
    fed = make(channels=2, wanted=1)
    session = fed.begin()
    fed.come((100).to_bytes(2, "little") + (300).to_bytes(2, "little"))
    wait_until(lambda: bytes(session.sent) == (200).to_bytes(2, "little"))


def test_a_lost_session_is_replaced_and_hears_again_what_has_no_line(
    make: Callable[..., Fed],
) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(5000)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    first.tell(line("final", "u1", 0, 2000))
    first.tell(line("partial", "u2", 2000, 4000))
    first.end("RecogniserLost")
    fed.speak(1000)
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    second = fed.session
    wait_until(lambda: bytes(second.sent) == sound(2000, 6000))
    second.tell(line("final", "u1", 500, 1500))
    withdrawn, again = fed.of_type("partial")[-1], fed.of_type("final")[-1]
    assert (withdrawn["id"], withdrawn["text"]) == ("u2", "")
    assert (again["id"], again["start_ms"], again["end_ms"]) == ("2-u1", 2500, 3500)
    assert fed.errors() == ["RecogniserLost"]
    assert fed.gaps() == []
    assert fed.finish().error_code is None


def test_what_the_lost_session_still_says_is_not_told(make: Callable[..., Fed]) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(100)
    first.end("RecogniserLost")
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    first.tell(line("final", "late", 0, 100))
    assert fed.of_type("final") == []


def test_more_than_a_minute_is_not_heard_again_but_marked(make: Callable[..., Fed]) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(1000)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    first.tell(line("final", "u1", 0, 1000))
    fed.recogniser.refusals = [RecogniserLost()] * 3
    first.end("RecogniserLost")
    fed.speak(70_000)
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    started = fed.gaps()[0][1]
    assert fed.gaps() == [(1000, started)]
    assert started >= 1000
    wait_until(lambda: bytes(fed.session.sent) == sound(started, 71_000))
    assert 71_000 - started <= 60_000


def test_sound_that_kills_is_passed_over(make: Callable[..., Fed]) -> None:
    fed = make()
    fed.begin()
    fed.speak(3000)
    for number in (1, 2):
        wait_until(lambda: fed.session.sent)
        fed.session.end("RecogniserLost")
        fed.speak(100)
        wait_until(lambda number=number: len(fed.recogniser.sessions) > number)
    third = fed.session
    fed.speak(1000)
    wait_until(lambda: len(third.sent) >= len(sound(0, 1000)))
    assert bytes(third.sent[:2]) in (sound(3200, 3201)[:2], sound(3100, 3101)[:2])
    ((start_ms, end_ms),) = fed.gaps()
    assert (start_ms, end_ms >= 3100) == (0, True)


@pytest.mark.parametrize("code", ["ProviderRefusedKey", "LiveOver"])
def test_after_an_error_that_stays_the_rest_is_a_gap(make: Callable[..., Fed], code: str) -> None:
    fed = make()
    session = fed.begin()
    fed.speak(1000)
    wait_until(lambda: len(session.sent) == len(fed.tape))
    session.tell(line("final", "u1", 0, 400))
    session.end(code)
    fed.speak(2000)
    ended = fed.finish()
    assert len(fed.recogniser.sessions) == 1
    assert ended.error_code == code
    assert fed.gaps() == [(400, 3000)]


def test_captions_come_back_whichever_of_two_words_on_a_loss_comes_first(
    make: Callable[..., Fed],
) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(100)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    first.over = True  # What is sent from now on is refused; why, is told a moment later.
    fed.speak(100)
    time.sleep(0.05)
    first.tell({"type": "ended", "at_ms": 0, "error_code": "RecogniserLost", "error_message": ""})
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    assert fed.errors() == ["RecogniserLost"]


def test_a_session_that_takes_no_more_and_says_nothing_is_replaced(
    make: Callable[..., Fed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.live.feeding.OWN_WORD_S", 0.05)
    fed = make()
    fed.begin().over = True
    fed.speak(100)
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    assert fed.errors() == ["RecogniserLost"]


def test_why_no_other_session_is_to_be_had_is_told_once(make: Callable[..., Fed]) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(500)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    fed.recogniser.refusals = [ProviderBusy(), ProviderBusy(), ProviderRefusedKey()]
    first.end("RecogniserLost")
    fed.speak(100)
    wait_until(lambda: len(fed.errors()) == 3)
    assert fed.errors() == ["RecogniserLost", "ProviderBusy", "ProviderRefusedKey"]
    fed.speak(100)
    assert fed.finish().error_code == "ProviderRefusedKey"
    assert len(fed.recogniser.sessions) == 1


def test_a_line_under_way_on_another_channel_is_heard_again(make: Callable[..., Fed]) -> None:
    fed = make(channels=2, wanted=2)
    first = fed.begin()
    fed.come(bytes([1, 0, 2, 0]) * FRAMES_PER_MS * 6_000)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    first.tell({**line("final", "u1", 0, 1000), "channel": 1})
    first.tell({**line("partial", "u2", 2000, 5000), "channel": 1})
    first.tell({**line("final", "u3", 4000, 5500), "channel": 0})
    first.end("RecogniserLost")
    fed.come(bytes([1, 0, 2, 0]) * FRAMES_PER_MS * 100)
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    told_already = bytes([0, 0, 2, 0]) * FRAMES_PER_MS * 3_500
    rest = bytes([1, 0, 2, 0]) * FRAMES_PER_MS * 600
    wait_until(lambda: len(fed.session.sent) == len(told_already + rest))
    assert bytes(fed.session.sent) == told_already + rest
    assert fed.gaps() == []


def test_voices_of_the_next_session_are_not_taken_for_those_before(
    make: Callable[..., Fed],
) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(3000)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    who = {"id": "s1", "label": "Speaker 1", "role": "unknown", "channel": None}
    voice = {"type": "speaker", "at_ms": 0, **who}
    first.tell(voice)
    first.tell({**line("final", "u1", 0, 2000), "speaker": "s1"})
    first.end("RecogniserLost")
    fed.speak(100)
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    fed.session.tell(voice)
    fed.session.tell({**line("final", "u1", 0, 500), "speaker": "s1"})
    assert [one["label"] for one in fed.of_type("speaker")] == [
        "Speaker 1",
        "Speaker 1 (after 0:02)",
    ]
    assert [one["speaker"] for one in fed.of_type("final")] == ["s1", "2-s1"]


def test_a_refused_call_does_not_begin(make: Callable[..., Fed]) -> None:
    fed = make()
    fed.recogniser.refusals = [ProviderRefusedKey()]
    with pytest.raises(ProviderRefusedKey):
        fed.begin()


def test_a_provider_that_is_away_for_a_while_is_asked_again(make: Callable[..., Fed]) -> None:
    fed = make()
    first = fed.begin()
    fed.speak(500)
    wait_until(lambda: len(first.sent) == len(fed.tape))
    fed.recogniser.refusals = [ProviderUnavailable(), ProviderUnavailable()]
    first.end("ProviderUnavailable")
    wait_until(lambda: len(fed.recogniser.sessions) == 2 or fed.speak(10))
    assert fed.recogniser.refusals == []


def test_wishes_reach_the_session_and_refusals_are_told(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    fed.feed.summarise()
    fed.feed.speak("es")
    wait_until(lambda: session.asked == ["summary", "es"])

    def refuse(_language: str | None) -> None:
        raise NotLive

    session.speak = refuse  # type: ignore[method-assign]
    fed.feed.speak("de")
    wait_until(lambda: fed.errors() == ["NotLive"])
    fed.speak(100)
    wait_until(lambda: len(session.sent) == len(fed.tape))


def test_a_session_that_stands_in_speaks_the_language_of_now(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    fed.feed.speak("es")
    wait_until(lambda: session.asked == ["es"])
    fed.speak(100)
    session.end("RecogniserLost")
    wait_until(lambda: len(fed.recogniser.sessions) == 2)
    assert fed.session.order.options.language == "es"


def test_silence_that_was_put_in_is_announced_before_it_is_sent(
    make: Callable[..., Fed],
) -> None:
    fed = make()
    session = fed.begin()
    fed.speak(3000)
    wait_until(lambda: len(session.sent) == len(fed.tape))
    session.may_take.clear()
    fed.come(bytes(2 * 500 * FRAMES_PER_MS), recorded=False)
    wait_until(lambda: session.asked == [(3000, 3500)])
    session.may_take.set()


def test_stop_waits_only_so_long_for_a_recogniser_that_is_behind(
    make: Callable[..., Fed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.live.feeding.DRAIN_S", 0.05)
    fed = make()
    session = fed.begin()
    session.may_take.clear()
    fed.speak(9000)
    fed.feed.finish()
    assert not fed.over.wait(0.2)
    session.may_take.set()
    assert fed.over.wait(10)
    assert fed.ended[-1].error_code is None
    ((start_ms, end_ms),) = fed.gaps()
    assert (start_ms > 0, end_ms) == (True, 9000)


def test_last_words_that_never_come_are_given_up(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    session.may_finish.clear()
    fed.speak(100)
    fed.feed.finish()
    assert not fed.over.wait(0.1)
    fed.feed.give_up()
    assert fed.over.wait(10)


def test_a_recogniser_that_dies_over_the_last_words(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    fed.speak(2000)
    wait_until(lambda: len(session.sent) == len(fed.tape))
    session.tell(line("final", "u1", 0, 1500))

    def dies() -> None:
        session.end("RecogniserLost")
        raise RecogniserLost

    session.finish = dies  # type: ignore[method-assign]
    assert fed.finish().error_code == "RecogniserLost"
    assert fed.gaps() == [(1500, 2000)]


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.live.feeding.DRAIN_S", 0.05)
    monkeypatch.setattr("services.live.ending.MERCY_S", 0.1)


@pytest.mark.usefixtures("in_haste")
def test_stop_does_not_wait_for_a_recogniser_that_takes_nothing(make: Callable[..., Fed]) -> None:
    fed = make()
    session = fed.begin()
    session.tell(line("final", "u1", 0, 400))
    session.may_take.clear()
    fed.speak(1000)
    ended = fed.finish()
    assert ended.error_code == "RecogniserLost"
    assert fed.gaps() == [(400, 1000)]
    assert len(fed.ended) == 1


@pytest.mark.usefixtures("in_haste")
def test_stop_does_not_wait_for_a_session_that_is_being_opened(make: Callable[..., Fed]) -> None:
    fed = make()
    first = fed.begin()
    first.tell(line("final", "u1", 0, 400))
    opens, may_open = fed.recogniser.open, threading.Event()
    asked = threading.Event()

    def open_slowly(order: LiveOrder, listener: ToldListener) -> HandRecognised:
        asked.set()
        may_open.wait(10)
        return opens(order, listener)

    fed.recogniser.open = open_slowly  # type: ignore[method-assign]
    first.end("RecogniserLost")
    fed.speak(1000)
    assert asked.wait(10)
    assert fed.finish().error_code == "RecogniserLost"
    assert fed.gaps() == [(400, 1000)]
    told = len(fed.told)
    may_open.set()
    wait_until(lambda: len(fed.recogniser.sessions) == 2 and fed.session.over)
    fed.session.tell(line("final", "u1", 0, 500))
    assert (len(fed.ended), len(fed.told)) == (1, told)
