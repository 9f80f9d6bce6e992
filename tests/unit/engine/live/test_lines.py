"""The lines of a channel, with a captioner that hears one word in every 320 ms of sound."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from services.audio.recording import Samples
from services.domain.errors import PartylineError, WeightsDamaged
from services.engine.live.crew import Done, Rank, Task
from services.engine.live.endpoints import END_FRAMES, FRAME, MOST_FRAMES
from services.engine.live.line import Line
from services.engine.live.lines import ChannelLines
from services.engine.live.wording import CaptionWord, SoFar, Whole

VOICE, SILENCE = 0.9, 0.0


class Worded:
    """Hears "w0 w1 w2 …", the last word of a partial differently every time."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.partials: list[int] = []
        self.fails = False

    def so_far(self, samples: Samples, before: SoFar) -> SoFar:
        self.partials.append(len(samples))
        words = (*_words(samples)[:-1], f"half{len(samples)}")
        agreed = sum(a == b for a, b in zip(before.words, words, strict=False))
        return SoFar(words=words, shown=max(before.shown, agreed))

    def whole(self, samples: Samples, before: SoFar) -> Whole:
        if self.fails:
            raise WeightsDamaged
        self.heard.append(len(samples) // FRAME)
        words = _words(samples)
        return Whole(
            words=tuple(CaptionWord(text=word) for word in words),
            heard=SoFar(words=words, shown=len(words)),
        )


def _words(samples: Samples) -> tuple[str, ...]:
    return tuple(f"w{n}" for n in range(max(1, len(samples) // FRAME // 10)))


class Crew:
    """Does what it is asked when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Task, Callable[[], object]]] = []

    def ask(self, rank: Rank, work: Callable[[], object], then: Callable) -> Task:
        task = Task(rank=rank, number=len(self.asked), work=work, then=then)
        self.asked.append(task)
        return task

    def do_all(self) -> None:
        while self.asked:
            task = self.asked.pop(0)
            if task.is_cancelled:
                continue
            try:
                done = Done(value=task.work(), error=None, waited_s=0.0, cpu_s=0.01)
            except PartylineError as error:
                done = Done(value=None, error=error, waited_s=0.0, cpu_s=0.01)
            task.then(done)


class Channel:
    """A channel and what was told of it."""

    def __init__(self) -> None:
        self.crew = Crew()
        self.captioner = Worded()
        self.shown: list[tuple[str, tuple[str, ...]]] = []
        self.whole: list[Line] = []
        self.errors: list[PartylineError] = []
        self.spent_s = 0.0
        self.behind_s = 0.0
        self.lines = ChannelLines(0, self.crew, self, lambda work: work())  # type: ignore[arg-type]

    def hear(self, frames: int, probability: float, *, is_prompt: bool = True) -> None:
        for _ in range(frames):
            self.lines.take(np.zeros(FRAME, np.float32), probability, self.captioner)
            if is_prompt:
                self.crew.do_all()

    @property
    def asked_at(self) -> list[int]:
        """How long the sound was of each partial that was asked for."""
        return self.captioner.partials

    def heard_so_far(self, line: Line, until: int) -> None:
        assert until >= line.first
        self.shown.append((line.id, line.heard.text))

    def heard_whole(self, line: Line) -> None:
        self.whole.append(line)

    def spent(self, cpu_s: float) -> None:
        self.spent_s += cpu_s

    def failed(self, error: PartylineError) -> None:
        self.errors.append(error)


@pytest.fixture
def channel() -> Channel:
    return Channel()


def texts(line: Line) -> list[str]:
    return [word.text for word in line.words or ()]


def test_words_are_shown_while_they_are_said(channel: Channel) -> None:
    channel.hear(60, VOICE)
    assert channel.shown
    assert not channel.whole
    shown = [words for _, words in channel.shown]
    for earlier, later in itertools.pairwise(shown):
        assert later[: len(earlier)] == earlier, "a shown word stays"
    assert all("half" not in word for words in shown for word in words)


def test_a_line_is_told_when_it_is_over(channel: Channel) -> None:
    channel.hear(5, SILENCE)
    channel.hear(40, VOICE)
    channel.hear(END_FRAMES - 1, SILENCE)
    assert not channel.whole
    channel.hear(1, SILENCE)
    (line,) = channel.whole
    assert (line.start_ms, line.end_ms) == (5 * 32, 45 * 32)
    assert texts(line)[:3] == ["w0", "w1", "w2"]
    assert len(line.voice) == 40 * FRAME
    assert channel.spent_s > 0


def test_a_line_is_heard_before_its_end_is_certain(channel: Channel) -> None:
    """So the final is there at the moment the silence is long enough."""
    channel.hear(40, VOICE)
    channel.hear(6, SILENCE)
    assert channel.captioner.heard
    channel.hear(20, SILENCE, is_prompt=False)
    assert len(channel.whole) == 1


def test_all_words_are_shown_in_a_pause(channel: Channel) -> None:
    channel.hear(40, VOICE)
    channel.hear(6, SILENCE)
    assert channel.shown[-1][1][-1] == f"w{len(channel.shown[-1][1]) - 1}"
    assert len(channel.shown[-1][1]) >= 4


def test_a_voice_that_comes_back_goes_on_with_its_line(channel: Channel) -> None:
    channel.hear(40, VOICE)
    channel.hear(7, SILENCE)
    channel.hear(40, VOICE)
    channel.hear(20, SILENCE)
    (line,) = channel.whole
    assert line.end_ms == 87 * 32
    assert len(channel.captioner.heard) == 2


def test_lines_are_told_in_their_order(channel: Channel) -> None:
    for _ in range(3):
        channel.hear(20, VOICE, is_prompt=False)
        channel.hear(20, SILENCE, is_prompt=False)
    assert not channel.whole
    channel.crew.asked.reverse()
    channel.crew.do_all()
    starts = [line.first for line in channel.whole]
    assert starts == [0, 40, 80]


def test_a_line_without_pause_is_cut_and_no_sound_is_heard_twice(channel: Channel) -> None:
    channel.hear(MOST_FRAMES + 60, VOICE)
    channel.hear(20, SILENCE)
    first, second = channel.whole
    assert first.last == second.first
    assert second.end_ms == (MOST_FRAMES + 60) * 32
    assert sum(len(line.voice) for line in channel.whole) == (MOST_FRAMES + 60) * FRAME


def test_the_end_of_the_sound_ends_a_line(channel: Channel) -> None:
    channel.hear(30, VOICE)
    channel.lines.end()
    channel.crew.do_all()
    assert [line.end_ms for line in channel.whole] == [30 * 32]
    assert not channel.lines.is_waiting


def test_held_lines_are_told_when_they_are_released(channel: Channel) -> None:
    channel.lines.hold()
    channel.hear(40, VOICE)
    channel.hear(20, SILENCE)
    assert not channel.shown
    assert not channel.whole
    channel.lines.release(channel.captioner)
    assert len(channel.whole) == 1


def test_held_lines_are_heard_anew_by_another_captioner(channel: Channel) -> None:
    channel.lines.hold()
    channel.hear(40, VOICE)
    channel.hear(20, SILENCE)
    other = Worded()
    channel.lines.release(other)
    channel.crew.do_all()
    assert len(channel.whole) == 1
    assert len(other.heard) == 1


def test_a_captioner_that_fails_ends_the_channel(channel: Channel) -> None:
    channel.captioner.fails = True
    channel.hear(40, VOICE)
    channel.hear(20, SILENCE)
    assert [type(error) for error in channel.errors] == [WeightsDamaged]
    assert not channel.whole


def test_a_call_that_has_fallen_behind_is_heard_less_often_until_it_has_caught_up(
    channel: Channel,
) -> None:
    def asked(frames: int) -> int:
        before = len(channel.asked_at)
        channel.hear(frames, VOICE)
        return len(channel.asked_at) - before

    asked(100)
    in_time = asked(150)
    channel.behind_s = 2.0
    asked(150)
    behind = asked(150)
    channel.behind_s = 0.0
    asked(150)
    again = asked(150)
    assert in_time >= 4 * behind > 0
    assert again == in_time
