"""Uploads by HTTP: piece by piece, interrupted, gone on with, completed, given up."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from app.api import gate
from app.wiring import Services
from services.domain.errors import DiskFull, StorageError
from services.domain.people import LOCAL_USER
from services.ingest import uploads
from services.storage.audio_vault import Rendition
from services.storage.objects import ObjectWriter
from services.storage.uploads import UploadStore
from tests.unit.app.api.serving import API, BEARER, LIMIT, ORG, files, program, refusal

UPLOADS = f"{API}/uploads"
SOUND = bytes(range(256)) * 4000


def begin(asking: TestClient, sound: bytes = SOUND, **about: Any) -> str:
    form = {"size": len(sound), "name": "call.wav", **about}
    answer = asking.post(UPLOADS, json=form)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{UPLOADS}/{answer.json()['id']}"
    assert (answer.json()["offset"], answer.json()["size"]) == (0, len(sound))
    return str(answer.headers["location"])


def send(asking: TestClient, upload: str, offset: int, content: Any) -> Any:
    return asking.patch(upload, content=content, headers={"Upload-Offset": str(offset)})


def offset(asking: TestClient, upload: str) -> int:
    answer = asking.head(upload)
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


async def broken_off(app: Any, upload: str, sent: bytes) -> None:
    """Send some bytes of more, and go away."""
    coming = [
        {"type": "http.request", "body": sent[:1000], "more_body": True},
        {"type": "http.request", "body": sent[1000:], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return coming.pop(0)

    async def answered(_message: Any) -> None:
        """Nobody is there."""

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "PATCH",
        "path": upload,
        "raw_path": upload.encode(),
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"authorization", BEARER["Authorization"].encode()),
            (b"upload-offset", b"0"),
        ],
    }
    await app(scope, receive, answered)


def test_piece_by_piece_it_becomes_a_call(asking: TestClient, services: Services) -> None:
    upload = begin(asking, external_ref="crm-1", sha256=hashlib.sha256(SOUND).hexdigest().upper())
    for start, stop in ((0, 10), (10, 700_000), (700_000, len(SOUND))):
        assert refusal(asking.post(f"{upload}/complete"), 409)[0] == "UploadOffset"
        answer = send(asking, upload, start, SOUND[start:stop])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(stop))
    assert all(SOUND[:256] not in path.read_bytes() for path in files(services))
    # Restarted meanwhile: nothing of an upload is in memory.
    done = program(services).post(f"{upload}/complete")
    assert done.status_code == 201, done.text
    call = services.calls.get(ORG, done.json()["id"])
    assert (call.source_name, call.details.external_ref) == ("call.wav", "crm-1")
    key = services.calls.key(ORG, call.id)
    assert services.vault.open(call.id, Rendition.ORIGINAL, key).read() == SOUND
    assert services.queue.states([f"{call.id}.1"])
    assert len(files(services)) == 1
    assert asking.post(f"{upload}/complete").json() == done.json()
    assert asking.get(upload).json()["call_id"] == call.id
    assert refusal(send(asking, upload, len(SOUND), b"x"), 409)[0] == "UploadOffset"


def test_what_arrived_before_a_break_is_kept(asking: TestClient, services: Services) -> None:
    upload = begin(asking)
    # A thread of its own: in this one another test's browser may keep a loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(anyio.run, broken_off, asking.app, upload, SOUND[:300_000]).result()
    arrived = offset(asking, upload)
    assert arrived == 300_000
    elsewhere = send(asking, upload, arrived + 1, b"x")
    assert refusal(elsewhere, 409)[0] == "UploadOffset"
    assert elsewhere.headers["upload-offset"] == str(arrived)
    assert send(asking, upload, arrived, SOUND[arrived:]).status_code == 204
    done = asking.post(f"{upload}/complete").json()
    assert services.calls.get(ORG, done["id"]).content_hash == hashlib.sha256(SOUND).hexdigest()


def test_bytes_that_come_too_slowly_end_the_request_and_stay(
    asking: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limit is that of the next bytes, so a long upload is no slow one."""
    upload = begin(asking)
    receiving = services.uploads.receive(LOCAL_USER, upload.rpartition("/")[2], 0)
    receiving.write(SOUND[:5])
    receiving.keep()
    monkeypatch.setattr(gate, "NEXT_BYTES_WITHIN_S", 0.0)
    answer = send(asking, upload, 5, SOUND[5:])
    assert answer.status_code in (204, 408)
    assert offset(asking, upload) in (5, len(SOUND))


def test_of_two_that_send_the_same_bytes_one_counts(asking: TestClient, services: Services) -> None:
    upload_id = begin(asking).rpartition("/")[2]
    one = services.uploads.receive(LOCAL_USER, upload_id, 0)
    other = services.uploads.receive(LOCAL_USER, upload_id, 0)
    one.write(b"a" * 10)
    other.write(b"b" * 20)
    one.keep()
    with pytest.raises(uploads.UploadOffset):
        other.keep()
    assert services.uploads.get(LOCAL_USER, upload_id).offset_bytes == 10
    assert len(files(services)) == 1


