"""Which of Azure's services is asked, what can be done with which setting, and the check."""

import pytest

from emulators.azure_speech.http_server import AzureHttpEmulator
from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.azure_speech.websocket_script import Behaviour
from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderUnavailable,
)
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.azure_speech.stream_errors import error_of_code
from tests.unit.providers.azure_speech.sounds import KEY
from tests.unit.providers.azure_speech.streams import call


def by_mode(access, mode):
    given = (("speed", "50"), *((("mode", mode),) if mode else ()))
    options = ProcessingOptions(language="en", provider_options=given)
    return AzureSpeechProvider(access).transcribe(call(), options, RunContext())


@pytest.mark.parametrize(
    ("mode", "has_host", "has_endpoint", "asked"),
    [
        ("", True, False, "azure conversation transcription"),
        ("", True, True, "azure fast transcription"),
        ("auto", False, True, "azure fast transcription"),
        ("conversation", True, True, "azure conversation transcription"),
        ("fast", True, True, "azure fast transcription"),
    ],
)
def test_which_service_is_asked(mode, has_host, has_endpoint, asked):
    with AzureSpeechEmulator(key=KEY) as streams, AzureHttpEmulator(key=KEY) as posts:
        access = AzureAccess(
            key=KEY,
            host=streams.host if has_host else None,
            endpoint=posts.endpoint if has_endpoint else None,
        )
        transcript = by_mode(access, mode)
        assert bool(streams.connections) is ("conversation" in asked)
        assert bool(posts.requests) is ("fast" in asked)
    assert transcript.stages["recognition"] == asked
    assert transcript.utterances


@pytest.mark.parametrize(
    ("mode", "access", "setting"),
    [
        ("fast", AzureAccess(key=KEY, host="ws://127.0.0.1:9"), "AZURE_SPEECH_ENDPOINT"),
        ("conversation", AzureAccess(key=KEY, endpoint="http://127.0.0.1:9"), "AZURE_SPEECH_HOST"),
    ],
)
def test_a_service_that_is_not_reachable_is_told_by_its_setting(mode, access, setting):
    with pytest.raises(ProviderRejected, match=setting):
        by_mode(access, mode)


def test_what_can_be_done_depends_on_the_settings():
    everything = AzureSpeechProvider(AzureAccess(key=KEY, region="westeurope"))
    streams = AzureSpeechProvider(AzureAccess(key=KEY, host="ws://127.0.0.1:9"), cost_per_hour=1.2)
    posts = AzureSpeechProvider(AzureAccess(key=KEY, endpoint="http://127.0.0.1:9"))
    assert [p.capabilities.live for p in (everything, streams, posts)] == [True, True, False]
    assert streams.capabilities.cost_per_hour == 1.2
    assert not streams.capabilities.expected_speakers
    assert streams.capabilities.max_duration_ms is None
    assert posts.capabilities.max_duration_ms
    for one in everything.capabilities.options:
        assert one.help.endswith(".")
        one.check(one.default)


def test_the_check_connects_and_sends_nothing():
    with AzureSpeechEmulator(key=KEY) as streams:
        AzureSpeechProvider(AzureAccess(key=KEY, host=streams.host)).check()
        assert len(streams.connections) == 1
        assert streams.pcm_bytes == 0


def test_the_check_tells_what_a_call_would_meet():
    with AzureSpeechEmulator(Behaviour(refuse_with=503), key=KEY) as streams:
        with pytest.raises(ProviderUnavailable):
            AzureSpeechProvider(AzureAccess(key=KEY, host=streams.host)).check()
        streams.behave()
        with pytest.raises(ProviderRefusedKey):
            AzureSpeechProvider(AzureAccess(key="another", host=streams.host)).check()
    with pytest.raises(ProviderNotConfigured):
        AzureSpeechProvider(AzureAccess()).check()


def test_a_code_that_nobody_knows_is_a_fault_that_may_pass():
    assert error_of_code("SomethingNew").retryable
