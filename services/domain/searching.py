"""What is looked for in the lines of calls, and what is found there."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from services.domain.folding import folded_words
from services.domain.speech import SpeakerRole

Phrase = tuple[str, ...]
"""Folded words in a row; the last may end in ``*`` and then stands for every word so begun."""

_QUOTED_OR_BARE = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, kw_only=True)
class WordQuery:
    """Of every group, a line must hold one of the phrases. Without a group nothing is found."""

    groups: tuple[tuple[Phrase, ...], ...]


@dataclass(frozen=True, kw_only=True)
class LineFilter:
    """Which lines to look at; both days are included, empty tuples and None don't filter."""

    said_by: SpeakerRole | None = None
    first_day: date | None = None
    last_day: date | None = None
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    call_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FoundLine:
    """A line of a call that was found, with what tells which call it is."""

    call_id: str
    source_name: str
    agent_name: str | None
    held_at: datetime
    utterance_id: str
    position: int
    role: SpeakerRole
    start_ms: int
    end_ms: int
    text: str
    sentiment_score: float | None


def read_query(typed: str) -> WordQuery:
    """Return the query a person typed: every word and every "quoted phrase" must occur.

    A word that ends in ``*`` stands for every word so begun. What holds no letter or digit is left
    out.
    """
    groups = []
    for quoted, bare in _QUOTED_OR_BARE.findall(typed):
        words = folded_words(quoted or bare)
        if words:
            words[-1] += "*" if bare.endswith("*") else ""
            groups.append((tuple(words),))
    return WordQuery(groups=tuple(groups))


def any_of(words: list[str]) -> WordQuery:
    """Return the query for lines that hold at least one of these folded words."""
    return WordQuery(groups=(tuple((word,) for word in words),) if words else ())
