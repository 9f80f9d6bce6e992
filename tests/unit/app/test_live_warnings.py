"""A real call through the desk with words that come very late: who speaks is not called silent."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.wiring import Services
from services.domain.intervals import Interval, cut, length_ms, union
from services.domain.live import Final, SpeakerTold
from services.domain.people import LOCAL_USER
from services.domain.running import RunContext
from services.domain.speech import Speaker, Utterance
from services.live.pacing import CHUNK_MS
from services.one_file import open_file
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.providers.scripted.provider import ScriptedProvider
from tests.unit.app.live_doubles import FRAMES_PER_MS, begin, wait_until

DEMO = (
    Path(__file__).parents[3]
    / "demo"
    / "Harbor-Energy_AGENT_Marcus-Bell_CUST_C-2087_QUEUE_Deliveries_2026-11-13T14-05-00.wav"
)
SPEED = 8.0
LATE_MS = 20_000
BREAK_AT_MS, BREAK_MS = 30_480, 9_000
"""Between two utterances of the call; nobody has asked to wait."""
EDGE_MS = 300
"""A voice's first and last sounds may be too faint to be heard as one."""


class LateWords(LiveSession):
    """Tells each utterance long after it was said, and never a beginning of it."""

    def __init__(self, lines: Sequence[Utterance], sound: LiveFormat, listener: LiveListener):
        super().__init__("scripted", sound, listener)
        self._left = list(lines)
        for name in dict.fromkeys(line.speaker for line in lines):
            assert name is not None
            self.tell(SpeakerTold(speaker=Speaker(id=name, label=name), at_ms=0))

    def _send_impl(self, pcm: bytes) -> None:
        self._tell_up_to(self.sent_ms - LATE_MS)

    def _finish_impl(self, timeout_s: float) -> None:
        self._tell_up_to(self.sent_ms)

    def _close_impl(self) -> None:
        pass

    def _tell_up_to(self, at_ms: int) -> None:
        while self._left and self._left[0].end_ms <= at_ms:
            self.tell(Final(line=self._left.pop(0)))


def spoken() -> list[Utterance]:
    """What is said in the call, when there is a break in it."""
    truth = json.loads(DEMO.with_suffix(".truth.json").read_text("utf-8"))
    lines = []
    for number, said in enumerate(truth["utterances"]):
        late = BREAK_MS if said["start_ms"] > BREAK_AT_MS else 0
        lines.append(
            Utterance(
                id=f"u{number}",
                speaker=said["speaker"],
                start_ms=said["start_ms"] + late,
                end_ms=said["end_ms"] + late,
                text=said["text"],
            )
        )
    return sorted(lines, key=lambda line: line.end_ms)


def chunks(folder: Path) -> Iterator[bytes]:
    """The call's sound with the break in it."""
    with open_file(DEMO, RunContext(), folder, 600_000) as recording:
        samples = recording.pcm.read(0, recording.pcm.frames)
    at = BREAK_AT_MS * FRAMES_PER_MS
    parts = (samples[:at], np.zeros(BREAK_MS * FRAMES_PER_MS, np.float32), samples[at:])
    pcm = (np.concatenate(parts) * 32_767).astype("<i2").tobytes()
    step = CHUNK_MS * FRAMES_PER_MS * 2
    return (pcm[first : first + step] for first in range(0, len(pcm), step))


def said_in(lines: Sequence[Utterance], silence: Interval) -> int:
    """How long somebody speaks in what was called a silence, edges aside."""
    voices = ((line.start_ms + EDGE_MS, line.end_ms - EDGE_MS) for line in lines)
    return length_ms(union(cut((a, b), silence) for a, b in voices if a < b))


@pytest.fixture
def silences(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[dict[str, Any]]:
    """Hold the call eight times as fast as it was; return the silences that were told."""
    monkeypatch.setattr(
        ScriptedProvider,
        "open_live",
        lambda _self, sound, _options, listener: LateWords(spoken(), sound, listener),
    )
    call = begin(services)
    told: list[dict[str, Any]] = []
    services.live.follow(LOCAL_USER, call.id, 0, lambda event: told.append(dict(event)))
    services.live.play(LOCAL_USER, call.id, chunks(tmp_path), SPEED)
    wait_until(lambda: any(event["type"] == "ended" for event in told), 120.0)
    assert sum(event["type"] == "final" for event in told) == len(spoken())
    return [event for event in told if event.get("kind") == "silence"]


def test_no_silence_is_told_while_somebody_speaks_and_a_real_one_is(
    silences: list[dict[str, Any]],
) -> None:
    lines = spoken()
    assert [said_in(lines, (one["start_ms"], one["end_ms"])) for one in silences] == [0]
    (silence,) = silences
    assert BREAK_AT_MS - 500 <= silence["start_ms"] <= BREAK_AT_MS
    assert silence["end_ms"] - silence["start_ms"] > 5_000
    assert not silence.get("taken_back")
