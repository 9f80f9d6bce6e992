"""What lines mean, as vectors, for finding lines like another; a row for each call.

They are of lines as they are shown, and only of calls in English whose personal data was taken out.
A call whose lines change loses its row (``write_shown`` sees to it) and gets another in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Row, and_, insert, select

from services.domain.searching import LineFilter
from services.storage.database import reading, writing
from services.storage.models import CALLS, TRANSCRIPTS
from services.storage.search_filters import call_conditions, line_conditions
from services.storage.search_tables import LINE_VECTORS, SHOWN_UTTERANCES
from services.storage.search_ways import FOUND_COLUMNS, LINES

# Vectors are kept as bytes: this stands for 1.
SCALE = 127
LEAST_WORDS = 3
ROWS_AT_ONCE = 200
_C, _S, _T, _V = CALLS.c, SHOWN_UTTERANCES.c, TRANSCRIPTS.c, LINE_VECTORS.c

Vectors = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class CallLines:
    """The lines of a call that say enough to be compared: their positions and texts."""

    org_id: str
    call_id: str
    positions: tuple[int, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Calls, as organisation and id, that could have vectors and have none.

    All down to the place ``below`` have been looked at; None: all there are.
    """

    calls: tuple[tuple[str, str], ...]
    below: int | None


class LineVectors:
    """Keeps the vectors. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def missing(self, below: int, calls: int) -> Missing:
        """Look at the next so many calls below a place, newest first; ``LAST_PLACE`` begins."""
        some = select(_C.org_id, _C.id, _C.search_place, _C.active_transcript_id)
        some = some.where(_C.search_place < below).order_by(_C.search_place.desc()).limit(calls)
        looked_at = some.subquery()
        english = (_T.language == "en") | _T.language.startswith("en-")
        lacking = and_(_V.call_id.is_(None), _T.redacted, english)
        query = (
            select(looked_at.c.org_id, looked_at.c.id, looked_at.c.search_place, lacking)
            .outerjoin(TRANSCRIPTS, _T.id == looked_at.c.active_transcript_id)
            .outerjoin(LINE_VECTORS, _V.call_id == looked_at.c.id)
            .order_by(looked_at.c.search_place.desc())
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return Missing(
            calls=tuple((org_id, call_id) for org_id, call_id, _, lacks in rows if lacks),
            below=rows[-1].search_place if len(rows) == calls else None,
        )

    def write(self, lines: CallLines, vectors: Vectors) -> None:
        """Store the vectors of these lines, unless they have changed meanwhile."""
        row = {
            "call_id": lines.call_id,
            "org_id": lines.org_id,
            "positions": np.asarray(lines.positions, dtype="<i4").tobytes(),
            "vectors": np.rint(vectors * SCALE).astype(np.int8).tobytes(),
        }
        with writing(self._engine) as connection:
            mine = select(_C.id).where(_C.id == lines.call_id).with_for_update()
            known = select(_V.call_id).where(_V.call_id == lines.call_id)
            if connection.execute(mine).first() is None or connection.execute(known).first():
                return
            if self.lines(lines.org_id, lines.call_id) == lines:
                connection.execute(insert(LINE_VECTORS), row)

    def closest(
        self, org_id: str, vector: Vectors, among: LineFilter, calls: int, limit: int
    ) -> tuple[list[tuple[str, int, float]], int]:
        """Return the lines most like a vector, best first, and among how many they were found.

        Of the lines that the filter lets through, in the newest so many calls that it does; each
        as its call, its position, and its likeness from -1 to 1.
        """
        query = (
            select(_V.call_id, _V.positions, _V.vectors)
            .join(CALLS, _C.id == _V.call_id)
            .where(*call_conditions(org_id, among), _V.org_id == org_id)
            .order_by(_C.search_place.desc())
            .limit(calls)
        )
        places: list[tuple[str, int]] = []
        likeness: list[Vectors] = []
        with reading(self._engine) as connection:
            for some in connection.execute(query).partitions(ROWS_AT_ONCE):
                kept = np.frombuffer(b"".join(row.vectors for row in some), dtype=np.int8)
                kept = kept.reshape(-1, len(vector))
                theirs = [
                    (row.call_id, position)
                    for row in some
                    for position in np.frombuffer(row.positions, dtype="<i4").tolist()
                ]
                fit = _fitting(connection, [row.call_id for row in some], among)
                if fit is not None:
                    kept = kept[np.array([place in fit for place in theirs], dtype=bool)]
                    theirs = [place for place in theirs if place in fit]
                likeness.append(np.asarray(kept.astype(np.float32) @ vector / SCALE, np.float32))
                places += theirs
        if not places:
            return [], 0
        scores = np.concatenate(likeness)
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(*places[at], float(scores[at])) for at in best], len(places)

    def rows(
        self, org_id: str, places: Sequence[tuple[str, int]], among: LineFilter
    ) -> dict[tuple[str, int], Row[Any]]:
        """Return those of these lines, by call and position, that the filter lets through."""
        ids = sorted({call_id for call_id, _ in places})
        wanted = set(places)
        found = {}
        with reading(self._engine) as connection:
            for first in range(0, len(ids), ROWS_AT_ONCE):
                some = ids[first : first + ROWS_AT_ONCE]
                query = select(*FOUND_COLUMNS).select_from(LINES).where(*line_conditions(among))
                query = query.where(_S.org_id == org_id, _S.call_id.in_(some), _C.id.in_(some))
                for row in connection.execute(query):
                    if (row.call_id, row.position) in wanted:
                        found[row.call_id, row.position] = row
        return found

    def lines(self, org_id: str, call_id: str) -> CallLines:
        """Return the lines of a call that can be compared, as they are shown now."""
        query = select(_S.position, _S.text).where(_S.call_id == call_id, ~_S.is_backchannel)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_S.position)).all()
        said = [row for row in rows if len(row.text.split()) >= LEAST_WORDS]
        return CallLines(
            org_id=org_id,
            call_id=call_id,
            positions=tuple(row.position for row in said),
            texts=tuple(row.text for row in said),
        )


def _fitting(
    connection: Connection, call_ids: Sequence[str], among: LineFilter
) -> set[tuple[str, int]] | None:
    """Return the lines of these calls that the filter lets through; None stands for all."""
    conditions = line_conditions(among)
    if not conditions:
        return None
    query = select(_S.call_id, _S.position).where(_S.call_id.in_(call_ids), *conditions)
    return {(row.call_id, row.position) for row in connection.execute(query)}
