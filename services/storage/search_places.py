"""The place of a call among all calls, by time; the numbers of its lines begin there.

A place is the moment at which a call was held, in 256ths of a second since 1970, or one soon after
that is free. The number of a line is ``place * LINES_PER_CALL + position``.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    bindparam,
    func,
    literal,
    select,
    update,
)

from services.storage.models import CALLS
from services.storage.search_tables import SHOWN_UTTERANCES

PLACES_PER_SECOND = 256
PLACES_PER_DAY = PLACES_PER_SECOND * 86_400
# What a call says after so many lines (far more than a day of talk has) is not searched.
LINES_PER_CALL = 65_536
LAST_PLACE = 1 << 46
# So many calls of one moment as a power of 2 can be told apart: the steps that are looked at first.
PLACE_POWERS = 32
# Any number serves that nothing else of ours takes as the first of two.
PLACE_LOCK = 0x504C_4143
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_C, _S = CALLS.c, SHOWN_UTTERANCES.c
_NEW_PLACE = bindparam("new_place", type_=BigInteger)
_OTHER = CALLS.alias("others")
# Every call that is saved takes a place and has a transcript shown: one change, put together once.
_TAKE = (
    update(CALLS)
    .where(_C.id == bindparam("of_call"))
    .where(~select(_OTHER.c.id).where(_OTHER.c.search_place == _NEW_PLACE).exists())
    .values(search_place=_NEW_PLACE)
)
_TAKE_AND_SHOW = _TAKE.values(active_transcript_id=bindparam("shown_transcript"))
_IS_NOBODYS = select(
    func.pg_try_advisory_xact_lock(PLACE_LOCK, bindparam("new_place", type_=Integer))
)


def place_of_call(connection: Connection, call_id: str) -> int:
    """Return the place of a call, giving it one when it has none yet."""
    query = select(_C.search_place, _C.held_at).where(_C.id == call_id)
    place, held_at = connection.execute(query).one()
    return int(place) if place is not None else _take_place(connection, call_id, held_at)


def show_in_place(
    connection: Connection, call_id: str, held_at: datetime, transcript_id: str
) -> int:
    """Give a call that has no place one, and show this transcript of it; return the place."""
    return _take_place(connection, call_id, held_at, transcript_id)


def move_lines(connection: Connection, call_id: str) -> None:
    """Give a call that was held at another time than thought its new place, and its lines."""
    query = select(_C.search_place, _C.held_at).where(_C.id == call_id)
    place, held_at = connection.execute(query).one()
    if place is None:
        return
    first = _take_place(connection, call_id, held_at) * LINES_PER_CALL
    change = update(SHOWN_UTTERANCES).where(_S.call_id == call_id)
    connection.execute(change.values(row_id=literal(first, BigInteger) + _S.position))


def place_at(moment: datetime) -> int:
    """Return the place a call held at this moment would like to have."""
    return max(0, int(moment.timestamp() * PLACES_PER_SECOND))


def moment_of(place: int) -> datetime:
    """Return the moment at which a call of this place was held, or a little before."""
    return datetime.fromtimestamp(place / PLACES_PER_SECOND, UTC)


def places_in_order(
    moments: Iterable[datetime], taken: Collection[int] = frozenset()
) -> Iterator[int]:
    """Yield places for many calls at once, which were held at these moments, oldest first.

    For whoever writes lines without ``write_shown``: ``taken`` are the places there are already.
    """
    last = -1
    for moment in moments:
        place = max(place_at(moment), last + 1)
        while place in taken:
            place += 1
        last = place
        yield place


def place_of_day(day: date) -> int:
    """Return the place with which a day (UTC) begins."""
    return (day.toordinal() - _EPOCH_DAY) * PLACES_PER_DAY


def _take_place(
    connection: Connection, call_id: str, held_at: datetime, transcript_id: str | None = None
) -> int:
    place = place_at(held_at)
    while not (
        _is_nobodys(connection, place) and _is_taken(connection, call_id, place, transcript_id)
    ):
        place = _free_from(connection, place + 1)
    return place


def _free_from(connection: Connection, first: int) -> int:
    """Return a free place that follows one that isn't, or the first.

    Calls of one moment follow each other without a gap: where they end is looked for in larger and
    larger steps, and then between two of those.
    """
    last, free = first - 1, first + (1 << PLACE_POWERS)
    asked = [first + (1 << power) - 1 for power in range(PLACE_POWERS)]
    while asked:
        taken = set(
            connection.execute(select(_C.search_place).where(_C.search_place.in_(asked))).scalars()
        )
        free = next((place for place in asked if place not in taken), free)
        last = max((place for place in asked if place < free), default=last)
        width = max(1, (free - last) // PLACE_POWERS)
        asked = list(range(last + width, free, width))
    return free


def _is_nobodys(connection: Connection, place: int) -> bool:
    """Tell whether nobody else is about to take a place, and keep others from it.

    On PostgreSQL several save at once; by taking the same place, one would wait for the other.
    """
    if connection.dialect.name == "sqlite":
        return True
    return bool(connection.execute(_IS_NOBODYS, {"new_place": place & 0x7FFF_FFFF}).scalar())


def _is_taken(
    connection: Connection, call_id: str, place: int, transcript_id: str | None = None
) -> bool:
    """Take a place for a call, and show this transcript; False when somebody else has it.

    Whoever else wanted the place has ended by now, or keeps away from it until this one ends.
    """
    change: dict[str, object] = {"of_call": call_id, "new_place": place}
    if transcript_id is None:
        return bool(connection.execute(_TAKE, change).rowcount)
    shown = {**change, "shown_transcript": transcript_id}
    return bool(connection.execute(_TAKE_AND_SHOW, shown).rowcount)
