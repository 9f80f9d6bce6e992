"""Words as they are written get the times of the words as they sound."""

from services.providers.azure_speech.line_words import HeardWord, timed_words


def heard(*words: str, step: int = 500, confidence: float | None = None) -> list[HeardWord]:
    return [
        HeardWord(text=w, start_ms=n * step, end_ms=(n + 1) * step, confidence=confidence)
        for n, w in enumerate(words)
    ]


def places(words):
    return [(w.text, w.start_ms, w.end_ms) for w in words]


def test_the_same_words_keep_their_times_whatever_their_case_and_marks():
    words = timed_words("Hello, it's me.", heard("hello", "it's", "me"), 1_500)
    assert places(words) == [("Hello,", 0, 500), ("it's", 500, 1000), ("me.", 1000, 1500)]


def test_a_number_has_the_time_of_all_the_words_it_is_said_with():
    words = timed_words("It is $12 more.", heard("it", "is", "twelve", "dollars", "more"), 2_500)
    assert places(words)[2:] == [("$12", 1000, 2000), ("more.", 2000, 2500)]


def test_several_written_words_share_the_time_of_what_was_heard():
    words = timed_words("on May 3rd 2026 then", heard("on", "thirdofmay", "then"), 1_500)
    assert [w.text for w in words] == ["on", "May", "3rd", "2026", "then"]
    assert (words[1].start_ms, words[3].end_ms) == (500, 1000)


def test_a_mark_that_stands_alone_has_a_place_too():
    words = timed_words("well - yes", heard("well", "yes"), 1_000)
    assert [w.text for w in words] == ["well", "-", "yes"]
    assert words[0].start_ms <= words[1].start_ms <= words[2].start_ms


def test_a_word_that_was_left_out_of_the_text_is_passed_over():
    words = timed_words("that thing", heard("that", "darned", "thing"), 1_500)
    assert places(words) == [("that", 0, 500), ("thing", 1000, 1500)]


def test_confidence_is_that_of_the_words_and_never_made_up():
    told = timed_words("it is $12", heard("it", "is", "twelve", "dollars", confidence=0.8), 2_000)
    assert [w.confidence for w in told] == [0.8, 0.8, 0.8]
    assert timed_words("it", heard("it"), 500)[0].confidence is None
    mixed = [*heard("twelve", confidence=0.5), HeardWord(text="euros", start_ms=500, end_ms=900)]
    assert timed_words("€12", mixed, 900)[0].confidence is None


def test_nothing_heard_is_no_words():
    assert timed_words("Hello there.", [], 1_000) == ()


def test_no_word_starts_before_the_one_before_it_or_lies_beyond_the_end():
    odd = [
        HeardWord(text="a", start_ms=900, end_ms=1_000),
        HeardWord(text="b", start_ms=100, end_ms=5_000),
    ]
    words = timed_words("a b", odd, 1_000)
    assert [w.start_ms for w in words] == sorted(w.start_ms for w in words)
    assert all(w.start_ms < w.end_ms <= 1_000 for w in words)
