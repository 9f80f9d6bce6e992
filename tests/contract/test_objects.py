"""What every place of objects has to do: a local folder, and a bucket reached over S3."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from emulators.s3 import S3Server
from services.domain.errors import NotFound, StorageError, StorageRefused
from services.storage.objects import PART_BYTES, ObjectStore
from tests.contract.places import bucket_access, put


@pytest.mark.parametrize("size", [0, 1, PART_BYTES + 1, 3 * PART_BYTES + 7])
def test_an_object_comes_back(objects: ObjectStore, size: int) -> None:
    content = os.urandom(size)
    with objects.write("calls/a/original") as writer:
        for start in range(0, size, 1_000_003):
            writer.write(content[start : start + 1_000_003])
    assert objects.size("calls/a/original") == size
    assert objects.exists("calls/a/original")
    assert objects.read_range("calls/a/original", 0, size + 10) == content
    assert objects.read_range("calls/a/original", 5, 9) == content[5:9]
    assert objects.read_range("calls/a/original", 3, 3) == b""
    assert objects.read_range("calls/a/original", size, size + 5) == b""
    assert objects.read_range("calls/a/original", size + 5, size + 9) == b""
    [listed] = objects.list("calls")
    assert (listed.key, listed.size) == ("calls/a/original", size)
    assert abs((datetime.now(UTC) - listed.changed_at).total_seconds()) < 60


def test_writing_again_replaces(objects: ObjectStore) -> None:
    put(objects, "a", b"first")
    put(objects, "a", b"second")
    assert objects.read_range("a", 0, 10) == b"second"


def test_nothing_is_visible_before_it_is_whole(objects: ObjectStore) -> None:
    writer = objects.write("calls/a")
    for _ in range(3):
        writer.write(bytes(PART_BYTES))
    assert not objects.exists("calls/a")
    assert list(objects.list("calls")) == []
    writer.commit()
    assert objects.size("calls/a") == 3 * PART_BYTES


@pytest.mark.parametrize("size", [10, 2 * PART_BYTES + 1])
def test_a_broken_off_object_leaves_the_old_one(objects: ObjectStore, size: int) -> None:
    put(objects, "a", b"old")

    def break_off() -> None:
        with objects.write("a") as writer:
            writer.write(bytes(size))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert objects.read_range("a", 0, 10) == b"old"
    assert [found.key for found in objects.list()] == ["a"]


def test_what_is_not_there(objects: ObjectStore) -> None:
    for ask in (lambda: objects.size("a"), lambda: objects.read_range("a", 0, 1)):
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.__cause__ is None
    assert not objects.exists("a")
    assert list(objects.list("calls")) == []
    objects.delete("a")


def test_deleted_objects_are_gone_and_their_neighbours_stay(objects: ObjectStore) -> None:
    for key in ("calls/a/original", "calls/a/playback", "calls/ab/original"):
        put(objects, key, b"x")
    assert sorted(o.key for o in objects.list("calls/a")) == [
        "calls/a/original",
        "calls/a/playback",
    ]
    objects.delete("calls/a/original")
    objects.delete("calls/a/original")
    assert sorted(o.key for o in objects.list()) == ["calls/a/playback", "calls/ab/original"]


# --- what only a bucket can do wrong --------------------------------------------------------------


def uploads_of(s3: S3Server) -> Iterator[str]:
    return (
        address for method, address in s3.requests if method == "POST" and "?uploads" in address
    )


@pytest.mark.parametrize("ending", ["abort", "exception", "dropped"])
def test_an_abandoned_upload_leaves_no_parts(
    s3: S3Server, bucket: str, bucket_objects: ObjectStore, ending: str
) -> None:
    s3.requests.clear()
    writer = bucket_objects.write("a")
    for _ in range(4):
        writer.write(bytes(PART_BYTES))
    assert list(uploads_of(s3))
    if ending == "abort":
        writer.abort()
        writer.abort()
    elif ending == "exception":
        writer.__exit__(ValueError)
    else:
        del writer
    assert s3.uploads() == []
    assert s3.keys(bucket) == []


def test_an_upload_that_can_not_be_finished_is_told_and_leaves_no_object(
    s3: S3Server, bucket: str, bucket_objects: ObjectStore
) -> None:
    writer = bucket_objects.write("a")
    for _ in range(3):
        writer.write(bytes(PART_BYTES))
    s3.fail(503, methods=["PUT", "POST"])
    with pytest.raises(StorageError) as caught:
        writer.commit()
    assert caught.value.retryable
    writer.abort()
    assert s3.keys(bucket) == []
    assert s3.uploads() == []


@pytest.mark.parametrize("fault", ["fail", "drop"])
def test_short_outages_are_got_over(
    s3: S3Server, bucket: str, bucket_objects: ObjectStore, fault: str
) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    again = s3.fail if fault == "fail" else s3.drop
    again(count=2)
    put(bucket_objects, "a", content)
    again(count=2)
    assert bucket_objects.read_range("a", 0, len(content)) == content
    again(count=1)
    assert [found.key for found in bucket_objects.list()] == ["a"]
    again(count=1)
    assert bucket_objects.size("a") == len(content)
    again(count=1)
    bucket_objects.delete("a")
    assert s3.keys(bucket) == []


def test_an_answer_that_is_cut_off_is_asked_for_again(
    s3: S3Server, bucket_objects: ObjectStore
) -> None:
    content = os.urandom(3_000_000)
    put(bucket_objects, "a", content)
    s3.drop(after_bytes=1_000_000, count=1, methods=["GET"])
    assert bucket_objects.read_range("a", 0, len(content)) == content


@pytest.mark.parametrize("fault", ["fails", "stalls", "is-gone"])
def test_a_bucket_that_does_not_answer_is_given_up(s3: S3Server, bucket: str, fault: str) -> None:
    access = bucket_access(s3, answers_within_s=0.2, retries_for_s=0.2)
    if fault == "is-gone":
        with S3Server() as gone:
            access = bucket_access(gone, answers_within_s=0.2, retries_for_s=0.2)
    store = ObjectStore(s3.url(bucket), access)
    if fault == "fails":
        s3.fail(500)
    elif fault == "stalls":
        s3.stall(60)
    for ask in (
        lambda: store.size("a"),
        lambda: store.read_range("a", 0, 1),
        lambda: put(store, "a", b"x"),
        lambda: put(store, "a", bytes(3 * PART_BYTES)),
        lambda: list(store.list()),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StorageError) as caught:
            ask()
        assert caught.value.retryable


def test_refused_keys_and_missing_buckets_are_told_as_such(s3: S3Server, bucket: str) -> None:
    wrong = ObjectStore(s3.url(bucket), bucket_access(s3, secret="canary-7f3a"))
    for ask in (
        lambda: wrong.size("a"),
        lambda: wrong.read_range("a", 0, 1),
        lambda: put(wrong, "a", b""),
        lambda: list(wrong.list()),
    ):
        with pytest.raises(StorageRefused) as caught:
            ask()
        error = caught.value
        assert not error.retryable
        assert "canary" not in f"{error!r} {error.__cause__} {error.__context__}"
    missing = ObjectStore("s3://not-there-at-all", bucket_access(s3))
    for size in (0, 2 * PART_BYTES):
        with pytest.raises(StorageRefused):
            put(missing, "a", bytes(size))
    with pytest.raises(StorageRefused):
        list(missing.list())


def test_keys_of_a_bucket_are_never_shown(s3: S3Server) -> None:
    access = bucket_access(s3)
    assert s3.credentials.secret not in repr(access)
    assert s3.credentials.key_id not in repr(access)
    assert s3.credentials.secret not in repr(ObjectStore(s3.url(), access).__dict__)


def test_more_objects_than_one_listing_holds(
    s3: S3Server, bucket: str, bucket_objects: ObjectStore
) -> None:
    keys = {f"calls/{number:04}/original" for number in range(1001)}
    for key in keys:
        s3.write(bucket, f"below/this/{key}", b"x")
    s3.requests.clear()
    assert {found.key for found in bucket_objects.list("calls")} == keys
    assert len(s3.requests) == 2
