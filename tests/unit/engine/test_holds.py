"""What the waiting party hears: rendered between two stretches of a demo call's speech."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from services.audio.pcm import ArrayPcm
from services.domain.intervals import overlap_ms
from services.engine.holds import music_intervals
from services.engine.listening import hear
from services.engine.voice_activity import VoiceActivity
from services.engine.voiced import likely_speech
from tests.unit.audio.sounds import RATE, Samples, chords, noise, tone
from tests.unit.audio.spoken import by_telephone, db, hiss, mixture

BEFORE_S, WAIT_S, AFTER_S = 10, 14, 10
WAIT_MS = (BEFORE_S * 1_000, (BEFORE_S + WAIT_S) * 1_000)
AT = np.arange(WAIT_S * RATE) / RATE


@cache
def activity() -> VoiceActivity:
    return VoiceActivity()


def of_level(samples: Samples, level_db: float) -> Samples:
    return (db(level_db) * samples / np.sqrt(np.mean(samples**2))).astype(np.float32)


def two_tones(low: float, high: float, sounding: np.ndarray) -> Samples:
    both = np.sin(2 * np.pi * low * AT) + np.sin(2 * np.pi * high * AT)
    return (both * sounding).astype(np.float32)


def tune(rest_s: float) -> Samples:
    """Notes like a piano's, with rests between them."""
    chance = np.random.default_rng(4)
    notes: list[Samples] = []
    while sum(map(len, notes)) < len(AT):
        hz, seconds = chance.choice([262, 294, 330, 392, 440, 523]), chance.choice([0.2, 0.4, 0.8])
        at = np.arange(int(seconds * RATE)) / RATE
        partials = sum(np.sin(2 * np.pi * hz * k * at) / k**1.5 for k in range(1, 6))
        struck = partials * np.exp(-3 * at) * np.minimum(1, at / 0.01)
        notes += [struck, np.zeros(int(rest_s * RATE))]
    return np.concatenate(notes)[: len(AT)].astype(np.float32)


def pink() -> Samples:
    spectrum = np.fft.rfft(noise(WAIT_S, level=1.0, seed=3))
    hertz = np.maximum(np.fft.rfftfreq(len(AT), 1 / RATE), 20)
    return np.fft.irfft(spectrum / np.sqrt(hertz), len(AT)).astype(np.float32)


def found(wait: Samples, *, telephone: bool = False) -> list[tuple[int, int]]:
    """Return the music heard when ``wait`` lies between two stretches of speech."""
    speech = mixture()
    call = np.concatenate((speech[: BEFORE_S * RATE], wait, speech[-AFTER_S * RATE :]))
    if telephone:
        call = by_telephone(call) + hiss(-55, like=call)
    levels, probabilities = hear(ArrayPcm(call.astype(np.float32)), activity(), None)
    return music_intervals(levels, likely_speech(probabilities))


HEARD: dict[str, Callable[[], Samples]] = {
    "a tone": lambda: tone(WAIT_S),
    "chords": lambda: chords(WAIT_S),
    "chords that die away": lambda: chords(WAIT_S, pauses=True),
    "a tune": lambda: tune(0.0),
    "a tune with rests": lambda: tune(0.25),
    "ringing, two seconds in six": lambda: two_tones(440, 480, AT % 6 < 2),
    "ringing, twice in three seconds": lambda: two_tones(
        400, 450, (AT % 3 < 0.4) | ((AT % 3 > 0.6) & (AT % 3 < 1.0))
    ),
    "a busy tone": lambda: two_tones(480, 620, AT % 1 < 0.5),
}
NOT_HEARD: dict[str, Callable[[], Samples]] = {
    "white noise": lambda: noise(WAIT_S),
    "pink noise": pink,
    "noise of a telephone line": lambda: by_telephone(noise(WAIT_S)),
    "a keypad": lambda: two_tones(770, 1336, (AT % 0.25 < 0.1) & (AT < 6)),
    "one beep": lambda: two_tones(440, 480, AT < 1.5),
    "digital silence": lambda: np.full(len(AT), 1e-9, np.float32),
}


@pytest.mark.parametrize(
    ("level_db", "telephone"), [(-15.0, False), (-25.0, False), (-15.0, True), (-25.0, True)]
)
@pytest.mark.parametrize("sound", list(HEARD))
def test_music_and_tones_become_a_hold(sound: str, level_db: float, telephone: bool) -> None:
    music = found(of_level(HEARD[sound](), level_db), telephone=telephone)
    covered = sum(overlap_ms(interval, WAIT_MS) for interval in music)
    # Ringing ends with its last burst, wherever the pause after it is cut.
    assert covered >= (0.65 if sound.startswith("ringing") else 0.9) * WAIT_S * 1_000
    assert sum(end - start for start, end in music) - covered <= 300


@pytest.mark.parametrize(
    ("level_db", "telephone"), [(-20.0, False), (-40.0, False), (-20.0, True), (-40.0, True)]
)
@pytest.mark.parametrize("sound", list(NOT_HEARD))
def test_noise_and_short_tones_become_none(sound: str, level_db: float, telephone: bool) -> None:
    rendered = NOT_HEARD[sound]()
    wait = rendered if sound == "digital silence" else of_level(rendered, level_db)
    assert found(wait, telephone=telephone) == []


@pytest.mark.parametrize("level_db", [-60.0, -52.0])
def test_comfort_noise_is_no_hold(level_db: float) -> None:
    assert found(of_level(noise(WAIT_S), level_db)) == []


@pytest.mark.parametrize("below_db", [6.0, 12.0, 20.0])
def test_speech_over_music_is_no_hold(below_db: float) -> None:
    speech = mixture()[: WAIT_S * RATE]
    loudness = 20 * np.log10(np.sqrt(np.mean(speech**2)))
    assert found(speech + of_level(chords(WAIT_S), float(loudness) - below_db)) == []


def test_speech_alone_is_no_hold() -> None:
    assert found(mixture()[: WAIT_S * RATE]) == []
    assert found(mixture()[: WAIT_S * RATE], telephone=True) == []
