"""Which file of a recording is sent: the one that was uploaded, or one made of the decoded sound.

The name of the uploaded file is never sent.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from services.audio.channels import channel_to_hear
from services.audio.encoded import Coding, encode
from services.audio.pcm import BYTES_PER_SAMPLE, ChannelPcm
from services.audio.recording import ChannelLayout, PcmReader, Recording
from services.domain.errors import ProviderRejected
from services.domain.findings import FindingKind
from services.domain.part import write_clock

MOST_DURATION_MS = 2 * 3_600_000
MOST_BYTES = 250 * 1024 * 1024
# The whole request lies in memory while it is sent, so a large file is made smaller first.
MOST_BYTES_AS_IT_IS = 32 * 1024 * 1024
MOST_PCM_BYTES_LOSSLESS = 64 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024
# Containers with nothing but sound in them, and the codecs the service reads in each.
_ACCEPTED = {
    "wav": ("pcm_s16le", "pcm_alaw", "pcm_mulaw"),
    "mp3": ("mp3", "mp3float"),
    "flac": ("flac",),
    "ogg": ("opus", "libopus"),
}
_MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "ogg": "audio/ogg"}


@dataclass(frozen=True, kw_only=True)
class SentSound:
    """A sound file as it is sent."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


def check_length(recording: Recording) -> None:
    """Raise ProviderRejected for a recording longer than the service takes in one request."""
    if recording.duration_ms <= MOST_DURATION_MS:
        return
    raise ProviderRejected(
        "Fast transcription takes recordings of up to 2 hours, and this one has "
        f"{write_clock(recording.duration_ms // 1000 * 1000)}: choose the conversation mode, or "
        "a part of the recording."
    )


def sound_to_send(recording: Recording, *, between: Callable[[], None]) -> SentSound:
    """Return the file to send. Raises ProviderRejected for too large a one.

    ``between`` is called now and then; whatever it raises ends the work.
    """
    sound = _as_uploaded(recording) or _made_anew(recording, between)
    if len(sound.content) > MOST_BYTES:
        raise ProviderRejected("Fast transcription takes files of up to 250 MB.")
    return sound


def _as_uploaded(recording: Recording) -> SentSound | None:
    facts = recording.facts
    kind = next((name for name in facts.container.split(",") if name in _ACCEPTED), None)
    if kind is None or facts.codec not in _ACCEPTED[kind] or facts.channels > 2:
        return None
    # Where packets were left out or a channel is to be left out, times or words would differ.
    if any(finding.kind is FindingKind.TRUNCATED for finding in facts.findings):
        return None
    if _channel(recording) is not None:
        return None
    with recording.open_source() as source:
        content = _whole(source)
    if not content:
        return None
    return SentSound(name=f"call.{kind}", media_type=_MEDIA_TYPES[kind], content=content)


def _whole(source: BinaryIO) -> bytes:
    """Return all that a stream holds, nothing of a large one; it may give a little at a time."""
    content = bytearray()
    while piece := source.read(_PIECE_BYTES):
        content += piece
        if len(content) > MOST_BYTES_AS_IT_IS:
            return b""
    return bytes(content)


def _made_anew(recording: Recording, between: Callable[[], None]) -> SentSound:
    pcm = _to_hear(recording)
    size = pcm.frames * pcm.channels * BYTES_PER_SAMPLE
    coding = Coding.FLAC if size <= MOST_PCM_BYTES_LOSSLESS else Coding.OPUS
    sink = io.BytesIO()
    encode(pcm, sink, coding, between=between)
    return SentSound(
        name=f"call.{coding.suffix}", media_type=coding.media_type, content=sink.getvalue()
    )


def _channel(recording: Recording) -> int | None:
    if recording.layout is ChannelLayout.SEPARATE:
        return None
    return channel_to_hear(recording.facts.findings, recording.pcm.channels)


def _to_hear(recording: Recording) -> PcmReader:
    """Return both channels where each party has one, else the one sound there is."""
    pcm = recording.pcm
    if recording.layout is ChannelLayout.SEPARATE or pcm.channels == 1:
        return pcm
    channel = _channel(recording)
    return ChannelPcm(pcm, channel)
