"""The values that a live call becomes when it lands."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from services import telemetry
from services.analysis.file_names import without_numbers
from services.analysis.metrics import analyse
from services.audio.recording import SAMPLE_RATE
from services.domain.calls import (
    CALLS_QUEUE,
    AudioFacts,
    Call,
    CallState,
    Priority,
    ProcessingOptions,
    Run,
)
from services.domain.captions import captions_by
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.intervals import union
from services.domain.live_calls import LiveState, RunningCall, SoundGap
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Transcript
from services.jobs.intake import clean_name

MOST_GAPS_TOLD = 20


class TakenOver(Exception):
    """The call that was to be stored is another process's now."""


def call_of(running: RunningCall, *, content_hash: str, size_bytes: int, audio: AudioFacts) -> Call:
    """Return the call that a live call becomes, with its name and details, waiting."""
    name = clean_name(running.name)
    details = running.details
    return Call(
        id=running.id,
        org_id=running.org_id,
        source_name=without_numbers(name) if running.options.redact else name,
        content_hash=content_hash,
        size_bytes=size_bytes,
        state=CallState.WAITING,
        created_at=datetime.now(UTC),
        details=replace(details, started_at=details.started_at or running.began_at),
        audio=audio,
        added_by=running.owner,
    )


def told_apart(call: Call) -> Call:
    """Return the call with a content hash of its own."""
    own = hashlib.sha256(f"{call.id} {call.content_hash}".encode()).hexdigest()
    return replace(call, content_hash=own)


def first_run(call: Call, options: ProcessingOptions, *, queue: str = CALLS_QUEUE) -> Run:
    """Return the call's first run: that of the captions, or that of the recording."""
    return Run(
        call_id=call.id,
        number=call.run,
        options=options,
        state=CallState.WAITING,
        queue=queue,
        priority=Priority.LIVE,
    )


def fit_to_keep(
    captions: AnalysedTranscript | None, options: ProcessingOptions
) -> AnalysedTranscript | None:
    """Return the captions as they are kept, None when there are none, or none that may be.

    Unredacted words of a call that is redacted are never stored.
    """
    if captions is None:
        return None
    if options.redact and not captions.transcript.redacted:
        telemetry.warning("live.captions_not_redacted")
        return None
    named = replace(captions.transcript, provider=captions_by(captions.transcript.provider))
    return replace(captions, transcript=named)


def has_words(captions: AnalysedTranscript) -> bool:
    """Say whether anything is said in them."""
    return any(line.text.strip() for line in captions.transcript.utterances)


def misses_words(running: RunningCall) -> bool:
    """Say whether anything may have been said of which no word is there."""
    return any(gap.end_ms > gap.start_ms for gap in running.gaps)


def without_words(running: RunningCall) -> AnalysedTranscript:
    """Return the captions of a call of which no word can be shown: a transcript without a line."""
    lasted_ms = max([running.received_ms, *(gap.end_ms for gap in running.gaps)])
    provider = running.options.provider
    transcript = Transcript(
        id=new_id(),
        provider=captions_by(provider),
        duration_ms=lasted_ms,
        speakers=(),
        utterances=(),
        spans=(),
        language=running.options.language,
        stages={"recognition": f"{provider} live", "speakers": f"{provider} live"},
        redacted=running.options.redact,
    )
    return AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))


def unrecorded_facts(
    running: RunningCall, captions: AnalysedTranscript, findings: Iterable[Finding]
) -> AudioFacts:
    """Return what is known instead of a recording's facts, of a call that has none.

    ``findings`` are what else was noticed.
    """
    broken_off = Finding(kind=FindingKind.BROKEN_OFF)
    # What one process could not read may lie in what the next one has missed.
    places = union((gap.start_ms, gap.end_ms) for gap in running.gaps)
    gaps = [SoundGap(start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in places]
    missing = _findings(FindingKind.NOT_TRANSCRIBED, gaps)
    found = [Finding(kind=FindingKind.NO_RECORDING), *missing, *findings]
    if running.state is LiveState.INTERRUPTED and broken_off not in found:
        found.append(broken_off)
    return AudioFacts(
        duration_ms=captions.transcript.duration_ms,
        channels=0,
        sample_rate=0,
        codec="",
        container="",
        findings=tuple(found),
    )


def audio_facts(
    running: RunningCall, *, channels: int, frames: int, lost: Iterable[tuple[int, int]]
) -> AudioFacts:
    """Return what is known of the recording: its form, and what is missing in it."""
    damaged = [SoundGap(start_ms=_ms(first), end_ms=_ms(last)) for first, last in lost]
    findings = [
        *_findings(FindingKind.NOT_RECORDED, running.gaps),
        *_findings(FindingKind.SOUND_LOST, damaged),
    ]
    if running.state is LiveState.INTERRUPTED:
        findings.append(Finding(kind=FindingKind.BROKEN_OFF))
    return AudioFacts(
        duration_ms=_ms(frames),
        channels=channels,
        sample_rate=SAMPLE_RATE,
        codec="pcm_s16le",
        container="wav",
        findings=tuple(findings),
    )


def _findings(kind: FindingKind, gaps: Iterable[SoundGap]) -> list[Finding]:
    """Return a finding for each gap; beyond a number of them one for all the others."""
    missing = [gap for gap in gaps if gap.end_ms > gap.start_ms]
    told, others = missing[:MOST_GAPS_TOLD], missing[MOST_GAPS_TOLD:]
    findings = [
        Finding(
            kind=kind,
            measured={"from_ms": float(g.start_ms), "missing_ms": float(g.end_ms - g.start_ms)},
        )
        for g in told
    ]
    if others:
        missing_ms = sum(gap.end_ms - gap.start_ms for gap in others)
        findings.append(Finding(kind=kind, measured={"missing_ms": float(missing_ms)}))
    return findings


def _ms(frame: int) -> int:
    return frame * 1_000 // SAMPLE_RATE
