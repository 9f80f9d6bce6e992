"""Which way lines are looked for, and for how long: see ``search_ways`` and ``search_asking``."""

import time

from sqlalchemy import Connection

from services.storage.search_asking import AskingFts5, AskingGin, lines_there_are
from services.storage.search_filters import line_conditions, narrows_calls
from services.storage.search_terms import has_beginnings
from services.storage.search_ways import NEWEST, ReadingCalls, Sought, Way

# How many calls are read first, and how many times as many with each step after that.
FIRST_READ, GROWTH, MOST_READ = 50, 2, 800
# The index gets through so many calls more in the same time.
FIRST_ASKED = 2_000
# Steps that take longer than this grow no more: time is looked at between them.
LONG_STEP_S = 0.3
# How many calls SQLite reads before it asks its index for beginnings of words.
READ_FOR_BEGINNINGS = 100
# PostgreSQL: how many calls are read first, and how many more before the index may be asked. How
# long it takes to test the next line in order, or one of the next call that a filter lets through,
# to ask the index at all, to note a line that it names, and to fetch one; in the time of the first.
FEW_READ, READ_TO_GUESS = 25, 100
NEXT_LINE, NEXT_CALLS_LINE, ASKING, NOTED_LINE, NAMED_LINE = 1, 3, 5_000, 0.25, 5
LINES_OF_A_CALL = 40
# The index is asked for the lines of so many times as many calls as seem to be needed; for all when
# a part of them had too few and more than so many calls are needed.
SPARE_CALLS, MANY_CALLS = 2, 5_000
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
    reader.go_on(FEW_READ)
    read = READ_TO_GUESS
    while not reader.done and time.monotonic() < sought.until:
        reader.go_on(read)
        if not (reader.done or asker.gave_up) and _index_is_quicker(reader):
            asker.follow(reader)
            _ask_further(asker)
            if not asker.gave_up:
                return asker
            # Half of the time is left for reading on.
            reader.follow(asker)
        read = _next_read(reader, read)
    return reader


def _ask_further(asker: AskingGin) -> None:
    """Ask the index for the lines of more and more calls, until it is done or time is up."""
    calls: int | None = asker.calls_left() * SPARE_CALLS
    while not asker.done and not asker.gave_up and time.monotonic() < asker.sought.until:
        asker.go_on(calls)
        enough = asker.calls_left() * SPARE_CALLS
        calls = enough if enough <= MANY_CALLS else None


def _index_is_quicker(reader: ReadingCalls) -> bool:
    """Tell whether it takes less to fetch what the index names than to read on."""
    sought, found = reader.sought, len(reader.found)
    missing, share = sought.limit - found, 1.0
    for filtered in (sought.among.said_by, sought.among.sentiments):
        share *= LINE_FILTER_SHARE if filtered else 1.0
    narrow = narrows_calls(sought.among)
    line = NEXT_CALLS_LINE if narrow else NEXT_LINE
    to_read = reader.calls_left() * LINES_OF_A_CALL * line
    per_line = max(found, 0.5) / max(1, reader.calls_seen) / LINES_OF_A_CALL / share
    # In few of all calls it has to fetch what others said before it is seen whose it is.
    named = per_line * lines_there_are(reader.connection)
    to_fetch = named if narrow else min(named, missing * SPARE_CALLS / share)
    return ASKING + named * NOTED_LINE + to_fetch * NAMED_LINE < to_read
