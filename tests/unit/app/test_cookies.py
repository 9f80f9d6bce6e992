"""Cookies of every answer, and the page that was asked for before signing in."""

import base64

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.cookies import MOST_WANTED_CHARS, SIGNED_IN, WANTED, CookieMiddleware, CookieRules
from app.settings import Settings

PAGE = {"Accept": "text/html,*/*", "Sec-Fetch-Dest": "document"}


def answer(request: Request) -> Response:
    made = PlainTextResponse("page")
    made.set_cookie("_streamlit_xsrf", "x")
    if "secure" in request.query_params:
        made.set_cookie("sure", "x", secure=True)
    return made


def callback(request: Request) -> Response:
    made = RedirectResponse("/", status_code=302)
    if "failed" in request.query_params:
        made.delete_cookie(SIGNED_IN)
    elif "out" not in request.query_params:
        made.set_cookie(SIGNED_IN, "signed", max_age=30 * 24 * 3600, httponly=True)
    return made


def browser(scheme: str = "http", **rules: object) -> TestClient:
    given = CookieRules(**{"has_login": True, "longest_s": 43_200, **rules})  # type: ignore[arg-type]
    application = Starlette(
        routes=[Route("/oauth2callback", callback), Route("/{path:path}", answer)],
        middleware=[Middleware(CookieMiddleware, rules=lambda: given)],
    )
    return TestClient(application, base_url=f"{scheme}://localhost:8501", follow_redirects=False)


def cookies(response: object) -> dict[str, str]:
    found = response.headers.get_list("set-cookie")  # type: ignore[attr-defined]
    return {cookie.partition("=")[0]: cookie for cookie in found}


@pytest.mark.parametrize(
    ("rules", "scheme", "headers", "secure"),
    [
        ({}, "http", {}, False),
        ({"secure": True}, "http", {}, True),
        ({}, "https", {}, True),
        ({}, "http", {"X-Forwarded-Proto": "https"}, True),
        ({}, "http", {"X-Forwarded-Proto": "http"}, False),
    ],
)
def test_cookies_are_kept_to_encrypted_connections(
    rules: dict[str, bool], scheme: str, headers: dict[str, str], secure: bool
) -> None:
    given = cookies(browser(scheme, **rules).get("/calls?secure=1", headers={**PAGE, **headers}))
    assert given.keys() == {"_streamlit_xsrf", "sure", WANTED}
    assert all(given[name].endswith("; Secure") is secure for name in ("_streamlit_xsrf", WANTED))
    assert given["sure"].lower().count("secure") == 1


@pytest.mark.parametrize(
    ("settings", "secure"),
    [
        ({}, False),
        ({"pages_address": "https://calls.example.com"}, True),
        ({"public_url": "https://calls.example.com"}, True),
        ({"pages_address": "http://localhost:8501"}, False),
    ],
)
def test_an_encrypted_address_asks_for_it(settings: dict[str, str], secure: bool) -> None:
    assert CookieRules.of(Settings(**settings)).secure is secure  # type: ignore[arg-type]


def test_who_is_signed_in_is_kept_no_longer_than_it_counts() -> None:
    given = cookies(browser().get("/oauth2callback"))[SIGNED_IN]
    assert given.count("Max-Age") == 1
    assert "Max-Age=43200" in given
    assert "HttpOnly" in given
    gone = cookies(browser().get("/oauth2callback?failed=1"))[SIGNED_IN]
    assert "Max-Age=0" in gone


@pytest.mark.parametrize("address", ["/call?call=abc&at=1%202", "/calls", "/?call=abc"])
def test_the_page_asked_for_is_opened_after_signing_in(address: str) -> None:
    client = browser()
    kept = cookies(client.get(address, headers=PAGE))[WANTED]
    assert "HttpOnly" in kept
    answer = client.get("/oauth2callback")
    assert answer.headers["location"] == address
    assert client.cookies.get(WANTED) is None
    assert client.get("/oauth2callback").headers["location"] == "/"


def test_the_last_page_asked_for_counts_and_the_first_one_is_none() -> None:
    client = browser()
    client.get("/call?call=abc", headers=PAGE)
    client.get("/", headers=PAGE)
    assert client.get("/oauth2callback").headers["location"] == "/"


@pytest.mark.parametrize("query", ["?out=1", "?failed=1"])
def test_whoever_is_not_signed_in_is_led_nowhere(query: str) -> None:
    client = browser()
    client.get("/call?call=abc", headers=PAGE)
    assert client.get(f"/oauth2callback{query}").headers["location"] == "/"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/-/audio/abc?token=secret", PAGE),
        ("/api/v1/calls", PAGE),
        ("/auth/login?provider=x", PAGE),
        ("/_stcore/health", PAGE),
        ("/favicon.ico", PAGE),
        ("/calls", {"Accept": "*/*"}),
        ("/calls", {**PAGE, "Sec-Fetch-Dest": "iframe"}),
        ("/calls?" + "x" * MOST_WANTED_CHARS, PAGE),
        ("//evil.test/x", PAGE),
    ],
)
def test_nothing_but_pages_is_kept_in_mind(path: str, headers: dict[str, str]) -> None:
    assert WANTED not in cookies(browser().get(f"http://localhost:8501{path}", headers=headers))


@pytest.mark.parametrize(
    "told",
    ["https://evil.test", "//evil.test", "/\\evil.test", "/a\r\nX: y", "/é", "", "calls"],
)
def test_a_cookie_somebody_made_up_leads_nowhere(told: str) -> None:
    client = browser()
    for packed in (base64.urlsafe_b64encode(told.encode()).decode().rstrip("="), told or "%%%"):
        header = f"{WANTED}={packed}".encode("utf-8", "replace")
        answer = client.get("/oauth2callback", headers=[(b"cookie", header)])
        assert answer.headers["location"] == "/"


def test_without_a_login_nothing_is_kept_in_mind() -> None:
    given = cookies(browser(has_login=False).get("/calls?call=a", headers=PAGE))
    assert given.keys() == {"_streamlit_xsrf"}
