"""Which way lines are looked for, and for how long: see ``search_ways`` for the ways there are."""

import time

from sqlalchemy import Connection

from services.storage.search_filters import line_conditions, narrows_calls
from services.storage.search_terms import has_beginnings
from services.storage.search_ways import (
    NEWEST,
    AskingFts5,
    AskingGin,
    ReadingCalls,
    Sought,
    Way,
    calls_there_are,
)

# How many calls are read first, and how many times as many with each step after that.
FIRST_READ, GROWTH, MOST_READ = 50, 2, 800
# The index gets through so many calls more in the same time.
FIRST_ASKED = 2_000
# Steps that take longer than this grow no more: time is looked at between them.
LONG_STEP_S = 0.3
# How many calls SQLite reads before it asks its index for beginnings of words.
READ_FOR_BEGINNINGS = 100
# PostgreSQL: how long it takes to test the next line in order, a line of the next call that the
# filter lets through, and one that the index names; in the time of the first.
NEXT_LINE, NEXT_CALLS_LINE, NAMED_LINE = 1, 3, 10
LINES_OF_A_CALL = 40
# What share of all lines a filter by role, or by sentiment, lets through at the least.
LINE_FILTER_SHARE = 0.4


def look(connection: Connection, sought: Sought) -> Way:
    """Return the way that has found what is sought; the better one if time is up before."""
    if sought.wanted is None:
        way = ReadingCalls(connection, sought)
        _read_all(way)
        return way
    if not sought.wanted.groups:
        return Way(connection, sought, exhausted=True)
    if connection.dialect.name == "sqlite":
        return _look_in_sqlite(connection, sought)
    return _look_in_postgresql(connection, sought)


def _read_all(way: ReadingCalls) -> None:
    read = FIRST_READ
    while not way.done:
        way.go_on(read)
        read = min(read * GROWTH, MOST_READ)


def _look_in_sqlite(connection: Connection, sought: Sought) -> Way:
    assert sought.wanted is not None
    reader, asker = ReadingCalls(connection, sought), AskingFts5(connection, sought)
    if has_beginnings(sought.wanted):
        # The index gathers all lines of all words so begun before it gives the first one: ask it
        # only when they are few.
        reader.go_on(READ_FOR_BEGINNINGS)
        if reader.done:
            return reader
        if not sought.wanted.without:
            asker.go_on(None)
            return asker
        return _in_turns(reader, asker)
    if asker.below == NEWEST and not narrows_calls(sought.among) and asker.knows_no_others():
        if sought.wanted.without or line_conditions(sought.among):
            _ask_in_steps(asker)
        else:
            asker.go_on(None)
        return asker
    return _in_turns(reader, asker)


def _ask_in_steps(asker: AskingFts5) -> None:
    """Ask the index until it is done or time is up."""
    asked, until = FIRST_ASKED, asker.sought.until
    while not asker.done:
        began = time.monotonic()
        asker.go_on(asked)
        now = time.monotonic()
        asked *= GROWTH**2 if now - began < LONG_STEP_S else 1
        if now >= until:
            return


def _in_turns(reader: ReadingCalls, asker: AskingFts5) -> Way:
    """Go on with the way that has taken less time so far, until one is done or time is up.

    So it takes at most about twice as long as the quicker one would alone.
    """
    read, asked, reading_s, asking_s = FIRST_READ, FIRST_ASKED, 0.0, 0.0
    while not (reader.done or asker.done):
        began = time.monotonic()
        if reading_s <= asking_s:
            reader.go_on(read)
            read = _next_read(reader, read)
            reading_s += time.monotonic() - began
        else:
            asker.go_on(asked)
            took_s = time.monotonic() - began
            asked *= GROWTH**2 if took_s < LONG_STEP_S else 1
            asking_s += took_s
        if time.monotonic() >= reader.sought.until:
            break
    if reader.done or asker.done:
        return asker if asker.done else reader
    return min(reader, asker, key=lambda way: way.below)


def _next_read(reader: ReadingCalls, read: int) -> int:
    """Return how many calls to read next, after so many: more, but not many more than it takes."""
    enough = max(FIRST_READ, reader.calls_left() * 4 // 3) if reader.found else MOST_READ
    return min(read * GROWTH, enough, MOST_READ)


def _look_in_postgresql(connection: Connection, sought: Sought) -> Way:
    reader, asker = ReadingCalls(connection, sought), AskingGin(connection, sought)
    read, all_calls, has_asked = 2 * FIRST_READ, calls_there_are(connection), False
    while True:
        reader.go_on(read)
        if reader.done or time.monotonic() >= sought.until:
            break
        if not has_asked and _index_is_quicker(reader, all_calls):
            # When it takes too long, half of the time is left for reading on.
            asker.go_on()
            has_asked = True
            if asker.done:
                break
        read = _next_read(reader, read)
    if reader.done or asker.done:
        return reader if reader.done else asker
    return min(reader, asker, key=lambda way: way.below)


def _index_is_quicker(reader: ReadingCalls, all_calls: int) -> bool:
    """Tell whether it takes less to fetch all lines with the words than to read on."""
    sought, found = reader.sought, len(reader.found)
    share = 1.0
    for filtered in (sought.among.said_by, sought.among.sentiments):
        share *= LINE_FILTER_SHARE if filtered else 1.0
    per_call = max(found, 0.5) / max(1, reader.calls_seen)
    line = NEXT_CALLS_LINE if narrows_calls(sought.among) else NEXT_LINE
    to_read = (sought.limit - found) / per_call * LINES_OF_A_CALL * line
    to_fetch = per_call / share * max(all_calls, reader.calls_seen) * NAMED_LINE
    return to_fetch < to_read
