"""A phone call as a live session: lines, repetitions, reconnections, bounds, and its end."""

import threading
import time

import pytest

from services.domain.errors import LiveOver, NotLive, TelephonyRejected, TelephonyUnavailable
from services.domain.live import (
    Ended,
    Final,
    Gap,
    GapKind,
    LanguageTold,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.speech import SentimentLabel, SpeakerRole
from services.telephony.acs.hearing.gate import FrameGate
from services.telephony.acs.hearing.participants import Participant, raw_id_of_number
from services.telephony.acs.hearing.session import PhoneSession
from tests.unit.telephony.acs.frames import AGENT, CUSTOMER, TICKS_PER_MS, line, metadata


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


class Phone:
    """A call whose frames and time the test gives."""

    def __init__(self, **more):
        self.events, self.clock = [], Clock()
        self.session = PhoneSession("acs", self.events.append, clock=self.clock, **more)
        self.session.connected()

    def send(self, *frames, after_ms=0):
        for frame in frames:
            self.clock.now_s += after_ms / 1_000
            self.session.take_frame(frame)
        return self

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def lines(self, kind=Final):
        return [
            (event.line.id, event.line.text, event.line.start_ms, event.line.end_ms)
            for event in self.of(kind)
        ]

    @property
    def counts(self):
        return self.session.counts


def partial(text, start_ms, end_ms, **more):
    return line(text, start_ms, end_ms, final=False, words=False, **more)


def test_a_line_grows_and_becomes_final_under_one_id():
    phone = Phone().send(
        metadata(locale="en-US"),
        partial("hello", 1_000, 1_400),
        partial("hello every", 1_000, 1_700),
        line("Hello everyone.", 1_000, 2_000),
    )
    assert [type(e) for e in phone.events] == [LanguageTold, SpeakerTold, Partial, Partial, Final]
    assert {e.line.id for e in phone.events[2:]} == {"u1"}
    final = phone.events[-1].line
    assert (final.speaker, final.start_ms, final.end_ms) == ("s1", 1_000, 2_000)
    assert [(w.text, w.start_ms, w.end_ms) for w in final.words] == [
        ("Hello", 1_000, 1_500),
        ("everyone.", 1_500, 2_000),
    ]
    assert final.confidence == 0.9
    assert phone.counts.taken == 4


def test_two_speak_at_once_and_keep_their_lines():
    """
    agent     0 |--------------| 2000
    customer       500 |------------| 2500
    """
    phone = Phone().send(
        partial("good", 0, 400),
        partial("i", 500, 700, who=CUSTOMER),
        partial("good morning", 0, 900),
        line("I have a question.", 500, 2_500, who=CUSTOMER),
        line("Good morning.", 0, 2_000),
    )
    assert phone.lines() == [
        ("u2", "I have a question.", 500, 2_500),
        ("u1", "Good morning.", 0, 2_000),
    ]
    assert [e.line.speaker for e in phone.of(Final)] == ["s2", "s1"]


def test_speakers_are_told_by_number_unless_somebody_says_who_they_are():
    known = Participant(raw_id=raw_id_of_number("+14255550123"), role=SpeakerRole.CUSTOMER)
    phone = Phone(participants=(known,)).send(
        line("Good morning.", 0, 1_000), line("Hi.", 1_000, 1_500, who=CUSTOMER)
    )
    told = [(e.speaker.id, e.speaker.label, e.speaker.role) for e in phone.of(SpeakerTold)]
    assert told == [
        ("s1", "Speaker 1", SpeakerRole.AGENT),
        ("s2", "Speaker 2", SpeakerRole.CUSTOMER),
    ]
    assert "4255550123" not in repr(phone.events)
    anna = Participant(raw_id=AGENT, label="Anna", role=SpeakerRole.AGENT)
    phone.session.know(anna)
    phone.session.know(anna)
    last = phone.of(SpeakerTold)[2:]
    assert [(e.speaker.id, e.speaker.label, e.speaker.role) for e in last] == [
        ("s1", "Anna", SpeakerRole.AGENT)
    ]


def test_a_line_of_nobody_has_no_speaker():
    phone = Phone().send(line("Who is it?", 0, 1_000, who=None))
    assert phone.of(SpeakerTold) == []
    assert phone.of(Final)[0].line.speaker is None


def test_sentiment_is_told_as_delivered():
    phone = Phone().send(
        line("No!", 0, 500, sentimentAnalysisResult={"sentiment": "negative"}),
        line("Well.", 600, 900),
    )
    first, second = (e.line.provider_sentiment for e in phone.of(Final))
    assert first.label is SentimentLabel.NEGATIVE
    assert second is None


def test_a_language_is_told_when_it_changes():
    phone = Phone(language="en").send(
        metadata(locale="en-US"),
        line("Hello.", 0, 500, languageIdentified="en-US"),
        line("Hola.", 600, 900, languageIdentified="es-ES"),
        line("Adiós.", 1_000, 1_400, languageIdentified="es-ES"),
    )
    assert phone.of(LanguageTold) == [LanguageTold(language="es", chosen=False, at_ms=600)]
    assert phone.events.index(phone.of(LanguageTold)[0]) < phone.events.index(phone.of(Final)[1])


def test_a_choice_of_languages_is_no_language():
    phone = Phone().send(metadata(locale="en-US", locales=["en-US", "es-ES"]))
    assert phone.events == []


# --- frames that come again, late or never ------------------------------------------------------


def test_a_repeated_final_is_told_once():
    sent = line("Hello everyone.", 1_000, 2_000)
    phone = Phone().send(sent, sent, line("Bye.", 3_000, 3_500), sent)
    assert phone.lines() == [("u1", "Hello everyone.", 1_000, 2_000), ("u2", "Bye.", 3_000, 3_500)]
    assert phone.counts.repeated == 2


def test_a_final_that_reads_otherwise_revises():
    phone = Phone().send(
        line("Hello every one.", 1_000, 2_000), line("Hello everyone.", 1_000, 2_000)
    )
    assert phone.lines(Revised) == [("u1", "Hello everyone.", 1_000, 2_000)]
    assert len(phone.of(Final)) == 1


def test_an_intermediate_after_its_final_is_outdated():
    phone = Phone().send(
        line("Hello everyone.", 1_000, 2_000),
        partial("hello", 1_000, 1_400),
        partial("every", 1_500, 1_800),
    )
    assert phone.of(Partial) == []
    assert phone.counts.outdated == 2


def test_an_intermediate_that_is_older_than_the_last_is_outdated():
    phone = Phone().send(partial("hello every", 1_000, 1_700), partial("hello", 1_000, 1_400))
    assert [e.line.text for e in phone.of(Partial)] == ["hello every"]
    assert phone.counts.outdated == 1


def test_an_older_final_that_comes_late_is_a_line_of_its_own():
    phone = Phone().send(
        partial("second", 5_000, 5_600),
        line("First line.", 1_000, 2_000),
        line("Second line.", 5_000, 6_000),
    )
    assert phone.lines() == [
        ("u2", "First line.", 1_000, 2_000),
        ("u1", "Second line.", 5_000, 6_000),
    ]


def test_a_line_whose_final_got_lost_stays_as_it_was_heard():
    phone = Phone().send(partial("hello every", 1_000, 1_700), partial("and now", 4_000, 4_300))
    assert phone.lines() == [("u1", "hello every", 1_000, 1_700)]
    assert [e.line.id for e in phone.of(Partial)] == ["u1", "u2"]


def test_a_final_without_text_leaves_what_was_read():
    phone = Phone().send(partial("hello", 1_000, 1_400), line("", 1_000, 2_000, words=False))
    assert phone.lines() == [("u1", "hello", 1_000, 1_400)]


def test_nothing_is_told_of_nothing():
    phone = Phone().send(line("", 0, 100, words=False), partial("", 0, 100))
    assert phone.of(Final) == phone.of(Partial) == []
    assert phone.counts.other == 2


def test_without_offsets_the_clock_tells_when():
    phone = Phone().send(line("Hello.", 0, 900, words=False, offset=None), after_ms=5_000)
    assert phone.lines() == [("u1", "Hello.", 4_100, 5_000)]


def test_dated_offsets_keep_their_distances():
    """The service's own example counts down to the end of the year 9999."""
    first = 2_516_998_782_481_234_400
    phone = Phone().send(
        line("Testing.", 0, 0, words=False, offset=first, duration=None), after_ms=2_000
    )
    later = first - 3_000 * TICKS_PER_MS
    phone.send(
        line("Again.", 0, 0, words=False, offset=later, duration=500 * TICKS_PER_MS), after_ms=4_000
    )
    starts = [start for _, _, start, _ in phone.lines()]
    assert starts == [2_000, 5_000]


# --- connections --------------------------------------------------------------------------------


def lost(phone, away_ms):
    phone.session.disconnected()
    phone.clock.now_s += away_ms / 1_000
    phone.session.connected()
    return phone


def test_offsets_that_begin_anew_are_put_behind_the_reconnection():
    """
    connection 1  0 |------ 9000 |
    away                          10000 |....| 14000
    connection 2                              14000 + 500
    """
    phone = Phone().send(line("Before.", 8_000, 9_000), after_ms=10_000)
    lost(phone, 4_000).send(metadata(), line("After.", 500, 1_500), after_ms=1_000)
    phone.send(line("More.", 2_000, 2_500))
    assert [(text, start) for _, text, start, _ in phone.lines()] == [
        ("Before.", 8_000),
        ("After.", 14_500),
        ("More.", 16_000),
    ]
    gap = Gap(kind=GapKind.CONNECTION_LOST, start_ms=10_000, end_ms=14_000)
    assert phone.of(Gap) == [gap]


def test_offsets_that_go_on_stay_where_they_are():
    phone = Phone().send(line("Before.", 8_000, 9_000), after_ms=10_000)
    lost(phone, 4_000).send(line("After.", 15_000, 16_000), after_ms=2_000)
    assert phone.lines()[-1][2] == 15_000


def test_what_is_sent_again_after_a_reconnection_is_told_once():
    sent = line("Before.", 8_000, 9_000)
    phone = Phone().send(sent, after_ms=10_000)
    lost(phone, 4_000).send(sent, line("After.", 500, 1_500), after_ms=1_000)
    assert phone.counts.repeated == 1
    assert phone.lines()[-1][2] == 14_500


def test_a_short_absence_is_no_gap_and_closes_what_was_open():
    phone = Phone().send(partial("hello", 1_000, 1_400), after_ms=1_500)
    lost(phone, 300)
    assert phone.of(Gap) == []
    assert phone.lines() == [("u1", "hello", 1_000, 1_400)]


def test_a_second_connection_while_the_first_is_there_is_no_absence():
    phone = Phone().send(line("Before.", 8_000, 9_000), after_ms=10_000)
    phone.session.connected()
    phone.session.disconnected()
    assert phone.session.is_connected
    assert phone.of(Gap) == []


def test_the_call_goes_on_in_time_only_while_somebody_is_there():
    phone = Phone()
    phone.clock.now_s += 5.0
    assert phone.session.sent_ms == 5_000
    phone.session.disconnected()
    phone.clock.now_s += 600.0
    assert phone.session.sent_ms == 5_000
    phone.session.finish()
    assert phone.events == [Ended(at_ms=5_000)]


# --- bounds -------------------------------------------------------------------------------------


def test_malformed_frames_are_counted_and_never_fatal():
    phone = Phone().send("{", b"\xff", "[]", line("Hello.", 0, 500))
    assert (phone.counts.malformed, phone.counts.taken) == (3, 1)
    assert len(phone.of(Final)) == 1


def test_frames_that_are_too_large_are_left_out():
    phone = Phone().send(line("word " * 20_000, 0, 500, words=False), line("ü" * 33_000, 0, 500))
    assert phone.counts.oversized == 2
    assert phone.events == []


def test_frames_that_come_too_fast_are_left_out_until_time_passes():
    clock = Clock()
    session = PhoneSession("acs", lambda event: None, gate=FrameGate(clock=clock), clock=clock)
    for number in range(600):
        session.take_frame(line(f"Line {number}.", number * 10, number * 10 + 5))
    assert (session.counts.taken, session.counts.too_many) == (500, 100)
    clock.now_s += 1.0
    for number in range(60):
        session.take_frame(line(f"Later {number}.", 10_000 + number * 10, 10_005 + number * 10))
    assert (session.counts.taken, session.counts.too_many) == (550, 110)


def test_a_call_has_no_more_than_fifty_speakers():
    phone = Phone()
    for number in range(60):
        phone.send(line(f"I am {number}.", number * 100, number * 100 + 50, who=f"8:acs:{number}"))
    assert len(phone.of(SpeakerTold)) == 50
    assert len(phone.of(Final)) == 60
    assert phone.of(Final)[-1].line.speaker is None


def test_a_line_that_was_left_is_revised_by_its_own_final_wherever_that_begins():
    phone = Phone().send(partial("hello every", 1_000, 1_700))
    phone.session.disconnected()
    phone.send(line("Hello everyone.", 1_100, 2_000), line("Next.", 1_950, 2_600))
    assert phone.lines() == [("u1", "hello every", 1_000, 1_700), ("u2", "Next.", 1_950, 2_600)]
    assert phone.lines(Revised) == [("u1", "Hello everyone.", 1_100, 2_000)]


# --- as any live session ------------------------------------------------------------------------


def test_the_end_leaves_open_lines_as_they_were_heard_and_ends_once():
    phone = Phone().send(partial("hello", 1_000, 1_400))
    phone.session.disconnected()
    phone.session.finish()
    phone.session.finish()
    phone.send(line("Too late.", 2_000, 2_500))
    assert phone.lines() == [("u1", "hello", 1_000, 1_400)]
    assert [type(e) for e in phone.events][-1] is Ended
    assert len(phone.of(Ended)) == 1
    with pytest.raises(LiveOver):
        phone.session.send(b"")


def test_last_words_are_waited_for():
    events = []
    session = PhoneSession("acs", events.append)
    session.connected()
    session.take_frame(partial("hello", 0, 400))

    def speaks_and_leaves() -> None:
        session.take_frame(line("Hello there.", 0, 900))
        # What begins when nothing was open counts as well.
        session.take_frame(line("Goodbye.", 1_000, 1_500))
        session.disconnected()

    later = threading.Timer(0.2, speaks_and_leaves)
    later.start()
    began = time.monotonic()
    session.finish(timeout_s=5.0)
    later.join()
    assert time.monotonic() - began < 4.0
    said = [e.line.text for e in events if isinstance(e, Final)]
    assert said == ["Hello there.", "Goodbye."]


def test_a_call_that_ends_while_nobody_is_connected_says_what_is_missing():
    phone = Phone().send(line("Before.", 8_000, 9_000), after_ms=10_000)
    phone.session.disconnected()
    phone.clock.now_s += 20.0
    phone.session.fail(TelephonyUnavailable())
    gap, ended = phone.events[-2:]
    assert gap == Gap(kind=GapKind.CONNECTION_LOST, start_ms=10_000, end_ms=30_000)
    assert ended.error_code == "TelephonyUnavailable"


def test_the_language_is_changed_where_it_can_be():
    asked = []
    phone = Phone(switch=asked.append)
    phone.session.speak("es-ES")
    assert asked == ["es-ES"]
    assert phone.of(LanguageTold) == [LanguageTold(language="es", chosen=True, at_ms=0)]
    with pytest.raises(NotLive):
        phone.session.speak(None)
    with pytest.raises(NotLive):
        Phone().session.speak("es-ES")


def test_a_refused_change_of_language_ends_nothing():
    def refuse(locale):
        raise TelephonyRejected

    phone = Phone(language="en", switch=refuse)
    with pytest.raises(TelephonyRejected):
        phone.session.speak("es-ES")
    phone.send(line("Still here.", 0, 500))
    assert phone.of(LanguageTold) == []
    assert len(phone.of(Final)) == 1
