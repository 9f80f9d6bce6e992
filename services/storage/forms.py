"""Domain values as compact JSON texts, and back.

Small values are stored as lists in the order of their fields. Words, of which there are many, lie
field by field: that is shorter, and leaves the garbage collector much less to look at.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.domain.calls import AudioFacts, ProcessingOptions
from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.findings import Finding, FindingKind
from services.domain.part import Part
from services.domain.speech import (
    Hold,
    HoldKind,
    PiiMention,
    PiiType,
    Span,
    Speaker,
    SpeakerRole,
    Summary,
    Transcript,
    Utterance,
    Word,
)
from services.storage.subject_forms import pack_subjects, unpack_subjects
from services.storage.summary_forms import summary_form, summary_from_form

Json = Any

_encoder = json.JSONEncoder(separators=(",", ":"))
_decode = json.JSONDecoder().decode


def pack(value: Json) -> str:
    """Return the value as JSON text without spaces, in ASCII."""
    return _encoder.encode(value)


def pack_audio(facts: AudioFacts) -> str:
    """Return the facts about a recording as text."""
    return pack(
        {
            "duration_ms": facts.duration_ms,
            "channels": facts.channels,
            "sample_rate": facts.sample_rate,
            "codec": facts.codec,
            "container": facts.container,
            "findings": [[f.kind, f.channel, dict(f.measured)] for f in facts.findings],
        }
    )


def unpack_audio(text: str) -> AudioFacts:
    """Return the facts that ``pack_audio`` wrote."""
    form = _decode(text)
    findings = tuple(
        Finding(kind=FindingKind(kind), channel=channel, measured=measured)
        for kind, channel, measured in form.pop("findings")
    )
    return AudioFacts(**form, findings=findings)


def pack_options(options: ProcessingOptions) -> str:
    """Return processing options as text."""
    return pack(vars(options))


def unpack_options(text: str) -> ProcessingOptions:
    """Return the options that ``pack_options`` wrote."""
    form = _decode(text)
    vocabulary = tuple(form.pop("vocabulary", ()))
    spelling = tuple((heard, written) for heard, written in form.pop("spelling", ()))
    fallback = tuple(form.pop("fallback", ()))
    provider_options = tuple((name, value) for name, value in form.pop("provider_options", ()))
    channel_roles = tuple(map(SpeakerRole, form.pop("channel_roles", ())))
    return ProcessingOptions(
        **form,
        vocabulary=vocabulary,
        spelling=spelling,
        fallback=fallback,
        provider_options=provider_options,
        channel_roles=channel_roles,
    )


def pack_words(words: Sequence[Word]) -> str:
    """Return the words of one utterance as text: their texts, starts, ends and confidences."""
    return pack(
        [
            [w.text for w in words],
            [w.start_ms for w in words],
            [w.end_ms for w in words],
            [w.confidence for w in words],
        ]
    )


def unpack_words(text: str) -> tuple[Word, ...]:
    """Return the words that ``pack_words`` wrote."""
    return tuple(
        [
            Word(text=said, start_ms=start_ms, end_ms=end_ms, confidence=confidence)
            for said, start_ms, end_ms, confidence in zip(*_decode(text), strict=True)
        ]
    )


def pack_pii(mentions: Sequence[PiiMention]) -> str | None:
    """Return mentions as text, None when there are none."""
    return pack([[m.type, m.start_char, m.end_char] for m in mentions]) if mentions else None


def unpack_pii(text: str | None) -> tuple[PiiMention, ...]:
    """Return the mentions that ``pack_pii`` wrote."""
    return tuple(
        PiiMention(type=PiiType(kind), start_char=start, end_char=end)
        for kind, start, end in _decode(text or "[]")
    )


def pack_transcript(transcript: Transcript) -> str:
    """Return all of a transcript except its utterances and the row's own columns."""
    return pack(
        {
            "duration_ms": transcript.duration_ms,
            "language_confidence": transcript.language_confidence,
            "speakers": [_speaker_form(s) for s in transcript.speakers],
            "spans": [[s.speaker, s.start_ms, s.end_ms] for s in transcript.spans],
            "holds": [[h.start_ms, h.end_ms, h.kind] for h in transcript.holds],
            "loudness_dbfs": {k: list(v) for k, v in transcript.loudness_dbfs.items()},
            "stages": dict(transcript.stages),
            "summary": transcript.summary and summary_form(transcript.summary),
            "without_fillers": transcript.without_fillers,
            "part": transcript.part and [transcript.part.start_ms, transcript.part.end_ms],
            **pack_subjects(transcript),
        }
    )


