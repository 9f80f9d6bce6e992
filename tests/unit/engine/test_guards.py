"""No text that nobody spoke."""

import pytest

from services.engine.guards import better, is_doubtful, is_no_speech, without_loops
from services.engine.heard import HeardWord, words_from_json, words_to_json
from services.engine.whisper import WindowText


def window(text: str, log_probability: float = -0.3, no_speech: float = 0.1) -> WindowText:
    return WindowText(
        tokens=(1, 2),
        text=text,
        mean_log_probability=log_probability,
        no_speech_probability=no_speech,
    )


def words(text: str, ms: int = 300) -> list[HeardWord]:
    return [
        HeardWord(text=f" {w}", start_ms=i * ms, end_ms=(i + 1) * ms, confidence=0.8)
        for i, w in enumerate(text.split())
    ]


def kept(text: str, ms: int = 300) -> str:
    return "".join(w.text for w in without_loops(words(text, ms))).strip()


@pytest.mark.parametrize(
    "text",
    [
        "my number is four one one one one",
        "no no no no that is not right",
        "five five five oh one five five five oh one",
        "Thank you. Thank you. Thank you.",
    ],
)
def test_people_may_repeat_themselves(text):
    assert kept(text) == text
    assert not is_doubtful(window(text))


def test_a_loop_of_one_word_is_cut():
    assert kept("four " + "one " * 17) == "four" + " one" * 5
    assert is_doubtful(window("four " + "one " * 17))


def test_a_loop_of_a_phrase_is_cut():
    assert kept("I see. " + "we will call you " * 9 + "bye") == (
        "I see. " + "we will call you " * 3 + "bye"
    )


def test_words_without_time_of_their_own_are_dropped():
    assert kept("a b c d e f", ms=10) == ""
    assert kept("a b", ms=10) == "a b"


def test_doubt_and_noise():
    assert is_doubtful(window("mm", log_probability=-1.2))
    assert is_doubtful(window("la " * 40))
    assert not is_doubtful(window(""))
    assert is_no_speech(window("you", log_probability=-1.1, no_speech=0.8))
    assert is_no_speech(window("you", log_probability=-1.9))
    assert not is_no_speech(window("hello", log_probability=-0.4, no_speech=0.9))


def test_of_two_attempts_the_one_without_a_loop_is_kept():
    loop, plain = window("one " * 30, -0.1), window("one one", -0.8)
    assert better(loop, plain) is plain
    assert better(plain, loop) is plain
    likely = window("well then", -0.2)
    assert better(window("well den", -0.9), likely) is likely


def test_words_survive_a_checkpoint():
    whole = tuple(words("déjà vu"))
    assert words_from_json(words_to_json(whole)) == whole
