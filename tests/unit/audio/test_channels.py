"""Channel findings: what two channels are to each other, and how good the sound is."""

import numpy as np
import pytest

from services.audio.channels import channel_to_hear, examine_channels, leak_db
from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout
from services.domain.findings import Finding, FindingKind
from tests.unit.audio.sounds import RATE, babble, noise, tone

HISS = 0.0008


def turns(seconds: int = 40, *, seed: int = 1):
    """Two parties who take turns of 4 s, each with a little hiss of its own."""
    voices = [babble(seconds, seed=seed), babble(seconds, seed=seed + 1)]
    at = (np.arange(seconds * RATE) // (4 * RATE)) % 2
    return [
        voices[0] * (at == 0) + noise(seconds, level=HISS, seed=seed + 7),
        voices[1] * (at == 1) + noise(seconds, level=HISS, seed=seed + 8),
    ]


def examined(*channels):
    layout, findings = examine_channels(ArrayPcm(np.stack(channels, axis=1)))
    return layout, {finding.kind: finding for finding in findings}


def moved(samples, delay_ms: float):
    frames = int(delay_ms * RATE / 1000)
    return np.concatenate((np.zeros(frames, np.float32), samples))[: len(samples)]


def test_two_parties_are_kept_separate():
    layout, found = examined(*turns())
    assert layout is ChannelLayout.SEPARATE
    assert set(found) == {FindingKind.SEPARATE_CHANNELS}


@pytest.mark.parametrize("gain", [1.0, 0.25, -0.7, 2.0])
@pytest.mark.parametrize("delay_ms", [0, 3.5, 50])
def test_the_same_voice_on_both_is_found_at_any_gain_and_delay(gain, delay_ms):
    call = sum(turns())
    layout, found = examined(call, gain * moved(call, delay_ms) + noise(40, level=HISS, seed=77))
    assert layout is ChannelLayout.MIXED
    same = found[FindingKind.SAME_VOICE_ON_BOTH]
    assert same.measured["delay_ms"] == pytest.approx(delay_ms, abs=0.1)
    assert same.measured["gain_db"] == pytest.approx(20 * np.log10(abs(gain)), abs=0.5)
    assert same.channel == (1 if abs(gain) > 1 else 0)


def test_the_same_voice_is_found_through_codec_noise():
    call = sum(turns())
    rough = np.round(call * 24) / 24 + noise(40, level=0.004, seed=5)
    layout, found = examined(call, rough.astype(np.float32))
    assert layout is ChannelLayout.MIXED
    assert FindingKind.SAME_VOICE_ON_BOTH in found


@pytest.mark.parametrize("leak", [-38.0, -25.0])
def test_an_echo_of_the_other_party_is_leakage_not_the_same_voice(leak):
    first, second = turns()
    factor = 10 ** (leak / 20)
    layout, found = examined(first + factor * moved(second, 20), second + factor * moved(first, 20))
    assert layout is ChannelLayout.SEPARATE
    assert found[FindingKind.LEAKAGE].measured["leak_db"] == pytest.approx(leak, abs=3)
    assert abs(found[FindingKind.LEAKAGE].measured["delay_ms"]) == pytest.approx(20, abs=0.2)


def test_leak_level_is_found_by_channel():
    leakage = Finding(kind=FindingKind.LEAKAGE, channel=1, measured={"leak_db": -30.0})
    assert leak_db([leakage], 1) == -30.0
    assert leak_db([leakage], 0) is None


@pytest.mark.parametrize("silent", [0, 1])
@pytest.mark.parametrize("hiss", [0.0, 0.002])
def test_a_silent_channel_is_found_and_the_other_is_heard(silent, hiss):
    channels = [sum(turns()), noise(40, level=hiss, seed=9)]
    if silent == 0:
        channels.reverse()
    layout, findings = examine_channels(ArrayPcm(np.stack(channels, axis=1)))
    assert layout is ChannelLayout.MIXED
    assert findings[0].kind is FindingKind.SILENT_CHANNEL
    assert findings[0].channel == silent
    assert channel_to_hear(findings, 2) == 1 - silent


def test_a_party_who_hardly_speaks_is_not_silent():
    first, second = turns()
    second[4 * RATE + RATE :] = noise(35, level=HISS, seed=3)
    layout, _ = examined(first, second)
    assert layout is ChannelLayout.SEPARATE


def test_pure_silence_has_no_findings():
    layout, findings = examine_channels(ArrayPcm(np.zeros((RATE, 2), np.float32)))
    assert layout is not None
    assert FindingKind.LEAKAGE not in {finding.kind for finding in findings}


def test_overdriven_and_faint_sound_are_found():
    loud = np.clip(babble(20, level=3.0), -1, 1)
    assert FindingKind.CLIPPING in examined(loud)[1]
    faint = babble(20) * 0.005
    assert FindingKind.LOW_LEVEL in examined(faint)[1]
    assert examined(babble(20))[1] == {}


def test_a_loud_tone_is_not_clipping():
    assert FindingKind.CLIPPING not in examined(tone(5, level=0.95))[1]


def test_telephone_sound_in_a_wider_file_is_found():
    import soxr

    phone = soxr.resample(soxr.resample(babble(20), RATE, 8_000), 8_000, RATE).astype(np.float32)
    pcm = ArrayPcm(phone)
    assert {f.kind for f in examine_channels(pcm)[1]} == {FindingKind.NARROWBAND}
    assert examine_channels(pcm, source_rate=8_000)[1] == ()


def test_no_channel_is_preferred_without_a_reason():
    assert channel_to_hear((), 2) is None
    assert channel_to_hear((Finding(kind=FindingKind.SILENT_CHANNEL, channel=0),), 1) is None
