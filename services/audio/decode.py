"""Decoding of any recording into 16 kHz PCM, as a stream."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol

from services import telemetry
from services.audio.opening import MAX_RATE_HZ, MIN_RATE_HZ, open_sound
from services.audio.probe import stated_facts
from services.audio.recording import FRAMES_PER_MS, Samples
from services.audio.riff import missing_bytes
from services.audio.samples import ToSixteenKilohertz, frame_samples, to_int16, with_channels
from services.domain.calls import AudioFacts, Stage
from services.domain.errors import DamagedAudio, TooLong, TooShort
from services.domain.findings import Finding, FindingKind
from services.domain.running import RunContext

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer
    from av.packet import Packet

MIN_DURATION_MS = 500
KEPT_CHANNELS = 2
REPORT_EVERY_PACKETS = 200
# A file counts as broken off when this much of what its header promises is missing.
MISSING_MS = 1_000
MISSING_SHARE = 0.02


@dataclass(frozen=True, kw_only=True)
class DecodedAudio:
    """What decoding gave: facts with findings, and the shape of the PCM that was written."""

    facts: AudioFacts
    channels: int
    frames: int


class Decode(Protocol):
    """Decodes as ``decode`` does, wherever that is."""

    def __call__(
        self,
        source: BinaryIO,
        sink: BinaryIO,
        context: RunContext,
        *,
        max_duration_ms: int,
        suffix: str | None = None,
    ) -> DecodedAudio:
        """Decode a seekable stream into ``sink``."""


@dataclass
class _Damage:
    """Packets that could not be decoded, and whether the file ended in one."""

    packets: int = 0
    at_end: bool = False
    reading_failed: bool = False
    missing_bytes: int = 0

    @property
    def breaks_off(self) -> bool:
        """Whether the end of the file is not where it should be."""
        return self.at_end or self.reading_failed or self.missing_bytes > 0


@dataclass
class _PcmSink:
    """Counts and writes interleaved 16-bit samples, and stops a decoder that runs away."""

    sink: BinaryIO
    max_frames: int
    frames: int = field(default=0)

    def write(self, samples: Samples) -> None:
        self.frames += len(samples)
        if self.frames > self.max_frames:
            raise TooLong
        self.sink.write(to_int16(samples).tobytes())


def decode(
    source: BinaryIO,
    sink: BinaryIO,
    context: RunContext,
    *,
    max_duration_ms: int,
    suffix: str | None = None,
) -> DecodedAudio:
    """Decode a seekable stream into ``sink`` as interleaved 16-bit PCM at 16 kHz.

    One or two channels are kept; more are mixed into one (finding MANY_CHANNELS). Packets that
    can't be decoded are skipped; a recording that breaks off is kept as far as it goes (finding
    TRUNCATED). Memory use doesn't depend on the length. ``suffix`` helps with raw formats only.

    Raises EmptyFile, NotAudio, NoSound, DamagedAudio, TooShort, TooLong, Cancelled.
    """
    missing = missing_bytes(source)
    with open_sound(source, suffix=suffix) as (container, track):
        stated = stated_facts(container, track)
        channels = stated.channels if stated.channels <= KEPT_CHANNELS else 1
        writer = _PcmSink(sink, max_duration_ms * FRAMES_PER_MS)
        damage = _Damage(missing_bytes=missing)
        resampler = ToSixteenKilohertz(channels)
        for frame in _frames(container, track, source, context, damage):
            samples = with_channels(frame_samples(frame), channels)
            writer.write(resampler.feed(samples, _checked_rate(frame)))
        writer.write(resampler.flush())
    _require_enough(writer.frames, damage)
    context.report(Stage.DECODE, 1.0)
    facts = replace(
        stated,
        duration_ms=writer.frames // FRAMES_PER_MS,
        findings=_findings(stated, writer.frames // FRAMES_PER_MS, damage),
    )
    _log(facts, damage)
    return DecodedAudio(facts=facts, channels=channels, frames=writer.frames)


def _frames(
    container: "InputContainer",
    track: "AudioStream",
    source: BinaryIO,
    context: RunContext,
    damage: _Damage,
) -> Iterator["AudioFrame"]:
    import av

    size = _size(source)
    for number, packet in enumerate(_packets(container, track, damage)):
        if number % REPORT_EVERY_PACKETS == 0:
            context.report(Stage.DECODE, 0.99 * source.tell() / size)
        try:
            yield from track.decode(packet)
        except av.error.FFmpegError:
            damage.packets += 1
            damage.at_end = True
        else:
            damage.at_end = damage.at_end and packet.size == 0


def _packets(
    container: "InputContainer", track: "AudioStream", damage: _Damage
) -> Iterator["Packet[AudioStream]"]:
    import av

    try:
        yield from container.demux(track)
    except av.error.FFmpegError:
        damage.reading_failed = True


def _size(source: BinaryIO) -> int:
    at = source.tell()
    size = source.seek(0, 2)
    source.seek(at)
    return max(1, size)


def _checked_rate(frame: "AudioFrame") -> int:
    if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
        raise DamagedAudio
    return frame.sample_rate


def _require_enough(frames: int, damage: _Damage) -> None:
    if frames >= MIN_DURATION_MS * FRAMES_PER_MS:
        return
    if frames == 0 and (damage.packets or damage.reading_failed):
        raise DamagedAudio
    raise TooShort


def _findings(stated: AudioFacts, decoded_ms: int, damage: _Damage) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    if stated.channels > KEPT_CHANNELS:
        findings.append(
            Finding(kind=FindingKind.MANY_CHANNELS, measured={"channels": float(stated.channels)})
        )
    missing_ms = stated.duration_ms - decoded_ms
    falls_short = missing_ms > max(MISSING_MS, MISSING_SHARE * stated.duration_ms)
    if falls_short or damage.breaks_off:
        measured = {"missing_ms": float(max(0, missing_ms)), "bad_packets": float(damage.packets)}
        findings.append(Finding(kind=FindingKind.TRUNCATED, measured=measured))
    return tuple(findings)


def _log(facts: AudioFacts, damage: _Damage) -> None:
    telemetry.event(
        "audio.decoded",
        codec=facts.codec,
        channels=facts.channels,
        sample_rate=facts.sample_rate,
        audio_ms=facts.duration_ms,
        bad_packets=damage.packets,
    )
