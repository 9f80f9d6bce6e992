"""A person's edits on a transcript: names, roles, merged speakers, corrected lines.

Edits stay apart from what the provider delivered; :func:`apply_edits` combines the two and
:func:`carry_edits` (re-exported here) moves them to another transcript of the same call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from services.analysis.carrying import carry_edits
from services.analysis.entities.finding import again_in_corrected
from services.analysis.retiming import retimed_words
from services.domain.edits import CallEdits, TextCorrection
from services.domain.intervals import union
from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiMention, Span, Speaker, Transcript, Utterance

__all__ = ["apply_edits", "carry_edits", "merge_targets"]


def apply_edits(transcript: Transcript, edits: CallEdits) -> Transcript:
    """Return the transcript as the person wants it; what fits nothing in it is left out.

    Names and roles are given to speakers, merged speakers share spans, utterances and loudness,
    corrected lines get their words' times by alignment with the recognised words.
    """
    named = replace(
        transcript, speakers=tuple(_edited_speaker(s, edits) for s in transcript.speakers)
    )
    return _corrected(_merged(named, edits.merges), edits.corrections)


def merge_targets(merges: Mapping[str, str], known: Sequence[str]) -> dict[str, str]:
    """Resolve chains of merges: each merged speaker to the one that remains at the end.

    A merge into itself, in a circle, or between speakers that aren't there is ignored.
    """
    targets: dict[str, str] = {}
    for merged in merges:
        at, seen = merged, {merged}
        while at in merges and merges[at] in known and merges[at] not in seen:
            at = merges[at]
            seen.add(at)
        in_circle = merges.get(at) in seen
        if merged in known and at != merged and not in_circle:
            targets[merged] = at
    return targets


def _edited_speaker(speaker: Speaker, edits: CallEdits) -> Speaker:
    name = edits.names.get(speaker.id, "").strip()
    if name:
        speaker = replace(speaker, label=name)
    if speaker.id in edits.roles:
        # A person's decision is no estimate: it has no confidence.
        speaker = replace(speaker, role=edits.roles[speaker.id], role_confidence=None)
    if speaker.id in edits.voices:
        speaker = replace(speaker, voice_id=edits.voices[speaker.id], voice_confidence=None)
    return speaker


def _merged(transcript: Transcript, merges: Mapping[str, str]) -> Transcript:
    targets = merge_targets(merges, [s.id for s in transcript.speakers])
    if not targets:
        return transcript

    def home(speaker_id: str) -> str:
        return targets.get(speaker_id, speaker_id)

    remaining = tuple(
        replace(s, channel=_shared_channel(transcript, s, targets))
        for s in transcript.speakers
        if s.id not in targets
    )
    return replace(
        transcript,
        speakers=remaining,
        utterances=tuple(
            replace(u, speaker=home(u.speaker)) if u.speaker is not None else u
            for u in transcript.utterances
        ),
        spans=_united(transcript.spans, home),
        loudness_dbfs=_combined_loudness(transcript.loudness_dbfs, home),
    )


def _shared_channel(
    transcript: Transcript, speaker: Speaker, targets: Mapping[str, str]
) -> int | None:
    channels = {s.channel for s in transcript.speakers if targets.get(s.id) == speaker.id}
    return speaker.channel if channels <= {speaker.channel} else None


def _united(spans: Sequence[Span], home: Callable[[str], str]) -> tuple[Span, ...]:
    by_speaker: dict[str, list[tuple[int, int]]] = {}
    for span in spans:
        by_speaker.setdefault(home(span.speaker), []).append((span.start_ms, span.end_ms))
    united = [
        Span(speaker=speaker, start_ms=start, end_ms=end)
        for speaker, intervals in by_speaker.items()
        for start, end in union(intervals)
    ]
    return tuple(sorted(united, key=lambda s: (s.start_ms, s.end_ms, s.speaker)))


def _combined_loudness(
    loudness: Mapping[str, tuple[float | None, ...]], home: Callable[[str], str]
) -> dict[str, tuple[float | None, ...]]:
    combined: dict[str, tuple[float | None, ...]] = {}
    for speaker, values in loudness.items():
        known = combined.get(home(speaker), ())
        combined[home(speaker)] = tuple(_louder(a, b) for a, b in zip_longest(known, values))
    return combined


def _louder(first: float | None, second: float | None) -> float | None:
    present = [value for value in (first, second) if value is not None]
    return max(present) if present else None


def _corrected(transcript: Transcript, corrections: Sequence[TextCorrection]) -> Transcript:
    by_utterance = {c.utterance_id: c for c in corrections}
    if not by_utterance:
        return transcript
    utterances = []
    for utterance in transcript.utterances:
        correction = by_utterance.get(utterance.id)
        fits = correction is not None and _same_place(correction, utterance)
        utterances.append(
            _with_text(utterance, correction.text, redacted=transcript.redacted)
            if correction is not None and fits
            else utterance
        )
    corrected = replace(transcript, utterances=tuple(utterances))
    before = {u.id: u.text for u in transcript.utterances}
    changed = [u.id for u in utterances if u.text != before[u.id]]
    return replace(corrected, entities=again_in_corrected(corrected, changed))


def _same_place(correction: TextCorrection, utterance: Utterance) -> bool:
    # Ids of different runs can coincide; a correction must also lie where the utterance lies.
    touches = correction.start_ms < utterance.end_ms and utterance.start_ms < correction.end_ms
    return touches or correction.start_ms == utterance.start_ms


def _with_text(utterance: Utterance, text: str, *, redacted: bool) -> Utterance:
    return replace(
        utterance,
        text=text,
        words=retimed_words(utterance.words, text),
        pii=tuple(placeholders_in(text)) if redacted else _found_again(utterance, text),
    )


def _found_again(utterance: Utterance, text: str) -> tuple[PiiMention, ...]:
    found, after = [], 0
    for mention in sorted(utterance.pii, key=lambda m: m.start_char):
        value = utterance.text[mention.start_char : mention.end_char]
        at = text.find(value, after)
        if value and at >= 0:
            after = at + len(value)
            found.append(replace(mention, start_char=at, end_char=after))
    return tuple(found)
