"""The lines of a call as they are shown, kept for searching across calls.

They follow the active transcript with the person's edits applied. Lines that stay keep their row:
only what has changed is written.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from services.domain.folding import folded_words
from services.domain.speech import Transcript, Utterance
from services.storage.rows import insert_many
from services.storage.search_places import LINES_PER_CALL, place_of_call
from services.storage.search_tables import LINE_VECTORS, SHOWN_UTTERANCES

_S = SHOWN_UTTERANCES.c
# A phrase may begin in one line and end in the speaker's next one.
OVERHANG_WORDS = 12
_CHANGING = (
    "role",
    "start_ms",
    "end_ms",
    "sentiment_label",
    "sentiment_score",
    "is_backchannel",
    "text",
    "words",
)


def write_shown(
    connection: Connection,
    org_id: str,
    call_id: str,
    shown: Transcript,
    first_at: int | None = None,
) -> None:
    """Make the stored lines of a call those of this transcript.

    ``first_at`` is the place of a call of which no line is stored yet.
    """
    rows = shown_rows(org_id, call_id, shown)
    if first_at is not None:
        _insert_lines(connection, first_at, rows)
        return
    query = select(_S.row_id, _S.utterance_id, *(_S[name] for name in _CHANGING))
    stored = connection.execute(query.where(_S.call_id == call_id).order_by(_S.position)).all()
    if [row.utterance_id for row in stored] != [row["utterance_id"] for row in rows]:
        _forget_meaning(connection, call_id)
        if stored:
            connection.execute(delete(SHOWN_UTTERANCES).where(_S.call_id == call_id))
        if rows:
            _insert_lines(connection, place_of_call(connection, call_id), rows)
        return
    changed = [
        {"at": old.row_id, **{name: new[name] for name in _CHANGING}}
        for old, new in zip(stored, rows, strict=True)
        if any(getattr(old, name) != new[name] for name in _CHANGING)
    ]
    if changed:
        _forget_meaning(connection, call_id)
        change = update(SHOWN_UTTERANCES).where(_S.row_id == bindparam("at"))
        values: dict[str, Any] = {name: bindparam(name) for name in _CHANGING}
        connection.execute(change.values(values), changed)


def _insert_lines(connection: Connection, place: int, rows: Sequence[dict[str, Any]]) -> None:
    first = place * LINES_PER_CALL
    numbered = [{"row_id": first + row["position"], **row} for row in rows]
    insert_many(connection, SHOWN_UTTERANCES, numbered)


def forget_shown(connection: Connection, call_id: str) -> None:
    """Delete the stored lines of a call, and what is known of their meaning."""
    _forget_meaning(connection, call_id)
    connection.execute(delete(SHOWN_UTTERANCES).where(_S.call_id == call_id))


def _forget_meaning(connection: Connection, call_id: str) -> None:
    connection.execute(delete(LINE_VECTORS).where(LINE_VECTORS.c.call_id == call_id))


def shown_rows(org_id: str, call_id: str, shown: Transcript) -> list[dict[str, Any]]:
    """Return the rows of a transcript's lines in order."""
    utterances = shown.utterances[:LINES_PER_CALL]
    words = [folded_words(u.text) for u in utterances]
    return [
        {
            "org_id": org_id,
            "call_id": call_id,
            "position": position,
            "utterance_id": u.id,
            "role": shown.role_of(u.speaker).value,
            "start_ms": u.start_ms,
            "end_ms": u.end_ms,
            "sentiment_label": u.sentiment.label.value if u.sentiment else None,
            "sentiment_score": u.sentiment.score if u.sentiment else None,
            "is_backchannel": u.is_backchannel,
            "text": u.text,
            "words": " ".join((*words[position], *_overhang(utterances, words, position))),
        }
        for position, u in enumerate(utterances)
    ]


def _overhang(
    utterances: Sequence[Utterance], words: Sequence[Sequence[str]], position: int
) -> Sequence[str]:
    """Return the first words of what the speaker of a line says next."""
    speaker = utterances[position].speaker
    for later in range(position + 1, len(utterances)):
        if not utterances[later].is_backchannel or utterances[later].speaker == speaker:
            same = speaker is not None and utterances[later].speaker == speaker
            return words[later][:OVERHANG_WORDS] if same else ()
    return ()
