"""What is left of an erased call is found wherever it was left, and nothing of anybody else's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.calls import CallDetails
from services.domain.people import LOCAL_USER
from services.jobs.queue import JobQueue, prepare_queue
from services.storage.audit import AuditStore
from services.storage.database import forget_log, open_engine
from services.storage.remains import Needles
from services.storage.removals import RemovalStore
from services.storage.runs import RunStore
from services.storage.search import SearchIndex
from services.upkeep.place import BackupPlace
from services.upkeep.remains import RemainsFinder, Search
from services.upkeep.scrubbing import BackupScrubber
from tests.contract.installed import Installation
from tests.contract.places import put

ORG = LOCAL_USER.org_id
REF = "C-1"
HASH = "hash of zanzibar"


@dataclass
class Scene:
    """An erased call of a customer, another one's that stays, and all places there are."""

    at: Installation
    place: BackupPlace
    folder: Path
    gone: str
    stays: str

    def look(self, *, ids: frozenset[str] | None = None) -> Search:
        finder = RemainsFinder(
            self.at.engine,
            self.at.sound,
            self.at.key,
            self.at.snapshots,
            erased=RemovalStore(self.at.engine).erased(),
            folders=[self.folder / "live", self.folder / "tmp"],
            places=[("the place", self.place)],
            logs=[self.folder / "partyline.log"],
        )
        return finder.look(
            Needles(ids=frozenset({self.gone, HASH}) if ids is None else ids, refs=frozenset({REF}))
        )

    def run(self, statement: str, **given: object) -> None:
        with self.at.engine.begin() as connection:
            connection.execute(text(statement), given)


def add_of(at: Installation, words: str, ref: str) -> str:
    call_id = at.add(words)
    at.calls.update_details(ORG, call_id, CallDetails(customer_ref=ref))
    return call_id


@pytest.fixture
def scene(installed: Installation, place: BackupPlace, tmp_path: Path) -> Scene:
    url = installed.engine.url.render_as_string(hide_password=False)
    prepare_queue(url)
    gone = add_of(installed, "zanzibar", REF)
    # A longer reference, and one that only begins alike, are somebody else's.
    stays = add_of(installed, "no", "C-10")
    queue = JobQueue(open_engine(url))
    run = RunStore(installed.engine).get(ORG, gone, 1)
    with installed.calls.transaction() as connection:
        queue.enqueue(connection, run)
    installed.maker().make(place)
    for name in ("live", "tmp"):
        (tmp_path / name).mkdir(exist_ok=True)
    (tmp_path / "partyline.log").write_text("nothing\n")
    made = Scene(at=installed, place=place, folder=tmp_path, gone=gone, stays=stays)
    before = {found.where for found in made.look().found}
    assert {"table calls", "table shown_utterances", "table workflow_status"} <= before
    assert "stored objects" in before
    installed.delete(gone)
    queue.forget(run.workflow_ids)
    queue.close()
    RemovalStore(installed.engine).finish(gone)
    return made


def clean(scene: Scene) -> None:
    """Have everything forget for good, as erasing does."""
    BackupScrubber(scene.at.snapshots, scene.at.key).scrub(
        scene.place, RemovalStore(scene.at.engine).erased()
    )
    SearchIndex(scene.at.engine).remove_deleted_words()
    forget_log(scene.at.engine)


def test_backups_and_the_index_still_hold_it_until_it_is_taken_out(scene: Scene) -> None:
    found = {remain.where for remain in scene.look().found}
    assert "sound of backups at the place" in found
    assert any(where.startswith("backup ") for where in found)
    assert ("search index" in found) is (scene.at.engine.dialect.name == "sqlite")
    clean(scene)
    search = scene.look()
    assert search.found == []
    assert {"backups", "columns of the database", "logs", "stored objects"} <= set(search.searched)
    assert search.searched["rows in backups"] > 0
    assert scene.at.told() == {scene.stays: "no"}


