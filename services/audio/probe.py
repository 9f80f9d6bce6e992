"""What a recording is, read from its headers."""

from typing import TYPE_CHECKING, BinaryIO

from services.audio.opening import open_sound
from services.domain.calls import AudioFacts

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import InputContainer

MICROSECONDS_PER_MS = 1000


def probe(source: BinaryIO, *, suffix: str | None = None) -> AudioFacts:
    """Return duration, channels, rate and formats of a seekable binary stream.

    The duration is what the headers claim (0 when they don't tell); decoding finds the true one
    and the findings. Raises EmptyFile, NotAudio, NoSound or DamagedAudio.
    """
    with open_sound(source, suffix=suffix) as (container, track):
        return stated_facts(container, track)


def stated_facts(container: "InputContainer", track: "AudioStream") -> AudioFacts:
    """Return what an open container says about its sound track."""
    return AudioFacts(
        duration_ms=_stated_duration_ms(container, track),
        channels=track.codec_context.channels,
        sample_rate=track.codec_context.sample_rate,
        codec=track.codec_context.name,
        container=container.format.name,
    )


def _stated_duration_ms(container: "InputContainer", track: "AudioStream") -> int:
    if track.duration and track.time_base:
        return round(float(track.duration * track.time_base) * 1000)
    if container.duration:
        return round(container.duration / MICROSECONDS_PER_MS)
    return 0
