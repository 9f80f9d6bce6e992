"""Files that people give a page: from whom they are taken, and how much of them."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.page_files import FILE_COSTS_BYTES, PATH, PageFiles
from services.domain.errors import NotSignedIn

OF_PAGE, OF_ALL = 100_000, 250_000
COOKIE = {"Cookie": "who=nora"}


class Memory:
    """What the framework does: it keeps whatever comes, by page."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.closed: set[str] = set()
        self.most_seen = 0

    def kept(self) -> dict[str, tuple[int, int]]:
        return {p: (len(f), sum(map(len, f.values()))) for p, f in self.files.items()}

    def drop_late(self, page: str, file: str) -> None:
        if page in self.closed:
            self.files[page].pop(file, None)

    async def take(self, request: Request) -> Response:
        page, file, body = request.path_params["page"], request.path_params["file"], b""
        if request.method == "PUT":
            async for chunk in request.stream():
                body += chunk
                self.most_seen = max(self.most_seen, len(body))
            self.files.setdefault(page, {})[file] = body
        else:
            self.files.get(page, {}).pop(file, None)
        return Response(status_code=204)


def check(connection: HTTPConnection) -> None:
    if connection.cookies.get("who") != "nora":
        raise NotSignedIn


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def client(memory: Memory) -> TestClient:
    application = Starlette(
        routes=[Route(PATH + "{page}/{file}", memory.take, methods=["PUT", "DELETE", "OPTIONS"])],
        middleware=[
            Middleware(
                PageFiles,
                kept=memory.kept,
                check=check,
                drop_late=memory.drop_late,
                most_of_page_bytes=OF_PAGE,
                most_bytes=OF_ALL,
            )
        ],
    )
    return TestClient(application)


def endless(chunks: int) -> Iterator[bytes]:
    for _ in range(chunks):
        yield b"x" * 10_000


def test_nothing_is_taken_or_dropped_without_a_sign_in(client: TestClient, memory: Memory) -> None:
    assert client.put(PATH + "page/f", content=b"x", headers=COOKIE).status_code == 204
    for headers in ({}, {"Cookie": "who=mallory"}):
        for method in ("PUT", "DELETE"):
            refused = client.request(method, PATH + "page/f", headers=headers, content=b"y")
            assert refused.status_code == 403
    assert memory.files == {"page": {"f": b"x"}}
    assert client.options(PATH + "page/f").status_code == 204


def test_a_page_keeps_so_much_and_has_room_again_once_some_is_dropped(
    client: TestClient, memory: Memory
) -> None:
    def put(page: str, file: int, content: object = bytes(40_000)) -> int:
        url = f"{PATH}{page}/{file}"
        return client.put(url, content=content, headers=COOKIE).status_code  # type: ignore[arg-type]

    assert [put("one", n) for n in range(4)] == [204, 204, 429, 429]
    assert [put("two", n) for n in range(2)] == [204, 204]
    # Of all pages together there is room for one more.
    assert [put("three", n) for n in range(2)] == [204, 429]
    client.delete(f"{PATH}one/0", headers=COOKIE)
    assert put("one", 9) == 204
    assert sum(size for _, size in memory.kept().values()) <= OF_ALL


def test_what_does_not_say_how_much_it_is_stops_where_there_is_no_room(
    client: TestClient, memory: Memory
) -> None:
    refused = client.put(PATH + "page/f", content=endless(30), headers=COOKIE)
    assert refused.status_code == 429
    assert refused.headers["retry-after"]
    assert refused.headers["connection"] == "close"
    assert memory.files == {}
    assert memory.most_seen < OF_PAGE
    # It takes no room any more.
    assert client.put(PATH + "page/f", content=endless(9), headers=COOKIE).status_code == 204


def test_many_files_with_nothing_in_them_fill_the_memory_too(client: TestClient) -> None:
    most = OF_PAGE // FILE_COSTS_BYTES
    statuses = [client.put(f"{PATH}page/{n}", headers=COOKIE).status_code for n in range(most + 5)]
    assert statuses.count(204) <= most
    assert statuses[-5:] == [429] * 5


def test_a_file_that_comes_after_its_page_has_closed_is_not_kept(
    client: TestClient, memory: Memory
) -> None:
    memory.closed.add("page")
    client.put(PATH + "page/f", content=b"x", headers=COOKIE)
    assert memory.kept() == {"page": (0, 0)}
