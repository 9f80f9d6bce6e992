"""Rules: what to look for in calls, and what of it was found in one.

A rule's condition is a tree of leaves joined by and, or and not. Every leaf is decided on one call
alone. docs/rules.md describes the language; times are milliseconds on the recording's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from services.domain.intervals import Interval
from services.domain.speech import SpeakerRole, Utterance


class RuleKind(StrEnum):
    """What it means that a rule applies: the call's subject, something that happened, a failing."""

    TOPIC = "topic"
    EVENT = "event"
    PROBLEM = "problem"


class SilenceKind(StrEnum):
    """Which silence is meant: any, one that is no hold (dead air), or a hold."""

    ANY = "any"
    DEAD_AIR = "dead_air"
    HOLD = "hold"


class SentimentOf(StrEnum):
    """Which of a call's sentiment is meant.

    ``MEAN`` of the whole call, ``FINAL`` of its last quarter, ``LOWEST`` and ``HIGHEST`` of
    single utterances, ``CHANGE`` from the first to the last quarter.
    """

    MEAN = "mean"
    FINAL = "final"
    LOWEST = "lowest"
    HIGHEST = "highest"
    CHANGE = "change"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a call something is said; all that are given must hold.

    ``first_ms``: it starts in the first so many milliseconds; ``last_ms``: it ends in the last
    so many. ``before_hold_ms`` and ``after_hold_ms``: at most so long before a hold starts or after
    it has ended. ``after``: later than one of these phrases, by whomever it was said, and if
    ``after_ms`` is given at most so long after it.
    """

    first_ms: int | None = None
    last_ms: int | None = None
    before_hold_ms: int | None = None
    after_hold_ms: int | None = None
    after: tuple[str, ...] = ()
    after_ms: int | None = None


ANYWHERE = Place()


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One of these phrases is said, at least so many times.

    ``said_by`` None: by anybody. ``unless``: not where one of these is said in the same sentence.
    ``unless_negated``: not where a negation stands shortly before ("I don't want to cancel").
    ``differing``: of the matches only those by different phrases of ``any_of`` are counted.
    """

    any_of: tuple[str, ...]
    said_by: SpeakerRole | None = None
    within: Place = ANYWHERE
    unless: tuple[str, ...] = ()
    unless_negated: bool = False
    at_least: int = 1
    differing: bool = False


@dataclass(frozen=True, kw_only=True)
class SentimentLevel:
    """A role's sentiment (everybody's: None) is at least or at most so much, in -1..1.

    For the change, -2..2: at most -0.5 is a fall by 0.5 or more.
    """

    of: SentimentOf
    role: SpeakerRole | None = None
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True)
class Silence:
    """So many silences of a kind that last at least so long."""

    kind: SilenceKind = SilenceKind.ANY
    at_least_ms: int = 0
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Interruptions:
    """A role (anybody: None) interrupts at least so many times."""

    by: SpeakerRole | None = None
    at_least: int = 1


@dataclass(frozen=True, kw_only=True)
class TalkShare:
    """A role's share of all talk is at least or at most so much, in 0..1."""

    role: SpeakerRole
    at_least: float | None = None
    at_most: float | None = None


Leaf = Phrase | SentimentLevel | Silence | Interruptions | TalkShare


@dataclass(frozen=True, kw_only=True)
class AllOf:
    """Every one of these holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """At least one of these holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, kw_only=True)
class Not:
    """This does not hold: a statement is missing."""

    condition: "Condition"


Condition = Leaf | AllOf | AnyOf | Not


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What to look for, under an id that stays. ``alert``: people are to be told when it applies.

    ``language`` is that of the calls that it reads ("en"); None: of all.
    """

    id: str
    name: str
    condition: Condition
    description: str = ""
    kind: RuleKind = RuleKind.EVENT
    alert: bool = False
    enabled: bool = True
    language: str | None = None


# --- what is found ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why a rule applies: a sentence, its time, and the words of an utterance if it rests on some.

    ``start_char`` and ``end_char`` are the matched characters of that utterance's text.
    """

    start_ms: int
    end_ms: int
    why: str
    utterance: str | None = None
    start_char: int | None = None
    end_char: int | None = None


@dataclass(frozen=True, kw_only=True)
class Category:
    """A rule that applies to a call, with what it rests on."""

    rule_id: str
    evidence: tuple[Evidence, ...]
    name: str = ""
    kind: RuleKind = RuleKind.EVENT
    alert: bool = False


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something a role did at a time (an interruption)."""

    by: SpeakerRole
    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class CallFacts:
    """All that rules can ask about one call.

    ``covered`` is what of the recording was transcribed; of a call that is going on, what has
    passed. ``silences`` and ``dead_air`` may be cut to those long enough to be of interest.
    ``sentiment`` and ``talk_share`` hold what is defined, everybody's sentiment under None.
    """

    utterances: Sequence[Utterance]
    roles: Mapping[str, SpeakerRole]
    covered: Interval
    starts_late: bool = False
    ends_early: bool = False
    language: str | None = None
    silences: tuple[Interval, ...] = ()
    dead_air: tuple[Interval, ...] = ()
    holds: tuple[Interval, ...] = ()
    interruptions: tuple[Moment, ...] = ()
    talk_share: Mapping[SpeakerRole, float] = field(default_factory=dict)
    sentiment: Mapping[tuple[SentimentOf, SpeakerRole | None], float] = field(default_factory=dict)


class SpokenPassage(NamedTuple):
    """The words of one speaker's neighbouring utterances, folded, as they are kept of a call.

    ``lines`` are the numbers of the utterances in the call, ``sizes`` how many of the words each
    has, ``marks`` a sign for what follows each word: "." a sentence's end, "," a pause, or a blank.
    """

    role: SpeakerRole
    lines: tuple[int, ...]
    sizes: tuple[int, ...]
    marks: str
    texts: tuple[str, ...]