def test_a_full_disk_costs_the_piece_in_hand_only(
    asking: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(asking)
    assert send(asking, upload, 0, SOUND[:1000]).status_code == 204

    def full(_self: ObjectWriter) -> None:
        raise DiskFull

    with monkeypatch.context() as patched:
        patched.setattr(ObjectWriter, "commit", full)
        assert refusal(send(asking, upload, 1000, SOUND[1000:]), 507)[0] == "DiskFull"
    assert offset(asking, upload) == 1000
    assert send(asking, upload, 1000, SOUND[1000:]).status_code == 204
    assert asking.post(f"{upload}/complete").status_code == 201


def test_a_piece_counts_whose_answer_from_the_database_was_lost(
    asking: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(asking)
    advance = UploadStore.advance

    def answer_lost(store: UploadStore, *piece: Any) -> None:
        advance(store, *piece)
        raise StorageError

    with monkeypatch.context() as patched:
        patched.setattr(UploadStore, "advance", answer_lost)
        assert refusal(send(asking, upload, 0, SOUND), 503)[0] == "StorageError"
    assert offset(asking, upload) == len(SOUND)
    assert asking.post(f"{upload}/complete").status_code == 201
    assert len(files(services)) == 1


def test_other_content_than_announced_is_not_taken(asking: TestClient, services: Services) -> None:
    upload = begin(asking, sha256="0" * 64)
    send(asking, upload, 0, SOUND)
    assert refusal(asking.post(f"{upload}/complete"), 422)[0] == "ContentDiffers"
    assert refusal(asking.get(upload), 404)[0] == "UploadNotFound"
    assert files(services) == []
    assert services.calls.list(ORG) == []


def test_a_name_is_stored_as_that_of_a_call_would_be(
    asking: TestClient, services: Services
) -> None:
    name = "x_CUST_4155550123456_AGENT_Nora-Fields.wav"
    for redact in (True, False):
        upload = begin(asking, name=name, options={"redact": redact})
        kept = services.uploads.get(LOCAL_USER, upload.rpartition("/")[2])
        assert ("4155550123456" in kept.name) is not redact
        assert kept.details.agent_name == "Nora Fields"
        assert kept.details.customer_ref == "4155550123456"


def test_more_than_announced_is_not_taken(asking: TestClient) -> None:
    upload = begin(asking, SOUND[:1000])
    assert refusal(send(asking, upload, 0, SOUND[:1001]), 413)[0] == "RequestTooLarge"
    assert offset(asking, upload) == 0


def test_known_content_leads_to_its_call(asking: TestClient, services: Services) -> None:
    known = asking.post(f"{API}/calls", content=SOUND).json()["id"]
    upload = begin(asking)
    send(asking, upload, 0, SOUND)
    answer = asking.post(f"{upload}/complete")
    assert (answer.status_code, answer.json()["id"]) == (200, known)
    assert answer.json()["duplicate"]
    again = asking.post(f"{upload}/complete")
    assert (again.status_code, again.json()) == (200, answer.json())
    assert len(files(services)) == 1


def test_two_that_complete_at_once_are_answered_alike(
    asking: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(asking, sha256=hashlib.sha256(SOUND).hexdigest())
    send(asking, upload, 0, SOUND)
    parts = UploadStore.parts
    first: list[Any] = []

    def overtaken(store: UploadStore, of: Any) -> Any:
        """Another request completes it between its row and its pieces being read."""
        if not first:
            first.append(None)
            first[0] = asking.post(f"{upload}/complete")
        return parts(store, of)

    monkeypatch.setattr(UploadStore, "parts", overtaken)
    second = asking.post(f"{upload}/complete")
    assert (first[0].status_code, second.status_code) == (201, 201), second.text
    assert first[0].json() == second.json()


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"size": LIMIT + 1}, 413, "TooLarge"),
        ({"size": 0}, 400, "InvalidRequest"),
        ({"size": 10, "sha256": "x"}, 400, "InvalidRequest"),
        ({"size": 10, "options": {"provider": "nobody"}}, 400, "ProviderUnknown"),
        ({"size": "10"}, 400, "InvalidRequest"),
        ({}, 400, "InvalidRequest"),
    ],
)
def test_what_is_not_begun(asking: TestClient, form: Any, status: int, code: str) -> None:
    assert refusal(asking.post(UPLOADS, json=form), status)[0] == code


def test_few_are_open_at_once_and_none_for_ever(asking: TestClient, services: Services) -> None:
    begun = [begin(asking) for _ in range(services.settings.uploads_open)]
    full = asking.post(UPLOADS, json={"size": 10})
    assert refusal(full, 429)[0] == "UploadsFull"
    assert int(full.headers["retry-after"]) > 0
    send(asking, begun[0], 0, SOUND[:10])
    assert asking.delete(begun[0]).status_code == 204
    assert files(services) == []
    send(asking, begin(asking), 0, SOUND[:10])
    services.uploads._kept_for, kept_for = timedelta(0), services.uploads._kept_for
    try:
        assert services.uploads.expire() == services.settings.uploads_open
    finally:
        services.uploads._kept_for = kept_for
    assert files(services) == []
    assert refusal(asking.head(begun[1]) and asking.get(begun[1]), 404)[0] == "UploadNotFound"


def test_pieces_that_belong_to_no_upload_go(
    asking: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(asking)
    send(asking, upload, 0, SOUND[:10])
    stray = services.settings.data_dir / "audio" / "uploads" / "nobody" / "piece"
    stray.parent.mkdir()
    stray.write_bytes(b"x")
    assert services.uploads.expire() == 0
    monkeypatch.setattr(uploads, "STRAY_AFTER", timedelta(0))
    assert services.uploads.expire() == 1
    assert not stray.exists()
    assert offset(asking, upload) == 10
