"""A reviewed call as the compact JSON that the browser piece fetches.

Rows are arrays, because a three-hour call has tens of thousands of words:

- ``speakers``: ``[id, label, role, how surely its voice was recognised in % or -1]``
- ``colours``: for each speaker a name in the style sheet
- ``utterances``: ``[id, speaker index or -1, start_ms, end_ms, text, label, score, flags, words,
  what the provider says of its sentiment as label or 0, pieces of the text that spoke for the
  label]``; the last is null where that isn't known and empty when the line as a whole spoke,
  with label 0 none, 1 positive, 2 neutral, 3 negative, and flags as in ``Flag``
- ``words``: flat quintuples ``start_ms after the utterance's start, length in ms, first character
  in the text, number of characters, confidence in % or -1``
- ``comments``: ``[id, utterance id, author, time in ISO 8601, text]``
- ``gaps``: ``[start_ms, end_ms, "music" | "silence" | "dead_air"]``
- ``covered``: ``[start_ms, end_ms]`` of what is covered in the sound of a redacted call
- ``found``: by utterance id the names of the categories that rest on it
- ``merges``: ``[speaker id, id of the speaker it was merged into]``
"""

from collections.abc import Sequence
from enum import IntFlag
from typing import Any
from zlib import crc32

from services.domain.intervals import Interval, covered_ms, union
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Category
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
)
from services.understanding.sentiment_reasons import EXPLAINED_STAGES, reasons

LEAST_OVERLAP_MS = 100
ONSET_TOLERANCE_MS = 300
LABEL_CODES = {
    SentimentLabel.POSITIVE: 1,
    SentimentLabel.NEUTRAL: 2,
    SentimentLabel.NEGATIVE: 3,
}
OTHER_COLOURS = ("violet", "green", "grey")


class Flag(IntFlag):
    """What the line of an utterance is marked with."""

    BACKCHANNEL = 1
    OVERLAP = 2
    INTERRUPTS = 4
    CORRECTED = 8


def review_payload(reviewed: ReviewedCall) -> dict[str, Any]:
    """Return the call as JSON-ready values in the shape described above."""
    transcript, edits = reviewed.transcript, reviewed.edits
    index = {s.id: n for n, s in enumerate(transcript.speakers)}
    flags = _flags(reviewed)
    stage = transcript.stages.get("sentiment", "")
    return {
        "call": reviewed.call.id,
        "version": shown_version(reviewed),
        "duration_ms": transcript.duration_ms,
        "language": transcript.language,
        "redacted": transcript.redacted,
        "speakers": [
            [s.id, s.label, s.role.value, _percent(s.voice_confidence)] for s in transcript.speakers
        ],
        "colours": colour_names(transcript.speakers),
        "utterances": [
            [*_row(u, index.get(u.speaker or "", -1), flags[u.id]), _why(u, flags[u.id], stage)]
            for u in transcript.utterances
        ],
        "comments": [
            [c.id, c.utterance_id, c.author, c.made_at.isoformat(), c.text] for c in edits.comments
        ],
        "gaps": _gaps(reviewed),
        "covered": [list(stretch) for stretch in reviewed.covered],
        "found": _found(reviewed.categories),
        "merges": [[one, into] for one, into in edits.merges.items()],
    }


def shown_version(reviewed: ReviewedCall) -> str:
    """Return a key of all that the payload holds: labels also follow the call's details."""
    people = "|".join(
        f"{s.id}={s.label}/{s.role}/{s.voice_confidence}" for s in reviewed.transcript.speakers
    )
    found = str(_found(reviewed.categories))
    return f"{reviewed.version}.{crc32(f'{people}/{found}'.encode()):08x}"


def colour_names(speakers: Sequence[Speaker]) -> list[str]:
    """Return a colour for each speaker; the first agent and customer keep their role's."""
    of_role = {SpeakerRole.AGENT: "agent", SpeakerRole.CUSTOMER: "customer"}
    others = 0
    names = []
    for speaker in speakers:
        name = of_role.pop(speaker.role, None)
        if name is None:
            name = OTHER_COLOURS[others % len(OTHER_COLOURS)]
            others += 1
        names.append(name)
    return names


def _row(utterance: Utterance, speaker: int, flags: Flag) -> list[Any]:
    label, score = _sentiment(utterance.sentiment)
    return [
        utterance.id,
        speaker,
        utterance.start_ms,
        utterance.end_ms,
        utterance.text,
        label,
        score,
        int(flags),
        word_places(utterance),
        _sentiment(utterance.provider_sentiment)[0],
    ]


