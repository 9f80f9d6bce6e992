"""The transcript as CSV, one row an utterance, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Sequence

from services.domain.edits import Comment
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Utterance
from services.exports.wording import (
    category_names_at,
    comments_by_utterance,
    loose_comments,
    one_line,
    speaker_label,
)

BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    "utterance",
    "start_ms",
    "end_ms",
    "speaker",
    "role",
    "text",
    "sentiment",
    "sentiment_score",
    "confidence",
    "is_backchannel",
    "personal_data",
    "comments",
    "categories",
    "reviewed_at",
    "reviewed_by",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def write_csv(reviewed: ReviewedCall) -> str:
    """Return CSV with a byte order mark (for Excel) and CRLF line ends."""
    comments = comments_by_utterance(reviewed)
    written = io.StringIO()
    written.write(BYTE_ORDER_MARK)
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    mark = _reviewed(reviewed)
    for utterance in reviewed.transcript.utterances:
        row = [*_row(reviewed, utterance, comments.get(utterance.id, [])), *mark]
        writer.writerow([defused(cell) for cell in row])
    for comment in loose_comments(reviewed):
        row = [None, comment.start_ms, comment.end_ms, *([None] * 8), _note(comment), None, *mark]
        writer.writerow([defused(cell) for cell in row])
    return written.getvalue()


def _row(reviewed: ReviewedCall, utterance: Utterance, comments: Sequence[Comment]) -> list[Cell]:
    transcript, sentiment = reviewed.transcript, utterance.sentiment
    return [
        utterance.id,
        utterance.start_ms,
        utterance.end_ms,
        speaker_label(transcript, utterance.speaker),
        transcript.role_of(utterance.speaker).value,
        one_line(utterance.text),
        sentiment.label.value if sentiment else None,
        round(sentiment.score, 3) if sentiment else None,
        round(utterance.confidence, 3) if utterance.confidence is not None else None,
        "yes" if utterance.is_backchannel else "no",
        " ".join(sorted({mention.type.value for mention in utterance.pii})),
        " | ".join(_note(comment) for comment in comments),
        " | ".join(category_names_at(reviewed, utterance)),
    ]


def _reviewed(reviewed: ReviewedCall) -> list[Cell]:
    """Return when (ISO 8601) and by whom the call was reviewed; the same in every row."""
    call = reviewed.call
    if call.reviewed_at is None:
        return [None, None]
    return [call.reviewed_at.isoformat(), one_line(call.reviewed_by or "") or None]


def _note(comment: Comment) -> str:
    return f"{one_line(comment.author)}: {one_line(comment.text)}"


def defused(cell: Cell) -> Cell:
    """Keep a spreadsheet from reading a text as a formula; numbers stay numbers."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell
