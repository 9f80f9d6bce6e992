"""Recordings that were damaged, or made to do harm; the same ones each time."""

import random
import struct
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from tests.unit.audio.sounds import encoded, tone

SEED = 7
FORMATS = (
    ("wav", "pcm_s16le", 16_000),
    ("wav", "adpcm_ima_wav", 22_050),
    ("mp3", "libmp3lame", 44_100),
    ("ipod", "aac", 44_100),
    ("ogg", "libopus", 48_000),
    ("ogg", "flac", 48_000),
    ("flac", "flac", 48_000),
    ("webm", "libopus", 48_000),
    ("matroska", "aac", 44_100),
    ("aiff", "pcm_s16be", 16_000),
    ("au", "pcm_mulaw", 8_000),
    ("caf", "pcm_s16le", 16_000),
    ("mpegts", "mp2", 44_100),
    ("asf", "pcm_s16le", 16_000),
    ("avi", "pcm_s16le", 16_000),
    ("wv", "wavpack", 44_100),
    ("tta", "tta", 44_100),
)
LARGEST = (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFF, 0, 1, 0x10000000)


@cache
def whole() -> tuple[bytes, ...]:
    """One short recording of each format."""
    return tuple(
        encoded(tone(0.7, rate=rate), container, codec, rate=rate)
        for container, codec, rate in FORMATS
    )


def hostile_files(count: int, seed: int = SEED) -> Iterator[bytes]:
    """Return so many files, none of them as it was."""
    rng = random.Random(seed)
    ways = (cut, flipped, rewritten, grafted, repeated, stuffed, rubbish)
    for number in range(count):
        yield ways[number % len(ways)](rng)


def cut(rng: random.Random) -> bytes:
    """Without its end, or without its beginning."""
    file = rng.choice(whole())
    at = rng.randrange(1, len(file))
    return file[:at] if rng.random() < 0.7 else file[at:]


def flipped(rng: random.Random) -> bytes:
    """With some bits the other way."""
    file = bytearray(rng.choice(whole()))
    for _ in range(rng.choice([1, 5, 50, 500])):
        file[rng.randrange(len(file))] ^= 1 << rng.randrange(8)
    return bytes(file)


def rewritten(rng: random.Random) -> bytes:
    """With sizes, counts and rates in its header that can't be."""
    file = bytearray(rng.choice(whole()))
    for _ in range(rng.choice([1, 2, 4])):
        at = rng.randrange(4, min(len(file) - 8, 400))
        order = rng.choice("<>")
        file[at : at + 4] = struct.pack(f"{order}I", rng.choice(LARGEST))
    return bytes(file)


def grafted(rng: random.Random) -> bytes:
    """The beginning of one with the rest of another."""
    head, tail = rng.choice(whole()), rng.choice(whole())
    return head[: rng.randrange(4, min(len(head), 600))] + tail[rng.randrange(len(tail)) :]


def repeated(rng: random.Random) -> bytes:
    """A piece of it over and over, as of boxes in boxes."""
    file = rng.choice(whole())
    at = rng.randrange(len(file) - 16)
    piece = file[at : at + rng.choice([4, 8, 40, 300])]
    return file[:at] + piece * rng.choice([10, 1_000]) + file[at:]


def stuffed(rng: random.Random) -> bytes:
    """With rubbish in its middle."""
    file = rng.choice(whole())
    at = rng.randrange(len(file))
    return file[:at] + rng.randbytes(rng.choice([1, 100, 20_000])) + file[at:]


def rubbish(rng: random.Random) -> bytes:
    """The sign of a format and nothing of it."""
    sign = rng.choice(whole())[: rng.choice([4, 8, 12, 40])]
    return sign + rng.randbytes(rng.choice([0, 50, 5_000, 50_000]))


# --- bombs ----------------------------------------------------------------------------------------


@cache
def long_silence(hours: float) -> bytes:
    """Hours of nothing, of which a thousandth is left when it is packed."""
    return encoded(np.zeros(int(hours * 3_600 * 8_000), np.float32), "flac", "flac", rate=8_000)


def deep_boxes(depth: int) -> bytes:
    """An MP4 whose boxes lie in one another."""
    inner = b""
    for _ in range(depth):
        inner = struct.pack(">I4s", len(inner) + 8, b"moov") + inner
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom") + inner


def deep_elements(depth: int) -> bytes:
    """A Matroska file whose elements lie in one another, each as long as can be."""
    head = bytes.fromhex("1a45dfa3a34286810142f7810142f2810442f381084282886d6174726f736b61")
    return head + bytes.fromhex("18538067" + "01ffffffffffffff") * depth


def many_samples() -> bytes:
    """An MP4 that claims four thousand million samples in its tables."""
    file = bytearray(whole()[3])
    for name in (b"stsz", b"stts", b"stsc", b"stco"):
        at = file.find(name)
        if at > 0:
            file[at + 8 : at + 16] = b"\xff" * 8
    return bytes(file)


def odd_wav(*, channels: int, rate: int, bits: int = 16, length: int = 0xFFFFFFFF) -> bytes:
    """A WAV file whose header says this of a few thousand bytes."""
    step = max(1, channels * bits // 8) & 0xFFFF
    fmt = struct.pack("<HHIIHH", 1, channels, rate, (rate * step) & 0xFFFFFFFF, step, bits)
    return (
        b"RIFF"
        + struct.pack("<I", length)
        + b"WAVEfmt "
        + struct.pack("<I", len(fmt))
        + fmt
        + b"data"
        + struct.pack("<I", length)
        + bytes(4_000)
    )


# Files that are small and would be large, or are none; made when they are asked for.
BOMBS: dict[str, Callable[[], bytes]] = {
    "hours in a small file": lambda: long_silence(0.5),
    "boxes in boxes": lambda: deep_boxes(20_000),
    "elements in elements": lambda: deep_elements(20_000),
    "tables without an end": lambda: many_samples(),
    "65,535 channels": lambda: odd_wav(channels=65_535, rate=8_000),
    "no channel": lambda: odd_wav(channels=0, rate=8_000),
    "one sample a second": lambda: odd_wav(channels=1, rate=1),
    "four thousand million samples a second": lambda: odd_wav(channels=1, rate=0xFFFFFFFF),
    "65,535 bits": lambda: odd_wav(channels=1, rate=8_000, bits=65_535),
    "a playlist": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" * 100,
    "a script of files": lambda: b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(1_000),
    "a page": lambda: b"<html><script>alert(1)</script></html>" * 50,
    "an archive": lambda: b"PK\x03\x04" + bytes(1_000),
    "nothing": lambda: b"",
    "a zero": lambda: b"\x00",
    "zeros": lambda: bytes(200_000),
}
