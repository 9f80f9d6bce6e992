"""Puts what was recognised in a part of a recording at its place in the recording."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from services.domain.part import Part
from services.domain.speech import Hold, Span, Transcript, Utterance, Word

_Timed = TypeVar("_Timed", Utterance, Span, Hold)
_Earlier = TypeVar("_Earlier", Utterance, Span, Word)


def placed_in_recording(transcript: Transcript, part: Part, duration_ms: int) -> Transcript:
    """Return a transcript of a part with its times on the clock of the recording it belongs to.

    ``duration_ms`` is the recording's. What reaches out of the part is cut off, what lies outside
    is left out: no sound of it was given to anybody. Loudness, which counts the seconds of the
    recording, has to be measured anew.
    """
    utterances = _moved(transcript.utterances, part)
    return replace(
        transcript,
        part=part,
        duration_ms=duration_ms,
        utterances=tuple(
            replace(u, words=tuple(_word(w, u, part) for w in u.words)) for u in utterances
        ),
        spans=_moved(transcript.spans, part),
        holds=_moved(transcript.holds, part),
        loudness_dbfs={},
    )


def taken_from_recording(transcript: Transcript, part: Part) -> Transcript:
    """Return a transcript that covers a part as one of the part alone, on the part's own clock.

    The opposite of ``placed_in_recording``; holds and loudness are left out.
    """

    def earlier(timed: _Earlier) -> _Earlier:
        return replace(
            timed, start_ms=timed.start_ms - part.start_ms, end_ms=timed.end_ms - part.start_ms
        )

    return replace(
        transcript,
        part=None,
        duration_ms=part.duration_ms,
        utterances=tuple(
            replace(earlier(u), words=tuple(map(earlier, u.words))) for u in transcript.utterances
        ),
        spans=tuple(map(earlier, transcript.spans)),
        holds=(),
        loudness_dbfs={},
    )


def _moved(all_timed: Iterable[_Timed], part: Part) -> tuple[_Timed, ...]:
    moved = (
        replace(
            timed,
            start_ms=max(0, timed.start_ms) + part.start_ms,
            end_ms=min(timed.end_ms, part.duration_ms) + part.start_ms,
        )
        for timed in all_timed
    )
    return tuple(timed for timed in moved if timed.start_ms < timed.end_ms)


def _word(word: Word, utterance: Utterance, part: Part) -> Word:
    """Move a word; it stays in its utterance, whose text has it, and keeps a length."""
    start_ms = max(utterance.start_ms, min(word.start_ms + part.start_ms, utterance.end_ms - 1))
    end_ms = min(utterance.end_ms, word.end_ms + part.start_ms)
    return replace(word, start_ms=start_ms, end_ms=max(end_ms, start_ms + 1))
