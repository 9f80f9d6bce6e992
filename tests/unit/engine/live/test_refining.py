"""Better words for finished lines: when a window is worth it, and whose words are whose."""

import numpy as np
import pytest

from services.domain.errors import Cancelled
from services.engine.live.refining import LONGEST_WAIT_MS, MOST_WAITING_MS, Refining
from services.engine.live.waiting_lines import LinesPcm
from services.engine.recogniser import Recogniser
from tests.unit.engine.live.word_sounds import RATE, WordWhisper, spoken

WORD = 500
"""Milliseconds of a word with the pause after it."""


class Talk:
    """Lines of words that are numbered on, added one after the other."""

    def __init__(self, refining: Refining, channel: int | None = None) -> None:
        self.refining = refining
        self.channel = channel
        self.at_ms = 0
        self.words = 0
        self.texts: dict[str, str] = {}

    def say(self, name: str, words: int, *, pause_ms: int = 600) -> None:
        self.at_ms += pause_ms
        numbers = range(self.words + 1, self.words + words + 1)
        samples = spoken(*numbers)
        end_ms = self.at_ms + len(samples) // RATE
        self.refining.add(name, self.channel, self.at_ms, end_ms, samples)
        self.texts[name] = " ".join(f"w{n}" for n in numbers)
        self.words += words
        self.at_ms = end_ms


@pytest.fixture
def whisper() -> WordWhisper:
    return WordWhisper()


@pytest.fixture
def refining(whisper) -> Refining:
    return Refining(Recogniser(whisper))


def texts(lines) -> dict[str, str]:
    return {line.line_id: line.text for line in lines}


def all_done(refining: Refining, now_ms: int) -> dict[str, str]:
    done: dict[str, str] = {}
    while (job := refining.due(now_ms)) is not None:
        found = texts(refining.run(job))
        assert not done.keys() & found.keys()
        done |= found
    return done


def test_lines_wait_until_they_make_a_window(refining):
    talk = Talk(refining)
    for n in range(9):
        talk.say(f"l{n}", 4, pause_ms=100)
        assert refining.due(talk.at_ms) is None
    talk.say("l9", 4, pause_ms=100)
    assert refining.due(talk.at_ms) is not None


def test_every_line_gets_its_own_words_and_no_others(refining):
    talk = Talk(refining)
    for n, words in enumerate([3, 1, 7, 4, 12, 2, 5, 9, 1, 1, 6, 8, 3, 10, 2, 5]):
        talk.say(f"l{n}", words, pause_ms=(0, 80, 300, 2_000)[n % 4])
    assert all_done(refining, talk.at_ms + LONGEST_WAIT_MS) == talk.texts


def test_words_lie_inside_their_line_in_call_time(refining):
    talk = Talk(refining)
    talk.say("l0", 3, pause_ms=70_000)
    talk.say("l1", 2, pause_ms=5_000)
    first, second = refining.run(refining.due(talk.at_ms + LONGEST_WAIT_MS))
    assert [(w.text, w.start_ms, w.end_ms) for w in first.words] == [
        ("w1", 70_000, 70_400),
        ("w2", 70_500, 70_900),
        ("w3", 71_000, 71_400),
    ]
    assert [w.start_ms for w in second.words] == [76_500, 77_000]
    assert {w.confidence for w in first.words} == {0.5}


def test_a_lonely_line_does_not_wait_for_a_full_window(refining):
    talk = Talk(refining)
    talk.say("l0", 2)
    assert refining.due(talk.at_ms + LONGEST_WAIT_MS - 1) is None
    assert all_done(refining, talk.at_ms + LONGEST_WAIT_MS) == talk.texts
    assert refining.due(talk.at_ms + 10 * LONGEST_WAIT_MS) is None


def test_a_full_window_ends_at_the_longest_of_its_last_pauses(refining):
    talk = Talk(refining)
    #   lines of 3 s   |0| |1| |2| |3| |4|    |5| |6|
    for n in range(7):
        talk.say(f"l{n}", 6, pause_ms=3_000 if n == 5 else 300)
    job = refining.due(talk.at_ms)
    assert [line.id for line in job.lines] == ["l0", "l1", "l2", "l3", "l4"]


