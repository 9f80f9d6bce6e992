"""Single conditions on one call: whether they hold or are missed, and why, in plain words."""

from collections.abc import Sequence

from services.domain.intervals import Interval
from services.domain.rules import (
    CallFacts,
    Evidence,
    Interruptions,
    Leaf,
    Phrase,
    SentimentLevel,
    SentimentOf,
    Silence,
    SilenceKind,
    TalkShare,
)
from services.domain.speech import SpeakerRole, Utterance
from services.understanding.rules.examples import example_of
from services.understanding.rules.phrases import MOST_QUOTED, Said, Speech, window_of

MOST_QUOTED_CHARS = 160
MS_PER_S = 1000

_SILENCES = {
    SilenceKind.ANY: "Nobody speaks",
    SilenceKind.DEAD_AIR: "Dead air",
    SilenceKind.HOLD: "A hold",
}
_SENTIMENTS = {
    SentimentOf.MEAN: "mean sentiment",
    SentimentOf.FINAL: "sentiment at the end of the call",
    SentimentOf.LOWEST: "lowest sentiment",
    SentimentOf.HIGHEST: "highest sentiment",
    SentimentOf.CHANGE: "change of sentiment over the call",
}
_SINGLE = (SentimentOf.LOWEST, SentimentOf.HIGHEST)

Found = tuple[Evidence, ...] | None


def fulfilled(leaf: Leaf, speech: Speech) -> Found:
    """Return why a leaf holds on a call, None when it doesn't."""
    if isinstance(leaf, Phrase):
        return _phrase(speech.said(leaf))
    facts = speech.facts
    if isinstance(leaf, Silence):
        return _silence(leaf, facts)
    if isinstance(leaf, Interruptions):
        return _interruptions(leaf, facts)
    if isinstance(leaf, TalkShare):
        return _talk_share(leaf, facts)
    return _sentiment(leaf, facts)


def missed(leaf: Leaf, speech: Speech) -> Found:
    """Return the time in which a leaf was missed; None when it holds or can't be told.

    It can't be told where the time in question was not transcribed or has not passed yet, nor of a
    figure that this call doesn't have.
    """
    facts = speech.facts
    if isinstance(leaf, Phrase):
        window = window_of(leaf.within, facts.covered)
        if not _has_passed(leaf, facts) or speech.is_said(leaf):
            return None
        return (Evidence(start_ms=window[0], end_ms=window[1], why=_missing(leaf)),)
    if facts.ends_early or fulfilled(leaf, speech) is not None or _undefined(leaf, facts):
        return None
    start_ms, end_ms = facts.covered
    return (Evidence(start_ms=start_ms, end_ms=end_ms, why=_not_so(leaf)),)


def _has_passed(leaf: Phrase, facts: CallFacts) -> bool:
    place = leaf.within
    if facts.starts_late and place.last_ms is None:
        return False
    if not facts.ends_early:
        return True
    if place.first_ms is None or place.last_ms is not None:
        return False
    return facts.covered[1] - facts.covered[0] >= place.first_ms


def _undefined(leaf: Leaf, facts: CallFacts) -> bool:
    if isinstance(leaf, TalkShare):
        return leaf.role not in facts.talk_share
    if isinstance(leaf, SentimentLevel):
        return (leaf.of, leaf.role) not in facts.sentiment
    return False


# --- phrases ----------------------------------------------------------------------------------


def _phrase(found: Sequence[Said]) -> Found:
    if not found:
        return None
    return tuple(
        Evidence(
            start_ms=quote.start_ms,
            end_ms=quote.end_ms,
            why=f"{_who(said.role)} said “{_shortened(quote.text)}”.",
            utterance=quote.utterance.id,
            start_char=quote.start_char,
            end_char=quote.end_char,
        )
        for said in found[:MOST_QUOTED]
        for quote in said.quotes
    )


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_QUOTED_CHARS else text[: MOST_QUOTED_CHARS - 1] + "…"


def _missing(leaf: Phrase) -> str:
    who = {
        SpeakerRole.AGENT: "by the agent ",
        SpeakerRole.CUSTOMER: "by the customer ",
    }.get(leaf.said_by or SpeakerRole.UNKNOWN, "")
    place = leaf.within
    where = "in the call"
    if place.first_ms is not None:
        where = f"in the first {_seconds(place.first_ms)}"
    elif place.last_ms is not None:
        where = f"in the last {_seconds(place.last_ms)}"
    elif place.after_hold_ms is not None:
        where = f"within {_seconds(place.after_hold_ms)} after a hold"
    elif place.before_hold_ms is not None:
        where = f"within {_seconds(place.before_hold_ms)} before a hold"
    often = f" {leaf.at_least} times" if leaf.at_least > 1 else ""
    several = len(leaf.any_of) > 1
    such = f"none of {len(leaf.any_of)} phrases such as " if several else ""
    return f"Not said{often} {who}{where}: {such}“{example_of(leaf.any_of[0])}”."


