"""Takes personal data out of what people type about a call: corrected lines and comments.

What is typed is read at its place in the call. As an answer to a question "one two nine" is a
security code; read alone it is nothing.
"""

from dataclasses import replace
from typing import Protocol

from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.intervals import Interval
from services.domain.speech import Transcript


class LineRedactor(Protocol):
    """Reads typed text in its call and takes the personal data out of it."""

    def redact_line(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return a text that is to stand in place of this utterance's, without personal data."""

    def redact_comment(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return a text written about this utterance without personal data."""


def safe_correction(
    redactor: LineRedactor, transcript: Transcript, edits: CallEdits, correction: TextCorrection
) -> TextCorrection:
    """Return the correction without personal data, read among the call's other corrections."""
    context = _with_corrections(transcript, edits, besides=correction.utterance_id)
    if any(u.id == correction.utterance_id for u in context.utterances):
        text = redactor.redact_line(context, correction.utterance_id, correction.text)
    else:
        place = _line_at(context, correction.start_ms)
        text = redactor.redact_comment(context, place, correction.text)
    return replace(correction, text=text)


def safe_comment(
    redactor: LineRedactor, transcript: Transcript, edits: CallEdits, comment: Comment
) -> Comment:
    """Return the comment without personal data, read right after the line it was made on."""
    context = _with_corrections(transcript, edits)
    known = any(u.id == comment.utterance_id for u in context.utterances)
    place = comment.utterance_id if known else _line_at(context, comment.start_ms)
    return replace(comment, text=redactor.redact_comment(context, place, comment.text))


def safe_edits(
    redactor: LineRedactor,
    transcript: Transcript,
    edits: CallEdits,
    *,
    within: Interval | None = None,
) -> CallEdits:
    """Return the edits without personal data in corrections and comments.

    An edit that has no line in this transcript is read where it lies in time. ``within`` leaves
    out what begins outside of these milliseconds.
    """

    def meant(edit: TextCorrection | Comment) -> bool:
        return within is None or within[0] <= edit.start_ms < within[1]

    return replace(
        edits,
        corrections=tuple(
            safe_correction(redactor, transcript, edits, c) if meant(c) else c
            for c in edits.corrections
        ),
        comments=tuple(
            safe_comment(redactor, transcript, edits, c) if meant(c) else c for c in edits.comments
        ),
    )


def _with_corrections(
    transcript: Transcript, edits: CallEdits, *, besides: str | None = None
) -> Transcript:
    texts = {c.utterance_id: c.text for c in edits.corrections if c.utterance_id != besides}
    if not texts:
        return transcript
    return replace(
        transcript,
        utterances=tuple(
            replace(u, text=texts[u.id], words=(), pii=()) if u.id in texts else u
            for u in transcript.utterances
        ),
    )


def _line_at(transcript: Transcript, at_ms: int) -> str:
    """Return the id of the line that begins last before a moment, empty when there are none."""
    begun = [u for u in transcript.utterances if u.start_ms <= at_ms]
    nearest = begun[-1:] or transcript.utterances[:1]
    return nearest[0].id if nearest else ""
