"""What surrounds the voices: levels, hold music, background noise and the telephone line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FRAME_MS = 10
VOICED_BELOW_PEAK_DB = 35.0
BRIDGED_PAUSE_MS = 250

TELEPHONE_BAND_HZ = (300.0, 3400.0)
_BAND_EDGE_HZ = 80.0

# A slow turn-around in C major: chord tones in Hz, four bars, one arpeggio each.
_CHORDS_HZ = (
    (261.63, 329.63, 392.00, 493.88),
    (220.00, 261.63, 329.63, 392.00),
    (174.61, 220.00, 261.63, 329.63),
    (196.00, 246.94, 293.66, 349.23),
)
_NOTE_MS = 250
_ARPEGGIO = (0, 1, 2, 3, 2, 1, 3, 2)


def decibels(amplitude: float) -> float:
    """An amplitude relative to full scale in dBFS."""
    return 20.0 * float(np.log10(max(amplitude, 1e-9)))


def frame_levels(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """RMS of every whole 10 ms frame."""
    frame = rate_hz * FRAME_MS // 1000
    whole = len(samples) // frame * frame
    frames = samples[:whole].astype(np.float64).reshape(-1, frame)
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)))


def voiced_frames(samples: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Which 10 ms frames lie within 35 dB of the loudest one."""
    levels = frame_levels(samples, rate_hz)
    return np.asarray(levels > levels.max() * 10 ** (-VOICED_BELOW_PEAK_DB / 20))


def voiced_spans(samples: Samples, rate_hz: int) -> list[tuple[int, int]]:
    """Spans [start_ms, end_ms) with a voice, pauses of up to 250 ms bridged."""
    spans: list[tuple[int, int]] = []
    for index in np.flatnonzero(voiced_frames(samples, rate_hz)):
        start = int(index) * FRAME_MS
        if spans and start - spans[-1][1] <= BRIDGED_PAUSE_MS:
            spans[-1] = (spans[-1][0], start + FRAME_MS)
        else:
            spans.append((start, start + FRAME_MS))
    return spans


def rms_of_voice(samples: Samples, rate_hz: int) -> float:
    """RMS of the voiced frames alone."""
    levels = frame_levels(samples, rate_hz)[voiced_frames(samples, rate_hz)]
    return float(np.sqrt(np.mean(levels**2)))


def at_level(samples: NDArray[np.floating], level_dbfs: float) -> Samples:
    """The samples scaled to an overall RMS level."""
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return np.asarray(samples * 10 ** ((level_dbfs - decibels(rms)) / 20), dtype=np.float32)


def cut_to_voice(samples: Samples, rate_hz: int, level_dbfs: float) -> Samples:
    """The clip from its first to its last voiced frame, its voiced part at the given level."""
    heard = np.flatnonzero(voiced_frames(samples, rate_hz))
    gain = 10 ** ((level_dbfs - decibels(rms_of_voice(samples, rate_hz))) / 20)
    frame = rate_hz * FRAME_MS // 1000
    cut = samples[heard[0] * frame : (heard[-1] + 1) * frame]
    return np.asarray(cut * gain, dtype=np.float32)


def hold_music(duration_ms: int, rate_hz: int, level_dbfs: float) -> Samples:
    """Plucked arpeggios over four chords, faded in and out."""
    total = duration_ms * rate_hz // 1000
    music = np.zeros(total + rate_hz * 2, dtype=np.float64)
    step = _NOTE_MS * rate_hz // 1000
    for number in range(total // step):
        chord = _CHORDS_HZ[number // len(_ARPEGGIO) % len(_CHORDS_HZ)]
        pitch = chord[_ARPEGGIO[number % len(_ARPEGGIO)]]
        note = _pluck(pitch, rate_hz)
        music[number * step : number * step + len(note)] += note
        if number % len(_ARPEGGIO) == 0:
            bass = 1.4 * _pluck(chord[0] / 2, rate_hz)
            music[number * step : number * step + len(bass)] += bass
    music = music[:total]
    fade = rate_hz // 2
    music[:fade] *= np.linspace(0.05, 1.0, fade)
    music[-fade:] *= np.linspace(1.0, 0.05, fade)
    return at_level(music, level_dbfs)


def _pluck(pitch_hz: float, rate_hz: int) -> NDArray[np.float64]:
    """One soft note of 1.2 s: five harmonics that die away the faster the higher they are."""
    time_s = np.arange(rate_hz * 12 // 10) / rate_hz
    note = np.zeros_like(time_s)
    for harmonic in range(1, 6):
        decay = np.exp(-time_s * (2.5 + 1.5 * harmonic))
        note += decay * np.sin(2 * np.pi * pitch_hz * harmonic * time_s) / harmonic**1.5
    attack = np.minimum(1.0, time_s / 0.008)
    release = np.minimum(1.0, (time_s[-1] - time_s) / 0.05)
    return np.asarray(note * attack * release)


def hiss(length: int, level_dbfs: float, random: np.random.Generator) -> Samples:
    """White noise at an RMS level."""
    noise = random.standard_normal(length) * 10 ** (level_dbfs / 20)
    return np.asarray(noise, dtype=np.float32)


def babble(speech: Samples, rate_hz: int, random: np.random.Generator) -> Samples:
    """A murmur without words: the speech itself, backwards, laid over itself eight times."""
    frame = rate_hz * FRAME_MS // 1000
    voiced = np.repeat(voiced_frames(speech, rate_hz), frame)
    backwards = speech[: len(voiced)][voiced][::-1]
    murmur = np.zeros(len(speech), dtype=np.float32)
    for _ in range(8):
        shift = int(random.integers(len(backwards)))
        murmur += np.resize(np.roll(backwards, shift), len(speech))
    return murmur


def telephone_band(samples: Samples, rate_hz: int) -> Samples:
    """The samples limited to 300-3400 Hz, with 80 Hz wide raised-cosine edges."""
    low, high = TELEPHONE_BAND_HZ
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    above = np.clip((frequency - low) / _BAND_EDGE_HZ + 0.5, 0, 1)
    below = np.clip((high - frequency) / _BAND_EDGE_HZ + 0.5, 0, 1)
    gain = (0.5 - 0.5 * np.cos(np.pi * above)) * (0.5 - 0.5 * np.cos(np.pi * below))
    return np.asarray(np.fft.irfft(spectrum * gain, len(samples)), dtype=np.float32)
