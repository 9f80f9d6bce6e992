"""Verdicts on two channels of rendered speech: what telephone systems do to it, one by one."""

import numpy as np
import pytest
import soxr

from services.audio.channels import examine_channels
from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout
from services.domain.findings import Finding, FindingKind
from tests.unit.audio.sounds import RATE, Samples, chords, encoded
from tests.unit.audio.spoken import (
    PHONE_RATE,
    SECONDS,
    by_opus,
    by_telephone,
    db,
    delayed,
    hiss,
    hum,
    mixture,
    opened,
    parties,
)

SAME = FindingKind.SAME_VOICE_ON_BOTH
SILENT = FindingKind.SILENT_CHANNEL
LEAK = FindingKind.LEAKAGE
ABOUT_CHANNELS = {FindingKind.SEPARATE_CHANNELS, SAME, SILENT, LEAK}


def examined(first: Samples, second: Samples) -> tuple[ChannelLayout, list[Finding]]:
    layout, findings = examine_channels(ArrayPcm(np.stack((first, second), axis=1)))
    return layout, list(findings)


def about_channels(findings: list[Finding]) -> set[tuple[FindingKind, int | None]]:
    return {(f.kind, f.channel) for f in findings if f.kind in ABOUT_CHANNELS}


SEPARATE = {(FindingKind.SEPARATE_CHANNELS, None)}


@pytest.mark.parametrize("level_db", [None, -60.0, -45.0])
@pytest.mark.parametrize("common", [False, True], ids=["own noise", "the same noise on both"])
def test_two_parties_stay_apart_in_noise(level_db: float | None, common: bool) -> None:
    first, second = parties()
    if level_db is not None:
        first = first + hiss(level_db, like=first, seed=1) + hum(level_db, like=first)
        second = second + hiss(level_db, like=second, seed=1 if common else 2)
    layout, findings = examined(first, second)
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE


@pytest.mark.parametrize("gain_db", [-12.0, -6.0, 0.0, 6.0, 12.0])
@pytest.mark.parametrize("delay_ms", [0.0, 5.0, 50.0])
@pytest.mark.parametrize("sign", [1, -1], ids=["upright", "inverted"])
def test_the_same_voice_at_any_gain_delay_and_polarity(
    gain_db: float, delay_ms: float, sign: int
) -> None:
    call = mixture()
    copy = sign * db(gain_db) * delayed(call, delay_ms)
    for first, second, direction in ((call, copy, 1), (copy, call, -1)):
        layout, findings = examined(first, second)
        assert layout is ChannelLayout.MIXED
        (same,) = [f for f in findings if f.kind is SAME]
        assert same.channel == (1 if direction * gain_db > 1 else 0)
        assert same.measured["gain_db"] == pytest.approx(direction * gain_db, abs=0.5)
        assert same.measured["delay_ms"] == pytest.approx(direction * delay_ms, abs=0.2)


@pytest.mark.parametrize(
    "damage",
    ["mu-law", "opus at 12 kbit/s", "opus at 8 kbit/s", "noise", "more noise", "all at once"],
)
def test_the_same_voice_through_codecs_and_noise(damage: str) -> None:
    first = second = mixture()
    if damage == "mu-law":
        second = by_telephone(first)
    elif damage.startswith("opus"):
        second = by_opus(first, 12_000 if "12" in damage else 8_000)
    elif damage == "all at once":
        second = by_telephone(delayed(first, 20)) * db(-12) + hiss(-50, like=first, seed=3)
    else:
        level = -40.0 if damage == "noise" else -35.0
        first = first + hiss(level, like=first, seed=1)
        second = second + hiss(level, like=second, seed=2)
    layout, findings = examined(first, second)
    assert layout is ChannelLayout.MIXED
    assert {f.kind for f in findings} & ABOUT_CHANNELS == {SAME}


def _silences() -> dict[str, Samples]:
    call = mixture()
    zero = np.zeros_like(call)
    return {
        "digital zero": zero,
        "hiss at -70 dBFS": hiss(-70, like=call),
        "hiss at -45 dBFS": hiss(-45, like=call),
        "hum at -60 dBFS": hum(-60, like=call),
        "hum at -36 dBFS": hum(-36, like=call),
        "hum, hiss and an offset": hum(-45, like=call) + hiss(-60, like=call) + np.float32(0.02),
        "crosstalk at -45 dB": db(-45) * delayed(call, 10),
        "a click": zero + np.where(np.arange(len(call)) == 9 * RATE, 0.8, 0).astype(np.float32),
    }


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("silence", list(_silences()))
def test_a_silent_channel(silence: str, channel: int) -> None:
    pair = [mixture(), _silences()[silence]]
    if channel == 0:
        pair.reverse()
    layout, findings = examined(pair[0], pair[1])
    assert layout is ChannelLayout.MIXED
    assert about_channels(findings) == {(SILENT, channel)}


def test_a_faint_copy_of_the_call_is_no_second_party() -> None:
    call = mixture()
    layout, findings = examined(call, db(-30) * delayed(call, 10) + hiss(-70, like=call))
    assert layout is ChannelLayout.MIXED
    assert {f.kind for f in findings} & ABOUT_CHANNELS == {SAME}


