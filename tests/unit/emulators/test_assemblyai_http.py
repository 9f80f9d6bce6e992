"""The emulated AssemblyAI refuses what the service refuses, and no client brings it down."""

import socket
import threading
import time

import httpx
import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_dialogue import DEFAULT_SCRIPT, ScriptLine, spread
from emulators.assemblyai.http_requests import Failure, Place
from tests.unit.providers.assemblyai.sounds import recording

KEY = {"authorization": "a-key"}


@pytest.fixture
def emulator():
    with AssemblyAIEmulator() as emulator:
        yield emulator


@pytest.fixture
def client(emulator):
    with httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as client:
        yield client


def uploaded(client, channels=1):
    with recording(20, channels=channels).open_source() as source:
        return client.post("/v2/upload", content=source.read()).json()["upload_url"]


def begun(client, **asked):
    return client.post("/v2/transcript", json={"audio_url": uploaded(client), **asked}).json()


def finished(client, channels=1, **asked):
    url = uploaded(client, channels)
    made = client.post("/v2/transcript", json={"audio_url": url, **asked})
    assert made.status_code == 200, made.text
    return wait(client, made.json()["id"])


def wait(client, reference):
    for _ in range(500):
        told = client.get(f"/v2/transcript/{reference}").json()
        if told["status"] in {"completed", "error"}:
            return told
        time.sleep(0.01)
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"audio_url": ""},
        {"audio_url": "file:///etc/passwd"},
        {"shoe_size": 44},
        {"speaker_labels": "yes"},
        {"speakers_expected": True, "speaker_labels": True},
        {"speakers_expected": 2},
        {"speakers_expected": 0, "speaker_labels": True},
        {"speakers_expected": 11, "speaker_labels": True},
        {"speakers_expected": 2, "speaker_options": {}, "speaker_labels": True},
        {"dual_channel": True, "multichannel": True},
        {"language_code": "english"},
        {"language_code": "en", "language_detection": True},
        {"language_confidence_threshold": 0.5},
        {"language_confidence_threshold": 1.5, "language_detection": True},
        {"language_detection_options": {}},
        {"speech_threshold": 2},
        {"speech_model": "universal-2"},
        {"speech_models": ["best"]},
        {"speech_models": []},
        {"speech_model": "best", "speech_models": ["universal-2"]},
        {"word_boost": ["a"], "speech_models": ["universal-2"]},
        {"word_boost": ["a"], "speech_model": "best", "boost_param": "extreme"},
        {"keyterms_prompt": ["a"], "prompt": "b"},
        {"keyterms_prompt": ["a"] * 201, "speech_models": ["universal-2"]},
        {"keyterms_prompt": ["one two three four five six seven"]},
        {"redact_pii_policies": ["person_name"]},
        {"redact_pii": True},
        {"redact_pii": True, "redact_pii_policies": ["shoe_size"]},
        {"redact_pii": True, "redact_pii_policies": ["person_name"], "redact_pii_sub": "stars"},
        {
            "redact_pii": True,
            "redact_pii_policies": ["person_name"],
            "redact_pii_audio_quality": "ogg",
        },
        {"redact_pii_return_unredacted": True},
        {"summarization": True, "summary_model": "informative"},
        {"summarization": True, "summary_model": "catchy", "summary_type": "bullets"},
        {"summarization": True, "summary_model": "conversational", "summary_type": "bullets"},
        {"summarization": True, "punctuate": False},
        {"custom_spelling": [{"from": "a", "to": "b", "why": "c"}]},
        {"custom_spelling": [{"from": ["a"], "to": "two words"}]},
        {"audio_start_from": 5000, "audio_end_at": 5000},
        {"audio_start_from": -1},
        {"webhook_url": "ftp://127.0.0.1/"},
        {"webhook_url": "http://127.0.0.1/", "webhook_auth_header_name": "X"},
        {"webhook_auth_header_name": "X", "webhook_auth_header_value": "y"},
    ],
)
def test_it_refuses(emulator, client, asked):
    if isinstance(asked, dict) and asked and "audio_url" not in asked:
        asked = {"audio_url": f"{emulator.base_url}/upload/x", **asked}
    answer = client.post("/v2/transcript", json=asked)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not emulator.jobs


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "wrong"}])
def test_it_wants_its_key(headers):
    with AssemblyAIEmulator(key="right") as emulator:
        for method, path in [
            ("POST", "/v2/upload"),
            ("POST", "/v2/transcript"),
            ("GET", "/v2/transcript"),
            ("GET", "/v2/transcript/x"),
            ("DELETE", "/v2/transcript/x"),
            ("GET", "/v2/transcript/x/sentences"),
        ]:
            url = f"{emulator.base_url}{path}"
            answer = httpx.request(method, url, headers=headers, content=b"{}", trust_env=False)
            assert answer.status_code == 401


