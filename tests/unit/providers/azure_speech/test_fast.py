"""Fast transcription against the emulator, with the real SDK: asking, failing, giving up."""

import json
import logging
import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from emulators.azure_speech.http_script import Behaviour, SpokenLine
from emulators.azure_speech.http_server import TOKEN, TRANSCRIBE, AzureHttpEmulator
from services.audio.part import recording_of as part_of_recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import (
    Cancelled,
    ProviderAnswerLost,
    ProviderBusy,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.part import Part
from services.domain.running import RunContext
from services.providers.azure_speech import fast
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.fast import CHECKPOINT, check_access, transcribe_fast
from services.providers.azure_speech.provider import AzureSpeechProvider
from tests.threads import no_thread_left
from tests.unit.providers.azure_speech.sounds import (
    KEY,
    access,
    demo_recording,
    recording_of,
    tones,
    values_of,
)

OPTIONS = ProcessingOptions(language="en")


def transcribed(emulator, recording, options=OPTIONS, context=None):
    return transcribe_fast(
        access(emulator.endpoint), recording, options, values_of(options), context or RunContext()
    )


def asked(recording, options):
    """Return the definition that the emulator got."""
    with AzureHttpEmulator() as emulator:
        transcribed(emulator, recording, options)
        return emulator.requests[0].definition


def test_a_two_channel_call():
    with AzureHttpEmulator(key=KEY) as emulator:
        transcript = transcribed(emulator, demo_recording("*C-1042*.ogg"))
        assert emulator.requests[0].definition["channels"] == [0, 1]
        assert "diarization" not in emulator.requests[0].definition
        assert (emulator.connections, len(emulator.requests)) == (1, 1)
    assert [(s.id, s.label, s.channel) for s in transcript.speakers] == [
        ("s1", "Speaker 1", 0),
        ("s2", "Speaker 2", 1),
    ]
    assert transcript.stages == {
        "recognition": "azure fast transcription",
        "speakers": "azure channels",
    }


def test_a_mixed_call():
    with AzureHttpEmulator() as emulator:
        transcript = transcribed(emulator, demo_recording("*C-2087*.wav"))
        assert "channels" not in emulator.requests[0].definition
    assert [(s.id, s.channel) for s in transcript.speakers] == [("s1", None), ("s2", None)]
    assert transcript.stages["speakers"] == "azure voices"


def test_what_is_asked_for():
    options = ProcessingOptions(
        language="en",
        max_speakers=3,
        vocabulary=("Harbor", "kilowatt"),
        provider_options=(("profanity", "raw"), ("languages", "de, fr")),
    )
    assert asked(recording_of(tones()), options) == {
        "locales": ["en-US"],
        "profanityFilterMode": "None",
        "diarization": {"enabled": True, "maxSpeakers": 3},
        "phraseList": {"phrases": ["Harbor", "kilowatt"]},
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ProcessingOptions(), None),
        (ProcessingOptions(language="de"), ["de-DE"]),
        (ProcessingOptions(language="en-gb"), ["en-GB"]),
        (ProcessingOptions(provider_options=(("languages", "en, es"),)), ["en-US", "es-ES"]),
    ],
)
def test_languages_are_given_or_found_out(options, expected):
    assert asked(recording_of(tones()), options).get("locales") == expected


@pytest.mark.parametrize(
    ("options", "most"),
    [
        (ProcessingOptions(), 4),
        (ProcessingOptions(expected_speakers=2), 2),
        (ProcessingOptions(min_speakers=2, max_speakers=6), 6),
        (ProcessingOptions(max_speakers=1), 2),
        (ProcessingOptions(expected_speakers=1), None),
    ],
)
def test_how_many_speak(options, most):
    told = asked(recording_of(tones()), options).get("diarization")
    assert (told and told["maxSpeakers"]) == most


def test_one_person_alone_says_everything():
    with AzureHttpEmulator() as emulator:
        transcript = transcribed(
            emulator, recording_of(tones()), ProcessingOptions(expected_speakers=1)
        )
    assert [s.id for s in transcript.speakers] == ["s1"]
    assert {u.speaker for u in transcript.utterances} == {"s1"}


