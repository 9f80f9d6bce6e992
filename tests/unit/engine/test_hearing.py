"""From probabilities and levels to spans, echo and holds."""

import numpy as np
import pytest

from services.audio.pcm import ArrayPcm
from services.domain.speech import HoldKind, Utterance
from services.engine.announced import announced_silence
from services.engine.echo import echo_frames
from services.engine.holds import holds_of, music_intervals
from services.engine.listening import listen, listen_to_pair
from services.engine.mixed import SilencedPcm, exact_spans
from services.engine.voice_activity import VOICE_FRAME_MS, VoiceActivity
from services.engine.voiced import likely_speech, on_level_grid, runs, voiced_spans
from tests.unit.audio.sounds import RATE, noise, tone

QUIET, LOUD = -65.0, -20.0


def levels(ruler: str, step_ms: int = 100):
    """One character per 100 ms: ``#`` loud, ``~`` faint, ``.`` quiet."""
    values = {"#": LOUD, "~": -50.0, ".": QUIET}
    return np.repeat([values[c] for c in ruler], step_ms // 10).astype(np.float32)


def mask(ruler: str, step_ms: int = 100):
    return np.repeat([c == "#" for c in ruler], step_ms // 10)


def test_probabilities_are_spread_over_10_ms_frames():
    grid = on_level_grid(np.array([0.1, 0.9], np.float32), 7)
    assert grid.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9])
    assert on_level_grid(np.zeros(0, np.float32), 3).tolist() == [0, 0, 0]


def test_speech_starts_surely_and_ends_when_it_is_surely_over():
    probabilities = np.array([0.3, 0.4, 0.6, 0.3, 0.25, 0.1, 0.4, 0.3, 0.1])
    assert runs(likely_speech(probabilities)) == [(0, 5)]


def test_the_level_decides_where_a_span_starts_and_ends():
    #         0123456789
    heard = ".###......"
    sound = "..####...."
    assert voiced_spans(mask(heard), levels(sound)) == [(200, 560)]


def test_pauses_up_to_a_quarter_second_are_bridged():
    #                            01234567890
    assert voiced_spans(mask(".###########.."), levels(".###..####...."[:14])) == [(100, 1000)]
    assert voiced_spans(mask(".###########.."), levels(".###...###....")) == [
        (100, 400),
        (700, 1000),
    ]


def test_barred_frames_never_count():
    spans = voiced_spans(mask("..######.."), levels("..######.."), barred=mask("....##...."))
    assert spans == [(200, 800)]


def test_echo_is_what_lies_far_below_the_other_party():
    own, other = levels("~~~.####.."), levels("###...###.")
    echo = echo_frames(own, other, -32.0)
    assert echo[:30].all()
    assert not echo[45:80].any()


def test_music_is_steady_sound_without_speech():
    #         seconds 0  1  2  3  4  5  6  7  8  9
    sound = "." * 20 + "#" * 60 + "." * 20
    assert music_intervals(levels(sound), mask("." * 100)) == [(2000, 8000)]
    assert music_intervals(levels(sound), mask("." * 20 + "#" * 60 + "." * 20)) == []
    short = "." * 40 + "#" * 30 + "." * 30
    assert music_intervals(levels(short), mask("." * 100)) == []


def test_a_blink_of_the_voice_detector_does_not_interrupt_music():
    sound = "." * 20 + "#" * 60 + "." * 20
    blink = "." * 50 + "##" + "." * 48
    assert music_intervals(levels(sound), mask(blink)) == [(2000, 8000)]


def test_holds_of_both_channels_are_one():
    holds = holds_of([(0, 5_000), (4_000, 9_000)])
    assert [(h.start_ms, h.end_ms, h.kind) for h in holds] == [(0, 9_000, HoldKind.MUSIC)]


def said(text: str, start_ms: int, end_ms: int) -> Utterance:
    return Utterance(id="u", speaker="s1", start_ms=start_ms, end_ms=end_ms, text=text)


