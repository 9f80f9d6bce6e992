"""PUT /-/upload: what it takes, what it refuses, and that nothing is left of what it refused."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.routes._body import ABOUT_HEADER
from app.wiring import Services
from services.domain.calls import CallState
from services.domain.errors import DiskFull
from services.domain.people import LOCAL_USER
from services.storage.audio_vault import Rendition
from tests.unit.app.conftest import LIMIT, STRANGER, bearer

SCRIPTED = {"provider": "scripted"}


def put(
    client: TestClient,
    headers: dict[str, str],
    content: Any = b"sound",
    *,
    name: str = "call.wav",
    **about: Any,
) -> Any:
    said = json.dumps({"name": name, "options": SCRIPTED} | about, ensure_ascii=False)
    packed = base64.urlsafe_b64encode(said.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    sent = {**headers, ABOUT_HEADER: packed}
    return client.put("/-/upload", headers=sent, content=content)


def stored_files(services: Services) -> list[Path]:
    return [p for p in (services.settings.data_dir / "audio").rglob("*") if p.is_file()]


def no_call_and_no_file(services: Services) -> bool:
    return not services.calls.list(LOCAL_USER.org_id) and not stored_files(services)


def test_a_recording_becomes_a_waiting_call(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    answer = put(client, uploader, b"x" * 2_500_000, details={"queue": "Billing"})
    assert answer.status_code == 201
    assert answer.json() == {
        "call_id": answer.json()["call_id"],
        "duplicate": False,
        "state": "waiting",
    }
    call = services.calls.get("local", answer.json()["call_id"])
    assert (call.source_name, call.size_bytes) == ("call.wav", 2_500_000)
    assert (call.state, call.details.queue) == (CallState.WAITING, "Billing")
    key = services.calls.key("local", call.id)
    assert services.vault.open(call.id, Rendition.ORIGINAL, key).read() == b"x" * 2_500_000
    assert services.queue.states([f"{call.id}.1"])


def test_it_is_encrypted_on_disk(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    put(client, uploader, b"a secret conversation " * 1000)
    assert all(b"secret" not in path.read_bytes() for path in stored_files(services))


def test_the_same_content_is_offered_again(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    first = put(client, uploader, name="one.wav").json()
    again = put(client, uploader, name="two.wav")
    assert again.status_code == 200
    assert again.json() == {**first, "duplicate": True}
    assert len(stored_files(services)) == 1


def test_organisations_do_not_see_each_others_content(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    first = put(client, uploader).json()
    other = put(client, bearer(services, STRANGER)).json()
    assert not other["duplicate"]
    assert other["call_id"] != first["call_id"]


def test_details_come_from_the_file_name_where_they_are_not_given(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    name = "x_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing_2026-11-12T09-30-00.ogg"
    answer = put(client, uploader, name=name, details={"queue": "Sales"}).json()
    details = services.calls.get("local", answer["call_id"]).details
    assert (details.agent_name, details.queue) == ("Nora Fields", "Sales")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\calls\\a.wav", "a.wav"),
        ("/", "recording"),
        ("..", "recording"),
        ("", "recording"),
        ("📞 Anruf.wav", "📞 Anruf.wav"),
        ("a\x00b\u202egpj.wav", "abgpj.wav"),
        ("x" * 300 + ".wav", "x" * 196 + ".wav"),
        ("<script>.wav", "<script>.wav"),
    ],
)
def test_names(
    client: TestClient, services: Services, uploader: dict[str, str], name: str, shown: str
) -> None:
    answer = put(client, uploader, name=name)
    assert answer.status_code == 201
    assert services.calls.get("local", answer.json()["call_id"]).source_name == shown


def test_an_empty_file_leaves_nothing(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    answer = put(client, uploader, b"")
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "EmptyFile",
        "message": "The file is empty.",
        "retryable": False,
    }
    assert no_call_and_no_file(services)


def test_an_announced_oversize_is_refused_unread(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    answer = put(client, uploader | {"Content-Length": str(LIMIT + 1)}, io.BytesIO(b"x"))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "TooLarge"
    assert no_call_and_no_file(services)


def test_an_unannounced_oversize_is_stopped_while_it_streams(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(LIMIT // 100_000 + 2):
            yield b"x" * 100_000

    assert put(client, uploader, endless()).status_code == 413
    assert no_call_and_no_file(services)


def test_exactly_the_limit_is_taken(client: TestClient, uploader: dict[str, str]) -> None:
    assert put(client, uploader, b"x" * LIMIT).status_code == 201


def test_a_full_disk_is_told_and_leaves_nothing(
    client: TestClient,
    services: Services,
    uploader: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise DiskFull

    monkeypatch.setattr("services.storage.objects.ObjectWriter.write", full)
    answer = put(client, uploader)
    assert answer.status_code == 507
    assert answer.json()["error"]["retryable"]
    monkeypatch.undo()
    assert no_call_and_no_file(services)


def test_when_the_job_can_not_be_made_there_is_no_call(
    client: TestClient,
    services: Services,
    uploader: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("services.jobs.queue.JobQueue.enqueue", broken)
    answer = put(client, uploader)
    assert answer.status_code == 500
    assert "secret words" not in answer.text
    monkeypatch.undo()
    assert no_call_and_no_file(services)


@pytest.mark.parametrize(
    "about",
    [
        {"options": "{"},
        {"options": {"provider": "nobody"}},
        {"options": {"provider": "scripted", "expected_speakers": 99}},
        {"details": {"direction": "sideways"}},
        {"name": "n" * 20_000},
    ],
)
def test_nonsense_is_refused(
    client: TestClient, services: Services, uploader: dict[str, str], about: dict[str, Any]
) -> None:
    assert put(client, uploader, **about).status_code == 400
    assert no_call_and_no_file(services)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer x.y"}, 401),
        ({"Authorization": "Basic eDp5"}, 401),
    ],
)
def test_strangers_stay_outside(
    client: TestClient, services: Services, headers: dict[str, str], status: int
) -> None:
    assert put(client, headers).status_code == status
    assert no_call_and_no_file(services)


def test_an_expired_token_is_told(client: TestClient, services: Services) -> None:
    answer = put(client, bearer(services, ttl_s=-1))
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "This link has expired; please reload the page."


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://localhost"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_can_not_upload(
    client: TestClient, services: Services, uploader: dict[str, str], headers: dict[str, str]
) -> None:
    assert put(client, uploader | headers).status_code == 403
    assert no_call_and_no_file(services)


def test_our_own_pages_can(client: TestClient, uploader: dict[str, str]) -> None:
    own = {"Origin": "http://localhost:8501", "Sec-Fetch-Site": "same-origin"}
    assert put(client, uploader | own).status_code == 201


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_other_methods(client: TestClient, uploader: dict[str, str], method: str) -> None:
    assert client.request(method, "/-/upload", headers=uploader).status_code == 405
