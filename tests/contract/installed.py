"""An installation to be backed up, of each kind, and where its backups lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from emulators.s3 import S3Server
from services.domain.people import LOCAL_USER
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.storage.schema import known_revisions
from services.storage.transcripts import TranscriptStore
from services.upkeep.backup import BackupMaker
from services.upkeep.place import BackupPlace
from services.upkeep.postgres_snapshots import PostgresSnapshots
from services.upkeep.restore import Restorer
from services.upkeep.snapshots import DatabaseSnapshots
from services.upkeep.sqlite_snapshots import SqliteSnapshots
from tests.builders import transcript, utterance
from tests.contract.places import bare_postgres, bucket_access
from tests.contract.stores import MASTER_KEY, add, analysed

ORG = LOCAL_USER.org_id


@dataclass
class Installation:
    """Calls with words and sound, in one database and one place."""

    engine: Engine
    sound: ObjectStore
    folder: Path
    key: MasterKey = MASTER_KEY
    settled: int = 0
    erased: frozenset[str] = frozenset()
    running: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.calls = CallStore(self.engine)
        self.transcripts = TranscriptStore(self.engine)
        self.vault = AudioVault(self.sound, self.key)

    def add(self, words: str) -> str:
        call = add(self.calls, content_hash=f"hash of {words}", org_id=ORG)
        spoken = transcript(utterance(1, "s1", 0, words), transcript_id=f"t-{call.id}")
        self.transcripts.save(ORG, call.id, 1, analysed(spoken))
        with self.vault.write(call.id, Rendition.ORIGINAL, self.calls.key(ORG, call.id)) as sink:
            sink.write(words.encode() * 1000)
        return call.id

    def delete(self, call_id: str) -> None:
        self.calls.delete(ORG, call_id)
        self.vault.delete(call_id)

    def told(self) -> dict[str, str]:
        """Return what each call's words and sound are; all of it can be read."""
        found = {}
        for row in self.calls.list(ORG):
            words = self.transcripts.active(ORG, row.call.id).utterances[0].text
            key = self.calls.key(ORG, row.call.id)
            with self.vault.open(row.call.id, Rendition.ORIGINAL, key) as file:
                assert file.read() == words.encode() * 1000
            found[row.call.id] = words
        return found

    @property
    def snapshots(self) -> DatabaseSnapshots:
        kinds = {"sqlite": SqliteSnapshots, "postgresql": PostgresSnapshots}
        return kinds[self.engine.dialect.name](self.engine, self.folder)

    def maker(self, sound: ObjectStore | None = None) -> BackupMaker:
        return BackupMaker(
            self.snapshots,
            self.calls,
            sound or self.sound,
            self.key,
            version="1",
        )

    def restorer(self, **changes: object) -> Restorer:
        def settle(erased: frozenset[str]) -> None:
            self.settled += 1
            self.erased = erased

        given: dict[str, object] = {
            "revisions": known_revisions(),
            "is_running": lambda: self.running,
            "settle": settle,
        }
        return Restorer(self.snapshots, self.sound, self.key, **{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def installed(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Installation:
    """An installation: SQLite and a folder, or PostgreSQL and a bucket."""
    if engine.dialect.name == "sqlite":
        sound = ObjectStore(str(tmp_path / "audio"))
    else:
        sound = request.getfixturevalue("bucket_objects")
    return Installation(engine=engine, sound=sound, folder=tmp_path / "upkeep")


@pytest.fixture
def place(installed: Installation, tmp_path: Path, s3: S3Server, bucket: str) -> BackupPlace:
    """Where backups lie: a bucket for what lies in a folder, and the other way round."""
    if installed.engine.dialect.name == "sqlite":
        backups = ObjectStore(s3.url(f"{bucket}-backups"), bucket_access(s3))
    else:
        backups = ObjectStore(str(tmp_path / "backups"))
    return BackupPlace(backups, installed.key)


@pytest.fixture
def elsewhere(
    installed: Installation, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """An empty installation of the same kind: the database is there, and nothing in it."""
    if installed.engine.dialect.name == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'elsewhere' / 'partyline.db'}")
    else:
        engine = open_engine(bare_postgres(request.getfixturevalue("postgres")))
    made = Installation(
        engine=engine,
        sound=ObjectStore(str(tmp_path / "audio elsewhere")),
        folder=tmp_path / "upkeep elsewhere",
    )
    yield made
    engine.dispose()
