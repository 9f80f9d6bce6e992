"""Voice in the sound of a live call: where it is, whose channel, and what is no voice."""

import numpy as np
import pytest

from services.live.reading.voiced_sound import FRAME, VoicedSound
from services.providers.live import LiveFormat
from tests.unit.live.stand_ins import LoudIsVoice

FRAME_MS = 32


def pcm(*rows: str) -> bytes:
    """Sound drawn as rows, one for each channel: ``#`` is a loud frame of 32 ms, ``.`` silence."""
    loud = [np.repeat([20_000 if sign == "#" else 0 for sign in row], FRAME) for row in rows]
    return np.stack(loud, axis=1).astype("<i2").tobytes()


def test_voice_is_told_with_its_times():
    voiced = VoicedSound(LiveFormat(), LoudIsVoice)
    voiced.take(pcm("...########...."))
    assert voiced.voiced() == ((3 * FRAME_MS, 11 * FRAME_MS),)
    assert voiced.judged_ms == 15 * FRAME_MS
    assert voiced.voiced() == (), "it was told"


def test_voice_that_goes_on_is_told_all_of_it_each_time():
    voiced = VoicedSound(LiveFormat(), LoudIsVoice)
    voiced.take(pcm("..######"))
    assert voiced.voiced() == ((2 * FRAME_MS, 8 * FRAME_MS),)
    voiced.take(pcm("##.."))
    assert voiced.voiced() == ((2 * FRAME_MS, 10 * FRAME_MS),)


def test_a_click_is_no_voice():
    voiced = VoicedSound(LiveFormat(), LoudIsVoice)
    voiced.take(pcm("...##.....####..."))
    assert voiced.voiced() == ()


def test_each_channel_is_listened_to_on_its_own():
    voiced = VoicedSound(LiveFormat(channels=2), LoudIsVoice)
    voiced.take(pcm("######......", "......######"))
    assert voiced.voiced() == ((0, 6 * FRAME_MS), (6 * FRAME_MS, 12 * FRAME_MS))


@pytest.mark.parametrize("size", [2, 1_000, 1_600, 4_098])
def test_it_does_not_matter_how_the_sound_is_cut(size):
    voiced, sound = VoicedSound(LiveFormat(), LoudIsVoice), pcm("..######..########.")
    for first in range(0, len(sound), size):
        voiced.take(sound[first : first + size])
    assert voiced.voiced() == ((64, 256), (320, 576))
    assert voiced.judged_ms == 19 * FRAME_MS


def test_who_can_not_listen_knows_nothing_and_stops_nobody():
    class Deaf:
        def hear(self, frame):
            raise RuntimeError

    voiced = VoicedSound(LiveFormat(), Deaf)
    voiced.take(pcm("####"))
    voiced.take(pcm("####"))
    assert voiced.judged_ms is None
    assert voiced.voiced() == ()
