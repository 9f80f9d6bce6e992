"""GET /-/audio and /-/review: ranges, tokens, strangers."""

import random

import pytest
from starlette.testclient import TestClient

from app.wiring import Services
from services.access.tokens import Purpose
from services.storage.audio_vault import Rendition
from tests.unit.app.conftest import STRANGER, query
from tests.unit.app.test_uploads import put

SOUND = random.Random(7).randbytes(2_300_000)
SIZE = len(SOUND)


@pytest.fixture
def call_id(client: TestClient, services: Services, uploader: dict[str, str]) -> str:
    made: str = put(client, uploader).json()["call_id"]
    key = services.calls.key("local", made)
    with services.vault.write(made, Rendition.PLAYBACK, key) as sink:
        sink.write(SOUND)
    return made


def listen(
    client: TestClient, services: Services, call_id: str, headers: dict[str, str] | None = None
):  # type: ignore[no-untyped-def]
    params = query(services, Purpose.AUDIO, call_id)
    return client.get(f"/-/audio/{call_id}", params=params, headers=headers)


def test_the_whole_file(client: TestClient, services: Services, call_id: str) -> None:
    answer = listen(client, services, call_id)
    assert answer.status_code == 200
    assert answer.content == SOUND
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-1", 0, 2),
        ("bytes=1048570-1048590", 1_048_570, 1_048_591),
        ("bytes=2000000-", 2_000_000, SIZE),
        ("bytes=-500", SIZE - 500, SIZE),
        ("bytes=-99999999", 0, SIZE),
        (f"bytes={SIZE - 1}-{SIZE + 5}", SIZE - 1, SIZE),
    ],
)
def test_parts(
    client: TestClient, services: Services, call_id: str, header: str, start: int, stop: int
) -> None:
    answer = listen(client, services, call_id, {"Range": header})
    assert answer.status_code == 206
    assert answer.content == SOUND[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=99999999-", "bytes=-0"])
def test_parts_beyond_the_end(
    client: TestClient, services: Services, call_id: str, header: str
) -> None:
    answer = listen(client, services, call_id, {"Range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "nonsense", "bytes=9-3"])
def test_other_ranges_give_the_whole_file(
    client: TestClient, services: Services, call_id: str, header: str
) -> None:
    assert listen(client, services, call_id, {"Range": header}).status_code == 200


def test_a_conditional_range_gives_the_whole_file(
    client: TestClient, services: Services, call_id: str
) -> None:
    headers = {"Range": "bytes=0-1", "If-Range": '"old"'}
    assert listen(client, services, call_id, headers).status_code == 200


def test_head(client: TestClient, services: Services, call_id: str) -> None:
    params = query(services, Purpose.AUDIO, call_id)
    answer = client.head(f"/-/audio/{call_id}", params=params)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)


def test_before_a_rendition_exists(
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    call_id = put(client, uploader).json()["call_id"]
    answer = listen(client, services, call_id)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NotFound"


@pytest.mark.parametrize("path", ["/-/audio/", "/-/review/"])
def test_only_the_right_token_opens(
    client: TestClient, services: Services, call_id: str, path: str
) -> None:
    right = Purpose.AUDIO if "audio" in path else Purpose.REVIEW
    wrong = Purpose.REVIEW if "audio" in path else Purpose.AUDIO
    for params in (
        {},
        {"token": ""},
        {"token": "a.b"},
        query(services, wrong, call_id),
        query(services, right, "another"),
        query(services, right, call_id, ttl_s=-1),
    ):
        answer = client.get(f"{path}{call_id}", params=params)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidToken"


@pytest.mark.parametrize(
    ("path", "purpose"), [("audio", Purpose.AUDIO), ("review", Purpose.REVIEW)]
)
def test_a_foreign_organisation_finds_nothing(
    client: TestClient, services: Services, call_id: str, path: str, purpose: Purpose
) -> None:
    params = query(services, purpose, call_id, user=STRANGER)
    answer = client.get(f"/-/{path}/{call_id}", params=params)
    assert answer.status_code == 404
    unknown = client.get(
        f"/-/{path}/unknown", params=query(services, purpose, "unknown", user=STRANGER)
    )
    assert unknown.json() == answer.json()


@pytest.mark.parametrize("call", ["..%2f..%2fpartyline.key", "%2e%2e", "a%00b", "x" * 5000, "ü"])
def test_path_tricks_find_nothing(client: TestClient, services: Services, call: str) -> None:
    from urllib.parse import unquote

    for path, purpose in (("audio", Purpose.AUDIO), ("review", Purpose.REVIEW)):
        params = query(services, purpose, unquote(call)) if len(call) < 100 else {}
        assert client.get(f"/-/{path}/{call}", params=params).status_code in {401, 404}


def test_pages_of_other_sites_can_not_listen(
    client: TestClient, services: Services, call_id: str
) -> None:
    for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert listen(client, services, call_id, headers).status_code == 403


def test_a_call_without_transcript_can_not_be_reviewed(
    client: TestClient, services: Services, call_id: str
) -> None:
    params = query(services, Purpose.REVIEW, call_id)
    answer = client.get(f"/-/review/{call_id}", params=params)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NotReady"


def test_damaged_sound_is_not_played(client: TestClient, services: Services, call_id: str) -> None:
    (file,) = services.settings.data_dir.glob(f"audio/calls/{call_id}/playback")
    file.write_bytes(file.read_bytes()[:-100])
    answer = listen(client, services, call_id, {"Range": "bytes=-1000"})
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "DataDamaged"
