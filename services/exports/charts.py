"""The geometry of the report's charts. A template draws them as plain SVG, without script."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.intervals import union
from services.domain.reviewed import ReviewedCall
from services.domain.speech import SentimentLabel, Speaker, SpeakerRole, Transcript
from services.exports.wording import clock, one_line

WIDTH = 1000
LANE = 34
LANE_BAR = 22
NARROWEST = 0.8
COURSE_HEIGHT = 160
SMOOTHING = 5
_TICK_STEPS_MS = (
    5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
    7_200_000,
)  # fmt: skip
_MOST_TICKS = 12
FILLS = ("solid", "hatched", "dotted", "crossed")


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle along the time axis; ``title`` is its tooltip."""

    x: float
    width: float
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One speaker's row in the timeline."""

    label: str
    y: int
    fill: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark on the time axis."""

    x: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Who speaks when, with holds and simultaneous speech across all lanes."""

    height: int
    lanes: tuple[Lane, ...]
    holds: tuple[Bar, ...]
    overlaps: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A speaker's part of the talk bar."""

    label: str
    fill: str
    x: float
    width: float
    percent: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """One utterance in the sentiment chart."""

    x: float
    y: float
    shape: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Course:
    """Sentiment over the call: one point an utterance and the customer's smoothed line."""

    points: tuple[Point, ...]
    line: str
    ticks: tuple[Tick, ...]


def fill_of(at: int) -> str:
    """Return the pattern of the n-th speaker, told apart in black and white too."""
    return FILLS[at % len(FILLS)]


def timeline(reviewed: ReviewedCall) -> Timeline:
    """Return the timeline of a call."""
    transcript = reviewed.transcript
    axis = _Axis(transcript.duration_ms)
    return Timeline(
        height=LANE * max(1, len(transcript.speakers)),
        lanes=tuple(
            Lane(
                label=one_line(speaker.label),
                y=at * LANE + (LANE - LANE_BAR) // 2,
                fill=fill_of(at),
                bars=tuple(axis.bars(_spans_of(transcript, speaker))),
            )
            for at, speaker in enumerate(transcript.speakers)
        ),
        holds=tuple(axis.bars([(h.start_ms, h.end_ms) for h in transcript.holds], "Hold")),
        overlaps=tuple(
            axis.bars([(o.start_ms, o.end_ms) for o in reviewed.analysis.overlaps], "Both talk")
        ),
        ticks=tuple(axis.ticks()),
    )


def shares(reviewed: ReviewedCall) -> tuple[Share, ...]:
    """Return each speaker's share of all talk; empty when nobody talked."""
    figures = reviewed.analysis.metrics.by_speaker
    found, x = [], 0.0
    for at, speaker in enumerate(reviewed.transcript.speakers):
        own = figures.get(speaker.id)
        share = own.talk_share_of_speech if own else None
        if not share:
            continue
        found.append(
            Share(
                label=one_line(speaker.label),
                fill=fill_of(at),
                x=round(x, 2),
                width=round(share * WIDTH, 2),
                percent=f"{share:.0%}",
            )
        )
        x += share * WIDTH
    return tuple(found)


def course(transcript: Transcript) -> Course | None:
    """Return the sentiment chart, None when no utterance has a sentiment."""
    axis = _Axis(transcript.duration_ms)
    points: list[Point] = []
    customer: list[tuple[float, float]] = []
    for utterance in transcript.utterances:
        sentiment = utterance.sentiment
        if sentiment is None or utterance.is_backchannel:
            continue
        at_ms = (utterance.start_ms + utterance.end_ms) // 2
        role = transcript.role_of(utterance.speaker)
        is_customer = role is SpeakerRole.CUSTOMER
        x, y = axis.x(at_ms), _height(sentiment.score)
        points.append(
            Point(
                x=x,
                y=y,
                shape="customer" if is_customer else "other",
                title=f"{clock(at_ms)} {_SENTIMENT_NAMES[sentiment.label]} {sentiment.score:+.2f}",
            )
        )
        if is_customer:
            customer.append((x, sentiment.score))
    if not points:
        return None
    return Course(points=tuple(points), line=_smoothed(customer), ticks=tuple(axis.ticks()))


_SENTIMENT_NAMES = {
    SentimentLabel.POSITIVE: "positive",
    SentimentLabel.NEUTRAL: "neutral",
    SentimentLabel.NEGATIVE: "negative",
}


@dataclass(frozen=True)
class _Axis:
    duration_ms: int

    def x(self, at_ms: int) -> float:
        return round(WIDTH * at_ms / max(1, self.duration_ms), 2)

    def bars(self, intervals: Sequence[tuple[int, int]], name: str = "") -> list[Bar]:
        return [
            Bar(
                x=self.x(start),
                width=max(NARROWEST, round(self.x(end) - self.x(start), 2)),
                title=f"{name} {clock(start)}–{clock(end)}".strip(),
            )
            for start, end in union(intervals)
        ]

    def ticks(self) -> list[Tick]:
        step = next(
            (s for s in _TICK_STEPS_MS if self.duration_ms / s <= _MOST_TICKS), _TICK_STEPS_MS[-1]
        )
        return [
            Tick(x=self.x(at), label=clock(at)) for at in range(0, max(1, self.duration_ms), step)
        ]


def _spans_of(transcript: Transcript, speaker: Speaker) -> list[tuple[int, int]]:
    return [(s.start_ms, s.end_ms) for s in transcript.spans if s.speaker == speaker.id]


def _height(score: float) -> float:
    return round(COURSE_HEIGHT / 2 * (1 - max(-1.0, min(1.0, score))), 2)


def _smoothed(scored: Sequence[tuple[float, float]]) -> str:
    """Return an SVG polyline of the mean of neighbouring scores; empty below two points."""
    if len(scored) < 2:
        return ""
    half = SMOOTHING // 2
    points = []
    for at, (x, _) in enumerate(scored):
        near = [score for _, score in scored[max(0, at - half) : at + half + 1]]
        points.append(f"{x},{_height(sum(near) / len(near))}")
    return " ".join(points)
