"""The running figures of a live call, by the definitions of docs/metrics.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.analysis.metrics import SILENCE_OVER_MS, simultaneous
from services.domain.intervals import Interval, complement, cut, length_ms, union
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Transcript


@dataclass(frozen=True, kw_only=True)
class SpeakerFigures:
    """How long a speaker has talked, and which share of everybody's talk that is, in 0..1."""

    id: str
    talk_ms: int
    share_of_speech: float | None


@dataclass(frozen=True, kw_only=True)
class CoursePoint:
    """How what a speaker said at a moment sounds, in -1..1."""

    at_ms: int
    score: float
    speaker: str | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of a call up to a moment; durations in milliseconds."""

    at_ms: int
    speakers: tuple[SpeakerFigures, ...]
    overlap_ms: int
    silence_ms: int
    course: tuple[CoursePoint, ...] = ()


def figures_of(
    voiced: Mapping[str, Sequence[Interval]], at_ms: int, also: Sequence[Interval] = ()
) -> Figures:
    """Return the figures of a call in which the speakers were heard at these times.

    Silence is every gap over 3 s so far, the one that lasts among them. ``also`` is where voice
    was heard whose words may not have come yet.
    """
    talk = {speaker: length_ms(intervals) for speaker, intervals in voiced.items()}
    heard = [cut(one, (0, at_ms)) for one in also]
    speech = union([*(one for intervals in voiced.values() for one in intervals), *heard])
    gaps = complement(speech, within=(0, at_ms))
    return Figures(
        at_ms=at_ms,
        speakers=shares_of_speech(talk),
        overlap_ms=sum(gap.duration_ms for gap in simultaneous(voiced)),
        silence_ms=sum(end - start for start, end in gaps if end - start > SILENCE_OVER_MS),
    )


def final_figures(analysed: AnalysedTranscript) -> Figures:
    """Return the figures of a call that is over, as they stand in its analysis."""
    metrics = analysed.analysis.metrics
    return Figures(
        at_ms=metrics.duration_ms,
        speakers=shares_of_speech({s: one.talk_ms for s, one in metrics.by_speaker.items()}),
        overlap_ms=metrics.overlap_ms,
        silence_ms=metrics.silence_ms,
    )


def shares_of_speech(talk: Mapping[str, int]) -> tuple[SpeakerFigures, ...]:
    """Return how long each speaker has talked, in milliseconds, with their shares of it all."""
    together = sum(talk.values())
    return tuple(
        SpeakerFigures(
            id=speaker, talk_ms=talk_ms, share_of_speech=talk_ms / together if together else None
        )
        for speaker, talk_ms in talk.items()
    )


class Course:
    """Gives each point of the sentiment's course once, and again when it has changed."""

    def __init__(self) -> None:
        """Begin with no point given."""
        self._given: dict[str, CoursePoint] = {}

    def new(self, transcript: Transcript) -> tuple[CoursePoint, ...]:
        """Return the points of a transcript that are new; a line lies where its midpoint lies."""
        new = []
        for line in transcript.utterances:
            if line.sentiment is None or line.is_backchannel:
                continue
            point = CoursePoint(
                at_ms=(line.start_ms + line.end_ms) // 2,
                score=line.sentiment.score,
                speaker=line.speaker,
            )
            if self._given.get(line.id) != point:
                self._given[line.id] = point
                new.append(point)
        return tuple(new)
