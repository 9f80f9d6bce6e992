"""How many parties were heard, what their share of the talking is, and which role each has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.scoring.counted import Counted, largest
from bench.scoring.speakers import talk_ms
from services.domain.speech import Span, SpeakerRole, Transcript

POINTS = 100


@dataclass(frozen=True, kw_only=True)
class SpeakerCount(Counted):
    """Numbers of speakers, and by how many each call was off."""

    true: int
    heard: int
    error: int


@dataclass(frozen=True, kw_only=True)
class TalkShare(Counted):
    """Error of the talk share of the party that truly talks most, in percentage points."""

    error_points: float
    worst_points: float = largest()

    @property
    def mean_points(self) -> float:
        """The error of a call on average."""
        return self.error_points / self.files


@dataclass(frozen=True, kw_only=True)
class Overlap(Counted):
    """How long two speak at once: the truth, what is too much (+) or too little (−), in ms.

    ``off_ms`` sums errors without their signs, so that calls don't make up for each other.
    """

    true_ms: int
    error_ms: int
    off_ms: int


@dataclass(frozen=True, kw_only=True)
class Roles(Counted):
    """Of the parties whose role is known: how many got the right one, a wrong one, or none."""

    right: int
    wrong: int
    abstained: int


def count_speakers(true: Sequence[Span], heard: Sequence[Span]) -> SpeakerCount:
    """Compare the numbers of speakers who speak at all."""
    numbers = [len({s.speaker for s in spans}) for spans in (true, heard)]
    return SpeakerCount(true=numbers[0], heard=numbers[1], error=abs(numbers[1] - numbers[0]))


def compare_talk_shares(
    true: Sequence[Span], heard: Sequence[Span], pairs: Mapping[str, str]
) -> TalkShare | None:
    """Compare the share of all talk time; None unless two parties or more truly talk."""
    talk, found = talk_ms(true), talk_ms(heard)
    if len(talk) < 2:
        return None
    most = max(talk, key=lambda speaker: talk[speaker])
    share = talk[most] / sum(talk.values())
    heard_share = found.get(pairs.get(most, ""), 0) / max(1, sum(found.values()))
    points = POINTS * abs(heard_share - share)
    return TalkShare(error_points=points, worst_points=points)


def compare_overlap(true_ms: int, heard_ms: int) -> Overlap:
    """Compare how long two speak at once."""
    error = heard_ms - true_ms
    return Overlap(true_ms=true_ms, error_ms=error, off_ms=abs(error))


def count_roles(
    known: Mapping[str, SpeakerRole], transcript: Transcript, pairs: Mapping[str, str]
) -> Roles:
    """Compare roles. A party that wasn't heard as one of its own counts as abstained."""
    right = wrong = 0
    for true, role in known.items():
        given = transcript.role_of(pairs.get(true))
        right += given is role
        wrong += given not in (role, SpeakerRole.UNKNOWN)
    return Roles(right=right, wrong=wrong, abstained=len(known) - right - wrong)