def test_a_window_is_no_longer_than_whisper_likes(refining, whisper):
    talk = Talk(refining)
    for n in range(20):
        talk.say(f"l{n}", 7, pause_ms=200)
    all_done(refining, talk.at_ms + LONGEST_WAIT_MS)
    assert max(whisper.windows_ms) <= 22_000
    assert len(whisper.windows_ms) <= 5


def test_a_line_longer_than_a_window_is_recognised_by_itself(refining):
    talk = Talk(refining)
    talk.say("long", 90)
    talk.say("l1", 2)
    job = refining.due(talk.at_ms)
    assert [line.id for line in job.lines] == ["long"]
    found = [int(word[1:]) for word in texts(refining.run(job))["long"].split()]
    assert found == sorted(found)
    assert len(set(found)) >= 88


def test_channels_are_not_mixed(refining):
    first, second = Talk(refining, 0), Talk(refining, 1)
    second.words = 50
    for n in range(6):
        first.say(f"a{n}", 3, pause_ms=1_500)
        second.say(f"b{n}", 2, pause_ms=2_000)
    done = all_done(refining, max(first.at_ms, second.at_ms) + LONGEST_WAIT_MS)
    assert done == first.texts | second.texts


def test_the_line_that_waits_longest_comes_first(refining):
    first, second = Talk(refining, 0), Talk(refining, 1)
    first.say("late", 3, pause_ms=9_000)
    second.say("early", 3, pause_ms=1_000)
    job = refining.due(60_000)
    assert job.channel == 1


def test_a_line_in_which_nothing_is_heard_keeps_its_caption(refining, whisper):
    talk = Talk(refining)
    talk.say("l0", 2)
    talk.say("l1", 1)
    talk.say("l2", 2)
    whisper.unheard = {3}
    assert set(all_done(refining, 60_000)) == {"l0", "l2"}


def test_a_loop_is_guarded_against(refining, whisper):
    talk = Talk(refining)
    talk.say("l0", 6)
    whisper.loops = True
    assert all_done(refining, 60_000) == talk.texts


def test_vocabulary_becomes_hotwords(whisper):
    refining = Refining(Recogniser(whisper), vocabulary=("Bluefern", "PowerPlan"))
    Talk(refining).say("l0", 2)
    all_done(refining, 60_000)
    assert whisper.hotwords == ["Bluefern, PowerPlan"]


def test_a_given_language_is_taken(whisper):
    refining = Refining(Recogniser(whisper), language="es")
    Talk(refining).say("l0", 2)
    (line,) = refining.run(refining.due(60_000))
    assert line.language == "es"
    assert (whisper.languages_asked, whisper.detections) == (["es"], 0)


def test_the_language_is_found_out_once_when_it_is_clear(refining, whisper):
    talk = Talk(refining)
    for n in range(3):
        talk.say(f"l{n}", 3)
        all_done(refining, talk.at_ms + LONGEST_WAIT_MS)
    assert (whisper.detections, set(whisper.languages_asked)) == (1, {"en"})


def test_a_short_unclear_beginning_does_not_decide_the_language(refining, whisper):
    talk = Talk(refining)
    talk.say("l0", 2)
    whisper.probabilities = {"en": 0.6, "es": 0.4}
    all_done(refining, talk.at_ms + LONGEST_WAIT_MS)
    talk.say("l1", 2)
    whisper.probabilities = {"en": 0.05, "es": 0.95}
    all_done(refining, talk.at_ms + LONGEST_WAIT_MS)
    assert whisper.languages_asked == ["en", "es"]


def test_a_switch_of_language_holds_from_then_on(refining, whisper):
    talk = Talk(refining)
    talk.say("l0", 2)
    refining.speak("es")
    talk.say("l1", 2)
    job = refining.due(60_000)
    assert [line.id for line in job.lines] == ["l0"]
    assert refining.run(job)[0].language == "en"
    job = refining.due(60_000)
    assert refining.run(job)[0].language == "es"
    refining.speak(None)
    talk.say("l2", 2)
    whisper.probabilities = {"en": 0.98}
    assert refining.run(refining.due(90_000))[0].language == "en"


def test_what_is_refined_is_not_kept(refining):
    talk = Talk(refining)
    talk.say("l0", 4)
    assert refining.waiting_ms == 2_000
    assert refining.due(60_000) is not None
    assert refining.waiting_ms == 0


