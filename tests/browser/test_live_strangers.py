"""Who is not one of our pages gets neither the sound nor the words of a running call."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.browser.recorded_calls import (
    SCRIPTED,
    holding,
    open_live,
    record,
    speaking,
    stop,
    told_lines,
)

FORBIDDEN = 403
BAD_TOKEN, NO_SUCH_CALL = 4401, 4404
PATHS = ("/-/live/sound/", "/-/live/events/")


@pytest.fixture(scope="module")
def held(tmp_path_factory, models, chromium):
    """A call that is being held, with the addresses of its sockets as its own page knows them."""
    data = tmp_path_factory.mktemp("held") / "data"
    with (
        holding(data, models, **SCRIPTED) as server,
        speaking(chromium, None) as browser,
    ):
        sockets = []
        context = browser.new_context()
        context.on("page", lambda page: page.on("websocket", lambda one: sockets.append(one.url)))
        page = open_live(context, server.url)
        record(page)
        expect(told_lines(page).first).to_be_visible()
        yield {path: next(url for url in sockets if path in url) for path in PATHS}
        # none of it has disturbed the call
        told = told_lines(page).count()
        expect(told_lines(page).nth(told)).to_be_visible()
        stop(page)


def closed_by(url, **more):
    """Return how a socket was refused: the HTTP status, or the code it was closed with."""
    try:
        with connect(url, open_timeout=10, **more) as socket:
            told = socket.recv(timeout=10)
            raise AssertionError(f"it was told {json.loads(told)['type']}")
    except InvalidStatus as refused:
        return refused.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_refused(held, path):
    url = held[path]
    parts = urlsplit(url)
    own = f"http://{parts.netloc}"
    bare = url.partition("?")[0]
    token = parse_qs(parts.query)["token"][0]
    other = held[next(one for one in PATHS if one != path)]
    other_token = parse_qs(urlsplit(other).query)["token"][0]

    assert closed_by(url, origin="http://evil.example") == FORBIDDEN
    assert closed_by(url, origin=f"http://localhost:{parts.port + 1}") == FORBIDDEN
    assert closed_by(bare, origin=own) == BAD_TOKEN
    assert closed_by(f"{bare}?token=", origin=own) == BAD_TOKEN
    assert closed_by(f"{bare}?token={token[:-2]}", origin=own) == BAD_TOKEN
    # a token for the other socket of the same call, and this one for another call
    assert closed_by(f"{bare}?token={other_token}", origin=own) == BAD_TOKEN
    elsewhere = f"{bare[:-1]}{'a' if bare[-1] != 'a' else 'b'}?token={token}"
    assert closed_by(elsewhere, origin=own) == BAD_TOKEN


def test_a_page_from_elsewhere_gets_no_socket(held, chromium):
    """The same in a browser, which sends the Origin for itself."""
    with speaking(chromium, None) as browser:
        page = browser.new_page()
        page.goto("data:text/html,<title>elsewhere</title>")
        for url in held.values():
            told = page.evaluate(
                """(url) => new Promise((done) => {
                    const socket = new WebSocket(url);
                    socket.onmessage = () => done('message');
                    socket.onopen = () => done('open');
                    socket.onclose = () => done('closed');
                })""",
                url,
            )
            assert told == "closed"
