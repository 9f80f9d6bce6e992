"""Forged, expired and foreign tokens, foreign pages and names, guessed ids."""

import base64
import json
import secrets

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from services.access.tokens import Purpose, TokenSigner
from services.domain.people import LOCAL_USER
from tests.attacks.conftest import API_TOKEN, PUBLIC, Attacked

BAD_TOKEN, NO_SUCH_CALL = 4401, 4404
ROUTES = {
    Purpose.AUDIO: ("GET", "/-/audio/{call}"),
    Purpose.ORIGINAL: ("GET", "/-/audio/{call}/original"),
    Purpose.REVIEW: ("GET", "/-/review/{call}"),
    Purpose.UPLOAD: ("PUT", "/-/upload"),
}
SOCKETS = {
    Purpose.LIVE_SOUND: "/-/live/sound/{call}",
    Purpose.LIVE_EVENTS: "/-/live/events/{call}",
}
EVERYWHERE = [
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/_stcore/health"),
    ("GET", "/_stcore/host-config"),
    ("POST", "/_stcore/agent/interact"),
    ("GET", "/static/index.html"),
    ("PUT", "/-/upload"),
    ("GET", "/-/review/x"),
    ("GET", "/api/v1/calls"),
    ("POST", "/webhooks/assemblyai/x"),
]


def bad_tokens(attacked: Attacked, purpose: Purpose) -> list[str]:
    """Tokens that look like one of this purpose and must open nothing."""
    good = attacked.tokens[purpose]
    payload, _, signature = good.partition(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    *before, expires_at_s, sign_in = claims
    later = json.dumps([*before, expires_at_s + 10**6, sign_in]).encode()
    stretched = base64.urlsafe_b64encode(later).rstrip(b"=").decode()
    other_key = TokenSigner(secrets.token_bytes(32)).issue(
        purpose, attacked.call, user=LOCAL_USER, session="s", ttl_s=600
    )
    foreign = [attacked.tokens[other] for other in Purpose if other is not purpose]
    return [
        "",
        ".",
        "x",
        payload,
        f"{payload}.",
        f".{signature}",
        good[:-2],
        f"{good}.{signature}",
        f"{good[:10]}{'A' if good[10] != 'A' else 'B'}{good[11:]}",
        f"{stretched}.{signature}",
        "é" * 20,
        "\u0000" + good,
        good * 20,
        "A" * 100_000 if purpose is Purpose.UPLOAD else "A" * 5_000,
        other_key,
        attacked.expired[purpose],
        *foreign,
    ]


@pytest.mark.parametrize("purpose", ROUTES)
def test_no_other_token_opens_a_route(attacked: Attacked, purpose: Purpose) -> None:
    method, path = ROUTES[purpose]
    with attacked.client() as client:
        for token in bad_tokens(attacked, purpose):
            path_ = path.format(call=attacked.call)
            if purpose is Purpose.UPLOAD:
                header = f"Bearer {token}".strip().encode()
                if b"\x00" in header:
                    continue
                try:
                    answer = client.request(method, path_, headers={b"Authorization": header})
                except httpx.TransportError:
                    # A header that is longer than the server takes is answered by hanging up.
                    assert len(header) > 60_000
                    continue
            else:
                answer = client.request(method, path_, params={"token": token})
            # a header that is longer than the server takes is none of ours
            assert answer.status_code in {400, 401, 431}, (token[:40], answer.status_code)
            if answer.status_code == 401:
                assert answer.json()["error"]["code"] == "InvalidToken"


@pytest.mark.parametrize("purpose", SOCKETS)
def test_no_other_token_opens_a_socket(attacked: Attacked, purpose: Purpose) -> None:
    path = SOCKETS[purpose].format(call=attacked.call)
    for token in bad_tokens(attacked, purpose):
        query = str(httpx.QueryParams({"token": token}))
        assert closed_by(f"{attacked.ws}{path}?{query}", attacked.url) == BAD_TOKEN


def test_a_right_token_for_somebody_else_s_call_tells_nothing(attacked: Attacked) -> None:
    """As much as a call that doesn't exist, to the letter."""
    absent = secrets.token_hex(10)
    with attacked.client() as client:
        for purpose in (Purpose.AUDIO, Purpose.REVIEW, Purpose.ORIGINAL):
            path = ROUTES[purpose][1].format(call=attacked.call)
            theirs = client.get(path, params={"token": attacked.strangers[purpose]})
            assert theirs.status_code == 404
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        answers = {
            client.get(f"/api/v1/calls/{call}", headers=headers).text
            for call in (absent, secrets.token_hex(10), "0" * 20, "f" * 20)
        }
        assert len(answers) == 1
        for call in ("0", "*", "%25", "null", "a" * 21):
            nothing = client.get(f"/api/v1/calls/{call}", headers=headers)
            assert nothing.status_code in {400, 404}
        assert theirs.json()["error"]["code"] == json.loads(answers.pop())["error"]["code"]
    for purpose in SOCKETS:
        path = SOCKETS[purpose].format(call=attacked.call)
        url = f"{attacked.ws}{path}?token={attacked.strangers[purpose]}"
        assert closed_by(url, attacked.url) == NO_SUCH_CALL


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_foreign_pages_and_names_get_nothing(attacked: Attacked, method: str, path: str) -> None:
    with attacked.client() as client:
        for origin in ("http://evil.example", "null", f"http://localhost:{attacked.port + 1}"):
            answer = client.request(method, path, headers={"Origin": origin})
            assert answer.status_code == 403, origin
            assert "access-control-allow-origin" not in answer.headers
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""):
            assert client.request(method, path, headers={"Host": host}).status_code in {400, 421}
        public = PUBLIC.partition("//")[2]
        answer = client.request(method, path, headers={"Host": public})
        # under the name that services elsewhere know, there is nothing but what is theirs
        assert answer.status_code in ({401, 404} if "webhooks" in path else {421})


