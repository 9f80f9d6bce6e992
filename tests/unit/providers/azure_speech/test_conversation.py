"""Recorded calls streamed to the emulator by the real SDK: words, breaks, failures, giving up."""

import threading
import time

import pytest

from emulators.azure_speech.websocket_script import Behaviour, Ending, Line
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import (
    Cancelled,
    InvalidRequest,
    ProviderBusy,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from tests.threads import no_thread_left
from tests.unit.providers.azure_speech.sounds import KEY
from tests.unit.providers.azure_speech.streams import (
    CALL,
    OPTIONS,
    TWO_CHANNELS,
    call,
    emulator_of,
    nobody_waits,
    provider_of,
    said,
    sound_of,
    texts,
)

DROP = Behaviour(ending=Ending.DROP, at_ms=12_000)
GOOD = Behaviour()


def transcribed(emulator, recording, context=None, options=OPTIONS, **more):
    provider = provider_of(emulator, **more)
    return provider.transcribe(recording, options, context or RunContext(), sleep=nobody_waits)


def options_with(**values):
    options = (*OPTIONS.provider_options, *values.items())
    return ProcessingOptions(language="en", provider_options=options)


def test_a_call_whose_voices_share_a_channel():
    recording = call()
    with emulator_of(recording) as emulator:
        transcript = transcribed(emulator, recording)
        (seen,) = emulator.connections
    assert texts(transcript) == said(CALL)
    assert [u.speaker for u in transcript.utterances] == ["s1", "s2"] * 3 + ["s1"]
    assert [s.label for s in transcript.speakers] == ["Speaker 1", "Speaker 2"]
    assert {s.channel for s in transcript.speakers} == {None}
    assert {u.confidence for u in transcript.utterances} == {0.93}
    assert transcript.stages == {
        "recognition": "azure conversation transcription",
        "speakers": "azure voices",
    }
    assert seen.pcm_bytes == len(sound_of(recording))
    assert seen.query["language"] == "en-US"
    diarization = seen.contexts[0]["phraseDetection"]["speakerDiarization"]
    assert diarization["mode"] == "Anonymous"


def test_a_call_with_a_channel_for_each():
    recording = call(separate=True)
    with emulator_of(recording, lines=TWO_CHANNELS) as emulator:
        transcript = transcribed(emulator, recording)
        assert emulator.pcm_bytes == len(sound_of(recording))
    assert texts(transcript) == said(CALL)
    assert [(u.speaker, u.channel) for u in transcript.utterances][:2] == [("s1", 0), ("s2", 1)]
    assert [(s.id, s.channel) for s in transcript.speakers] == [("s1", 0), ("s2", 1)]
    assert transcript.stages["speakers"] == "azure channels"


def test_what_the_service_does_not_tell_is_left_out():
    recording = call()
    lines = (
        Line(text="Hello.", start_ms=500, end_ms=2_000, speaker="Unknown", confidence=None,
             words=False),
        Line(text="", start_ms=3_000, end_ms=5_000, status="NoMatch"),
    )  # fmt: skip
    with emulator_of(recording, lines=lines) as emulator:
        transcript = transcribed(emulator, recording)
    (utterance,) = transcript.utterances
    assert (utterance.speaker, utterance.confidence, utterance.words) == (None, None, ())
    assert (transcript.speakers, transcript.spans) == ((), ())
    assert "speakers" not in transcript.stages


def test_options_reach_the_service():
    recording = call()
    options = ProcessingOptions(
        language="en-GB",
        vocabulary=("Northwind", "CPAP"),
        provider_options=(*OPTIONS.provider_options, ("profanity", "raw")),
    )
    with emulator_of(recording) as emulator:
        transcript = transcribed(emulator, recording, options=options)
        (seen,) = emulator.connections
    assert (seen.query["language"], seen.query["profanity"]) == ("en-GB", "raw")
    (group,) = seen.contexts[0]["dgi"]["Groups"]
    assert [item["Text"] for item in group["Items"]] == ["Northwind", "CPAP"]
    assert transcript.language == "en"


@pytest.mark.parametrize(("when", "mode"), [("start", "AudioStart"), ("always", "Continuous")])
def test_a_language_is_found_out_among_candidates(when, mode):
    recording = call()
    lines = [
        Line(text="Guten Tag.", start_ms=0, end_ms=4_000, language="de-DE"),
        Line(text="Hello.", start_ms=5_000, end_ms=6_000, language="en-US"),
    ]
    given = (("languages", "en, de-AT"), ("detection", when))
    options = ProcessingOptions(provider_options=(*OPTIONS.provider_options, *given))
    with emulator_of(recording, lines=lines) as emulator:
        transcript = transcribed(emulator, recording, options=options)
        asked = emulator.connections[0].contexts[0]["languageId"]
    assert asked["languages"] == ["en-US", "de-AT"]
    assert mode in asked["mode"]
    assert (transcript.language, transcript.language_confidence) == ("de", None)


def test_more_languages_than_the_service_takes_are_refused_before_anything_is_sent():
    recording = call()
    many = ("languages", "en,de,fr,es,it")
    with emulator_of(recording) as emulator:
        with pytest.raises(InvalidRequest, match="4 languages"):
            transcribed(emulator, recording, options=ProcessingOptions(provider_options=(many,)))
        assert not emulator.connections


# --- breaks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize(
    "broken",
    [DROP, *(Behaviour(ending=Ending.CLOSE, at_ms=12_000, code=c) for c in (1000, 1011, 1013))],
    ids=["drop", "1000", "1011", "1013"],
)
def test_a_connection_that_breaks_in_the_middle_costs_nothing(separate, broken):
    recording = call(separate=separate)
    lines = TWO_CHANNELS if separate else CALL
    with emulator_of(recording, broken, GOOD, lines=lines) as emulator:
        transcript = transcribed(emulator, recording)
        assert len(emulator.connections) == 2
    assert texts(transcript) == said(lines)
    assert [u.speaker for u in transcript.utterances] == ["s1", "s2"] * 3 + ["s1"]
    for utterance in transcript.utterances:
        assert utterance.words[0].start_ms == utterance.start_ms
        assert utterance.words[-1].end_ms == utterance.end_ms


