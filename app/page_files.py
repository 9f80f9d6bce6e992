"""Files that people give a page, which the framework keeps in memory: from whom, and how much.

The framework takes as many files, of whatever ids, as anybody sends for a page that is open, and
keeps them until its socket closes. So this stands before it.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.statuses import error_response
from services import telemetry
from services.domain.errors import AccessDenied, PartylineError, UploadsFull

PATH = "/_stcore/upload_file/"
MEBIBYTE = 1024**2
MOST_OF_PAGE_BYTES = 100 * MEBIBYTE
MOST_BYTES = 512 * MEBIBYTE
FILE_COSTS_BYTES = 4096
"""So much a file costs beside what is in it; empty ones fill the memory, too."""


class PageFiles:
    """Lets files of pages through from people who are signed in, and no more than fit in memory.

    ``kept`` returns how many files, and bytes, the framework keeps of each page; ``drop_late`` has
    it forget one whose page has closed meanwhile. ``check`` raises a PartylineError for whoever
    isn't let in; it may wait for a database.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        kept: Callable[[], Mapping[str, tuple[int, int]]],
        drop_late: Callable[[str, str], None] = lambda _page, _file: None,
        check: Callable[[HTTPConnection], None],
        most_of_page_bytes: int = MOST_OF_PAGE_BYTES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Wrap an application."""
        self._app = app
        self._kept = kept
        self._drop_late = drop_late
        self._check = check
        self._most_of_page_bytes = most_of_page_bytes
        self._most_bytes = most_bytes
        self._coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        is_file = scope["type"] == "http" and scope["path"].startswith(PATH)
        if not is_file or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        try:
            await run_in_threadpool(self._check, HTTPConnection(scope))
        except PartylineError:
            await _refuse(AccessDenied(), scope, receive, send)
            return
        if scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        await self._take(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        page, _, name = scope["path"].removeprefix(PATH).partition("/")
        file = _Coming(receive, lambda count: self._count(page, count))
        announced = Headers(scope=scope).get("content-length", "")
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            if not self._fits(page, int(announced) if announced.isdecimal() else 0):
                raise UploadsFull
            file.count(FILE_COSTS_BYTES + len(scope["path"]))
            await self._app(scope, file, send_on)
        except UploadsFull as error:
            if has_begun:
                raise
            await _refuse(error, scope, receive, send)
        finally:
            self._drop_late(page, name)
            # What became of it is among what is kept by now, or gone.
            self._coming[page] -= file.counted
            if not self._coming[page]:
                del self._coming[page]

    def _count(self, page: str, count: int) -> None:
        if not self._fits(page, count):
            raise UploadsFull
        self._coming[page] += count

    def _fits(self, page: str, count: int) -> bool:
        kept = {p: size + files * FILE_COSTS_BYTES for p, (files, size) in self._kept().items()}
        of_page = kept.get(page, 0) + self._coming[page] + count
        of_all = sum(kept.values()) + self._coming.total() + count
        return of_page <= self._most_of_page_bytes and of_all <= self._most_bytes


class _Coming:
    """What a request brings, counted before it is handed on. Raises UploadsFull."""

    def __init__(self, receive: Receive, count: Callable[[int], None]) -> None:
        self._receive = receive
        self._count = count
        self.counted = 0

    def count(self, count: int) -> None:
        """Count so many bytes that are coming."""
        self._count(count)
        self.counted += count

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.count(len(message.get("body", b"")))
        return message


async def _refuse(error: PartylineError, scope: Scope, receive: Receive, send: Send) -> None:
    telemetry.warning("server.page_file_refused", error=error.code)
    await error_response(error, closes=True)(scope, receive, send)
