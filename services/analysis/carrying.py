"""Moves a person's edits from one transcript of a call to another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.intervals import Interval, intersection, overlap_ms, union
from services.domain.speech import Transcript, Utterance

_T = TypeVar("_T")

LEAST_COMMON_SHARE = 0.5
"""Two speakers are the same person when their spans have this share of the shorter in common."""
LEAST_LIKENESS = 0.7
"""A corrected line fits another line when intersection over union of their times is this big."""


def carry_edits(edits: CallEdits, old: Transcript, new: Transcript) -> CallEdits:
    """Return the edits in terms of ``new``.

    Speakers are matched by the overlap of their spans, corrections and comments by time. What
    can't be matched is kept under a key no transcript has (``old id/speaker or utterance id``),
    so it is not applied, and finds its place again when carried to a transcript that fits.
    """
    if old.id == new.id:
        return replace(edits, transcript_id=new.id)
    names = _SpeakerKeys(old=old, new=new, matches=match_speakers(old, new))
    places = _Places(old=old, new=new)
    return CallEdits(
        transcript_id=new.id,
        version=edits.version,
        names={names.of(key): name for key, name in _merged_first(edits.names, edits)},
        roles={names.of(key): role for key, role in _merged_first(edits.roles, edits)},
        voices={names.of(key): voice for key, voice in _merged_first(edits.voices, edits)},
        merges={
            names.of(merged): names.of(target)
            for merged, target in edits.merges.items()
            if names.of(merged) != names.of(target)
        },
        corrections=tuple(places.of_correction(c) for c in edits.corrections),
        comments=tuple(places.of_comment(c) for c in edits.comments),
    )


def match_speakers(old: Transcript, new: Transcript) -> dict[str, str]:
    """Map each old speaker to the new one whose spans it shares most; several may map to one."""
    old_spans, new_spans = _voiced(old), _voiced(new)
    matches = {}
    for speaker, voiced in old_spans.items():
        common = {
            other: sum(e - s for s, e in intersection(voiced, theirs))
            for other, theirs in new_spans.items()
        }
        best = max(common, key=lambda other: common[other], default=None)
        if best is None:
            continue
        shorter = min(_length(voiced), _length(new_spans[best]))
        if common[best] > 0 and common[best] >= LEAST_COMMON_SHARE * shorter:
            matches[speaker] = best
    return matches


def _merged_first(given: Mapping[str, _T], edits: CallEdits) -> list[tuple[str, _T]]:
    """Order a mapping so that the speaker that remains wins when two now are the same."""
    return sorted(given.items(), key=lambda entry: entry[0] not in edits.merges)


@dataclass(frozen=True, kw_only=True)
class _Keys:
    """Keys for what has no place in the new transcript: prefixed with the transcript they fit."""

    old: Transcript
    new: Transcript

    def parked(self, key: str) -> str:
        return key if "/" in key else f"{self.old.id}/{key}"

    def fitting(self, key: str) -> str | None:
        """Return the key without its prefix if it was parked for the new transcript."""
        prefix = f"{self.new.id}/"
        return key.removeprefix(prefix) if key.startswith(prefix) else None


@dataclass(frozen=True, kw_only=True)
class _SpeakerKeys(_Keys):
    matches: Mapping[str, str]

    def of(self, key: str) -> str:
        return self.fitting(key) or self.matches.get(key) or self.parked(key)


@dataclass(frozen=True, kw_only=True)
class _Places(_Keys):
    """Finds the utterances of the new transcript that lie where an edit was made."""

    def of_correction(self, correction: TextCorrection) -> TextCorrection:
        best = self._nearest(correction.utterance_id, correction.start_ms, correction.end_ms)
        place = (correction.start_ms, correction.end_ms)
        if best is not None and _likeness(place, (best.start_ms, best.end_ms)) >= LEAST_LIKENESS:
            return replace(correction, utterance_id=best.id)
        return replace(correction, utterance_id=self.parked(correction.utterance_id))

    def of_comment(self, comment: Comment) -> Comment:
        best = self._nearest(comment.utterance_id, comment.start_ms, comment.end_ms)
        key = best.id if best is not None else self.parked(comment.utterance_id)
        return replace(comment, utterance_id=key)

    def _nearest(self, key: str, start_ms: int, end_ms: int) -> Utterance | None:
        known = self.fitting(key)
        place = (start_ms, end_ms)
        return max(
            (
                u
                for u in self.new.utterances
                if u.id == known or overlap_ms(place, (u.start_ms, u.end_ms))
            ),
            key=lambda u: (u.id == known, _likeness(place, (u.start_ms, u.end_ms))),
            default=None,
        )


def _likeness(first: Interval, second: Interval) -> float:
    common = overlap_ms(first, second)
    whole = first[1] - first[0] + second[1] - second[0] - common
    return common / whole if whole else 0.0


def _voiced(transcript: Transcript) -> dict[str, list[Interval]]:
    found: dict[str, list[Interval]] = {}
    for span in transcript.spans:
        found.setdefault(span.speaker, []).append((span.start_ms, span.end_ms))
    return {speaker: union(intervals) for speaker, intervals in found.items()}


def _length(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)