@pytest.mark.parametrize("level_db", [-20.0, -25.0, -30.0, -38.0, -45.0])
@pytest.mark.parametrize("delay_ms", [0.0, 10.0, 50.0])
def test_leakage_on_both_sides(level_db: float, delay_ms: float) -> None:
    first, second = parties()
    leak = db(level_db)
    layout, findings = examined(
        first + leak * delayed(second, delay_ms), second + leak * delayed(first, delay_ms)
    )
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE | {(LEAK, 0), (LEAK, 1)}
    for finding in findings:
        if finding.kind is LEAK:
            assert finding.measured["leak_db"] == pytest.approx(level_db, abs=2.0)
            assert finding.measured["delay_ms"] == pytest.approx(delay_ms, abs=0.2)


@pytest.mark.parametrize("level_db", [-20.0, -30.0, -38.0])
@pytest.mark.parametrize("channel", [0, 1])
def test_leakage_on_one_side(level_db: float, channel: int) -> None:
    pair = list(parties())
    pair[channel] = pair[channel] + db(level_db) * delayed(pair[1 - channel], 10)
    layout, findings = examined(pair[0], pair[1])
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE | {(LEAK, channel)}


@pytest.mark.parametrize("level_db", [-20.0, -25.0, -30.0])
def test_leakage_is_found_through_noise(level_db: float) -> None:
    first, second = parties()
    leak = db(level_db)
    layout, findings = examined(
        first + leak * delayed(second, 10) + hiss(-60, like=first, seed=5),
        second + leak * delayed(first, 10) + hiss(-60, like=second, seed=6),
    )
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE | {(LEAK, 0), (LEAK, 1)}


def seldom(samples: Samples, share: float = 0.03) -> Samples:
    """Keep the loudest stretch of a party, so that they speak in ``share`` of the call."""
    length = int(share * len(samples))
    so_far = np.cumsum(np.abs(samples))
    start = int(np.argmax(so_far[length:] - so_far[:-length]))
    kept = np.zeros_like(samples)
    kept[start : start + length] = samples[start : start + length]
    return kept


@pytest.mark.parametrize(
    ("gain_db", "noise_db"), [(0.0, None), (0.0, -65.0), (0.0, -50.0), (-12.0, -60.0)]
)
def test_a_party_who_speaks_in_three_of_a_hundred_seconds_is_heard(
    gain_db: float, noise_db: float | None
) -> None:
    first, second = parties()
    rare = db(gain_db) * seldom(second)
    if noise_db is not None:
        rare = rare + hiss(noise_db, like=rare)
    layout, findings = examined(first, rare)
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE


def test_a_leak_beside_a_party_who_hardly_speaks_is_not_the_same_voice() -> None:
    first, second = parties()
    layout, findings = examined(first, seldom(second) + db(-20) * delayed(first, 10))
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE | {(LEAK, 1)}


@pytest.mark.parametrize("level_db", [-30.0, -20.0])
def test_music_on_one_channel_and_speech_on_the_other_stay_apart(level_db: float) -> None:
    _, second = parties()
    layout, findings = examined(chords(SECONDS, level=float(db(level_db))), second)
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE


@pytest.mark.parametrize("seconds", [20, 60])
def test_a_long_silence_at_the_start_changes_no_verdict(seconds: int) -> None:
    lead = np.zeros(seconds * RATE, np.float32)
    first, second = (np.concatenate((lead, side)) for side in parties())
    assert about_channels(examined(first, second)[1]) == SEPARATE
    both = np.concatenate((lead, mixture()))
    assert {kind for kind, _ in about_channels(examined(both, both)[1])} == {SAME}


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_short_recordings(seconds: float) -> None:
    call = mixture()
    voiced = np.flatnonzero(np.abs(call) > 0.1)[0]
    short = call[voiced : voiced + int(seconds * RATE)]
    layout, findings = examined(short, short)
    assert layout is ChannelLayout.MIXED
    assert {kind for kind, _ in about_channels(findings)} == {SAME}
    layout, findings = examined(short, np.zeros_like(short))
    assert layout is ChannelLayout.MIXED
    assert about_channels(findings) == {(SILENT, 1)}


def test_a_very_quiet_recording_keeps_its_parties() -> None:
    first, second = (db(-35) * side for side in parties())
    layout, findings = examined(first, second)
    assert layout is ChannelLayout.SEPARATE
    assert about_channels(findings) == SEPARATE
    assert FindingKind.LOW_LEVEL in {f.kind for f in findings}


def test_an_overdriven_recording_keeps_its_parties() -> None:
    first, second = (np.clip(side * 20, -1, 1) for side in parties())
    layout, findings = examined(first, second)
    assert layout is ChannelLayout.SEPARATE
    assert FindingKind.CLIPPING in {f.kind for f in findings}
    assert FindingKind.CLIPPING not in {f.kind for f in examined(*parties())[1]}


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_telephone_sound_in_a_wider_file(rate: int) -> None:
    sides = [by_telephone(side) for side in parties()]
    wide = soxr.resample(np.stack(sides, axis=1), RATE, rate).astype(np.float32)
    samples = opened(encoded(wide, "wav", "pcm_s16le", rate=rate))
    layout, findings = examine_channels(ArrayPcm(samples), source_rate=rate)
    assert layout is ChannelLayout.SEPARATE
    assert FindingKind.NARROWBAND in {f.kind for f in findings}
    assert FindingKind.NARROWBAND not in {
        f.kind for f in examine_channels(ArrayPcm(samples), source_rate=PHONE_RATE)[1]
    }