# --- figures ----------------------------------------------------------------------------------


def silences_of(kind: SilenceKind, facts: CallFacts) -> tuple[Interval, ...]:
    """Return a call's silences of a kind."""
    if kind is SilenceKind.HOLD:
        return facts.holds
    return facts.dead_air if kind is SilenceKind.DEAD_AIR else facts.silences


def _silence(leaf: Silence, facts: CallFacts) -> Found:
    long = [(s, e) for s, e in silences_of(leaf.kind, facts) if e - s >= leaf.at_least_ms]
    if len(long) < max(1, leaf.count):
        return None
    what = _SILENCES[leaf.kind]
    return tuple(
        Evidence(start_ms=s, end_ms=e, why=f"{what} for {_seconds(e - s)}.")
        for s, e in long[:MOST_QUOTED]
    )


def _interruptions(leaf: Interruptions, facts: CallFacts) -> Found:
    found = [m for m in facts.interruptions if leaf.by is None or m.by is leaf.by]
    if len(found) < max(1, leaf.at_least):
        return None
    return tuple(
        Evidence(start_ms=m.start_ms, end_ms=m.end_ms, why=f"{_who(m.by)} interrupted.")
        for m in found[:MOST_QUOTED]
    )


def _talk_share(leaf: TalkShare, facts: CallFacts) -> Found:
    share = facts.talk_share.get(leaf.role)
    if share is None or not _between(share, leaf.at_least, leaf.at_most):
        return None
    start_ms, end_ms = facts.covered
    why = f"{_who(leaf.role)} did {share:.0%} of the talking."
    return (Evidence(start_ms=start_ms, end_ms=end_ms, why=why),)


def _sentiment(leaf: SentimentLevel, facts: CallFacts) -> Found:
    value = facts.sentiment.get((leaf.of, leaf.role))
    if value is None or not _between(value, leaf.at_least, leaf.at_most):
        return None
    whose = f"{_who(leaf.role)}'s" if leaf.role else "The"
    why = f"{whose} {_SENTIMENTS[leaf.of]} is {value:+.2f} (from −1 to 1)."
    if leaf.of is SentimentOf.CHANGE:
        why = f"{whose} {_SENTIMENTS[leaf.of]} is {value:+.2f}."
    if leaf.of in _SINGLE:
        return tuple(
            Evidence(start_ms=u.start_ms, end_ms=u.end_ms, why=why, utterance=u.id)
            for u in _scored(leaf, facts, value)[:1]
        )
    start_ms, end_ms = facts.covered
    return (Evidence(start_ms=start_ms, end_ms=end_ms, why=why),)


def _scored(leaf: SentimentLevel, facts: CallFacts, value: float) -> list[Utterance]:
    return [
        u
        for u in facts.utterances
        if u.sentiment is not None
        and not u.is_backchannel
        and u.sentiment.score == value
        and (leaf.role is None or facts.roles.get(u.speaker or "") is leaf.role)
    ]


def _not_so(leaf: Leaf) -> str:
    if isinstance(leaf, Silence):
        what = {SilenceKind.HOLD: "hold", SilenceKind.DEAD_AIR: "dead air"}.get(
            leaf.kind, "silence"
        )
        return f"There is no {what} of {_seconds(leaf.at_least_ms)} or more."
    if isinstance(leaf, Interruptions):
        return f"There are fewer than {leaf.at_least} interruptions."
    if isinstance(leaf, TalkShare):
        return f"{_who(leaf.role)}'s share of the talking is not in the range asked for."
    return "The sentiment is not in the range asked for."


def _between(value: float, at_least: float | None, at_most: float | None) -> bool:
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


def _who(role: SpeakerRole | None) -> str:
    return {SpeakerRole.AGENT: "The agent", SpeakerRole.CUSTOMER: "The customer"}.get(
        role or SpeakerRole.UNKNOWN, "A speaker"
    )


def _seconds(duration_ms: int) -> str:
    seconds = duration_ms / MS_PER_S
    return f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds:.1f} s"
