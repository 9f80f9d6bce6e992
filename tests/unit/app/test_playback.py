"""GET /-/audio and /-/review: ranges, tokens, strangers."""

import random
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from app.wiring import Services
from services.access.tokens import Purpose
from services.analysis.metrics import analyse
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER, Role
from services.storage.audio_vault import Rendition
from tests import builders
from tests.unit.app.conftest import STRANGER, query
from tests.unit.app.test_uploads import put

SOUND = random.Random(7).randbytes(2_300_000)
SIZE = len(SOUND)


@pytest.fixture
def call_id(client: TestClient, services: Services, uploader: dict[str, str]) -> str:
    made: str = put(client, uploader).json()["call_id"]
    activate(services, made, redacted=False)
    key = services.calls.key("local", made)
    with services.vault.write(made, Rendition.PLAYBACK, key) as sink:
        sink.write(SOUND)
    return made


def activate(services: Services, call_id: str, *, redacted: bool) -> str:
    """Give the call an active transcript; return its id."""
    line = builders.utterance(1, "s1", 0, "Hello [PERSON]" if redacted else "Hello Jane")
    made = builders.transcript(line, redacted=redacted, transcript_id=new_id())
    analysed = AnalysedTranscript(transcript=made, analysis=analyse(made))
    return services.transcripts.save("local", call_id, 1, analysed)


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
    assert answer.json()["error"]["code"] == "NotReady"
    activate(services, call_id, redacted=False)
    answer = listen(client, services, call_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SoundNotReady")


class TestARedactedCall:
    @pytest.fixture
    def transcript_id(self, services: Services, call_id: str) -> str:
        """Make the call, whose whole sound is stored, a redacted one."""
        return activate(services, call_id, redacted=True)

    def test_is_not_heard_before_its_sound_is_covered(
        self, client: TestClient, services: Services, call_id: str, transcript_id: str
    ) -> None:
        answer = listen(client, services, call_id)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SoundNotReady")

    def test_is_heard_covered(
        self, client: TestClient, services: Services, call_id: str, transcript_id: str
    ) -> None:
        key = services.calls.key("local", call_id)
        vault = services.vault
        with vault.write(call_id, Rendition.REDACTED, key, transcript_id="another") as sink:
            sink.write(b"of another transcript")
        assert listen(client, services, call_id).status_code == 404
        with vault.write(call_id, Rendition.REDACTED, key, transcript_id=transcript_id) as sink:
            sink.write(b"covered")
        assert listen(client, services, call_id).content == b"covered"

    def test_gives_its_original_to_a_token_for_just_that(
        self, client: TestClient, services: Services, call_id: str, transcript_id: str
    ) -> None:
        path = f"/-/audio/{call_id}/original"
        assert client.get(path, params=query(services, Purpose.AUDIO, call_id)).status_code == 401
        params = query(services, Purpose.ORIGINAL, call_id)
        assert client.get(path, params=params).content == b"sound"
        assert client.get(f"/-/audio/{call_id}", params=params).status_code == 401
        viewer = replace(LOCAL_USER, role=Role.VIEWER)
        refused = client.get(path, params=query(services, Purpose.ORIGINAL, call_id, user=viewer))
        assert refused.status_code == 403
        stranger = replace(LOCAL_USER, org_id="elsewhere")
        theirs = client.get(path, params=query(services, Purpose.ORIGINAL, call_id, user=stranger))
        assert theirs.status_code == 404
        assert client.get(path).status_code == 401
        other = query(services, Purpose.ORIGINAL, "another-call")
        assert client.get(path, params=other).status_code == 401
        services.vault.remove(call_id, Rendition.ORIGINAL)
        gone = client.get(path, params=params)
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "OriginalDropped")


def test_sound_can_be_saved_as_a_file(client: TestClient, services: Services, call_id: str) -> None:
    params = {**query(services, Purpose.AUDIO, call_id), "download": "1"}
    saved = client.get(f"/-/audio/{call_id}", params=params)
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert saved.headers["content-disposition"].endswith(".mp3")
    assert "content-disposition" not in listen(client, services, call_id).headers


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
    client: TestClient, services: Services, uploader: dict[str, str]
) -> None:
    call_id = put(client, uploader).json()["call_id"]
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
