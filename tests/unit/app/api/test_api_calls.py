"""Calls by HTTP: handed in, found, read, heard, processed again, deleted."""

import hashlib
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import gate
from app.wiring import Services
from services.storage.audio_vault import Rendition
from tests.contract.stores import analysed
from tests.unit.app.api.serving import API, LIMIT, ORG, files, refusal

CALLS = f"{API}/calls"
ABOUT = "X-Partyline-Call"


def add(asking: TestClient, content: Any = b"sound", **about: Any) -> Any:
    headers = {ABOUT: json.dumps(about)} if about else {}
    return asking.post(CALLS, content=content, headers=headers)


def test_a_recording_becomes_a_call_with_a_job(asking: TestClient, services: Services) -> None:
    sound = b"x" * 2_500_000
    answer = add(
        asking,
        iter([sound[:1_100_000], sound[1_100_000:]]),
        name="call.wav",
        external_ref="crm-4711",
        agent_name=" Nora  Fields ",
        direction="inbound",
        started_at="2026-11-27T09:30:00+01:00",
        options={"language": "en", "vocabulary": ["AcmeTel"]},
    )
    assert answer.status_code == 201, answer.text
    call_id = answer.json()["id"]
    assert answer.json() == {"id": call_id, "duplicate": False, "state": "waiting"}
    assert answer.headers["location"] == f"{CALLS}/{call_id}"
    told = asking.get(answer.headers["location"]).json()
    assert (told["agent_name"], told["external_ref"]) == ("Nora Fields", "crm-4711")
    assert (told["direction"], told["started_at"]) == ("inbound", "2026-11-27T08:30:00Z")
    assert (told["size_bytes"], told["sha256"]) == (len(sound), hashlib.sha256(sound).hexdigest())
    assert told["job"]["state"] == "waiting"
    key = services.calls.key(ORG, call_id)
    assert services.vault.open(call_id, Rendition.ORIGINAL, key).read() == sound
    options = services.runs.get(ORG, call_id, 1).options
    assert (options.language, options.vocabulary) == ("en", ("AcmeTel",))
    assert services.queue.states([f"{call_id}.1"])
    again = add(asking, sound, name="again.wav")
    assert again.status_code == 200
    assert again.json() == {"id": call_id, "duplicate": True, "state": "waiting"}


def test_a_form_is_read_as_it_comes(asking: TestClient, services: Services) -> None:
    sound = bytes(range(256)) * 6000
    fields = {"queue": "Billing", "options": json.dumps({"redact": False})}
    answer = asking.post(CALLS, data=fields, files={"file": ("x_AGENT_Nora-Fields.wav", sound)})
    assert answer.status_code == 201, answer.text
    call = services.calls.get(ORG, answer.json()["id"])
    assert (call.source_name, call.size_bytes) == ("x_AGENT_Nora-Fields.wav", len(sound))
    assert (call.details.queue, call.details.agent_name) == ("Billing", "Nora Fields")
    assert not services.runs.get(ORG, call.id, 1).options.redact


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "said"),
    [
        (b"", {}, 422, "The file is empty."),
        (b"x" * (LIMIT + 1), {}, 422, "larger"),
        (b"{}", {"Content-Type": "application/json"}, 400, "the recording itself"),
        (b"x", {ABOUT: "{"}, 400, "no JSON object"),
        (b"x", {ABOUT: '{"agent": "Nora"}'}, 400, "There is no field agent."),
        (b"x", {ABOUT: '{"direction": "sideways"}'}, 400, "Look at direction."),
        (b"x", {ABOUT: '{"started_at": "0001-01-01T00:00:00+14:00"}'}, 400, "started_at"),
        (b"x", {ABOUT: '{"options": {"provider": "nobody"}}'}, 400, "no speech provider"),
        (b"x", {ABOUT: '{"options": {"language": "English"}}'}, 400, "options.language"),
        (b"x", {ABOUT: '{"options": {"start_ms": 9, "end_ms": 3}}'}, 400, "."),
        (b"--x\r\n", BOUNDARY, 400, "ends too early"),
        (b"nonsense", BOUNDARY, 400, "can't be read"),
        (
            b'--x\r\nContent-Disposition: form-data; name="queue"\r\n\r\nB\r\n--x--\r\n',
            BOUNDARY,
            400,
            "no field file",
        ),
        (b"x", {"Content-Type": "multipart/form-data"}, 400, "no boundary"),
    ],
)
def test_what_is_refused_leaves_nothing(
    asking: TestClient, services: Services, content: bytes, headers: Any, status: int, said: str
) -> None:
    for sent in (content, iter([content])):
        answer = asking.post(CALLS, content=sent, headers=headers)
        if status == 422 and len(content) > LIMIT:
            assert refusal(answer, 413)[0] == "TooLarge"
        else:
            assert said in refusal(answer, status)[1]
    assert services.calls.list(ORG) == []
    assert files(services) == []


