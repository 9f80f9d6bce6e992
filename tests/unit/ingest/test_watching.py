"""Folders looked through: what is taken in when, once each, and what is waited for."""

import errno
import io
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import DiskFull, PartylineError, SourceMissing, StorageError
from services.domain.people import LOCAL_USER
from services.ingest.folders import FolderSource
from services.ingest.patterns import NamePattern
from services.ingest.sidecars import Sidecars
from services.ingest.sources import Found
from services.ingest.taking import Outcome, Taker, Wish
from services.ingest.watching import FIRST_PAUSE_S, Patience, Place, Reports, Watch
from services.storage.ingested_files import Fate
from services.storage.objects import ObjectWriter
from tests.unit.ingest.recording import record

ORG = LOCAL_USER.org_id
SCRIPTED = ProcessingOptions(provider="scripted")
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An installation that is emptied after every test."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("ingest"), scripted_provider=True, live_in_child=False
    )
    built = build_services(settings)
    yield built
    built.close()


class CountedFolder(FolderSource):
    """A folder that counts what is opened, and can be changed while it is."""

    opened: int = 0
    meanwhile: Callable[[Found], None] | None = None

    def open(self, found: Found) -> Any:
        self.opened += 1
        file = super().open(found)
        if self.meanwhile is not None:
            self.meanwhile(found)
        return file


@dataclass
class Bench(Reports):
    """A folder that is watched, with a clock of its own, and what is told of it."""

    services: Services
    folder: Path
    patience: Patience = field(default_factory=Patience)
    wish: Wish = field(default_factory=lambda: Wish(options=SCRIPTED))
    now_s: float = 0.0
    waiting: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stop = threading.Event()
        self.begin()

    def begin(self, **wish: Any) -> None:
        """Begin anew, as another process does."""
        self.wish = Wish(**{**vars(self.wish), **wish})
        self.source = CountedFolder(self.folder)
        taker = Taker(
            self.services.intake, self.services.ingested, LOCAL_USER, self.wish, most_bytes=LIMIT
        )
        places = [Place(source=self.source, sidecars=Sidecars(self.source, self.wish.zone))]
        self.watch = Watch(
            places, taker, lambda: self.waiting, self.patience, self, clock=lambda: self.now_s
        )

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.waiting += outcome.fate is Fate.TAKEN

    def waiting_for_room(self, waiting: int) -> None:
        self.full.append(waiting)
        self.stop.set()

    def trouble(self, error: PartylineError) -> None:
        self.troubles.append(error.code)

    def look(self, after_s: float = 0.0) -> list[str]:
        """Look once; return the fates of files by name."""
        self.now_s += after_s
        self.outcomes.clear()
        self.watch.look(self.stop)
        return [f"{Path(one.file).name} {one.fate}" for one in self.outcomes]

    def details(self) -> dict[str, CallDetails]:
        return {row.call.source_name: row.call.details for row in self.services.calls.list(ORG)}


@pytest.fixture
def bench(services: Services, tmp_path: Path) -> Iterator[Bench]:
    yield Bench(services=services, folder=tmp_path, patience=Patience(every_s=0.01))
    for row in services.calls.list(ORG):
        services.desk.delete(LOCAL_USER, row.call.id)
    audio = services.settings.data_dir / "audio"
    assert not [path for path in audio.rglob("*") if path.is_file()]


def test_every_recording_becomes_a_call_once(bench: Bench) -> None:
    for n, name in enumerate(("a.wav", "B.WAV", "week/c.wav", "unlike.wav")):
        record(bench.folder / name, n)
    for name in ("half.wav.part", "half.tmp", ".hidden.wav", "notes.txt", ".git/d.wav"):
        record(bench.folder / name, 99)
    (bench.folder / "link.wav").symlink_to("/etc/hostname")
    os.mkfifo(bench.folder / "pipe.wav")
    assert bench.look() == ["B.WAV taken", "a.wav taken", "unlike.wav taken", "c.wav taken"]
    assert bench.look() == []
    bench.begin()
    assert bench.look() == []
    assert bench.services.calls.count(ORG) == 4
    jobs = [f"{row.call.id}.1" for row in bench.services.calls.list(ORG)]
    assert len(bench.services.queue.states(jobs)) == 4


