"""Voice signatures against the emulator."""

import io
import json

import pytest

from emulators.azure_speech.http_script import Behaviour
from emulators.azure_speech.http_server import SIGN, AzureHttpEmulator
from services.audio.pcm import ArrayPcm
from services.audio.wav import WavStream
from services.domain.errors import (
    InternalFault,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.providers.azure_speech import signatures
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.signatures import RETIRED, AzureSignatures
from tests.unit.providers.azure_speech.sounds import KEY, access, tones

SAMPLE = WavStream(ArrayPcm(tones(30))).read()


def test_a_signature_is_made_of_a_sample():
    with AzureHttpEmulator(key=KEY) as emulator:
        signature = AzureSignatures(access(emulator.endpoint)).sign(SAMPLE)
        assert emulator.count(SIGN) == 1
        assert emulator.requests[0].sent_bytes == len(SAMPLE)
    assert set(json.loads(signature)) == {"Version", "Tag", "Data"}


@pytest.mark.parametrize(
    ("behaviour", "error", "retired"),
    [
        (Behaviour.BAD_REQUEST, ProviderRejected, True),
        (Behaviour.NOT_FOUND, ProviderRejected, True),
        (Behaviour.RETIRED, ProviderRejected, True),
        (Behaviour.FORBIDDEN, ProviderRefusedKey, True),
        (Behaviour.UNAVAILABLE, ProviderUnavailable, True),
        (Behaviour.BROKEN_JSON, ProviderUnavailable, True),
        (Behaviour.WRONG_SHAPE, ProviderUnavailable, True),
        (Behaviour.DROPPED, ProviderUnavailable, True),
        (Behaviour.BUSY, ProviderBusy, False),
    ],
)
def test_a_failure_says_that_the_feature_may_be_gone(behaviour, error, retired):
    with AzureHttpEmulator(behaviour) as emulator:
        with pytest.raises(error) as told:
            AzureSignatures(access(emulator.endpoint)).sign(SAMPLE)
        assert (RETIRED in told.value.user_message) is retired
        assert len(emulator.requests) == 1


def test_a_service_that_never_answers_is_left(monkeypatch):
    monkeypatch.setattr(signatures, "TIMEOUT_S", 0.3)
    with AzureHttpEmulator(Behaviour.SLOW) as emulator, pytest.raises(ProviderTimeout):
        AzureSignatures(access(emulator.endpoint)).sign(SAMPLE)


def test_nothing_but_a_wav_file_is_sent():
    with AzureHttpEmulator() as emulator:
        with pytest.raises(InternalFault):
            AzureSignatures(access(emulator.endpoint)).sign(io.BytesIO(b"fLaC").read())
        assert not emulator.requests


@pytest.mark.parametrize(
    ("settings", "configured"),
    [
        (AzureAccess(key="k", region="eastus"), True),
        (AzureAccess(key="k", endpoint="http://127.0.0.1:1"), True),
        (AzureAccess(key="k", host="ws://127.0.0.1:1"), False),
        (AzureAccess(region="eastus"), False),
    ],
)
def test_whether_it_can_be_asked(settings, configured):
    assert AzureSignatures(settings).is_configured is configured
