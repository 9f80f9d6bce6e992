"""True words laid over the sound: what the model says is held to what the truth knows."""

from types import SimpleNamespace

import numpy as np

from bench.scoring.alignment import AROUND_MS, Aligner
from bench.scoring.truth import Truth
from services.audio.pcm import ArrayPcm
from services.domain.speech import Span, Utterance
from services.engine.whisper import WindowWord


class OneAnswer:
    """Stands in for Whisper: every text is spoken at 300 ms a word, from the window's start."""

    def encode(self, windows):
        self.heard = windows
        return windows

    def align(self, encoded, texts, durations_ms, language):
        words = texts[0].text.split()
        return [
            [
                WindowWord(text=f" {w}", start_ms=300 * n, end_ms=300 * (n + 1), confidence=1.0)
                for n, w in enumerate(words)
            ]
        ]


TOKENIZER = SimpleNamespace(encode=lambda text, add_special_tokens: SimpleNamespace(ids=[1]))


def ends(truth, seconds=60, channels=1, whisper=None):
    pcm = ArrayPcm(np.zeros((seconds * 16_000, channels), np.float32))
    return [
        word.end_ms for word in Aligner(whisper or OneAnswer(), TOKENIZER).spoken_words(truth, pcm)
    ]


def said(text, start_ms, end_ms, speaker="s1"):
    return Utterance(id="u", speaker=speaker, start_ms=start_ms, end_ms=end_ms, text=text)


def test_all_ends_are_put_off_by_what_the_last_are_early():
    # heard to end at 1100, 1400 and 1700; truly the last ends at 1850
    truth = Truth(utterances=(said("one two three", 1_000, 1_850),))
    assert ends(truth) == [1_250, 1_550, 1_850]


def test_the_last_word_before_a_pause_ends_where_the_speaker_falls_silent():
    truth = Truth(
        utterances=(said("one two three", 1_000, 1_700),),
        spans=(
            Span(speaker="s1", start_ms=1_000, end_ms=1_350),
            Span(speaker="s1", start_ms=1_450, end_ms=1_700),
        ),
    )
    # the second word ends at 1400, in the pause
    assert ends(truth) == [1_100, 1_350, 1_700]


def test_punctuation_alone_is_no_word():
    assert ends(Truth(utterances=(said("one – two", 1_000, 1_700),))) == [1_100, 1_700]


def test_what_is_too_long_goes_by_its_letters():
    assert ends(Truth(utterances=(said("one two", 0, 40_000),))) == [20_000, 40_000]


def test_a_speaker_is_listened_to_where_he_is_loudest():
    sound = np.zeros((32_000, 2), np.float32)
    sound[16_000:24_000, 1] = 0.5
    whisper = OneAnswer()
    truth = Truth(utterances=(said("one", 1_000, 1_500),))
    Aligner(whisper, TOKENIZER).spoken_words(truth, ArrayPcm(sound))
    (window,) = whisper.heard
    assert len(window) == (500 + 2 * AROUND_MS) * 16
    assert window.max() == 0.5