def test_the_audit_that_tells_of_the_erasing_is_no_remain(scene: Scene) -> None:
    """It is kept on purpose, in the database's own files as well; what stands beside it is not."""
    clean(scene)
    audit = AuditStore(scene.at.engine, scene.at.key)
    Authority(scene.at.calls, audit).note(LOCAL_USER, Act.CALL_DELETED, scene.gone)
    is_sqlite = scene.at.engine.dialect.name == "sqlite"
    # First it is in the log only.
    for _ in range(2 if is_sqlite else 1):
        search = scene.look()
        assert search.found == []
        assert [kept.where for kept in search.kept] == ["table audit_entries"]
        forget_log(scene.at.engine)
    if not is_sqlite:
        return
    # Bytes that no column shows any more, as a database leaves them that doesn't overwrite.
    file = Path(str(scene.at.engine.url.database))
    with scene.at.engine.connect() as connection:
        size = int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    scene.at.engine.dispose()
    with file.open("r+b") as whole:
        whole.seek(0, 2)
        whole.write(scene.gone.encode().ljust(size, b"\0"))
    assert [found.where for found in scene.look().found] == ["file partyline.db"]


PLANTED: dict[str, Callable[[Scene], object]] = {
    "table ingested_files": lambda s: s.run(
        "INSERT INTO ingested_files VALUES ('local', :f, :m, '', 'taken', NULL, :now)",
        f=f"x{s.gone}",
        m="m",
        now=datetime.now(UTC),
    ),
    "table live_calls": lambda s: s.run(
        "INSERT INTO live_calls (id, org_id, owner, name, source, state, options, details,"
        " channels, began_at, heartbeat_at, process, received_ms, gaps, glance) VALUES"
        " ('l', 'local', 'o', 'n', 's', 's', '{}', :d, 1, :now, :now, 'p', 0, '[]', '{}')",
        d='{"customer_ref":"C-1"}',
        now=datetime.now(UTC),
    ),
    "table provider_copies": lambda s: s.run(
        "INSERT INTO provider_copies (provider, reference, org_id, tries)"
        " VALUES ('p', :r, 'local', 0)",
        r=HASH,
    ),
    "stored objects": lambda s: put(s.at.sound, f"calls/{s.gone}/original", b"x"),
    "folder live": lambda s: (s.folder / "live" / f"{s.gone}.tape").write_bytes(b"x"),
    "folder tmp": lambda s: (s.folder / "tmp" / f"work-{s.gone}").write_bytes(b"x"),
    "log partyline.log": lambda s: (s.folder / "partyline.log").write_text(f"call {s.gone}\n"),
    "sound of backups at the place": lambda s: s.place.write(
        f"objects/calls/{s.gone}/original@1-1", b"x"
    ),
    "backups at the place": lambda s: s.place.write("backups/broken-off/database", b"x"),
}  # fmt: skip


def test_whatever_is_planted_is_found(scene: Scene) -> None:
    clean(scene)
    assert scene.look().found == []
    for plant in PLANTED.values():
        plant(scene)
    by_id = {found.where for found in scene.look().found}
    if scene.at.engine.dialect.name == "sqlite":
        assert {where for where in by_id if where.startswith("file partyline.db")}
        by_id = {where for where in by_id if not where.startswith("file ")}
    assert by_id == set(PLANTED)
    # Even when nobody knows its id any more: what bears the id of an erased call is told of.
    nameless = {found.where for found in scene.look(ids=frozenset()).found}
    assert nameless >= {
        "stored objects",
        "folder live",
        "folder tmp",
        "sound of backups at the place",
        "table live_calls",
    }
    # What is written down for good is told of apart.
    audit = AuditStore(scene.at.engine, scene.at.key)
    Authority(scene.at.calls, audit).note(LOCAL_USER, Act.CALL_DELETED, scene.gone)
    assert [kept.where for kept in scene.look().kept] == ["table audit_entries"]