def test_known_files_cost_no_reads(bench: Bench) -> None:
    for n in range(200):
        (bench.folder / f"{n}.wav").write_bytes(b"junk %d" % n)
    assert len(bench.look()) == 200
    bench.begin()
    assert bench.look() == []
    assert bench.source.opened == 0
    record(bench.folder / "7.wav")
    assert bench.look() == ["7.wav taken"]
    assert bench.source.opened == 1


def test_the_same_content_is_found_and_said(bench: Bench) -> None:
    record(bench.folder / "a.wav")
    record(bench.folder / "copy.wav")
    assert bench.look() == ["a.wav taken", "copy.wav duplicate"]
    assert bench.outcomes[0].call_id == bench.outcomes[1].call_id
    (bench.folder / "a.wav").rename(bench.folder / "moved.wav")
    assert bench.look() == ["moved.wav duplicate"]
    # A call that was deleted doesn't come back by itself.
    bench.services.desk.delete(LOCAL_USER, bench.outcomes[0].call_id or "")
    bench.begin()
    assert bench.look() == []


def test_what_can_not_be_used_is_said_once_until_it_changes(bench: Bench) -> None:
    (bench.folder / "empty.wav").touch()
    (bench.folder / "junk.wav").write_bytes(b"only words, no sound" * 40)
    (bench.folder / "large.wav").write_bytes(b"x" * (LIMIT + 1))
    record(bench.folder / "said.wav", 1)
    (bench.folder / "said.json").write_text("{")
    record(bench.folder / "z.wav", 2)
    assert bench.look() == [
        "empty.wav refused",
        "junk.wav refused",
        "large.wav refused",
        "said.wav refused",
        "z.wav taken",
    ]
    errors = [one.error.code for one in bench.outcomes if one.error]
    assert errors == ["EmptyFile", "NotAudio", "TooLarge", "BadSidecar"]
    assert bench.look() == []
    bench.begin()
    assert bench.look() == []
    record(bench.folder / "junk.wav", 3)
    (bench.folder / "said.json").write_text('{"agent": "Nora"}')
    assert bench.look() == ["junk.wav taken", "said.wav taken"]
    assert bench.details()["said.wav"].agent_name == "Nora"