def test_a_request_made_again_makes_no_other_call(asking: TestClient, services: Services) -> None:
    key = {"Idempotency-Key": "night-run-17"}
    first = asking.post(CALLS, content=b"one", headers=key)
    assert first.status_code == 201
    again = asking.post(CALLS, content=b"one", headers=key)
    assert again.status_code == 200
    assert again.json() == first.json()
    other = asking.post(CALLS, content=b"another", headers=key)
    assert refusal(other, 409)[0] == "RequestKeyTaken"
    assert services.calls.count(ORG) == 1
    # What had been there before is so, however often it is asked.
    found = {"Idempotency-Key": "night-run-18"}
    answers = [asking.post(CALLS, content=b"one", headers=found) for _ in range(2)]
    assert [(one.status_code, one.json()["duplicate"]) for one in answers] == [(200, True)] * 2
    asking.delete(f"{CALLS}/{first.json()['id']}")
    assert asking.post(CALLS, content=b"another", headers=key).status_code == 201


def test_pages_go_on_where_they_ended(asking: TestClient) -> None:
    made = [
        add(asking, b"%d" % n, started_at=f"2026-11-2{n // 2}T09:00:00", queue=f"q{n % 2}").json()
        for n in range(7)
    ]
    shown: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = asking.get(CALLS, params={"limit": 3, **cursor}).json()
        shown += [call["id"] for call in page["calls"]]
        if page["next_cursor"] is None:
            break
        add(asking, b"meanwhile %d" % len(shown), started_at="2026-11-29T09:00:00")
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(shown) == sorted(one["id"] for one in made)
    held = [asking.get(f"{CALLS}/{one}").json()["held_at"] for one in shown]
    assert held == sorted(held, reverse=True)
    some = asking.get(CALLS, params={"queue": "q1", "first_day": "2026-11-21"}).json()["calls"]
    assert len(some) == 2
    assert all(call["queue"] == "q1" for call in some)


def test_a_call_is_found_by_what_others_call_it(asking: TestClient) -> None:
    made = add(asking, b"one", external_ref="crm-1").json()["id"]
    add(asking, b"two", external_ref="crm-12")
    for query in ({"external_ref": "crm-1"}, {"text": "crm-1"}):
        assert [c["id"] for c in asking.get(CALLS, params=query).json()["calls"]] == [made]


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "WyIyMDI2LTAxLTAxIiwiYSJd"},
        {"cursor": "e30"},
        {"limit": "0"},
        {"state": "gone"},
        {"first_day": "tomorrow"},
        {"agent": "a\x00"},
        {"colour": "red"},
    ],
)
def test_a_list_that_can_not_be_asked_for(asking: TestClient, query: dict[str, str]) -> None:
    assert refusal(asking.get(CALLS, params=query), 400)[0] == "InvalidRequest"


@pytest.fixture
def ready(asking: TestClient, services: Services) -> str:
    """A redacted call with a transcript and with sound."""
    call_id: str = add(asking, b"sound", name="call.wav").json()["id"]
    transcript_id = services.transcripts.save(ORG, call_id, 1, analysed(redacted=True))
    services.runs.finish(call_id, 1, transcript_id)
    key = services.calls.key(ORG, call_id)
    with services.vault.write(
        call_id, Rendition.REDACTED, key, transcript_id=transcript_id
    ) as file:
        file.write(b"0123456789")
    return call_id


def test_a_transcript_in_every_form(asking: TestClient, ready: str) -> None:
    address = f"{CALLS}/{ready}/transcript"
    document = asking.get(address)
    assert document.json()["schema"] == "partyline.call/1"
    assert document.headers["cache-control"] == "private, no-store"
    begins = {
        "txt": ("text/plain", "Harbor Energy"),
        "srt": ("application/x-subrip", "00:00:00,000 -->"),
        "vtt": ("text/vtt", "WEBVTT"),
        "csv": ("text/csv", "Harbor Energy"),
    }
    for wanted, (kind, said) in begins.items():
        answer = asking.get(address, params={"format": wanted})
        assert answer.headers["content-type"].startswith(kind)
        assert said in answer.text
        assert answer.headers["content-disposition"].endswith(f"call.{wanted}")
    assert refusal(asking.get(address, params={"format": "exe"}), 400)[0] == "InvalidRequest"