def test_states_come_one_after_the_other():
    with (
        AssemblyAIEmulator(queued_s=0.3, processing_s=0.3) as emulator,
        httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as client,
    ):
        told = begun(client)
        assert told["status"] == "queued"
        assert "text" not in told
        seen = []
        while not seen or seen[-1] not in {"completed", "error"}:
            seen.append(client.get(f"/v2/transcript/{told['id']}").json()["status"])
            time.sleep(0.02)
        assert list(dict.fromkeys(seen)) == ["queued", "processing", "completed"]


def test_an_upload_may_come_in_chunks(client):
    with recording(3).open_source() as source:
        sound = source.read()
    pieces = [sound[at : at + 10_000] for at in range(0, len(sound), 10_000)]
    url = client.post("/v2/upload", content=iter(pieces)).json()["upload_url"]
    reference = client.post("/v2/transcript", json={"audio_url": url}).json()["id"]
    assert wait(client, reference)["audio_duration"] == 3


def test_an_empty_upload_is_refused(client):
    assert client.post("/v2/upload", content=b"").status_code == 422


def test_what_is_no_sound_ends_in_an_error(client):
    url = client.post("/v2/upload", content=b"This is a letter.").json()["upload_url"]
    reference = client.post("/v2/transcript", json={"audio_url": url}).json()["id"]
    assert "does not appear to contain audio" in wait(client, reference)["error"]


def test_what_was_never_uploaded_can_not_be_fetched(emulator, client):
    for name in ("x", "../../etc/passwd"):
        url = f"{emulator.base_url}/upload/{name}"
        reference = client.post("/v2/transcript", json={"audio_url": url}).json()["id"]
        assert wait(client, reference)["error"].startswith("Download error")


def test_the_same_sound_and_request_give_the_same_words(client):
    first, second = (finished(client, speaker_labels=True) for _ in range(2))
    assert first["utterances"] == second["utterances"]
    assert len(first["utterances"]) == 4


def test_a_part_of_the_sound(client):
    told = finished(client, audio_start_from=5000, audio_end_at=10_000)
    assert 5000 <= told["words"][0]["start"] < told["words"][-1]["end"] <= 10_000


def test_channels_are_told_by_their_numbers(client):
    told = finished(client, channels=2, multichannel=True)
    assert told["audio_channels"] == 2
    assert [u["channel"] for u in told["utterances"]] == ["1", "2", "1", "2"]


def test_without_speakers_there_are_no_utterances(client):
    told = finished(client)
    assert told["utterances"] is None
    assert {word["speaker"] for word in told["words"]} == {None}


def test_the_secret_of_a_webhook_is_not_told_again(client):
    told = finished(
        client,
        webhook_url="http://127.0.0.1:9/",
        webhook_auth_header_name="X",
        webhook_auth_header_value="tell-nobody",
    )
    assert told["webhook_auth"] is True
    assert "tell-nobody" not in str(told)


def test_webhooks_go_to_this_machine_only():
    with (
        AssemblyAIEmulator(webhook_pause_s=0.0) as emulator,
        httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as client,
    ):
        finished(client, webhook_url="http://192.0.2.1/")
        for _ in range(200):
            if len(emulator.webhooks) == 10:
                break
            time.sleep(0.01)
        assert [sent.status for sent in emulator.webhooks] == [None] * 10


def test_what_can_be_read(client):
    told = finished(client, speaker_labels=True)
    at = f"/v2/transcript/{told['id']}"
    sentences = client.get(f"{at}/sentences").json()["sentences"]
    assert " ".join(one["text"] for one in sentences) == told["text"]
    paragraphs = client.get(f"{at}/paragraphs").json()["paragraphs"]
    assert " ".join(one["text"] for one in paragraphs) == told["text"]
    assert client.get(f"{at}/vtt").text.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert client.get(f"{at}/srt").text.startswith("1\n00:00:00,000 --> ")
    found = client.get(f"{at}/word-search", params={"words": "bill,phone number,zebra"}).json()
    assert {m["text"]: m["count"] for m in found["matches"]} == {"bill": 1, "phone number": 1}
    assert client.get(f"{at}/word-search", params={"words": "a b c d e f"}).status_code == 400
    assert client.get(f"{at}/redacted-audio").status_code == 400
    assert client.get(f"{at}/moods").status_code == 404


