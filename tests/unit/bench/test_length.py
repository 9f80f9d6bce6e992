"""The bench of very long recordings: the recording, the log of windows, and all of it at work."""

import json
import time
import wave
from pathlib import Path

import pytest

from bench.checkpoint_log import CheckpointLog, Remembered
from bench.length import MidBatch, measure, twice
from bench.long_recording import demo_sounds, write_long_recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.storage.calls import CallStore
from services.storage.checkpoints import RunCheckpoints
from services.storage.database import open_engine
from services.storage.keys import DataKey, WrappedKey
from services.storage.schema import migrate
from tests.builders import call, first_run


@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_repeats_the_demo_calls(tmp_path: Path, channels: int) -> None:
    once = sum(len(sound) for sound in demo_sounds(channels))
    duration_ms = once // 8 + 2_000
    write_long_recording(tmp_path / "long.wav", duration_ms, channels=channels)
    with wave.open(str(tmp_path / "long.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (channels, 8_000)
        assert file.getnframes() == duration_ms * 8
        beginning = file.readframes(8_000)
        file.setpos(once)
        assert file.readframes(8_000) == beginning


def test_the_log_sees_windows_come_and_come_again(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    migrate(engine)
    log = CheckpointLog(engine)
    made = call()
    CallStore(engine).add(made, first_run(made), WrappedKey(key_id="k", sealed=b"sealed"))
    checkpoints = RunCheckpoints(engine, made.id, 1, DataKey.random())
    for name in ("recognise.language", "recognise.0.0-10", "voices.1", "recognise.0.10-20"):
        checkpoints[name] = b"words"
    checkpoints["recognise.0.0-10"] = b"again"
    checkpoints.clear()
    logged = log.of_run(1)
    assert [one.name for one in logged] == [
        "recognise.0.0-10",
        "recognise.0.10-20",
        "recognise.0.0-10",
    ]
    assert [one.at_s for one in logged] == sorted(one.at_s for one in logged)
    assert log.count(1) == 3
    assert log.last(1) == logged[-1]
    assert (log.count(2), log.last(2)) == (0, None)
    engine.dispose()


class FakeLog:
    """Windows of two runs; the second run's last one was put away just now."""

    def __init__(self, first_at_s: list[float], second: int, ago_s: float) -> None:
        self._first = [Remembered(name=f"w{n}", at_s=at) for n, at in enumerate(first_at_s)]
        self._second, self._last_at_s = second, time.time() - ago_s

    def of_run(self, run: int) -> list[Remembered]:
        assert run == 1
        return self._first

    def count(self, run: int) -> int:
        return self._second

    def last(self, run: int) -> Remembered | None:
        return Remembered(name="w", at_s=self._last_at_s) if self._second else None


class TestMomentOfTheKill:
    # three batches of two windows, 10 s apart
    FIRST = (10.0, 10.1, 20.0, 20.1, 30.0, 30.1)

    @pytest.mark.parametrize(
        ("second", "ago_s", "now"),
        [(0, 6.0, False), (2, 6.0, False), (4, 1.0, False), (4, 6.0, True), (3, 6.0, True)],
    )
    def test_comes_half_way_and_amid_a_batch(self, second: int, ago_s: float, now: bool) -> None:
        moment = MidBatch(FakeLog(list(self.FIRST), second, ago_s))  # type: ignore[arg-type]
        assert moment() is now

    def test_needs_two_windows(self) -> None:
        with pytest.raises(InvalidRequest, match="too short"):
            MidBatch(FakeLog([10.0], 0, 0.0))  # type: ignore[arg-type]


class TestTwice:
    def test_counts_windows_that_were_remembered_and_done_again(self) -> None:
        before = [Remembered(name=n, at_s=100.0) for n in "ab"]
        after = [
            Remembered(name="b", at_s=200.0),
            Remembered(name="c", at_s=200.1),
            Remembered(name="d", at_s=205.0),
        ]
        assert twice(before, after, killed_at_s=103.5) == {
            "windows": 4,
            "before_kill": 2,
            "recognised_twice": 1,
            "under_way_at_most": 2,
            "lost_s": 3.5,
        }

    def test_a_kill_before_anything_was_remembered(self) -> None:
        found = twice([], [Remembered(name="a", at_s=1.0)], killed_at_s=0.5)
        assert (found["recognised_twice"], found["lost_s"]) == (0, None)


@pytest.mark.slow
class TestAtWork:
    SCRIPTED = ProcessingOptions(provider="scripted", redact=False)

    @pytest.fixture(autouse=True)
    def _scripted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path / "own"))
        monkeypatch.setenv("PARTYLINE_SCRIPTED_PROVIDER", "1")
        monkeypatch.setenv("PARTYLINE_SCRIPTED_PAUSE_MS", "400")

    def test_a_worker_is_watched_killed_and_followed_by_another(self, tmp_path: Path) -> None:
        assert measure(0.02, tmp_path / "out.json", stereo=True, options=self.SCRIPTED) == 0
        whole, killed = json.loads((tmp_path / "out.json").read_text())["rows"]
        assert whole["state"] == killed["state"] == "ready"
        assert whole["layout"] == "two channels"
        assert whole["peak_mib"] >= whole["analyse_mib"] >= whole["decode_mib"] > 0
        assert whole["reports"] > 4
        assert 0 < whole["largest_gap_s"] < whole["took_s"]
        assert killed["windows"] == whole["windows"] > killed["before_kill"] > 0
        assert killed["recognised_twice"] == 0
        assert killed["lost_s"] is not None
        assert killed["same_words"] is True
        assert not (tmp_path / "own" / "partyline.db").exists()