def test_a_second_host_or_origin_is_not_believed(attacked: Attacked) -> None:
    own = f"localhost:{attacked.port}"
    lines = [
        ["Host: evil.example", f"Host: {own}"],
        [f"Host: {own}", "Host: evil.example"],
        [f"Host: {own}", f"Origin: http://{own}", "Origin: http://evil.example"],
        [f"Host: {own}", "Origin: http://evil.example", f"Origin: http://{own}"],
    ]
    for one in lines:
        request = "\r\n".join(["GET /healthz HTTP/1.1", *one, "Connection: close", "", ""])
        status = int(attacked.raw(request.encode()).split(b" ", 2)[1])
        assert status in {400, 403, 421}, one


@pytest.mark.parametrize("path", ["/_stcore/stream", *SOCKETS.values()])
def test_a_foreign_page_gets_no_socket(attacked: Attacked, path: str) -> None:
    for origin in ("http://evil.example", "null"):
        url = attacked.ws + path.format(call=attacked.call)
        assert closed_by(url, origin) == 403


def test_whatever_telephone_services_send_must_be_signed(attacked: Attacked) -> None:
    for path in ("/twilio", "/audiohook"):
        for headers in (
            {},
            {"X-Twilio-Signature": "A" * 28, "Signature": "sig1=:AAAA:", "x-api-key": "a-key"},
        ):
            with (
                pytest.raises(InvalidStatus) as refused,
                connect(attacked.ws + path, additional_headers=headers),
            ):
                pass
            assert refused.value.response.status_code == 401
    assert closed_by(f"{attacked.ws}/acs/transcription/x", None) in {401, 403, 404}


def closed_by(url: str, origin: str | None) -> int:
    """Return how a socket was refused: the HTTP status, or the code it was closed with."""
    try:
        with connect(url, origin=origin, open_timeout=20) as socket:  # type: ignore[arg-type]
            socket.recv(timeout=20)
    except InvalidStatus as refused:
        return refused.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0
    raise AssertionError("it was let in")