def test_sound_by_ranges_and_the_original_on_request(asking: TestClient, ready: str) -> None:
    address = f"{CALLS}/{ready}/audio"
    assert asking.get(address).content == b"0123456789"
    part = asking.get(address, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    beyond = asking.get(address, headers={"Range": "bytes=99-"})
    assert beyond.status_code == 416
    assert asking.get(address, params={"original": "true"}).content == b"sound"


def test_without_a_transcript_there_is_none_and_no_sound(asking: TestClient) -> None:
    made = add(asking).json()["id"]
    for part in ("transcript", "audio"):
        assert refusal(asking.get(f"{CALLS}/{made}/{part}"), 404)[0] == "NotReady"


def test_again_with_other_options_and_not_any_more(
    asking: TestClient, services: Services, ready: str
) -> None:
    runs = f"{CALLS}/{ready}/runs"
    answer = asking.post(runs, json={"language": "de", "vocabulary": ["AcmeTel"]})
    assert answer.status_code == 202, answer.text
    assert (answer.json()["number"], answer.json()["state"]) == (2, "waiting")
    options = services.runs.get(ORG, ready, 2).options
    assert (options.language, options.vocabulary) == ("de", ("AcmeTel",))
    assert options.provider == "scripted"
    assert refusal(asking.post(runs), 400)[0] == "InvalidRequest"
    assert refusal(asking.delete(f"{runs}/1"), 400)[0] == "InvalidRequest"
    assert asking.delete(f"{runs}/2").status_code == 202
    states = [run["state"] for run in asking.get(runs).json()["runs"]]
    assert states == ["ready", "cancelled"]
    assert asking.post(runs).json()["number"] == 3
    assert services.runs.get(ORG, ready, 3).options == options


def test_words_are_found(asking: TestClient, ready: str) -> None:
    lines = asking.get(f"{API}/search", params={"q": "bill wrong"}).json()["lines"]
    assert [(line["call_id"], line["role"]) for line in lines] == [(ready, "customer")]
    none = asking.get(f"{API}/search", params={"q": "bill", "said_by": "agent"}).json()
    assert none == {"lines": [], "next_cursor": None, "looked_back_to": None}


def test_found_words_are_filtered_and_come_page_by_page(asking: TestClient, ready: str) -> None:
    def found(**wanted: object) -> dict[str, Any]:
        answer = asking.get(f"{API}/search", params={"q": "bill", **wanted})
        assert answer.status_code == 200
        read: dict[str, Any] = answer.json()
        return read

    (line,) = found(provider=["scripted", "other"])["lines"]
    assert [found(sentiment=line["sentiment"])["lines"]] == [[line]]
    moods = {"positive", "negative", "neutral"} - {line["sentiment"]}
    assert found(sentiment=sorted(moods))["lines"] == []
    none: list[dict[str, object]] = [
        {"provider": "other"}, {"language": "xx"}, {"category": "none"}, {"queue": "None"},
        {"min_duration_ms": 10_000}, {"max_duration_ms": 0},
    ]  # fmt: skip
    assert [found(**one)["lines"] for one in none] == [[]] * len(none)
    assert found(cursor="0")["lines"] == []
    wrong = asking.get(f"{API}/search", params={"q": "bill", "cursor": "there"})
    assert refusal(wrong, 400)[0] == "InvalidRequest"


def test_deleted_is_gone(asking: TestClient, services: Services, ready: str) -> None:
    address = f"{CALLS}/{ready}"
    assert asking.delete(address).status_code == 204
    for method, path in (
        ("GET", ""),
        ("GET", "/transcript"),
        ("GET", "/audio"),
        ("GET", "/runs"),
        ("POST", "/runs"),
        ("DELETE", "/runs/1"),
        ("DELETE", ""),
    ):
        assert refusal(asking.request(method, address + path), 404)[0] == "NotFound"
    assert files(services) == []


def test_recordings_are_taken_few_at_once(
    asking: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_STREAMS_AT_ONCE", 0)
    assert refusal(add(asking), 503)[0] == "ApiBusy"
    assert asking.get(CALLS).status_code == 200