@pytest.mark.parametrize(("quality", "magic"), [("wav", b"RIFF"), ("mp3", b"ID3")])
def test_covered_sound_is_fetched_when_it_is_ready(quality, magic):
    with (
        AssemblyAIEmulator(audio_after=1) as emulator,
        httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as client,
    ):
        told = finished(
            client,
            redact_pii=True,
            redact_pii_policies=["person_name"],
            redact_pii_audio=True,
            redact_pii_audio_quality=quality,
        )
        at = f"/v2/transcript/{told['id']}/redacted-audio"
        assert client.get(at).status_code == 202
        url = client.get(at).json()["redacted_audio_url"]
        assert httpx.get(url, trust_env=False).content.startswith(magic)


def test_a_list_is_read_page_by_page(client):
    references = [begun(client)["id"] for _ in range(3)]
    page = client.get("/v2/transcript", params={"limit": 2}).json()
    assert [one["id"] for one in page["transcripts"]] == references[:0:-1]
    older = client.get(page["page_details"]["prev_url"]).json()
    assert [one["id"] for one in older["transcripts"]] == references[:1]
    assert client.get("/v2/transcript", params={"limit": 0}).status_code == 400


def test_what_was_deleted_holds_no_words(emulator, client):
    told = finished(client)
    assert client.delete(f"/v2/transcript/{told['id']}").status_code == 200
    assert "text" not in client.get(f"/v2/transcript/{told['id']}").json()
    assert client.get(f"/v2/transcript/{told['id']}/sentences").status_code == 400
    assert client.delete("/v2/transcript/nobody").status_code == 400


def test_bad_clients_do_not_bring_it_down(emulator, client):
    for bad in (
        b"\x00\xff\x00\xff\r\n\r\n",
        b"POST /v2/upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\nAuthorization: k\r\n\r\nzz\r\n",
        b"POST /v2/transcript HTTP/1.1\r\nContent-Length: lots\r\nAuthorization: k\r\n\r\n",
        b"POST /v2/transcript HTTP/1.1\r\nContent-Length: 99999999\r\nAuthorization: k\r\n\r\n",
        b"POST /v2/upload HTTP/1.1\r\nContent-Length: 1000\r\nAuthorization: k\r\n\r\nhalf",
        b"GET /v2/transcript?limit=%FF HTTP/1.1\r\nAuthorization: k\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as connection:
            connection.sendall(bad)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert client.get("/v2/transcript").status_code == 200


def test_failures_come_in_turn_and_are_counted(emulator, client):
    emulator.fail(Place.LIST, Failure.BUSY, Failure.FAULT)
    answers = [client.get("/v2/transcript") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 500, 200]
    assert answers[0].headers["Retry-After"] == "0.05"
    assert emulator.counts() == {Place.LIST: 3}


def test_it_stops_whatever_is_going_on():
    before = set(threading.enumerate())
    emulator = AssemblyAIEmulator(processing_s=60, failures={Place.LIST: [Failure.SLOW]})
    with emulator:
        client = httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False)
        begun(client)
        hanging = socket.create_connection(("127.0.0.1", emulator.port))
        hanging.sendall(b"GET /v2/transcript HTTP/1.1\r\nAuthorization: k\r\n\r\n")
        while emulator.count(Place.LIST) == 0:
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert set(threading.enumerate()) <= before
    assert hanging.recv(10) == b""
    hanging.close()
    client.close()
    emulator.stop()


def test_the_script_is_spread_over_all_of_the_sound():
    heard = spread(DEFAULT_SCRIPT, 0, 600_000)
    assert len(heard) == 120
    assert heard[0].script is DEFAULT_SCRIPT[0]
    assert heard[-1].script is DEFAULT_SCRIPT[-1]
    assert heard[-1].words[-1].end_ms > 595_000
    starts = [word.start_ms for line in heard for word in line.words]
    assert starts == sorted(starts)
    assert spread(DEFAULT_SCRIPT, 0, 0) == ()
    assert len(spread([ScriptLine(who=None, text="Just this.")], 0, 60_000)) == 1


def test_a_speaker_may_be_told_as_the_script_says():
    script = [ScriptLine(who="UNKNOWN", text="Hm."), ScriptLine(who=None, text="Mhm.")]
    with (
        AssemblyAIEmulator(script=script) as emulator,
        httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as client,
    ):
        told = finished(client, speaker_labels=True)
        assert [u["speaker"] for u in told["utterances"]] == ["UNKNOWN", None]