def test_the_language_that_was_found_out_is_told():
    lines = [
        SpokenLine(text="Hola.", voice=0, start_ms=0, end_ms=1_000, locale="es-ES"),
        SpokenLine(text="Buenos días.", voice=1, start_ms=1_000, end_ms=4_000, locale="es-MX"),
        SpokenLine(text="Hi.", voice=0, start_ms=5_000, end_ms=8_000, locale="en-US"),
    ]
    with AzureHttpEmulator(lines=lines) as emulator:
        found = transcribed(emulator, recording_of(tones()), ProcessingOptions())
        assert found.language == "es"
        told = transcribed(emulator, recording_of(tones()), ProcessingOptions(language="en-GB"))
        assert told.language == "en"


def test_only_the_part_that_is_asked_for_is_sent():
    whole = recording_of(tones(60))
    with AzureHttpEmulator() as emulator:
        part = part_of_recording(whole, Part(start_ms=20_000, end_ms=30_000))
        transcript = transcribed(emulator, part)
        assert transcript.duration_ms == 10_000
        assert len(emulator.requests[0].audio) < 10_100 * 32
        assert all(u.end_ms <= 10_000 for u in transcript.utterances)


FAILURES = [
    (Behaviour.BAD_REQUEST, ProviderRejected),
    (Behaviour.WRONG_KEY, ProviderRefusedKey),
    (Behaviour.FORBIDDEN, ProviderRefusedKey),
    (Behaviour.NOT_FOUND, ProviderRejected),
    (Behaviour.REDIRECT, ProviderRejected),
    (Behaviour.TIMED_OUT, ProviderTimeout),
    (Behaviour.BUSY, ProviderBusy),
    (Behaviour.BUSY_FOR_AN_HOUR, ProviderBusy),
    (Behaviour.FAULT, ProviderUnavailable),
    (Behaviour.UNAVAILABLE, ProviderUnavailable),
    (Behaviour.BROKEN_JSON, ProviderUnavailable),
    (Behaviour.WRONG_SHAPE, ProviderUnavailable),
    (Behaviour.CUT_OFF, ProviderUnavailable),
    (Behaviour.DROPPED, ProviderUnavailable),
]


@pytest.mark.parametrize(("behaviour", "error"), FAILURES)
def test_each_failure_is_one_request_and_leaves_no_checkpoint(behaviour, error):
    context = RunContext()
    with AzureHttpEmulator(behaviour) as emulator:
        with pytest.raises(error) as told:
            transcribed(emulator, recording_of(tones(2)), context=context)
        assert (len(emulator.requests), emulator.connections) == (1, 1)
        assert "scripted" not in told.value.user_message
        assert told.value.retryable is (error not in (ProviderRejected, ProviderRefusedKey))
    assert context.checkpoints == {}


def test_the_wait_that_the_service_asks_for_is_kept():
    with AzureHttpEmulator(Behaviour.BUSY_FOR_A_WHILE, wait_s=0.4) as emulator:
        began = time.monotonic()
        with pytest.raises(ProviderBusy):
            transcribed(emulator, recording_of(tones(2)))
        assert time.monotonic() - began >= 0.4


def test_a_wait_ends_when_the_call_is_not_wanted_any_more():
    with AzureHttpEmulator(Behaviour.BUSY_FOR_A_WHILE, wait_s=50) as emulator:
        context = RunContext(is_cancelled=emulator.arrived.is_set)
        with pytest.raises(Cancelled):
            transcribed(emulator, recording_of(tones(2)), context=context)


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        ([Behaviour.UNAVAILABLE, Behaviour.BUSY, Behaviour.GOOD], 3),
        ([Behaviour.DROPPED, Behaviour.GOOD], 2),
    ],
)
def test_the_base_tries_again_and_nobody_else(script, requests):
    with AzureHttpEmulator(*script) as emulator:
        provider = AzureSpeechProvider(access(emulator.endpoint))
        pauses = []
        transcript = provider.transcribe(
            recording_of(tones(8)), OPTIONS, RunContext(), sleep=pauses.append
        )
        assert transcript.utterances
        assert (len(emulator.requests), len(pauses)) == (requests, requests - 1)


def test_a_refused_key_is_not_tried_again():
    with AzureHttpEmulator(key="another") as emulator:
        provider = AzureSpeechProvider(access(emulator.endpoint))
        with pytest.raises(ProviderRefusedKey):
            provider.transcribe(recording_of(tones(2)), OPTIONS, RunContext())
        assert len(emulator.requests) == 1


@pytest.mark.parametrize("behaviour", [Behaviour.SLOW, Behaviour.GOOD])
def test_cancelling_ends_a_request_that_is_under_way(behaviour):
    with no_thread_left(), AzureHttpEmulator(behaviour, delay_s=30) as emulator:
        context = RunContext(is_cancelled=emulator.arrived.is_set)
        began = time.monotonic()
        with pytest.raises(Cancelled):
            transcribed(emulator, recording_of(tones(2)), context=context)
        assert time.monotonic() - began < 5
        assert not any(t.name == "azure-request" for t in threading.enumerate())


