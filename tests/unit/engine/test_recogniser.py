"""Recognition batch by batch: language, second attempts, and going on after a stop."""

import numpy as np
import pytest

from services.audio.pcm import ArrayPcm
from services.domain.calls import Stage
from services.domain.errors import Cancelled, InvalidRequest
from services.domain.running import RunContext
from services.engine.recogniser import BATCH, LANGUAGE_KEY, Recogniser
from services.engine.whisper import Decoding, Whisper, WindowText, WindowWord

SECOND = 16_000


class FakeWhisper(Whisper):
    """Hears one word per second of each window; can be told to loop, to leave out, to guess."""

    def __init__(self) -> None:
        super().__init__("fake", 1)
        self.encoded_windows = 0
        self.decodings: list[Decoding] = []
        self.languages_asked: list[str] = []
        self.hotwords: list[str | None] = []
        self.loops_at_first = False
        self.silent_times = 0
        self.leaves_out_after_s: int | None = None
        self.guesses: list[dict[str, float]] = []

    @property
    def multilingual(self) -> bool:
        return True

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en", "de", "fr"})

    def encode(self, windows):
        self.encoded_windows += len(windows)
        return np.array([len(w) // SECOND for w in windows])

    def language_probabilities(self, encoded):
        return self.guesses[: len(encoded)] or [{"en": 0.9, "de": 0.1}] * len(encoded)

    def decode(self, encoded, language, hotwords, decoding):
        self.decodings.append(decoding)
        self.languages_asked.append(language)
        self.hotwords.append(hotwords)
        plain = decoding.no_repeat_ngram > 0 or not self.loops_at_first
        if self.silent_times:
            self.silent_times -= 1
            encoded = [0 for _ in encoded]
        return [
            WindowText(
                tokens=(1,),
                text=" ".join(f"w{i}" for i in range(s)) if plain else "one " * 40,
                mean_log_probability=-0.2,
                no_speech_probability=0.1,
            )
            for s in encoded
        ]

    def align(self, encoded, texts, durations_ms, language):
        rows = []
        for text, seconds in zip(texts, encoded, strict=True):
            said = text.text.split()
            if self.leaves_out_after_s is not None and seconds > self.leaves_out_after_s:
                said = said[: self.leaves_out_after_s]
            rows.append(
                [
                    WindowWord(
                        text=f" {w}", start_ms=i * 1000, end_ms=i * 1000 + 900, confidence=1.0
                    )
                    for i, w in enumerate(said)
                ]
            )
        return rows


def call(minutes: int = 10) -> ArrayPcm:
    return ArrayPcm(np.full((minutes * 60 * SECOND, 1), 0.1, np.float32))


def speech(minutes: int = 10):
    return {None: [(m * 60_000 + 1_000, m * 60_000 + 15_000) for m in range(minutes)]}


def test_words_are_placed_in_the_recording():
    (heard,), guess = Recogniser(FakeWhisper()).recognise(call(2), speech(2), RunContext())
    assert heard.channel is None
    assert heard.words[0].start_ms == 800
    assert [w.start_ms for w in heard.words if w.text == " w0"] == [800, 60_800]
    assert (guess.code, guess.confidence) == ("en", 0.9)


def test_finished_batches_are_not_recognised_again_after_a_stop():
    kept: dict[str, bytes] = {}
    stops = iter([False, False, True])
    first = FakeWhisper()
    with pytest.raises(Cancelled):
        Recogniser(first).recognise(
            call(20), speech(20), RunContext(checkpoints=kept, is_cancelled=lambda: next(stops))
        )
    assert first.encoded_windows == 2 * BATCH
    second = FakeWhisper()
    (heard,), guess = Recogniser(second).recognise(
        call(20), speech(20), RunContext(checkpoints=kept)
    )
    assert second.encoded_windows == 20 - 2 * BATCH
    assert guess.code == "en"
    whole, _ = Recogniser(FakeWhisper()).recognise(call(20), speech(20), RunContext())
    assert (heard,) == whole
    assert all(isinstance(value, bytes) for value in kept.values())


def test_progress_goes_from_nothing_to_all():
    reports: list[tuple[Stage, float]] = []
    context = RunContext(on_progress=lambda stage, done: reports.append((stage, done)))
    Recogniser(FakeWhisper()).recognise(call(20), speech(20), context)
    done = [fraction for _, fraction in reports]
    assert done == sorted(done)
    assert done[0] == 0.0
    assert done[-1] == 1.0


def test_a_given_language_is_used_whatever_its_region():
    whisper = FakeWhisper()
    _, guess = Recogniser(whisper).recognise(call(1), speech(1), RunContext(), language="de-AT")
    assert (guess.code, guess.confidence) == ("de", None)


def test_a_short_window_does_not_decide_the_language():
    whisper = FakeWhisper()
    whisper.guesses = [{"en": 0.8, "fr": 0.2}, {"fr": 1.0}]
    both = ArrayPcm(np.full((60 * SECOND, 2), 0.1, np.float32))
    voiced = {0: [(0, 1_000)], 1: [(0, 16_000)]}
    _, guess = Recogniser(whisper).recognise(both, voiced, RunContext())
    assert guess.code == "en"


def test_too_little_speech_for_a_likely_guess_is_taken_as_english():
    whisper = FakeWhisper()
    whisper.guesses = [{"ko": 0.3, "en": 0.2}]
    _, guess = Recogniser(whisper).recognise(call(1), {None: [(0, 2_000)]}, RunContext())
    assert (guess.code, guess.confidence) == ("en", 0.2)


def test_an_unlikely_guess_over_much_speech_stands():
    whisper = FakeWhisper()
    whisper.guesses = [{"es": 0.45, "en": 0.2}]
    _, guess = Recogniser(whisper).recognise(call(1), speech(1), RunContext())
    assert guess.code == "es"


def test_a_doubtful_window_in_another_language_is_decoded_in_that():
    whisper = FakeWhisper()
    whisper.guesses = [{"fr": 0.95}]
    whisper.loops_at_first = True
    kept = {LANGUAGE_KEY: b'["en", 0.9]'}
    (heard,), guess = Recogniser(whisper).recognise(
        call(1), speech(1), RunContext(checkpoints=kept)
    )
    assert guess.code == "en"
    assert whisper.languages_asked == ["en", "fr"]
    assert len(heard.words) == 14


def test_a_given_language_is_kept_in_every_window():
    whisper = FakeWhisper()
    whisper.guesses = [{"fr": 0.95}]
    whisper.loops_at_first = True
    Recogniser(whisper).recognise(call(1), speech(1), RunContext(), language="en")
    assert whisper.languages_asked == ["en", "en"]


def test_vocabulary_becomes_hotwords():
    whisper = FakeWhisper()
    Recogniser(whisper).recognise(
        call(1), speech(1), RunContext(), vocabulary=("Bluefern", "PowerPlan")
    )
    assert whisper.hotwords == ["Bluefern, PowerPlan"]


def test_a_loop_is_searched_for_once_more():
    whisper = FakeWhisper()
    whisper.loops_at_first = True
    (heard,), _ = Recogniser(whisper).recognise(call(1), speech(1), RunContext())
    assert [d.no_repeat_ngram > 0 for d in whisper.decodings] == [False, True]
    assert len(heard.words) == 14


def test_what_was_left_out_is_listened_to_again_in_shorter_windows():
    whisper = FakeWhisper()
    whisper.leaves_out_after_s = 7
    done: list[float] = []
    context = RunContext(on_progress=lambda _, fraction: done.append(fraction))
    (heard,), _ = Recogniser(whisper).recognise(call(1), speech(1), context)
    assert done == sorted(done)
    assert len(heard.words) >= 12
    starts = [w.start_ms for w in heard.words]
    assert starts == sorted(set(starts))


def test_a_window_without_any_word_is_listened_to_again():
    whisper = FakeWhisper()
    whisper.silent_times = 1
    (heard,), _ = Recogniser(whisper).recognise(call(1), {None: [(0, 5_000)]}, RunContext())
    assert [d.beam_size for d in whisper.decodings] == [2, 5]
    assert len(heard.words) == 5


def test_nobody_speaks():
    whisper = FakeWhisper()
    assert Recogniser(whisper).recognise(call(1), {0: [], 1: []}, RunContext()) == ((), None)
    assert whisper.encoded_windows == 0


def test_a_language_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="language"):
        Recogniser(FakeWhisper()).recognise(call(2), speech(2), RunContext(), language="xx")
