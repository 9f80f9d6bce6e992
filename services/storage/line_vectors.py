"""What lines mean, as vectors, for finding lines like another; a row for each call.

They are of lines as they are shown, and only of calls in English whose personal data was taken out.
A call whose lines change loses its row (``write_shown`` sees to it) and gets another in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, insert, select

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


class LineVectors:
    """Keeps the vectors. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def missing(self, limit: int) -> list[CallLines]:
        """Return the newest calls that could have vectors and have none, so many at most."""
        query = (
            select(_C.org_id, _C.id)
            .join(TRANSCRIPTS, _T.id == _C.active_transcript_id)
            .outerjoin(LINE_VECTORS, _V.call_id == _C.id)
            .where(_V.call_id.is_(None), _C.search_place.is_not(None), _T.redacted)
            .where((_T.language == "en") | _T.language.startswith("en-"))
            .order_by(_C.search_place.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).all()
        return [self._lines(org_id, call_id) for org_id, call_id in found]

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
            if self._lines(lines.org_id, lines.call_id) == lines:
                connection.execute(insert(LINE_VECTORS), row)

    def closest(
        self, org_id: str, vector: Vectors, among: LineFilter, calls: int, limit: int
    ) -> tuple[list[tuple[str, int, float]], int]:
        """Return the lines most like a vector, best first, and among how many they were found.

        Of the newest so many calls that the filter lets through; each line as its call, its
        position, and its likeness from -1 to 1.
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
                likeness.append(np.asarray(kept.astype(np.float32) @ vector / SCALE, np.float32))
                for row in some:
                    positions = np.frombuffer(row.positions, dtype="<i4").tolist()
                    places += [(row.call_id, position) for position in positions]
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

    def _lines(self, org_id: str, call_id: str) -> CallLines:
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
