"""A bucket of S3 as a place with recordings: listed, read by stretches, known by entity tags."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, build_services
from emulators.s3 import S3Server
from services.domain.calls import ProcessingOptions
from services.domain.errors import SourceMissing, StorageError
from services.domain.people import LOCAL_USER
from services.ingest.buckets import BucketSource
from services.ingest.patterns import NamePattern
from services.ingest.sidecars import Sidecars
from services.ingest.taking import Outcome, Taker, Wish
from services.ingest.watching import Patience, Place, Reports, Watch
from services.storage.buckets import BucketAccess
from services.storage.objects import ObjectStore
from tests.unit.ingest.recording import record

ORG = LOCAL_USER.org_id


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An installation that keeps its own recordings in a folder."""
    folder = tmp_path_factory.mktemp("ingest")
    built = build_services(Settings(data_dir=folder, scripted_provider=True, live_in_child=False))
    yield built
    built.close()


class Bucket(Reports):
    """A bucket that is watched below a prefix, and what is told of it."""

    def __init__(self, services: Services, s3: S3Server, folder: Path, prefix: str) -> None:
        credentials = s3.credentials
        access = BucketAccess(
            key_id=credentials.key_id,
            secret=credentials.secret,
            region=credentials.region,
            endpoint=s3.address,
            allow_http=True,
            retries_for_s=0.2,
        )
        self.services = services
        self.s3 = s3
        self.folder = folder
        self.url = s3.url("calls", prefix)
        self.objects = ObjectStore(self.url, access)
        self.elsewhere = ObjectStore(s3.url("calls"), access)
        self.nowhere = ObjectStore("s3://nobody-has-this", access)
        self.outcomes: list[Outcome] = []
        self.begin()

    def begin(self) -> None:
        """Begin anew, as another process does."""
        source = BucketSource(self.url, self.objects)
        wish = Wish(
            options=ProcessingOptions(provider="scripted"),
            pattern=NamePattern.read("{queue}/{id}.{any}"),
        )
        taker = Taker(
            self.services.intake, self.services.ingested, LOCAL_USER, wish, most_bytes=50_000_000
        )
        places = [Place(source=source, sidecars=Sidecars(source, wish.zone))]
        # Nothing in a bucket is half written.
        self.watch = Watch(places, taker, lambda: 0, Patience(quiet_s=99.0), self)

    def put(self, key: str, content: bytes, *, whole_key: bool = False) -> None:
        store = self.elsewhere if whole_key else self.objects
        with store.write(key) as writer:
            writer.write(content)

    def recording(self, number: int) -> bytes:
        return record(self.folder / "made.wav", number).read_bytes()

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def look(self) -> list[str]:
        self.outcomes.clear()
        self.s3.requests.clear()
        self.watch.look(threading.Event())
        return [f"{one.file} {one.fate}" for one in self.outcomes]

    def read(self) -> list[str]:
        """Return which objects have been read since the last look began."""
        return [
            address
            for method, address in self.s3.requests
            if method == "GET" and "list-type" not in address
        ]


@pytest.fixture
def bucket(services: Services, tmp_path: Path) -> Iterator[Bucket]:
    with S3Server() as s3:
        yield Bucket(services, s3, tmp_path, "in/2026")
    for row in services.calls.list(ORG):
        services.desk.delete(LOCAL_USER, row.call.id)


def test_what_is_below_the_prefix_is_taken_in_once(bucket: Bucket) -> None:
    bucket.put("Billing/1.wav", bucket.recording(1))
    bucket.put("Billing/1.json", json.dumps({"agent": "Nora"}).encode())
    bucket.put("Sales/2.wav", bucket.recording(2))
    bucket.put("Sales/2.wav.part", b"half")
    bucket.put(".trash/3.wav", bucket.recording(3))
    bucket.put("in/2027/4.wav", bucket.recording(4), whole_key=True)
    bucket.put("Sales/junk.wav", b"no sound" * 40)
    at = bucket.url
    assert bucket.look() == [
        f"{at}/Billing/1.wav taken",
        f"{at}/Sales/2.wav taken",
        f"{at}/Sales/junk.wav refused",
    ]
    details = [row.call.details for row in bucket.services.calls.list(ORG)]
    told = {(one.queue, one.external_ref, one.agent_name) for one in details}
    assert told == {("Billing", "1", "Nora"), ("Sales", "2", None)}
    bucket.begin()
    assert bucket.look() == []
    assert bucket.read() == []
    # Another version of an object is another recording; the same version again is none.
    bucket.put("Sales/junk.wav", bucket.recording(5))
    bucket.put("Billing/1.wav", bucket.recording(1))
    assert bucket.look() == [f"{at}/Sales/junk.wav taken"]


def test_it_is_read_by_stretches_to_its_end(bucket: Bucket) -> None:
    head = bucket.recording(1)
    large = head + bytes(range(256)) * 20_000
    bucket.put("large.wav", large)
    assert len(bucket.look()) == 1
    (row,) = bucket.services.calls.list(ORG)
    file, size, _ = bucket.services.desk.open_original(LOCAL_USER, row.call.id)
    with file:
        assert file.read() == large
    assert size == len(large)
    assert len(bucket.read()) > 4


def test_a_bucket_that_fails_meanwhile_costs_nothing(bucket: Bucket) -> None:
    """What can't be read now is no recording that can't be used."""
    bucket.put("a.wav", bucket.recording(1))
    files = list(BucketSource(bucket.url, bucket.objects).files())
    assert len(files) == 1
    source = bucket.watch._places[0].source
    source.files = lambda: iter(files)  # type: ignore[method-assign]
    bucket.s3.fail(503, methods=("GET",))
    with pytest.raises(StorageError):
        bucket.look()
    bucket.s3.heal()
    assert bucket.look() == [f"{bucket.url}/a.wav taken"]


def test_a_bucket_that_is_not_there_is_said(bucket: Bucket) -> None:
    with pytest.raises(SourceMissing):
        list(BucketSource("s3://nobody-has-this", bucket.nowhere).files())
