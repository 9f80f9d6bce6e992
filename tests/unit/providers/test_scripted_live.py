"""The scripted provider live, beyond the contract: what can be made to go wrong in it."""

import threading
import time

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderBusy, ProviderUnavailable
from services.domain.live import Ended, Final, Gap, Partial, Revised
from services.providers.live import LiveFormat, LiveSession
from services.providers.scripted import ScriptedProvider
from services.providers.scripted.live import WORDS_A_PARTIAL, LiveFaults
from services.providers.scripted.provider import LINE_MS, LINES, PAUSE_MS

OPTIONS = ProcessingOptions()


def held(faults: LiveFaults | None = None, length_ms: int = 12_000) -> list:
    events: list = []
    provider = ScriptedProvider(live_faults=faults)
    session = provider.open_live(LiveFormat(), OPTIONS, events.append)
    try:
        for _ in range(length_ms // 50):
            session.send(bytes(1_600))
    except ProviderUnavailable:
        pass
    session.finish()
    return events


class SlowToClose(LiveSession):
    """Lets go of its connection a while after it has failed."""

    is_closed = False

    def _send_impl(self, pcm):
        pass

    def _finish_impl(self, timeout_s):
        pass

    def _close_impl(self):
        time.sleep(0.3)
        self.is_closed = True


@pytest.mark.parametrize("ending", [LiveSession.finish, LiveSession.abort])
def test_a_session_that_failed_has_let_go_of_everything_when_ending_it_returns(ending):
    """A process that ended earlier would take a service's SDK down in the middle of its work."""
    events: list = []
    session = SlowToClose("slow", LiveFormat(), events.append)
    failing = threading.Thread(target=session.fail, args=(ProviderUnavailable(),))
    failing.start()
    while not events:
        time.sleep(0.01)
    ending(session)
    assert session.is_closed
    failing.join()
    assert [type(event) for event in events] == [Ended]


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_words_are_told_when_the_sound_has_reached_them():
    told: list = []
    session = ScriptedProvider().open_live(LiveFormat(), OPTIONS, told.append)
    session.send(bytes(32 * (LINE_MS - PAUSE_MS) // 2))
    session.send(bytes(0))
    session.finish()
    line, _ = LINES[0]
    partials = of(told, Partial)
    assert partials[0].line.text.split() == line.split()[:WORDS_A_PARTIAL]
    assert all(p.at_ms <= (LINE_MS - PAUSE_MS) // 2 for p in partials)


def test_a_line_that_has_begun_is_said_to_its_end_when_the_call_ends():
    finals = of(held(length_ms=5_000), Final)
    assert [f.line.text for f in finals] == [text for text, _ in LINES[:2]]
    assert (finals[1].line.start_ms, finals[1].line.end_ms) == (LINE_MS, 5_000)


def test_it_can_break_off():
    events = held(LiveFaults(fails_with=ProviderUnavailable, after_ms=5_000))
    (ended,) = of(events, Ended)
    assert ended.error_code == "ProviderUnavailable"
    assert ended.at_ms >= 5_000
    assert len(of(events, Final)) == 1


def test_it_can_break_off_while_it_finishes():
    events: list = []
    provider = ScriptedProvider(live_faults=LiveFaults(fails_with=ProviderBusy, after_ms=1_000))
    session = provider.open_live(LiveFormat(), OPTIONS, events.append)
    session.send(bytes(32_000))
    session.finish()
    assert [e.error_code for e in of(events, Ended)] == ["ProviderBusy"]


def test_it_can_lose_a_stretch():
    events = held(LiveFaults(loses=(5_000, 7_000)))
    assert [f.line.id for f in of(events, Final)] == ["u1", "u3"]
    assert [(g.start_ms, g.end_ms) for g in of(events, Gap)] == [(5_000, 7_000)]


def test_a_stretch_that_is_lost_at_the_end_ends_with_the_call():
    events = held(LiveFaults(loses=(9_000, 60_000)))
    assert [(g.start_ms, g.end_ms) for g in of(events, Gap)] == [(9_000, 12_000)]


def test_it_can_be_wrong_about_speakers_for_a_while():
    events = held(LiveFaults(revises_speakers=True))
    assert [f.line.speaker for f in of(events, Final)] == ["s2", "s1", "s2"]
    assert [(r.line.id, r.line.speaker) for r in of(events, Revised)] == [
        ("u1", "s1"),
        ("u2", "s2"),
    ]