@pytest.mark.parametrize(
    ("text", "is_hold"),
    [
        ("Let me put you on hold.", True),
        ("Bear with me one moment.", True),
        ("Could you hold while I ask?", True),
        ("I won't keep you long.", True),
        ("Un momento, por favor.", True),
        ("And what would that cost?", False),
    ],
)
def test_silence_is_a_hold_when_it_was_announced(text, is_hold):
    voiced = [(0, 3_000), (10_000, 12_000)]
    holds = announced_silence([said(text, 0, 3_000)], voiced, [], 12_000)
    assert bool(holds) is is_hold
    if is_hold:
        assert (holds[0].start_ms, holds[0].end_ms) == (3_000, 10_000)
        assert holds[0].kind is HoldKind.SILENCE


def test_a_short_silence_or_one_after_the_call_is_no_hold():
    utterances = [said("One moment please", 0, 1_000)]
    assert announced_silence(utterances, [(0, 1_000), (4_000, 5_000)], [], 5_000) == ()
    assert announced_silence(utterances, [(0, 1_000)], [], 60_000) == ()


def test_silenced_reader():
    pcm = SilencedPcm(pcm=ArrayPcm(np.ones((RATE, 1), np.float32)), silenced=((250, 500),))
    assert pcm.read(0, RATE).sum() == RATE * 0.75
    assert pcm.read(RATE // 4 + 100, RATE // 2 - 100).sum() == 0
    assert pcm.read(RATE // 2, RATE).sum() == RATE // 2


class Scripted(VoiceActivity):
    """Hears speech where the sound is loud."""

    def probabilities(self, pcm, channel=None):
        frames = VOICE_FRAME_MS * RATE // 1000
        return np.array(
            [
                float(np.abs(pcm.read(at, at + frames, channel)).max(initial=0) > 0.002)
                for at in range(0, pcm.frames, frames)
            ],
            np.float32,
        )


def test_a_leak_is_neither_speech_nor_span():
    voice = noise(3.0, level=0.2)
    first = np.concatenate([voice, np.zeros(3 * RATE, np.float32), voice])
    leak = 0.012 * first
    first_heard, second_heard = listen_to_pair(
        ArrayPcm(np.stack([first, leak], axis=1)), Scripted(), [None, -38.0]
    )
    assert [s[1] - s[0] for s in first_heard.spans] == pytest.approx([3000, 3000], abs=40)
    assert second_heard.spans == ()
    assert not second_heard.speech.any()
    assert second_heard.echo


def test_both_parties_at_once_are_both_heard():
    both = np.stack([noise(3.0, level=0.2), noise(3.0, level=0.05, seed=4)], axis=1)
    pair = listen_to_pair(ArrayPcm(both), Scripted(), [None, None])
    assert [len(heard.spans) for heard in pair] == [1, 1]


def test_spans_of_voices_are_fitted_without_growing_into_each_other():
    heard = listen(
        ArrayPcm(np.concatenate([np.zeros(RATE // 2, np.float32), tone(2.0)])), Scripted()
    )
    first, second = exact_spans([[(400, 1_500)], [(1_500, 2_500)]], heard)
    assert first == ((500, 1_500),)
    assert second == ((1_500, 2_500),)


@pytest.mark.parametrize(
    "sound", [np.zeros(5 * RATE, np.float32), noise(5.0, level=0.05), tone(5.0)]
)
def test_the_real_detector_hears_nobody_in_silence_noise_and_tones(sound):
    heard = listen(ArrayPcm(sound), VoiceActivity())
    assert heard.spans == ()


def test_the_real_detector_works_in_blocks(monkeypatch):
    from services.engine import voice_activity

    sound = ArrayPcm(noise(6.0, level=0.05))
    whole = VoiceActivity().probabilities(sound)
    monkeypatch.setattr(voice_activity, "BLOCK_MS", 64 * VOICE_FRAME_MS)
    parts = VoiceActivity().probabilities(sound)
    assert len(whole) == len(parts) == -(-6_000 // VOICE_FRAME_MS)
    assert np.allclose(whole, parts, atol=0.1)