def _why(utterance: Utterance, flags: Flag, stage: str) -> list[str] | None:
    # What was scored is the text before it was corrected.
    if utterance.sentiment is None or Flag.CORRECTED in flags or stage not in EXPLAINED_STAGES:
        return None
    return reasons(utterance.text, utterance.sentiment.label, stage)


def word_places(utterance: Utterance) -> list[int]:
    """Return where each word lies in time and in the text, as flat quintuples.

    A word that the text does not contain in its turn (a provider may write the text differently)
    is left out.
    """
    places: list[int] = []
    text = utterance.text.casefold()
    same_length = len(text) == len(utterance.text)
    haystack = text if same_length else utterance.text
    at = 0
    for word in utterance.words:
        needle = word.text.strip()
        found = haystack.find(needle.casefold() if same_length else needle, at) if needle else -1
        if found < 0:
            continue
        at = found + len(needle)
        sure = _percent(word.confidence)
        start = word.start_ms - utterance.start_ms
        places += [start, word.end_ms - word.start_ms, found, len(needle), sure]
    return places


def _percent(fraction: float | None) -> int:
    return -1 if fraction is None else round(fraction * 100)


def _sentiment(sentiment: Sentiment | None) -> tuple[int, float | None]:
    if sentiment is None:
        return 0, None
    return LABEL_CODES[sentiment.label], round(sentiment.score, 2)


def _flags(reviewed: ReviewedCall) -> dict[str, Flag]:
    transcript = reviewed.transcript
    overlaps = union((o.start_ms, o.end_ms) for o in reviewed.analysis.overlaps)
    interrupting = _interrupting(reviewed)
    corrected = {c.utterance_id for c in reviewed.edits.corrections}
    flags: dict[str, Flag] = {}
    reach = _Reach(overlaps)
    for utterance in transcript.utterances:
        marks = Flag(0)
        if utterance.is_backchannel:
            marks |= Flag.BACKCHANNEL
        if reach.covered_ms((utterance.start_ms, utterance.end_ms)) >= LEAST_OVERLAP_MS:
            marks |= Flag.OVERLAP
        if utterance.id in interrupting:
            marks |= Flag.INTERRUPTS
        if utterance.id in corrected:
            marks |= Flag.CORRECTED
        flags[utterance.id] = marks
    return flags


def _found(categories: Sequence[Category]) -> dict[str, str]:
    """Return for each utterance that rules rest on what they found there.

    Words beside which something is missing are left out: they are no evidence of their own.
    """
    names: dict[str, dict[str, None]] = {}
    for category in categories:
        if all(why.utterance is not None for why in category.evidence):
            for why in category.evidence:
                names.setdefault(why.utterance or "", {})[category.name or category.rule_id] = None
    return {utterance: ", ".join(of_line) for utterance, of_line in names.items()}


class _Reach:
    """Looks overlaps up for utterances asked for in the order of their starts."""

    def __init__(self, overlaps: list[Interval]) -> None:
        self._overlaps = overlaps
        self._first = 0

    def covered_ms(self, interval: Interval) -> int:
        while self._first < len(self._overlaps) and self._overlaps[self._first][1] <= interval[0]:
            self._first += 1
        last = self._first
        while last < len(self._overlaps) and self._overlaps[last][0] < interval[1]:
            last += 1
        return covered_ms(interval, self._overlaps[self._first : last])


def _interrupting(reviewed: ReviewedCall) -> set[str]:
    """Return the utterances that begin with an interruption's onset."""
    by_speaker: dict[str | None, list[Utterance]] = {}
    for utterance in reviewed.transcript.utterances:
        by_speaker.setdefault(utterance.speaker, []).append(utterance)
    found: set[str] = set()
    for interruption in reviewed.analysis.interruptions:
        near = [
            u
            for u in by_speaker.get(interruption.by, [])
            if u.start_ms - ONSET_TOLERANCE_MS <= interruption.start_ms < u.end_ms
        ]
        if near:
            onset = interruption.start_ms
            found.add(min(near, key=lambda u: abs(u.start_ms - onset)).id)
    return found


def _gaps(reviewed: ReviewedCall) -> list[list[Any]]:
    transcript: Transcript = reviewed.transcript
    holds = [[h.start_ms, h.end_ms, h.kind.value] for h in transcript.holds]
    silent = [[g.start_ms, g.end_ms, "dead_air"] for g in reviewed.analysis.dead_air]
    return sorted(holds + silent)
