"""What a decoder has told, believed only as far as it can be true."""

import re
from typing import Any, BinaryIO

from services.audio.apart import wire
from services.audio.apart.wire import Kind
from services.audio.decode import KEPT_CHANNELS, DecodedAudio
from services.audio.opening import MAX_CHANNELS, MAX_RATE_HZ
from services.audio.recording import FRAMES_PER_MS
from services.domain.calls import AudioFacts
from services.domain.errors import (
    BadAudio,
    DecoderCrashed,
    InternalFault,
    PartylineError,
    TooLong,
    error_of,
)
from services.domain.findings import Finding, FindingKind

BYTES_PER_SAMPLE = 2
_NAME = re.compile(r"[A-Za-z0-9_,. -]{0,120}")


class TakenSound:
    """Takes sound as it comes, no more than a recording may have."""

    def __init__(self, sink: BinaryIO | None, max_duration_ms: int) -> None:
        """Write to ``sink``; without one, any sound is too much."""
        self._sink = sink
        self._most = max_duration_ms * FRAMES_PER_MS * KEPT_CHANNELS * BYTES_PER_SAMPLE
        self.bytes = 0

    def take(self, block: bytes) -> None:
        """Take interleaved 16-bit samples. Raises TooLong, and what the sink raises."""
        self.bytes += len(block)
        if self._sink is None or self.bytes > self._most:
            raise TooLong
        self._sink.write(block)


def told_sound(kind: Kind, content: bytes, taken: TakenSound) -> DecodedAudio:
    """Return what was decoded. Raises the BadAudio that was told, DecoderCrashed for nonsense."""
    try:
        if kind is Kind.FAILED:
            raise told_error(content)
        return _decoded(wire.read_form(content), taken)
    except (wire.Garbled, KeyError, TypeError, ValueError):
        raise DecoderCrashed from None


def told_error(content: bytes) -> PartylineError:
    """Return the error of the code that was told; its detail is the decoder's own and stays out."""
    try:
        error = error_of(str(wire.read_form(content).get("code")))
    except wire.Garbled:
        return DecoderCrashed()
    return error if isinstance(error, BadAudio) else InternalFault()


def _decoded(form: dict[str, Any], taken: TakenSound) -> DecodedAudio:
    channels, frames = int(form["channels"]), int(form["frames"])
    if not 1 <= channels <= KEPT_CHANNELS or frames * channels * BYTES_PER_SAMPLE != taken.bytes:
        raise ValueError
    facts = form["facts"]
    return DecodedAudio(
        facts=AudioFacts(
            duration_ms=frames // FRAMES_PER_MS,
            channels=_within(facts["channels"], MAX_CHANNELS),
            sample_rate=_within(facts["sample_rate"], MAX_RATE_HZ),
            codec=_name(facts["codec"]),
            container=_name(facts["container"]),
            findings=tuple(_finding(found) for found in facts["findings"]),
        ),
        channels=channels,
        frames=frames,
    )


def _finding(found: dict[str, Any]) -> Finding:
    measured = {_name(name): float(value) for name, value in found["measured"].items()}
    return Finding(kind=FindingKind(found["kind"]), measured=measured)


def _within(value: Any, most: int) -> int:
    if not 1 <= int(value) <= most:
        raise ValueError
    return int(value)


def _name(text: Any) -> str:
    if not _NAME.fullmatch(str(text)):
        raise ValueError
    return str(text)