def test_guests_that_are_numbered_anew_stay_who_they_are():
    recording = call()
    swapped = {"Guest-1": "Guest-2", "Guest-2": "Guest-1"}
    with emulator_of(recording, DROP, GOOD) as emulator:
        provider, context = provider_of(emulator), RunContext()

        def renumber(stage, fraction):
            if len(emulator.connections) == 1 and fraction > 0.5:
                emulator.lines = [
                    Line(text=c.text, start_ms=c.start_ms, end_ms=c.end_ms,
                         speaker=swapped[c.speaker])
                    for c in CALL
                ]  # fmt: skip

        context = RunContext(on_progress=renumber)
        transcript = provider.transcribe(recording, OPTIONS, context, sleep=nobody_waits)
    assert texts(transcript) == said(CALL)
    assert [u.speaker for u in transcript.utterances] == ["s1", "s2"] * 3 + ["s1"]


def test_what_was_heard_before_a_kill_is_not_paid_for_again():
    recording = call(separate=True)
    kept = {}

    class Killed(BaseException):
        pass

    def die(stage, fraction):
        if fraction >= 0.6:
            raise Killed

    with emulator_of(recording, lines=TWO_CHANNELS) as emulator:
        dying = RunContext(on_progress=die, checkpoints=kept)
        with pytest.raises(Killed):
            transcribed(emulator, recording, dying)
        emulator.behave()
        transcript = transcribed(emulator, recording, RunContext(checkpoints=kept))
        # It goes on where the quieter channel was, here at 9 of 20 seconds.
        assert emulator.pcm_bytes <= 0.6 * len(sound_of(recording))
        emulator.behave()
        again = transcribed(emulator, recording, RunContext(checkpoints=kept))
        assert not emulator.connections
    assert texts(transcript) == texts(again) == said(TWO_CHANNELS)


def test_progress_follows_the_sound():
    recording = call()
    reports = []
    with emulator_of(recording) as emulator:
        transcribed(emulator, recording, RunContext(on_progress=lambda *one: reports.append(one)))
    heard = [fraction for stage, fraction in reports if stage is Stage.RECOGNISE]
    assert heard == sorted(heard)
    assert any(0.2 < fraction < 0.8 for fraction in heard)
    assert heard[-1] == 1.0


# --- failures ----------------------------------------------------------------------------------


def phrase(status):
    return Behaviour(ending=Ending.PHRASE, at_ms=1_000, status=status)


