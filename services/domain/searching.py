"""What is looked for in the lines of calls, and what is found there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.domain.errors import InvalidRequest
from services.domain.folding import folded_words
from services.domain.people import Within
from services.domain.speech import SentimentLabel, SpeakerRole

Phrase = tuple[str, ...]
"""Folded words in a row; the last may end in ``*`` and then stands for every word so begun."""

MOST_QUERY_CHARS = 500
# A word with more characters than this is cut; no word that people look for is so long.
MOST_WORD_CHARS = 80
LEAST_BEGINNING_CHARS = 2
_QUOTED_OR_BARE = re.compile(r'(?:(?<!\S)(-))?(?:"([^"]*)"?(\*?)|(\S+))')


@dataclass(frozen=True, kw_only=True)
class WordQuery:
    """Of every group, a line must hold one of the phrases, and none of those in ``without``.

    Without a group nothing is found.
    """

    groups: tuple[tuple[Phrase, ...], ...]
    without: tuple[Phrase, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LineFilter:
    """Which lines to look at; both days are included, empty tuples and None don't filter.

    ``sentiments`` and ``said_by`` are of the line, the others of its call. Durations in
    milliseconds: at least ``min_duration_ms``, less than ``max_duration_ms``. ``categories`` are
    ids of rules of which one has to apply. A ``language`` such as "en" also means "en-GB".
    ``within`` and ``redacted_only`` are set by whoever answers a person.
    """

    said_by: SpeakerRole | None = None
    first_day: date | None = None
    last_day: date | None = None
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    call_ids: tuple[str, ...] = ()
    sentiments: tuple[SentimentLabel, ...] = ()
    min_duration_ms: int | None = None
    max_duration_ms: int | None = None
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    within: Within | None = None
    redacted_only: bool = False


@dataclass(frozen=True, kw_only=True)
class FoundLine:
    """A line of a call that was found, with what tells which call it is.

    ``marks`` are where in ``text`` the words stand, as half-open ranges of characters, in order.
    """

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
    sentiment: SentimentLabel | None = None
    customer_ref: str | None = None
    queue: str | None = None
    duration_ms: int | None = None
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FoundPage:
    """Some of the lines that were found; ``next_page`` leads to those that follow, if any do.

    ``compared`` is given for lines ordered by how well they fit: among so many of the newest.
    ``looked_back_to`` is given when looking took too long: calls held before have not been looked
    at, and the next page goes on with them.
    """

    lines: tuple[FoundLine, ...]
    next_page: str | None = None
    compared: int | None = None
    looked_back_to: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FoundCount:
    """How many lines were found; ``exact`` is False when counting was left off there."""

    lines: int
    exact: bool


def read_query(typed: str) -> WordQuery:
    """Return the query a person typed: every word and every "quoted phrase" must occur.

    A word that ends in ``*`` stands for every word so begun, one that begins with ``-`` must not
    occur. What holds no letter or digit is left out. Raises InvalidRequest for a query that is too
    long, and for a beginning of one letter, which every other line would fit.
    """
    if len(typed) > MOST_QUERY_CHARS:
        raise InvalidRequest(f"A search can have {MOST_QUERY_CHARS} characters at most.")
    groups, without = [], []
    for minus, quoted, star, bare in _QUOTED_OR_BARE.findall(typed):
        words = [word[:MOST_WORD_CHARS] for word in folded_words(quoted or bare)]
        if not words:
            continue
        if star or bare.endswith("*"):
            if len(words[-1]) < LEAST_BEGINNING_CHARS:
                raise InvalidRequest("Before * there have to be two letters or more.")
            words[-1] += "*"
        if minus:
            without.append(tuple(words))
        else:
            groups.append((tuple(words),))
    return WordQuery(groups=tuple(groups), without=tuple(without))


def any_of(words: Sequence[str]) -> WordQuery:
    """Return the query for lines that hold at least one of these folded words."""
    return WordQuery(groups=(tuple((word,) for word in words),) if words else ())
