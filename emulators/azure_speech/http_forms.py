"""What Azure's HTTP services read of a request, and what they refuse."""

import io
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

API_VERSIONS = frozenset({"2024-11-15", "2025-10-15"})
MOST_AUDIO_BYTES = 250 * 1024 * 1024
MOST_AUDIO_MS = 2 * 3_600_000
SILENT_BELOW = 0.002
SIGNATURE_RATE_HZ = 16_000
LEAST_SIGNATURE_S = 3.0
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?-[A-Z]{2}(-[a-z]+)?")
_FIELDS = frozenset(
    {"audioUrl", "locales", "models", "profanityFilterMode", "diarization", "channels"}
    | {"enhancedMode", "phraseList"}
)
_PROFANITY = frozenset({"None", "Removed", "Tags", "Masked"})


class Refused(Exception):
    """The service answers with this status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What was found in an uploaded sound."""

    duration_ms: int
    channels: int
    is_silent: bool


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the fields of a multipart form by name. Raises Refused."""
    kind, _, rest = content_type.partition(";")
    boundary = re.search(r'boundary="?([^";]+)"?', rest)
    if kind.strip().lower() != "multipart/form-data" or boundary is None:
        raise Refused(415, "UnsupportedMediaType", "A multipart form is expected.")
    found = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if name := re.search(rb'name="([^"]*)"', head):
            found[name[1].decode()] = content
    return found


def definition_in(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what is asked for. Raises Refused for what can't be understood."""
    try:
        asked = json.loads(parts.get("definition", b"{}"))
    except ValueError:
        raise Refused(400, "InvalidArgument", "The definition is no JSON.") from None
    if not isinstance(asked, dict) or not asked.keys() <= _FIELDS:
        raise Refused(400, "InvalidArgument", "The definition has unknown fields.")
    _check(asked.get("profanityFilterMode", "Masked") in _PROFANITY, "profanityFilterMode")
    locales = asked.get("locales", [])
    _check(isinstance(locales, list) and all(_LOCALE.fullmatch(str(x)) for x in locales), "locales")
    channels = asked.get("channels", [])
    _check(channels in ([], [0], [1], [0, 1]), "channels")
    speakers = asked.get("diarization")
    if speakers is not None:
        _check(isinstance(speakers, dict) and 2 <= speakers.get("maxSpeakers", 2) <= 35, "speakers")
        _check(channels in ([], [0], [1]), "channels together with diarization")
    phrases = asked.get("phraseList", {})
    _check(isinstance(phrases.get("phrases", []), list), "phraseList")
    return asked


def sound_in(audio: bytes) -> Sound:
    """Look into an uploaded sound. Raises Refused for what is none, too long or too large."""
    if not audio:
        raise Refused(400, "InvalidArgument", "There is no audio.")
    if len(audio) > MOST_AUDIO_BYTES:
        raise Refused(413, "PayloadTooLarge", "The audio is too large.")
    frames, rate, channels, peak = 0, 1, 1, 0.0
    try:
        with av.open(io.BytesIO(audio), "r") as container:
            for frame in container.decode(audio=0):
                samples = frame.to_ndarray()
                full = 1.0 if samples.dtype.kind == "f" else float(np.iinfo(samples.dtype.name).max)
                peak = max(peak, float(np.abs(samples.astype(np.float64)).max(initial=0.0)) / full)
                frames, rate = frames + frame.samples, frame.sample_rate
                channels = frame.layout.nb_channels
    except (av.error.FFmpegError, IndexError):
        raise Refused(422, "InvalidAudioFormat", "The audio can't be decoded.") from None
    duration_ms = frames * 1000 // rate
    if duration_ms > MOST_AUDIO_MS:
        raise Refused(400, "AudioLengthLimitExceeded", "The audio is too long.")
    return Sound(duration_ms=duration_ms, channels=channels, is_silent=peak < SILENT_BELOW)


def check_channels(asked: Mapping[str, Any], sound: Sound) -> None:
    """Raise Refused for a channel that the sound doesn't have."""
    _check(all(channel < sound.channels for channel in asked.get("channels", [])), "channels")


def check_voice_sample(content: bytes) -> float:
    """Return the seconds of a WAV file of 16 bit, 16 kHz and one channel. Raises Refused."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise Refused(400, "InvalidAudio", "A WAV file is expected.")
    chunks = _chunks(content)
    form, sound = chunks.get(b"fmt ", b""), chunks.get(b"data", b"")
    if len(form) < 16:
        raise Refused(400, "InvalidAudio", "The WAV file has no format.")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if (kind, channels, rate, bits) != (1, 1, SIGNATURE_RATE_HZ, 16):
        raise Refused(400, "InvalidAudio", "16 bit, 16 kHz and one channel are expected.")
    seconds = len(sound) / (2 * SIGNATURE_RATE_HZ)
    if seconds < LEAST_SIGNATURE_S:
        raise Refused(400, "AudioTooShort", "There is too little speech.")
    return seconds


def _chunks(content: bytes) -> dict[bytes, bytes]:
    found, at = {}, 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        found[content[at : at + 4]] = content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return found


def _check(fits: bool, what: str) -> None:
    if not fits:
        raise Refused(400, "InvalidArgument", f"The value of {what} is not valid.")
