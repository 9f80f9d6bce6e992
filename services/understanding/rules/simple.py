"""Rules that a form can show: one phrase condition and a few figures, joined by all or any."""

from dataclasses import dataclass
from enum import StrEnum

from services.domain.rules import (
    AllOf,
    AnyOf,
    Condition,
    Interruptions,
    Not,
    Phrase,
    Place,
    SentimentLevel,
    Silence,
    TalkShare,
)
from services.domain.speech import SpeakerRole

MS_PER_S = 1_000


class Where(StrEnum):
    """Where in a call something is said; all but the first are so many seconds long."""

    ANYWHERE = "anywhere"
    FIRST = "first"
    LAST = "last"
    BEFORE_HOLD = "before_hold"
    AFTER_HOLD = "after_hold"


@dataclass(frozen=True, kw_only=True)
class SimpleCondition:
    """What a form asks for. ``missing``: the phrases are not said; no phrase: figures only."""

    phrases: tuple[str, ...] = ()
    said_by: SpeakerRole | None = None
    where: Where = Where.ANYWHERE
    where_s: int = 60
    unless: tuple[str, ...] = ()
    unless_negated: bool = False
    at_least: int = 1
    missing: bool = False
    sentiment: SentimentLevel | None = None
    silence: Silence | None = None
    interruptions: Interruptions | None = None
    talk_share: TalkShare | None = None
    any_of_them: bool = False


def condition_of(simple: SimpleCondition) -> Condition | None:
    """Return the condition; None when nothing is asked for."""
    parts: list[Condition] = []
    if simple.phrases:
        phrase = _phrase(simple)
        parts.append(Not(condition=phrase) if simple.missing else phrase)
    figures = (simple.sentiment, simple.silence, simple.interruptions, simple.talk_share)
    parts += [figure for figure in figures if figure is not None]
    if len(parts) <= 1:
        return parts[0] if parts else None
    conditions = tuple(parts)
    return AnyOf(conditions=conditions) if simple.any_of_them else AllOf(conditions=conditions)


def simple_of(condition: Condition) -> SimpleCondition | None:
    """Return what a form shows of a condition; None when it can't show all of it."""
    joined = isinstance(condition, AllOf | AnyOf)
    parts = condition.conditions if isinstance(condition, AllOf | AnyOf) else (condition,)
    found: dict[str, object] = {"any_of_them": joined and isinstance(condition, AnyOf)}
    for part in parts:
        read = _read(part)
        if read is None or not found.keys().isdisjoint(read):
            return None
        found.update(read)
    simple = SimpleCondition(**found)  # type: ignore[arg-type]
    return simple if condition_of(simple) == condition else None


def _read(part: Condition) -> dict[str, object] | None:
    if isinstance(part, Not):
        inner = part.condition
        read = _read_phrase(inner) if isinstance(inner, Phrase) else None
        return read and {**read, "missing": True}
    if isinstance(part, Phrase):
        return _read_phrase(part)
    if isinstance(part, SentimentLevel):
        return {"sentiment": part} if (part.at_least is None) != (part.at_most is None) else None
    if isinstance(part, Silence):
        return {"silence": part} if part.count == 1 and part.at_least_ms % MS_PER_S == 0 else None
    if isinstance(part, Interruptions):
        return {"interruptions": part}
    if isinstance(part, TalkShare):
        return {"talk_share": part} if part.at_most is None else None
    return None


def _read_phrase(phrase: Phrase) -> dict[str, object] | None:
    place = phrase.within
    windows = {
        Where.FIRST: place.first_ms,
        Where.LAST: place.last_ms,
        Where.BEFORE_HOLD: place.before_hold_ms,
        Where.AFTER_HOLD: place.after_hold_ms,
    }
    given = {where: ms for where, ms in windows.items() if ms is not None}
    if len(given) > 1 or place.after or phrase.differing:
        return None
    read: dict[str, object] = {
        "phrases": phrase.any_of,
        "said_by": phrase.said_by,
        "unless": phrase.unless,
        "unless_negated": phrase.unless_negated,
        "at_least": phrase.at_least,
    }
    for where, window_ms in given.items():
        read |= {"where": where, "where_s": window_ms // MS_PER_S}
    return read


def _phrase(simple: SimpleCondition) -> Phrase:
    names = {
        Where.FIRST: "first_ms",
        Where.LAST: "last_ms",
        Where.BEFORE_HOLD: "before_hold_ms",
        Where.AFTER_HOLD: "after_hold_ms",
    }
    name = names.get(simple.where)
    return Phrase(
        any_of=simple.phrases,
        said_by=simple.said_by,
        within=Place(**{name: simple.where_s * MS_PER_S}) if name else Place(),  # type: ignore[arg-type]
        unless=simple.unless,
        unless_negated=simple.unless_negated,
        at_least=simple.at_least,
    )
