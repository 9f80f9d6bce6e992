"""A live call with all that is found on the way: figures, warnings, roles, summaries, languages."""

import json
from dataclasses import replace

import pytest

from services.domain.errors import NotLive
from services.domain.live import (
    Final,
    LanguageTold,
    LineStage,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.speech import Speaker
from services.live.telling.events import Kind
from services.live.watching.options import WatchOptions, watch_list
from services.providers.live import LiveSession
from tests.unit.live.reading.test_running import AS_HEARD, REDACTED, S1, S2, Live, line
from tests.unit.live.stand_ins import SECRET, LoudIsVoice

SECOND = bytes(32_000)
AGENT = "Thank you for calling Harbor Energy how can I help you"
LOUD = b"\x00\x40" * 16_000
CUSTOMER = "I have a problem my last bill is much higher than before"


class Clock:
    """Time that goes on with the sound, as where a call is spoken."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def spoken():
    """Open calls and speak into them in real time."""
    opened = []

    def open_one(options=AS_HEARD, ear=None, **watch):
        clock = Clock()
        live = Live(options, clock=clock, watch=WatchOptions(**watch), ear=ear)
        live.call.begin()

        def speak(seconds, sound=SECOND):
            for _ in range(seconds):
                clock.now += 1
                live.call.send(sound)

        live.speak = speak
        opened.append(live)
        return live

    yield open_one
    for live in opened:
        live.call.abort()


def until(live, kind, count=1):
    """Wait until so many events of a kind were told; return them."""
    told = live.told
    with told._changed:
        assert told._changed.wait_for(lambda: len(told.of(kind)) >= count, 10.0), told.kinds
    return told.of(kind)


def test_figures_come_once_a_second_of_the_call(spoken):
    live = spoken()
    live.call.send(SECOND[: len(SECOND) // 2])
    live.hear(S1, Partial(line=line(1, "s1", "hello there", 0)))
    live.speak(3)
    figures = until(live, "figures", 3)
    assert [event["at_ms"] for event in figures] == [1_000, 2_000, 3_000]
    live.hear(Final(line=line(1, "s1", "hello there", 0)), S2)
    until(live, "sentiment")
    live.speak(1)
    last = until(live, "figures", 4)[-1]
    assert last["speakers"] == [{"id": "s1", "talk_ms": 750, "share_of_speech": 1.0}]
    assert (last["overlap_ms"], last["silence_ms"]) == (0, 3_250)
    assert last["course"] == [{"at_ms": 375, "score": -0.8, "speaker": "s1"}]


def test_a_long_silence_is_a_warning_with_an_id(spoken):
    live = spoken()
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    until(live, "sentiment")
    live.speak(12)
    (warning,) = until(live, "warning")
    assert warning["id"] == "silence-750-all"
    assert (warning["kind"], warning["speaker"]) == ("silence", None)
    assert (warning["start_ms"], warning["end_ms"], warning["at_ms"]) == (750, 8_000, 8_000)
    assert json.loads(json.dumps(warning)) == warning


def test_a_provider_that_tells_nothing_while_somebody_speaks_makes_no_silence(spoken):
    live = spoken(ear=LoudIsVoice)
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    until(live, "sentiment")
    live.speak(15, LOUD)
    figures = until(live, "figures", 15)
    assert not live.told.of("warning")
    assert figures[-1]["silence_ms"] == 0


def test_a_silence_in_the_sound_is_told_once_while_it_lasts(spoken):
    live = spoken(ear=LoudIsVoice)
    live.speak(4, LOUD)
    live.speak(16)
    until(live, "figures", 20)
    (warning,) = live.told.of("warning")
    assert warning["kind"] == "silence"
    assert (warning["start_ms"], warning["at_ms"]) == (4_000, 11_000)
    assert "taken_back" not in warning


def test_a_silence_for_which_words_come_late_is_taken_back(spoken):
    live = spoken()
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    until(live, "sentiment")
    live.speak(10)
    (told,) = until(live, "warning")
    words = " ".join(["word"] * 20)
    live.hear(Final(line=line(2, "s1", words, 2_000)))
    until(live, "sentiment", 2)
    live.speak(1)
    silences = [one for one in until(live, "warning", 2) if one["kind"] == "silence"]
    assert [one["id"] for one in silences] == [told["id"]] * 2
    assert [one.get("taken_back", False) for one in silences] == [False, True]


def test_silence_that_was_put_in_is_no_warning(spoken):
    live = spoken()
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    until(live, "sentiment")
    live.call.not_recorded(750, 20_000)
    live.speak(20)
    until(live, "figures", 20)
    assert not live.told.of("warning")


def test_sound_that_comes_in_haste_gives_words_more_time(spoken):
    live = spoken()
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    until(live, "sentiment")
    for _ in range(30):
        live.call.send(SECOND)
    until(live, "figures", 30)
    assert not live.told.of("warning")


def test_a_word_of_the_watch_list_is_told_by_its_rule_without_the_line(spoken):
    live = spoken(rules=watch_list(["lawyer"]))
    live.hear(S2, Final(line=line(1, "s2", "my lawyer Jane will hear of it", 0)))
    until(live, "sentiment")
    live.speak(5)
    (warning,) = until(live, "warning")
    assert warning["rule"] == {"id": "watch_list_1", "name": "Watch list: lawyer"}
    assert warning["alert"] is True
    assert "hear of it" not in json.dumps(warning)


def test_the_customer_turning_negative_is_a_warning(spoken):
    live = spoken()
    live.hear(S1, S2, Final(line=line(1, "s1", AGENT, 0)))
    live.hear(
        Final(line=line(2, "s2", CUSTOMER, 6_000)), Final(line=line(3, "s2", "awful", 12_000))
    )
    until(live, "sentiment", 3)
    live.speak(14)
    warnings = [w for w in until(live, "warning") if w["kind"] == "negative"]
    assert [(w["speaker"], w["start_ms"]) for w in warnings] == [("s2", 12_000)]


def test_roles_are_told_on_the_way_and_kept_when_a_speaker_is_told_again(spoken):
    live = spoken()
    live.hear(S1, S2, Final(line=line(1, "s1", AGENT)), Final(line=line(2, "s2", CUSTOMER)))
    told = until(live, "speaker", 4)[2:]
    assert [(event["id"], event["role"]) for event in told] == [
        ("s1", "agent"),
        ("s2", "customer"),
    ]
    again = Speaker(id="s1", label="Speaker 1", channel=0)
    live.hear(SpeakerTold(speaker=again, at_ms=20_000))
    assert until(live, "speaker", 5)[-1]["role"] == "agent"


def test_a_summary_is_made_when_asked_for_of_what_was_shown(spoken):
    live = spoken(REDACTED)
    text = f"{CUSTOMER} and it is for {SECRET}"
    live.hear(S1, S2, Final(line=line(1, "s1", AGENT)), Final(line=line(2, "s2", text)))
    until(live, "sentiment", 2)
    live.speak(30)
    live.call.summarise()
    (summary,) = until(live, "summary")
    assert summary["so_far"] is True
    assert summary["reason"]["utterances"] == ["u2"]
    assert SECRET not in json.dumps(summary)
    live.call.finish()
    assert [event["so_far"] for event in live.told.of("summary")] == [True, False]


def test_summaries_come_at_intervals_of_speech(spoken):
    live = spoken(summary_every_ms=10_000)
    live.hear(S1, S2, Final(line=line(1, "s1", AGENT, 0)))
    texts = [CUSTOMER, "let me look at it for you now", "it is far too much really", "I see"]
    for number, text in enumerate(texts, start=2):
        live.hear(Final(line=line(number, "s1" if number % 2 else "s2", text)))
    until(live, "sentiment", 5)
    live.speak(30)
    assert until(live, "summary")[0]["so_far"] is True


def test_a_slow_summary_holds_up_nothing(spoken):
    from tests.unit.live.reading.test_summing_up import Slow

    live = spoken()
    live.models.summariser = slow = Slow()
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    until(live, "sentiment")
    live.call.summarise()
    assert slow.began.acquire(timeout=10.0)
    live.hear(Final(line=line(2, "s1", "and another")))
    until(live, "sentiment", 2)
    live.speak(2)
    until(live, "figures", 2)
    assert not live.told.of("summary")
    slow.go_on.set()
    until(live, "summary")


def test_the_provider_is_followed_into_another_language(spoken):
    live = spoken(REDACTED)
    live.hear(S1, Final(line=line(1, "s1", f"hello {SECRET}")))
    until(live, "sentiment")
    live.call.speak("es")
    live.hear(Final(line=line(2, "s1", "hola")))
    (told,) = until(live, "language")
    assert (told["language"], told["by"]) == ("es", "chosen")
    until(live, "sentiment", 2)
    assert live.models.spoken == ["es"]
    assert live.models.languages == ["en", "es"]
    live.call.finish()
    final = live.call.analysed.transcript
    assert final.language == "es"
    assert final.utterances[0].text == "hello [PERSON]"


def test_what_was_taken_out_in_one_language_stays_out_after_a_switch(spoken):
    live = spoken(REDACTED)
    live.hear(S1, Final(line=line(1, "s1", f"hello {SECRET}")))
    live.hear(LanguageTold(language="es", chosen=False, at_ms=9_000))
    until(live, "language")
    live.models.redact = lambda transcript: replace(transcript, redacted=True)
    live.call.finish()
    assert SECRET not in json.dumps(list(live.told))
    assert SECRET not in str(live.call.analysed)


def test_a_provider_that_cannot_change_the_language_says_so_and_goes_on(live_of_one_language):
    with pytest.raises(NotLive):
        live_of_one_language.call.speak("es")
    live_of_one_language.call.send(SECOND)
    assert live_of_one_language.call.ended is None


@pytest.fixture
def live_of_one_language(monkeypatch):
    from tests.unit.live.stand_ins import HandSession

    monkeypatch.setattr(HandSession, "_speak_impl", LiveSession._speak_impl)
    opened = Live()
    yield opened
    opened.call.abort()


def test_a_refined_line_says_so(spoken):
    live = spoken()
    first = line(1, "s1", "helo there")
    live.hear(S1, Final(line=first))
    live.hear(Revised(line=replace(first, text="hello there"), stage=LineStage.REFINED))
    (revised,) = until(live, "revised")
    assert revised["stage"] == "refined"
    assert "stage" not in live.told.of("final")[0]


def test_nothing_of_the_reading_follows_the_end(spoken):
    live = spoken(rules=watch_list(["nothing"]))
    live.hear(S1, Final(line=line(1, "s1", "hello there", 0)))
    live.speak(10)
    live.call.summarise()
    live.call.finish()
    assert live.told.kinds[-1] == "ended"
    assert live.told.of(Kind.FIGURES)[-1]["at_ms"] == 10_000