def test_what_may_be_paid_for_already_is_not_sent_again(monkeypatch):
    monkeypatch.setattr(fast, "LEAST_TIMEOUT_S", 0.3)
    with AzureHttpEmulator(Behaviour.SLOW) as emulator:
        provider = AzureSpeechProvider(access(emulator.endpoint))
        with pytest.raises(ProviderAnswerLost) as told:
            provider.transcribe(recording_of(tones(1)), OPTIONS, RunContext(), sleep=lambda _: None)
        assert len(emulator.requests) == 1
    # Somebody else may still be asked, and so may people ask again.
    assert told.value.retryable


def test_a_service_that_dies_and_comes_back_gives_a_whole_transcript():
    """The connection is lost in the middle of the request; the base's next one succeeds."""
    recording, started = recording_of(tones(20)), ExitStack()
    with AzureHttpEmulator(Behaviour.SLOW) as dying:
        provider = AzureSpeechProvider(access(dying.endpoint))
        port = int(dying.endpoint.rpartition(":")[2])
        killer = threading.Thread(target=lambda: dying.arrived.wait(10) and dying.stop())
        killer.start()

        def restart(_pause_s: float) -> None:
            killer.join()
            started.enter_context(AzureHttpEmulator(port=port))

        with started:
            transcript = provider.transcribe(recording, OPTIONS, RunContext(), sleep=restart)
    assert transcript.utterances[-1].end_ms > 15_000
    assert len(transcript.speakers) == 2


def test_an_answer_is_paid_for_once():
    kept: dict[str, bytes] = {}
    with AzureHttpEmulator() as emulator:
        first = transcribed(emulator, recording_of(tones()), context=RunContext(checkpoints=kept))
        assert json.loads(kept[CHECKPOINT])["phrases"]
        again = transcribed(emulator, recording_of(tones()), context=RunContext(checkpoints=kept))
        assert len(emulator.requests) == 1
    assert replace(again, id=first.id) == first


def test_progress_moves_while_the_service_works():
    seen: list[tuple[Stage, float]] = []
    context = RunContext(on_progress=lambda stage, fraction: seen.append((stage, fraction)))
    with AzureHttpEmulator(delay_s=0.5) as emulator:
        transcribed(emulator, recording_of(tones(8)), context=context)
    heard = [fraction for stage, fraction in seen if stage is Stage.RECOGNISE]
    assert heard == sorted(heard)
    assert len({f for f in heard if 0 < f < 0.5}) >= 2
    assert seen[-1] == (Stage.SPEAKERS, 1.0)


def test_nothing_is_sent_where_nothing_listens():
    with AzureHttpEmulator() as emulator:
        endpoint = emulator.endpoint
    with pytest.raises(ProviderUnavailable):
        transcribe_fast(
            access(endpoint), recording_of(tones(1)), OPTIONS, values_of(OPTIONS), RunContext()
        )


def test_the_check_is_one_small_request():
    with AzureHttpEmulator(key=KEY) as emulator:
        check_access(access(emulator.endpoint))
        assert (emulator.count(TOKEN), emulator.count(TRANSCRIBE)) == (1, 0)
        assert emulator.requests[0].sent_bytes == 0
        with pytest.raises(ProviderRefusedKey):
            check_access(AzureAccess(key="wrong", endpoint=emulator.endpoint))
    with pytest.raises(ProviderNotConfigured):
        check_access(AzureAccess(key=None, endpoint="http://127.0.0.1:9"))


def test_neither_key_nor_words_nor_names_get_out(caplog):
    caplog.set_level(logging.DEBUG)
    line = SpokenLine(text="My card is 4111 1111.", voice=0, start_ms=0, end_ms=2_000)
    with AzureHttpEmulator(lines=[line]) as emulator:
        transcribed(emulator, demo_recording("*C-2087*.wav"))
        assert b"Marcus" not in json.dumps(dict(emulator.requests[0].headers)).encode()
    with AzureHttpEmulator(Behaviour.BAD_REQUEST) as emulator, pytest.raises(ProviderRejected):
        transcribed(emulator, recording_of(tones(1)))
    assert KEY not in caplog.text
    assert "4111" not in caplog.text
    assert "Marcus" not in caplog.text