def test_a_file_that_may_not_be_read_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    record(bench.folder / "a.wav")
    record(bench.folder / "b.wav", 1)
    opened = os.open

    def barred(path: Any, flags: int, *more: Any) -> int:
        if str(path).endswith("a.wav"):
            raise PermissionError
        return opened(path, flags, *more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", barred)
        assert bench.look() == ["a.wav unread", "b.wav taken"]
        assert bench.outcomes[0].error is not None
        assert "can't be read" in bench.outcomes[0].error.user_message
        # Said once, tried again after growing pauses, and nobody waits for it in a single run.
        assert bench.look(after_s=FIRST_PAUSE_S) == []
        assert bench.watch.look(bench.stop)
    assert bench.look(after_s=2 * FIRST_PAUSE_S - 0.1) == []
    assert bench.look(after_s=0.1) == ["a.wav taken"]
    assert bench.source.opened == 4


def test_a_look_that_broke_off_does_not_forget_what_can_not_be_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(bench.folder / "a.wav")
    record(bench.folder / "b.wav", 1)
    opened = os.open

    def barred(path: Any, flags: int, *more: Any) -> int:
        if str(path).endswith("a.wav"):
            raise PermissionError
        return opened(path, flags, *more)

    def full(_writer: ObjectWriter) -> None:
        raise DiskFull

    monkeypatch.setattr(os, "open", barred)
    with monkeypatch.context() as patched:
        patched.setattr(ObjectWriter, "commit", full)
        with pytest.raises(DiskFull):
            bench.look()
    assert [one.fate for one in bench.outcomes] == [Fate.UNREAD]
    assert bench.look() == ["b.wav taken"]


def test_what_could_not_be_read_is_tried_again_by_the_next_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = record(bench.folder / "a.wav")
    opened = os.fdopen

    class Failing(io.BufferedReader):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 4000:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(min(4000, size or 4000) if size != -1 else 4000)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", lambda handle, _mode: Failing(opened(handle, "rb", 0)))
        assert bench.look() == ["a.wav unread"]
    assert bench.services.calls.count(ORG) == 0
    bench.begin()
    assert bench.look() == ["a.wav taken"]
    assert bench.services.calls.list(ORG)[0].call.size_bytes == file.stat().st_size


@pytest.mark.parametrize("beside", ["a.json", "metadata.csv"])
def test_what_lies_beside_it_and_can_not_be_read_now_ends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    record(bench.folder / "a.wav")
    told = {"a.json": '{"agent": "Nora"}', "metadata.csv": "file,agent\na.wav,Nora\n"}
    (bench.folder / beside).write_text(told[beside])
    bench.patience = Patience(sidecar_s=30.0)
    bench.begin()
    opened = os.open

    def failing(path: Any, flags: int, *more: Any) -> int:
        if str(path).endswith(beside):
            raise OSError(errno.EIO, "Input/output error")
        return opened(path, flags, *more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", failing)
        assert bench.look() == ["a.wav unread"]
    assert bench.look(after_s=FIRST_PAUSE_S) == ["a.wav taken"]
    assert bench.details()["a.wav"].agent_name == "Nora"


def test_files_that_are_gone_are_forgotten(bench: Bench) -> None:
    for n in range(20):
        record(bench.folder / f"{n}.wav", n)
    assert len(bench.look()) == 20
    for n in range(1, 20):
        (bench.folder / f"{n}.wav").unlink()
    assert bench.look() == []
    assert [len(done) for done in bench.watch._done] == [1]


def test_what_is_still_written_is_waited_for(bench: Bench) -> None:
    bench.patience = Patience(quiet_s=5.0)
    bench.begin()
    file = record(bench.folder / "a.wav")
    whole = file.read_bytes()
    file.write_bytes(whole[:3000])
    assert bench.look() == []
    file.write_bytes(whole[:5000])
    assert bench.look(after_s=4.9) == []
    file.write_bytes(whole)
    assert bench.look(after_s=4.9) == []
    assert bench.look(after_s=4.9) == []
    assert bench.look(after_s=0.1) == ["a.wav taken"]
    assert bench.services.calls.list(ORG)[0].call.size_bytes == len(whole)


@pytest.mark.parametrize("how", ["grows", "is cut", "is replaced", "goes"])
def test_what_changes_while_it_is_read_is_not_taken(bench: Bench, how: str) -> None:
    file = record(bench.folder / "a.wav")
    size = file.stat().st_size

    def change(_found: Found) -> None:
        bench.source.meanwhile = None
        if how == "grows":
            with file.open("ab") as more:
                more.write(b"more")
        elif how == "is cut":
            os.truncate(file, size - 100)
        elif how == "is replaced":
            record(bench.folder / "other.tmp", 5).replace(file)
        else:
            file.unlink()

    bench.source.meanwhile = change
    assert bench.look() == []
    assert bench.services.calls.count(ORG) == 0
    assert bench.look() == ([] if how == "goes" else ["a.wav taken"])


def test_what_tells_of_it_may_come_later(bench: Bench) -> None:
    bench.patience = Patience(quiet_s=1.0, sidecar_s=30.0)
    bench.begin()
    for n, name in enumerate(("a.wav", "b.wav", "c.wav")):
        record(bench.folder / name, n)
    assert bench.look() == []
    assert bench.look(after_s=10.0) == []
    (bench.folder / "a.json").write_text('{"agent": "Nora"}')
    (bench.folder / "metadata.csv").write_text("file,agent\nb.wav,Bo\n")
    assert bench.look(after_s=10.0) == []
    # Those two are quiet again, the third has waited in vain since the table came.
    assert bench.look(after_s=1.0) == ["a.wav taken", "b.wav taken"]
    assert bench.look(after_s=30.0) == ["c.wav taken"]
    agents = {name: told.agent_name for name, told in bench.details().items()}
    assert agents == {"a.wav": "Nora", "b.wav": "Bo", "c.wav": None}


def test_beside_goes_before_name_goes_before_options(bench: Bench) -> None:
    bench.begin(
        pattern=NamePattern.read("{agent}_{queue}_{id}"),
        details=CallDetails(agent_name="O", queue="O", customer_ref="O", external_ref="O"),
    )
    record(bench.folder / "P_P_7.wav", 1)
    (bench.folder / "P_P_7.json").write_text('{"agent": "S"}')
    record(bench.folder / "unfit.wav", 2)
    assert bench.look() == ["P_P_7.wav taken", "unfit.wav taken"]
    assert [one.fits for one in bench.outcomes] == [True, False]
    assert bench.details() == {
        "P_P_7.wav": CallDetails(agent_name="S", queue="P", customer_ref="O", external_ref="7"),
        "unfit.wav": CallDetails(agent_name="O", queue="O", customer_ref="O", external_ref="O"),
    }


def test_names_that_do_not_fit_can_be_refused_until_the_pattern_changes(bench: Bench) -> None:
    record(bench.folder / "nora.wav")
    bench.begin(pattern=NamePattern.read("{agent}_{id}"), only_fitting=True)
    assert bench.look() == ["nora.wav refused"]
    bench.begin()
    assert bench.look() == []
    bench.begin(pattern=NamePattern.read("{agent}"))
    assert bench.look() == ["nora.wav taken"]


def test_no_more_is_taken_in_than_there_is_room_for(bench: Bench) -> None:
    bench.patience = Patience(every_s=0.01, most_waiting=3)
    bench.begin()
    for n in range(5):
        record(bench.folder / f"{n}.wav", n)
    bench.waiting = 1
    assert bench.look() == ["0.wav taken", "1.wav taken"]
    assert bench.full == [3]
    assert bench.source.opened == 2
    bench.stop.clear()
    bench.waiting = 0
    assert bench.look() == ["2.wav taken", "3.wav taken", "4.wav taken"]


def test_a_full_disk_is_waited_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    record(bench.folder / "a.wav")
    commit = ObjectWriter.commit
    calls: list[ObjectWriter] = []

    def full_twice(writer: ObjectWriter) -> None:
        calls.append(writer)
        if len(calls) <= 2:
            writer.abort()
            raise DiskFull
        commit(writer)

    monkeypatch.setattr(ObjectWriter, "commit", full_twice)
    with pytest.raises(StorageError):
        bench.watch.run(bench.stop, forever=False)
    told = bench.outcome
    bench.outcome = lambda outcome: (told(outcome), bench.stop.set())[0]  # type: ignore[method-assign]
    bench.watch.run(bench.stop, forever=True)
    assert bench.troubles == ["DiskFull"]
    assert [one.fate for one in bench.outcomes] == [Fate.TAKEN]


def test_a_folder_that_is_away_is_waited_for(bench: Bench) -> None:
    away = bench.folder / "mount"
    bench.folder = away
    bench.begin()
    with pytest.raises(SourceMissing):
        bench.watch.run(bench.stop, forever=False)

    def trouble(error: PartylineError) -> None:
        bench.troubles.append(error.code)
        record(away / "a.wav")

    bench.trouble = trouble  # type: ignore[method-assign]
    told = bench.outcome
    bench.outcome = lambda outcome: (told(outcome), bench.stop.set())[0]  # type: ignore[method-assign]
    bench.watch.run(bench.stop, forever=True)
    assert bench.troubles == ["SourceMissing"]
    assert [one.fate for one in bench.outcomes] == [Fate.TAKEN]