def test_no_more_waits_than_memory_allows(refining):
    talk = Talk(refining)
    for n in range(120):
        talk.say(f"l{n}", 4, pause_ms=100)
    assert refining.waiting_ms <= MOST_WAITING_MS
    assert refining.given_up == 120 - MOST_WAITING_MS // 2_000
    assert refining.due(talk.at_ms).lines[0].id == f"l{refining.given_up}"


def test_what_waits_can_be_dropped(refining):
    Talk(refining).say("l0", 4)
    refining.drop()
    assert refining.due(60_000) is None
    assert refining.waiting_ms == 0


def test_work_that_is_not_wanted_any_more_stops(refining):
    Talk(refining).say("l0", 4)
    job = refining.due(60_000)
    with pytest.raises(Cancelled):
        refining.run(job, lambda: True)


def test_air_around_a_line_is_heard_with_it(refining, whisper):
    #  ms     1_000 .... 1_200 |---- w1 w2 ----| 2_200 .... 2_400
    air = np.full(200 * RATE, 1e-5, np.float32)
    samples = np.concatenate([air, spoken(1, 2), air])
    refining.add("l0", None, 1_200, 2_200, samples, lead_ms=200)
    job = refining.due(60_000)
    assert np.array_equal(LinesPcm(lines=job.lines).read(1_000 * RATE, 10**9), samples)
    (line,) = refining.run(job)
    assert [(w.text, w.start_ms) for w in line.words] == [("w1", 1_200), ("w2", 1_700)]
    assert whisper.windows_ms == [1_400]


@pytest.mark.parametrize("is_in_one_window", [True, False])
def test_a_word_between_two_lines_is_given_to_one_of_them(refining, is_in_one_window):
    #  words   w1  w2  w3   at 0, 500, 1_000 ms
    #  lines   |-----||---|     meet at 900 ms; the second is given the edge of the first, too
    sound = spoken(1, 2, 3)
    tail_ms = 300 if is_in_one_window else 0
    refining.add("l0", None, 0, 900, sound[: (900 + tail_ms) * RATE])
    done = [] if is_in_one_window else list(refining.run(refining.due(60_000)))
    refining.add("l1", None, 900, 1_500, sound[600 * RATE :], lead_ms=300)
    done += refining.run(refining.due(60_000))
    assert texts(done) == {"l0": "w1 w2", "l1": "w3"}


def test_a_word_that_is_placed_in_the_pause_before_a_line_is_that_lines(refining):
    #  words  w1  w2 w3 ...... w4      w3 is heard right after the voice that ends at 900 ms
    #  lines  |-----|          |--|
    early = np.concatenate([np.zeros(50 * RATE, np.float32), spoken(3)[: 100 * RATE]])
    refining.add("l0", None, 0, 900, np.concatenate([spoken(1, 2)[: 900 * RATE], early]))
    refining.add("l1", None, 1_300, 1_800, spoken(4))
    first, second = refining.run(refining.due(60_000))
    assert (first.text, second.text) == ("w1 w2", "w3 w4")
    assert [(w.start_ms, w.end_ms) for w in second.words] == [(1_300, 1_301), (1_300, 1_700)]


def test_what_is_heard_after_the_last_line_stays_with_it(refining):
    late = np.concatenate([spoken(1), spoken(2)[: 100 * RATE]])
    refining.add("l0", None, 0, 450, late)
    (line,) = refining.run(refining.due(60_000))
    assert line.text == "w1 w2"
    assert all(0 <= w.start_ms < w.end_ms <= 450 for w in line.words)


def test_the_sound_of_lines_is_silent_between_them(refining):
    talk = Talk(refining)
    talk.say("l0", 1, pause_ms=100)
    talk.say("l1", 1, pause_ms=300)
    pcm = LinesPcm(lines=refining.due(60_000).lines)
    assert pcm.frames == 1_400 * RATE
    samples = pcm.read(0, 10**9)
    assert len(samples) == pcm.frames
    assert set(np.flatnonzero(samples) // RATE) == {*range(100, 500), *range(900, 1_300)}
    part = pcm.read(450 * RATE, 1_000 * RATE)
    assert np.array_equal(part, samples[450 * RATE : 1_000 * RATE])