def with_summary(text: str, summary: Summary, writer: str) -> str:
    """Return a packed transcript with another summary, and who wrote it among its stages."""
    form = _decode(text)
    stages = {**form["stages"], "summary": writer}
    return pack({**form, "summary": summary_form(summary), "stages": stages})


def unpack_transcript(
    text: str,
    *,
    transcript_id: str,
    provider: str,
    language: str | None,
    redacted: bool,
    utterances: tuple[Utterance, ...],
) -> Transcript:
    """Return the transcript that ``pack_transcript`` wrote, with what lies beside it."""
    form = _decode(text)
    part = form.get("part")
    return Transcript(
        id=transcript_id,
        provider=provider,
        language=language,
        redacted=redacted,
        utterances=utterances,
        duration_ms=form["duration_ms"],
        language_confidence=form["language_confidence"],
        speakers=tuple(_speaker(*row) for row in form["speakers"]),
        spans=tuple(
            Span(speaker=speaker, start_ms=start_ms, end_ms=end_ms)
            for speaker, start_ms, end_ms in form["spans"]
        ),
        holds=tuple(
            Hold(start_ms=start_ms, end_ms=end_ms, kind=HoldKind(kind))
            for start_ms, end_ms, kind in form["holds"]
        ),
        loudness_dbfs={k: tuple(v) for k, v in form["loudness_dbfs"].items()},
        stages=form["stages"],
        summary=summary_from_form(form["summary"]) if form["summary"] else None,
        without_fillers=form.get("without_fillers", False),
        part=Part(start_ms=part[0], end_ms=part[1]) if part else None,
        **unpack_subjects(form),
    )


def _speaker_form(speaker: Speaker) -> Json:
    return [
        speaker.id,
        speaker.label,
        speaker.role,
        speaker.role_confidence,
        speaker.channel,
        speaker.voice_id,
        speaker.voice_confidence,
    ]


def _speaker(
    speaker_id: str,
    label: str,
    role: str,
    role_confidence: float | None,
    channel: int | None,
    voice_id: str | None = None,
    voice_confidence: float | None = None,
) -> Speaker:
    return Speaker(
        id=speaker_id,
        label=label,
        role=SpeakerRole(role),
        role_confidence=role_confidence,
        channel=channel,
        voice_id=voice_id,
        voice_confidence=voice_confidence,
    )


def pack_edits(edits: CallEdits) -> str:
    """Return a person's edits as text, without their version."""
    return pack(
        {
            "transcript_id": edits.transcript_id,
            "names": dict(edits.names),
            "roles": dict(edits.roles),
            "merges": dict(edits.merges),
            "voices": dict(edits.voices),
            "corrections": [
                [c.utterance_id, c.start_ms, c.end_ms, c.text] for c in edits.corrections
            ],
            "comments": [
                [
                    c.id,
                    c.utterance_id,
                    c.start_ms,
                    c.end_ms,
                    c.text,
                    c.author,
                    c.made_at.isoformat(),
                ]
                for c in edits.comments
            ],
        }
    )


def unpack_edits(text: str, version: int) -> CallEdits:
    """Return the edits that ``pack_edits`` wrote."""
    form = _decode(text)
    return CallEdits(
        version=version,
        transcript_id=form["transcript_id"],
        names=form["names"],
        roles={speaker: SpeakerRole(role) for speaker, role in form["roles"].items()},
        merges=form["merges"],
        voices=form.get("voices", {}),
        corrections=tuple(
            TextCorrection(utterance_id=utterance, start_ms=start_ms, end_ms=end_ms, text=words)
            for utterance, start_ms, end_ms, words in form["corrections"]
        ),
        comments=tuple(
            Comment(
                id=comment_id,
                utterance_id=utterance,
                start_ms=start_ms,
                end_ms=end_ms,
                text=words,
                author=author,
                made_at=datetime.fromisoformat(made_at),
            )
            for comment_id, utterance, start_ms, end_ms, words, author, made_at in form["comments"]
        ),
    )
