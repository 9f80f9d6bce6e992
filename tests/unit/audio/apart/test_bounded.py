"""Decoding in a bounded child: the same sound, and every way in which a child can go wrong."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app.local_models import build_decoder
from app.settings import ROOT, GivenSettings
from services.audio.apart import landlock
from services.audio.apart.bounded import BoundedDecoder
from services.audio.apart.limits import MEBIBYTE, DecodeLimits
from services.audio.apart.starting import Spawning
from services.audio.decode import decode
from services.domain.errors import (
    Cancelled,
    DecoderCrashed,
    DecoderLost,
    DecoderOverrun,
    EmptyFile,
    NotAudio,
    PartylineError,
    TooLong,
)
from services.domain.running import RunContext
from tests.unit.audio.sounds import encoded, tone

LIMITS = DecodeLimits(memory_bytes=600 * MEBIBYTE, time_ms=20_000, silence_ms=10_000)
QUICK = DecodeLimits(memory_bytes=600 * MEBIBYTE, time_ms=20_000, silence_ms=500)
# What a script needs is loaded first: afterwards no file can be opened.
BEGINNING = """
import sys, os, json, resource, signal, socket, tempfile, time
from services.audio.apart import wire
from services.audio.apart.wire import Kind
from services.audio.apart.limits import DecodeLimits, confine
orders, answers = sys.stdin.buffer, sys.stdout.buffer
form = wire.read_form(wire.receive(orders)[1])
confine(DecodeLimits(**form["limits"]))
"""


def child(script: str, limits: DecodeLimits = LIMITS) -> BoundedDecoder:
    """A decoder whose child does what a script says once it has been given its order."""
    command = (sys.executable, "-c", BEGINNING + textwrap.dedent(script))
    start = Spawning(command, folder=ROOT, environment={"PATH": os.environ["PATH"]})
    return BoundedDecoder(start, limits=limits)


def decoded(
    decoder: BoundedDecoder, content: bytes = b"sound", context: RunContext | None = None
) -> bytes:
    sink = io.BytesIO()
    decoder(io.BytesIO(content), sink, context or RunContext(), max_duration_ms=60_000)
    return sink.getvalue()


def test_the_child_gives_the_same_sound_facts_and_errors() -> None:
    decoder = build_decoder(GivenSettings())
    file = encoded(tone(3.0, rate=48_000), "ogg", "libopus", rate=48_000)
    here, there = io.BytesIO(), io.BytesIO()
    reached: list[float] = []
    context = RunContext(on_progress=lambda _, done: reached.append(done))
    expected = decode(io.BytesIO(file), here, RunContext(), max_duration_ms=60_000)
    assert decoder(io.BytesIO(file), there, context, max_duration_ms=60_000) == expected
    assert there.getvalue() == here.getvalue()
    assert reached[-1] == 1.0
    with pytest.raises(TooLong):
        decoder(io.BytesIO(file), io.BytesIO(), RunContext(), max_duration_ms=1_000)
    with pytest.raises(NotAudio):
        decoded(decoder, b"no recording at all")


ENDINGS = {
    "crash": ("os.kill(os.getpid(), signal.SIGSEGV)", DecoderCrashed),
    "abort": ("os.abort()", DecoderCrashed),
    "killed by the machine": ("os.kill(os.getpid(), 9)", DecoderLost),
    "fault of ours": ("sys.exit(3)", DecoderLost),
    "leaves without a word": ("", DecoderCrashed),
    "nonsense": ("answers.write(b'x' * 100)", DecoderCrashed),
    "endless message": ("answers.write(bytes([4]) + b'\\xff' * 4)", DecoderCrashed),
    "sound that isn't there": (
        """wire.send(answers, Kind.DONE, wire.written({"channels": 2, "frames": 10**9}))""",
        DecoderCrashed,
    ),
    "text in place of a name": (
        """
        facts = dict(channels=1, sample_rate=8000, codec="<script>", container="", findings=[])
        wire.send(answers, Kind.SOUND, b"ab")
        wire.send(answers, Kind.DONE, wire.written(dict(channels=1, frames=1, facts=facts)))
        """,
        DecoderCrashed,
    ),
    "endless sound": (
        """
        while True:
            wire.send(answers, Kind.SOUND, bytes(1 << 20))
        """,
        TooLong,
    ),
    "endless reading": (
        """
        while True:
            wire.send(answers, Kind.WANTED, wire.packed_place(0, 1 << 22))
            wire.receive(orders)
        """,
        DecoderOverrun,
    ),
    "too much memory": (
        """
        try:
            bytearray(700 * 1024 * 1024)
        except MemoryError:
            wire.send(answers, Kind.FAILED, wire.written({"code": "DecoderOverrun"}))
        """,
        DecoderOverrun,
    ),
    "words of its own": (
        """wire.send(answers, Kind.FAILED, wire.written({"code": "TooLong", "detail": "evil"}))""",
        TooLong,
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_becomes_of_a_child_is_one_clear_error(ending: str) -> None:
    script, error = ENDINGS[ending]
    with pytest.raises(PartylineError) as raised:
        decoded(child(script))
    assert type(raised.value) is error
    assert "evil" not in raised.value.user_message


@pytest.mark.parametrize("script", ["time.sleep(60)", "while True: pass"], ids=["hangs", "spins"])
def test_a_silent_child_is_ended(script: str) -> None:
    with pytest.raises(DecoderOverrun):
        decoded(child(script, QUICK))


def test_the_processor_s_time_is_bounded_even_while_it_talks() -> None:
    talking = """
    while True:
        wire.send(answers, Kind.REACHED, wire.written({"fraction": 0.5}))
    """
    limits = DecodeLimits(memory_bytes=LIMITS.memory_bytes, time_ms=1_000)
    with pytest.raises(DecoderOverrun):
        decoded(child(talking, limits))


def test_the_kernel_s_word_counts_as_well() -> None:
    with pytest.raises(DecoderOverrun):
        decoded(child("os.kill(os.getpid(), signal.SIGXCPU)"))


def test_a_silent_child_is_ended_when_nobody_wants_the_call_any_more() -> None:
    context = RunContext(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        decoded(child("time.sleep(60)"), context=context)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bounds")
def test_a_child_writes_no_files_leaves_no_image_and_knows_no_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARTYLINE_KEY", "a-key")
    monkeypatch.setenv("DATABASE_URL", "postgresql://a-database")
    looking = """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x"); file.flush()
        wrote = True
    except OSError:
        wrote = False
    core = resource.getrlimit(resource.RLIMIT_CORE)[0]
    names = [name for name in os.environ if "PARTYLINE" in name or "DATABASE" in name]
    code = "TooShort" if not wrote and core == 0 and not names else "TooLong"
    wire.send(answers, Kind.FAILED, wire.written({"code": code}))
    """
    with pytest.raises(PartylineError) as raised:
        decoded(child(looking))
    assert raised.value.code == "TooShort"
    kept = build_decoder(GivenSettings()).start._environment  # type: ignore[attr-defined]
    assert not [name for name in kept if "PARTYLINE" in name or "DATABASE" in name]


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_a_child_that_was_taken_over_reaches_no_file_no_key_and_nobody_else(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "master.key"
    kept.write_bytes(b"a key")
    trying = f"""
    kept, parent = {str(kept)!r}, os.getppid()
    attempts = {{
        "read": lambda: open(kept, "rb"),
        "write": lambda: open(kept, "r+b"),
        "make": lambda: os.mkdir(kept + ".d"),
        "remove": lambda: os.unlink(kept),
        "list": lambda: os.listdir(os.path.dirname(kept)),
        "environment": lambda: open(f"/proc/{{parent}}/environ", "rb"),
        "memory": lambda: open(f"/proc/{{parent}}/mem", "rb"),
    }}
    if {landlock.version()} >= 3:
        attempts["truncate"] = lambda: os.truncate(kept, 0)
    if {landlock.version()} >= 4:
        attempts["connect"] = lambda: socket.socket().connect(("127.0.0.1", 9))
    if {landlock.version()} >= 6:
        attempts["signal"] = lambda: os.kill(parent, 0)
    for attempt in attempts.values():
        try:
            attempt()
        except PermissionError:
            continue
        except OSError:
            pass
        wire.send(answers, Kind.FAILED, wire.written({{"code": "TooLong"}}))
        sys.exit()
    wire.send(answers, Kind.FAILED, wire.written({{"code": "TooShort"}}))
    """
    with pytest.raises(PartylineError) as raised:
        decoded(child(trying))
    assert raised.value.code == "TooShort"
    assert kept.read_bytes() == b"a key"


def test_the_decoder_is_one_thread_when_it_gives_everything_up() -> None:
    # Landlock holds for the thread that asks for it, and for what that starts afterwards.
    decoder = build_decoder(GivenSettings())
    code = (
        "import os; from services.audio.apart.child import load_libraries; load_libraries();"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=decoder.start._environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "1"


def test_no_process_or_descriptor_is_left() -> None:
    def open_now() -> tuple[int, set[str]]:
        tasks = Path("/proc/self/task").glob("*/children")
        children = {child for task in tasks for child in task.read_text().split()}
        return len(os.listdir("/proc/self/fd")), children

    before = open_now()
    for script in ("os.abort()", "time.sleep(60)"):
        with pytest.raises(PartylineError):
            decoded(child(script, QUICK))
    assert open_now() == before


class TestLooking:
    def test_one_file_after_the_other(self) -> None:
        look = build_decoder(GivenSettings()).look
        good = encoded(tone(1.0), "wav", "pcm_s16le")
        for _ in range(3):
            look(io.BytesIO(good), suffix=".wav")
            with pytest.raises(NotAudio):
                look(io.BytesIO(b"no recording"))
            with pytest.raises(EmptyFile):
                look(io.BytesIO())

    def test_one_that_ends_its_child(self) -> None:
        with pytest.raises(DecoderCrashed):
            child("os.abort()").look(io.BytesIO(b"x"))

    def test_sound_that_was_not_asked_for(self) -> None:
        with pytest.raises(TooLong):
            child("wire.send(answers, Kind.SOUND, b'ab')").look(io.BytesIO(b"x"))

    def test_what_goes_wrong_with_the_file_itself_is_raised_as_it_is(self) -> None:
        class Gone(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise OSError(5, "gone")

        with pytest.raises(OSError, match="gone"):
            build_decoder(GivenSettings()).look(Gone(b"y" * 100))
