"""A thousand hostile files through the bounded decoder: sound, or one clear sentence."""

import io
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import ROOT
from services.audio.apart.bounded import BoundedDecoder
from services.audio.apart.forking import Forking
from services.audio.apart.limits import MEBIBYTE, DecodeLimits
from services.domain.errors import BadAudio, PartylineError, TooLong
from services.domain.running import RunContext
from tests.attacks.hostile_files import BOMBS, hostile_files

FILES = 1_000
MOST_MS = 60_000
LIMITS = DecodeLimits(memory_bytes=1024 * MEBIBYTE, time_ms=15_000, silence_ms=10_000)
MOST_GROWTH_KB = 40_000
# The busiest machine takes longer than the limit to notice it.
WITHIN_S = 40.0


@pytest.fixture(scope="module")
def forking() -> Iterator[Forking]:
    command = (sys.executable, "-m", "app.decoder", "--forks")
    made = Forking(command, folder=ROOT, environment={"PATH": os.environ["PATH"]})
    yield made
    made.close()


@pytest.fixture(scope="module")
def decoder(forking: Forking) -> BoundedDecoder:
    return BoundedDecoder(forking, limits=LIMITS)


def nobody_is_left(forking: Forking) -> bool:
    """Say whether all forks have gone."""
    return not Path(f"/proc/{forking.pid}/task/{forking.pid}/children").read_text().split()


def resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


class Sink(io.RawIOBase):
    """Counts what is written and keeps none of it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        length = len(memoryview(content))  # type: ignore[arg-type]
        self.size += length
        return length


def outcome(decoder: BoundedDecoder, content: bytes) -> str:
    """Decode a file as the worker does; return what became of it."""
    sink = Sink()
    try:
        found = decoder(
            io.BytesIO(content),
            sink,  # type: ignore[arg-type]
            RunContext(),
            max_duration_ms=MOST_MS,
            suffix=".wav",
        )
    except BadAudio as error:
        return error.code if 0 < len(error.user_message) < 200 else "many words"
    assert sink.size == found.frames * found.channels * 2
    return "decoded"


def test_a_thousand_hostile_files(decoder: BoundedDecoder, forking: Forking) -> None:
    outcome(decoder, b"nothing yet")
    before, open_before = resident_kb(), len(os.listdir("/proc/self/fd"))
    outcomes: Counter[str] = Counter()
    for number, content in enumerate(hostile_files(FILES)):
        began = time.monotonic()
        try:
            outcomes[outcome(decoder, content)] += 1
        except PartylineError as error:
            raise AssertionError(f"file {number}: {error.code}") from error
        assert time.monotonic() - began < WITHIN_S, number
    # what is damaged is mostly read as far as it goes, and much of it is told to be no recording
    assert outcomes["decoded"] > FILES // 10
    assert outcomes["NotAudio"] + outcomes["DamagedAudio"] > FILES // 10
    assert outcomes["many words"] == outcomes["DecoderCrashed"] == 0
    assert nobody_is_left(forking)
    assert len(os.listdir("/proc/self/fd")) == open_before
    assert resident_kb() - before < MOST_GROWTH_KB


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_stopped(decoder: BoundedDecoder, forking: Forking, name: str) -> None:
    began = time.monotonic()
    became = outcome(decoder, BOMBS[name]())
    assert became != "decoded"
    assert time.monotonic() - began < WITHIN_S
    if name == "hours in a small file":
        assert became == TooLong().code
    assert nobody_is_left(forking)
