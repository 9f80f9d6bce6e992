"""Places in which objects and databases can lie, for the suites beside this page."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from emulators.s3 import S3Server
from services.storage.buckets import BucketAccess
from services.storage.objects import ObjectStore

NUMBERS = count()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server for all tests; each has a bucket of its own."""
    with S3Server() as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server) -> Iterator[S3Server]:
    """The server, on which nothing goes wrong yet."""
    yield s3_server
    s3_server.heal()


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """The name of an empty bucket."""
    name = f"bucket-{next(NUMBERS)}"
    s3.shelf.add_bucket(name)
    return name


def bucket_access(s3: S3Server, **changes: object) -> BucketAccess:
    """Return how the server is reached; it is given up soon."""
    given: dict[str, object] = {
        "key_id": s3.credentials.key_id,
        "secret": s3.credentials.secret,
        "region": s3.credentials.region,
        "endpoint": s3.address,
        "allow_http": True,
        "answers_within_s": 10.0,
        "retries_for_s": 1.0,
    }
    return BucketAccess(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def bucket_objects(s3: S3Server, bucket: str) -> ObjectStore:
    """Objects in a bucket, below a prefix."""
    return ObjectStore(s3.url(bucket, "below/this"), bucket_access(s3))


@pytest.fixture(params=["folder", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind."""
    if request.param == "folder":
        # Its name has to survive being part of an address.
        return ObjectStore((tmp_path / "audio ü%20").as_uri())
    store: ObjectStore = request.getfixturevalue("bucket_objects")
    return store


def put(objects: ObjectStore, key: str, content: bytes) -> None:
    """Write an object."""
    with objects.write(key) as writer:
        writer.write(content)


def bare_postgres(server: Engine) -> str:
    """Make a database with nothing in it, not even tables; return its address."""
    name = f"bare_{next(NUMBERS)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return make_url(server.url).set(database=name).render_as_string(hide_password=False)
