"""One turn: sound comes in, and lines are told as soon as their sound has arrived."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emulators.azure_speech.websocket_frames import BrokenFrame
from emulators.azure_speech.websocket_script import (
    Line,
    dialogue_line,
    hypothesis_of,
    phrase_of,
    ticks,
)

RIFF_BYTES = 44
RATE = 16_000
SAMPLE_BYTES = 2

Teller = Callable[[str, dict[str, Any] | None], None]
Waiter = Callable[[float], object]


class Turn:
    """What the service knows of one stretch of sound, whose times start at 0."""

    def __init__(
        self,
        lines: Sequence[Line] | None,
        tell: Teller,
        wait: Waiter,
        *,
        sound: bytes | None = None,
        base_ms: int = 0,
        even_in_silence: bool = False,
    ) -> None:
        """Hear ``lines`` (the shipped dialogue when None) in what comes, from ``base_ms`` on.

        With ``sound``, 16-bit PCM, the lines belong to places of it, and what comes is looked for
        in it: so the service hears what is said wherever a client starts. ``even_in_silence``
        hears lines in sound that is nothing but zeros.
        """
        self._even_in_silence = even_in_silence
        self._lines = lines
        self._sound = sound
        self._tell = tell
        self._wait = wait
        self._channels = 0
        self._head = bytearray()
        self._base_ms: int | None = None if sound else base_ms
        self._next = 0
        self._partials = 0
        self._started = False
        self._is_loud = _Loudness()
        self.pcm_bytes = 0

    @property
    def heard_ms(self) -> int:
        """How much sound has come."""
        if not self._channels:
            return 0
        return self.pcm_bytes * 1000 // (RATE * SAMPLE_BYTES * self._channels)

    def hear(self, sound: bytes) -> None:
        """Take the next bytes: first a RIFF header, then samples. Raises BrokenFrame."""
        if not self._channels:
            sound = self._read_header(sound)
        self.pcm_bytes += len(sound)
        self._is_loud.hear(sound, self._channels)
        if self._base_ms is None:
            self._head += sound
            self._find_place(is_over=False)
        if self._base_ms is not None:
            self._tell_heard(is_over=False)

    def end(self) -> None:
        """Tell what is left: no more sound comes."""
        if self._base_ms is None:
            self._find_place(is_over=True)
        self._tell_heard(is_over=True)
        if not self._started:
            silence = {"RecognitionStatus": "InitialSilenceTimeout", "Offset": 0}
            self._tell("speech.phrase", {**silence, "Duration": ticks(self.heard_ms)})
        end = {"Offset": ticks(self.heard_ms)}
        self._tell("speech.endDetected", end)
        last = {"RecognitionStatus": "EndOfDictation", **end, "Duration": 0}
        self._tell("speech.phrase", last)

    def _read_header(self, sound: bytes) -> bytes:
        if len(sound) < RIFF_BYTES or sound[:4] != b"RIFF" or sound[8:12] != b"WAVE":
            raise BrokenFrame
        kind, channels, rate = struct.unpack_from("<HHI", sound, 20)
        (bits,) = struct.unpack_from("<H", sound, 34)
        if kind != 1 or channels not in (1, 2) or rate != RATE or bits != SAMPLE_BYTES * 8:
            raise BrokenFrame
        self._channels = channels
        return sound[RIFF_BYTES:]

    def _find_place(self, *, is_over: bool) -> None:
        """Find out where in the known sound this turn starts."""
        sound, head = self._sound or b"", bytes(self._head)
        if not head:
            return
        frame = SAMPLE_BYTES * self._channels
        first = _find(sound, head, 0, frame)
        is_sure = first is not None and _find(sound, head, first + frame, frame) is None
        if is_sure or (is_over and first is not None):
            self._base_ms = (first or 0) * 1000 // (RATE * frame)
            self._head.clear()
        elif first is None and any(head):
            raise BrokenFrame
        elif is_over:
            self._base_ms = 0

    def _line(self, number: int) -> Line | None:
        """Return one of the lines in this turn's own times, None after the last."""
        if self._lines is None:
            line = dialogue_line(number, separate=self._channels == 2)
        elif number < len(self._lines):
            line = self._lines[number]
        else:
            return None
        base = self._base_ms or 0
        return replace(line, start_ms=max(0, line.start_ms - base), end_ms=line.end_ms - base)

    def _tell_heard(self, *, is_over: bool) -> None:
        heard = self.heard_ms
        while (line := self._line(self._next)) is not None and line.start_ms < heard:
            if is_over:
                line = replace(line, end_ms=min(line.end_ms, heard))
            if line.end_ms > 0 and self._is_heard(line):
                self._tell_partials(line, heard)
            if line.end_ms > heard:
                break
            if line.end_ms > 0 and self._is_heard(line):
                self._wait(line.delay_s)
                self._tell("speech.phrase", phrase_of(line))
            self._next, self._partials = self._next + 1, 0

    def _is_heard(self, line: Line) -> bool:
        """Whether there is anything to hear where the line is: nobody speaks in dead silence."""
        if self._even_in_silence or line.status != "Success":
            return True
        return self._is_loud.between(line.start_ms, line.end_ms)

    def _tell_partials(self, line: Line, heard: int) -> None:
        if line.status != "Success":
            return
        if not self._started:
            self._started = True
            self._tell("speech.startDetected", {"Offset": ticks(line.start_ms)})
        length = line.end_ms - line.start_ms
        while self._partials < line.partials:
            share = (self._partials + 1) / (line.partials + 1)
            if line.start_ms + length * share > heard:
                break
            self._partials += 1
            self._tell("speech.hypothesis", hypothesis_of(line, share))


class _Loudness:
    """Whether anything but digital silence came, by tenths of a second."""

    STEP_MS = 100

    def __init__(self) -> None:
        self._loud: set[int] = set()
        self._bytes = 0

    def hear(self, sound: bytes, channels: int) -> None:
        step = RATE * SAMPLE_BYTES * channels * self.STEP_MS // 1000
        loud = np.flatnonzero(np.frombuffer(sound, np.uint8))
        self._loud.update(np.unique((loud + self._bytes) // step).tolist())
        self._bytes += len(sound)

    def between(self, start_ms: int, end_ms: int) -> bool:
        first, last = start_ms // self.STEP_MS, -(-end_ms // self.STEP_MS)
        return any(step in self._loud for step in range(first, last))


def _find(sound: bytes, head: bytes, start: int, frame: int) -> int | None:
    """Return the first place of whole frames where the known sound goes as ``head`` does."""
    at = sound.find(head, start)
    while at >= 0 and at % frame:
        at = sound.find(head, at + 1)
    return at if at >= 0 else None
