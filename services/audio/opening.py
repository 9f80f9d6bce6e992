"""Opening a recording of any container, without letting it reach anything but its own bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from services.domain.errors import DamagedAudio, EmptyFile, NoSound, NotAudio

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import InputContainer

HEAD_BYTES = 64
MIN_RATE_HZ = 2_000
MAX_RATE_HZ = 768_000
MAX_CHANNELS = 64

# Demuxers that read one file by itself. Playlists and scripts of other files (hls, dash, concat,
# ffmetadata, image sequences) stay out: they could make the reader open paths or addresses.
_DEMUXERS = (
    "wav,w64,aiff,au,caf,flac,mp3,ogg,matroska,webm,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
    "aac,ac3,eac3,amr,amrnb,amrwb,asf,avi,mpegts,mpeg,flv,wv,ape,tta,dts,voc,rm,ircam,nistsphere,"
    "g722,g729,gsm,mulaw,alaw,sln,loas,mpc,mpc8,tak,dsf,xwma,smjpeg,mxf,gxf,oma,act,sox"
)
_OPTIONS = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "none"}

# Raw formats have no header, so only the name's ending can tell them.
_RAW_DEMUXERS = {
    ".g722": "g722",
    ".722": "g722",
    ".gsm": "gsm",
    ".ulaw": "mulaw",
    ".ul": "mulaw",
    ".mulaw": "mulaw",
    ".alaw": "alaw",
    ".al": "alaw",
    ".sln": "sln",
}

_MAGIC = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"OggS"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (0, b"FORM"),
    (0, b".snd"),
    (0, b"caff"),
    (0, b"#!AMR"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"\x30\x26\xb2\x75"),
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
)
_STILL_IMAGES = ("image2", "_pipe", "gif", "tty")


@contextmanager
def open_sound(
    source: BinaryIO, *, suffix: str | None = None
) -> Iterator[tuple["InputContainer", "AudioStream"]]:
    """Open a seekable binary stream and yield its container and its best sound track.

    ``suffix`` (".g722") is used only for raw formats that carry no header. Raises EmptyFile,
    NotAudio, NoSound or DamagedAudio.
    """
    head = _read_head(source)
    container = _open_container(source, head, (suffix or "").lower())
    with container:
        yield container, _sound_track(container)


def look(source: BinaryIO, *, suffix: str | None = None) -> None:
    """Raise what opening a stream does (EmptyFile, NotAudio …) unless it can be a recording."""
    with open_sound(source, suffix=suffix):
        pass


def _read_head(source: BinaryIO) -> bytes:
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    if not head:
        raise EmptyFile
    return head


def _open_container(source: BinaryIO, head: bytes, suffix: str) -> "InputContainer":
    import av

    try:
        return av.open(source, mode="r", container_options=dict(_OPTIONS))
    except (av.error.FFmpegError, ValueError, UnicodeDecodeError):
        pass
    if suffix in _RAW_DEMUXERS and not _looks_like_text(head):
        source.seek(0)
        try:
            return av.open(
                source,
                mode="r",
                format=_RAW_DEMUXERS[suffix],
                container_options=dict(_OPTIONS),
            )
        except (av.error.FFmpegError, ValueError):
            pass
    raise DamagedAudio if _looks_like_sound(head) else NotAudio


def _sound_track(container: "InputContainer") -> "AudioStream":
    if not container.streams.audio:
        name = container.format.name
        moving = container.streams.video and not any(still in name for still in _STILL_IMAGES)
        raise NoSound if moving else NotAudio
    best = container.streams.best("audio")
    track = next((t for t in container.streams.audio if t is best), container.streams.audio[0])
    context = track.codec_context
    if context is None:
        # Nothing here can decode what its header names.
        raise DamagedAudio
    # Figures outside these bounds don't come from recorders but from damage, or from files made
    # to blow up: a rate of 1 Hz would turn every byte into seconds of sound.
    if not MIN_RATE_HZ <= (context.sample_rate or 0) <= MAX_RATE_HZ:
        raise DamagedAudio
    if not 1 <= context.channels <= MAX_CHANNELS:
        raise DamagedAudio
    return track


def _looks_like_sound(head: bytes) -> bool:
    return any(head[at : at + len(magic)] == magic for at, magic in _MAGIC)


def _looks_like_text(head: bytes) -> bool:
    return all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)