FAILURES = [
    pytest.param(Behaviour(refuse_with=401), ProviderRefusedKey, 1, id="401"),
    pytest.param(Behaviour(refuse_with=403), ProviderRefusedKey, 1, id="403"),
    pytest.param(Behaviour(refuse_with=400), ProviderRejected, 1, id="400"),
    pytest.param(Behaviour(refuse_with=429), ProviderBusy, 3, id="429"),
    pytest.param(Behaviour(refuse_with=503), ProviderUnavailable, 3, id="503"),
    pytest.param(phrase("TooManyRequests"), ProviderBusy, 3, id="phrase-busy"),
    pytest.param(phrase("Forbidden"), ProviderRefusedKey, 1, id="phrase-forbidden"),
    pytest.param(phrase("BadRequest"), ProviderRejected, 1, id="phrase-bad-request"),
    pytest.param(phrase("Error"), ProviderUnavailable, 3, id="phrase-error"),
    pytest.param(phrase("ServiceUnavailable"), ProviderUnavailable, 3, id="phrase-unavailable"),
    pytest.param(
        Behaviour(ending=Ending.CLOSE, at_ms=1, code=1007), ProviderRejected, 1, id="1007"
    ),
    pytest.param(Behaviour(ending=Ending.DROP, at_ms=1), ProviderUnavailable, 3, id="drop"),
]


@pytest.mark.parametrize(("behaviour", "error", "connections"), FAILURES)
def test_a_failure_is_told_and_tried_again_where_that_can_help(behaviour, error, connections):
    """The SDK would connect five times by itself; one connection is one attempt of ours."""
    recording = call()
    with emulator_of(recording, behaviour) as emulator:
        with pytest.raises(error) as told:
            transcribed(emulator, recording)
        assert len(emulator.connections) == connections
    assert told.value.retryable is (connections > 1)
    assert KEY not in str(told.value)
    assert told.value.detail is None


@pytest.mark.slow
def test_a_service_that_does_not_finish_is_given_up():
    recording = call()
    with emulator_of(recording, Behaviour(ending=Ending.NO_TURN_END)) as emulator:
        with pytest.raises(ProviderTimeout):
            transcribed(emulator, recording, patience_s=0.5)
        assert len(emulator.connections) == 3


@pytest.mark.slow
def test_what_was_heard_before_a_service_fell_silent_counts():
    recording = call()
    hanging = Behaviour(ending=Ending.HANG, at_ms=12_000)
    with emulator_of(recording, hanging, GOOD) as emulator:
        transcript = transcribed(emulator, recording, patience_s=0.5)
    assert texts(transcript) == said(CALL)


def test_nobody_there():
    recording = call()
    with emulator_of(recording) as emulator:
        provider = provider_of(emulator)
    with pytest.raises(ProviderUnavailable):
        provider.transcribe(recording, OPTIONS, RunContext(), sleep=nobody_waits)


@pytest.mark.parametrize(
    "access",
    [
        AzureAccess(key=None, host="ws://127.0.0.1:9"),
        AzureAccess(key="k", host="ws://example.org"),
        AzureAccess(key="k", host="http://127.0.0.1:9"),
        AzureAccess(key="k", host="ws://127.0.0.1:9/path"),
        AzureAccess(key="k\n", host="ws://127.0.0.1:9"),
        AzureAccess(key="k", host="ws://user:secret@127.0.0.1:9"),
        AzureAccess(key="k", region="not a region!"),
    ],
)
def test_settings_that_can_not_work_are_told_before_anything_is_sent(access):
    options = options_with(mode="conversation")
    with pytest.raises(ProviderNotConfigured) as told:
        AzureSpeechProvider(access).transcribe(call(), options, RunContext(), sleep=nobody_waits)
    assert "secret" not in str(told.value)


def test_a_cancelled_run_lets_go_at_once():
    recording = call(seconds=60)
    cancelled = threading.Event()

    def stop(stage, fraction):
        if fraction > 0.05:
            cancelled.set()

    context = RunContext(on_progress=stop, is_cancelled=cancelled.is_set)
    options = ProcessingOptions(language="en")
    with no_thread_left(), emulator_of(recording) as emulator:
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transcribed(emulator, recording, context, options)
        assert time.monotonic() - started < 8
        assert len(emulator.connections) == 1
