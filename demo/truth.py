"""Writes down what truly happens in a performed call: `partyline.truth/1`."""

from __future__ import annotations

from demo.acoustics import voiced_spans
from demo.script import SpeakerName
from demo.stage import Performance
from demo.voices import SAMPLE_RATE_HZ

SCHEMA = "partyline.truth/1"
DEAD_AIR_MS = 5000

_SPEAKERS: tuple[SpeakerName, ...] = ("agent", "customer")


def truth_of(performance: Performance, *, file_name: str, sample_rate_hz: int) -> dict[str, object]:
    """The truth as plain JSON values; times are integer milliseconds, half-open."""
    script = performance.script
    holds = [
        {"start_ms": hold.start_ms, "end_ms": hold.end_ms, "kind": "music"}
        for hold in performance.holds
    ]
    return {
        "schema": SCHEMA,
        "file": file_name,
        "channels": script.channels,
        "sample_rate_hz": sample_rate_hz,
        "duration_ms": performance.duration_ms,
        "agent": script.agent,
        "customer": script.customer,
        "customer_ref": script.customer_ref,
        "queue": script.queue,
        "started_at": script.started_at.isoformat(),
        "language": "en",
        "utterances": _utterances(performance),
        "voiced": _voiced(performance),
        "holds": holds,
        "dead_air": _dead_air(performance),
        "pii": _personal_data(performance),
        "facts": dict(script.facts),
    }


def _utterances(performance: Performance) -> list[dict[str, object]]:
    return [
        {
            "id": number,
            "speaker": placed.line.speaker,
            "channel": performance.script.channel_of(placed.line.speaker),
            "start_ms": placed.start_ms,
            "end_ms": placed.end_ms,
            "text": placed.line.text,
            "sentiment": placed.line.sentiment,
            "is_backchannel": placed.line.is_backchannel,
            "interrupts": placed.line.interrupts,
        }
        for number, placed in enumerate(performance.lines)
    ]


def _voiced(performance: Performance) -> list[dict[str, object]]:
    spans = [
        (start_ms, end_ms, speaker)
        for speaker in _SPEAKERS
        for start_ms, end_ms in voiced_spans(performance.clean_track(speaker), SAMPLE_RATE_HZ)
    ]
    return [
        {"speaker": speaker, "start_ms": start_ms, "end_ms": end_ms}
        for start_ms, end_ms, speaker in sorted(spans)
    ]


def _dead_air(performance: Performance) -> list[dict[str, int]]:
    """Gaps of more than 5 s between lines in which nobody speaks and no music plays."""
    busy = sorted((placed.start_ms, placed.end_ms) for placed in performance.lines)
    busy = sorted(busy + [(hold.start_ms, hold.end_ms) for hold in performance.holds])
    gaps: list[dict[str, int]] = []
    quiet_from_ms = busy[0][1]
    for start_ms, end_ms in busy[1:]:
        if start_ms - quiet_from_ms > DEAD_AIR_MS:
            gaps.append({"start_ms": quiet_from_ms, "end_ms": start_ms})
        quiet_from_ms = max(quiet_from_ms, end_ms)
    return gaps


def _personal_data(performance: Performance) -> list[dict[str, object]]:
    return [
        {
            "utterance": number,
            "type": words.kind,
            "start_char": words.start_char,
            "end_char": words.end_char,
        }
        for number, placed in enumerate(performance.lines)
        for words in placed.line.private
    ]
