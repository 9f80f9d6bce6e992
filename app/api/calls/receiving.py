"""Takes in the body of a request block by block; at most one block is in memory."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
from anyio import CapacityLimiter
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.api.calls.forms import CallForm
from app.api.calls.multipart import StreamedForm, boundary_of
from app.api.errors import invalid_form
from services.domain.errors import InvalidRequest, RequestTooSlow, TooLarge

ABOUT_HEADER = "X-Partyline-Call"
MOST_ABOUT_CHARS = 8_000  # what common proxies pass on
BLOCK_BYTES = 1024 * 1024
# A recording of a telephone call takes 8,000 bytes a second; what comes slower than a quarter of
# that isn't sent to arrive.
NEXT_BYTES_WITHIN_S = 60.0
LEAST_BYTES_PER_S = 2_000
# What a form takes beyond its file, at most.
FORM_BYTES = 2 * 1024 * 1024
# A bucket that doesn't answer forgets what had come in by itself, some days later.
ABORT_WITHIN_S = 5.0
NO_SOUND = ("application/json", "application/x-www-form-urlencoded")


class Sink(Protocol):
    """Where the sound goes; called in threads that may wait."""

    def write(self, block: bytes, /) -> object:
        """Take the next bytes."""


class Abortable(Protocol):
    """What forgets what has come in; called in threads that may wait."""

    def abort(self) -> None:
        """Forget it."""


class BodyHash:
    """A sink that keeps nothing but the SHA-256."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._hash = hashlib.sha256()

    def write(self, block: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(block)

    @property
    def content_hash(self) -> str:
        """The SHA-256 of what was taken."""
        return self._hash.hexdigest()


class Body:
    """The body of a request that hands in a recording: the sound itself, or a form with it.

    What is known of the sound comes in a header, as JSON, or in the form's other fields.
    """

    def __init__(self, request: Request, limit: int) -> None:
        """Look at the headers. Raises InvalidRequest, TooLarge."""
        kind = request.headers.get("content-type", "")
        boundary = boundary_of(kind)
        if boundary is None and kind.partition(";")[0].strip().lower() in NO_SOUND:
            raise InvalidRequest(
                "Its body has to be the recording itself, or multipart/form-data with a file."
            )
        self._request = request
        self._limit = limit
        self._form = StreamedForm(boundary) if boundary is not None else None
        self._about = _call_form(request.headers.get(ABOUT_HEADER))
        refuse_oversize(request, limit + (FORM_BYTES if self._form else 0))

    @property
    def name(self) -> str:
        """What the recording is called, as far as has been read."""
        named = self._about.name or (self._form.fields.get("name") if self._form else None)
        return named or (self._form and self._form.file_name) or ""

    async def pass_on(self, sink: Sink) -> None:
        """Pass the sound on. Raises TooLarge, InvalidRequest, and what the sink raises."""
        await pass_on(no_more_than(self._limit, self._sound()), sink)
        if self._form is not None:
            self._form.finish()

    def about(self) -> CallForm:
        """Return what is known of the recording, once all has been read.

        Raises InvalidRequest.
        """
        if self._form is None or not self._form.fields:
            return self._about
        fields: dict[str, object] = dict(self._form.fields)
        try:
            if "options" in fields:
                fields["options"] = json.loads(self._form.fields["options"])
            given = CallForm.model_validate_json(json.dumps(fields))
        except ValidationError as error:
            raise invalid_form(error) from None
        except (ValueError, RecursionError):
            raise InvalidRequest("Look at options.") from None
        told = self._about.model_dump(exclude_unset=True) | given.model_dump(exclude_unset=True)
        return CallForm.model_validate(told)

    async def _sound(self) -> AsyncIterator[bytes]:
        async for chunk in self._request.stream():
            for content in self._form.feed(chunk) if self._form else (chunk,):
                yield content


@asynccontextmanager
async def aborted_unless_done(incoming: Abortable) -> AsyncIterator[None]:
    """Abort what comes in when the block ends by an error or is cancelled.

    Buckets are told over the network; others are answered meanwhile, and it never takes long.
    """
    try:
        yield
    except BaseException:
        with anyio.move_on_after(ABORT_WITHIN_S, shield=True):
            # A limiter of its own: one that waits for a place has not begun when time is up.
            await anyio.to_thread.run_sync(
                incoming.abort, abandon_on_cancel=True, limiter=CapacityLimiter(1)
            )
        raise


async def no_more_than(limit: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass so many bytes through. Raises TooLarge at the first beyond."""
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise TooLarge
        yield chunk


async def steadily(
    chunks: AsyncIterator[bytes],
    *,
    within_s: float = NEXT_BYTES_WITHIN_S,
    least_per_s: int = LEAST_BYTES_PER_S,
) -> AsyncIterator[bytes]:
    """Pass bytes through as long as they keep coming. Raises RequestTooSlow.

    Counted is the time that was waited for them, not what became of them afterwards.
    """
    loop = asyncio.get_running_loop()
    waited_s, total = 0.0, 0
    while True:
        began = loop.time()
        try:
            async with asyncio.timeout(within_s):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RequestTooSlow from None
        waited_s += loop.time() - began
        total += len(chunk)
        if waited_s > within_s and total < least_per_s * waited_s:
            raise RequestTooSlow
        yield chunk


async def pass_on(chunks: AsyncIterator[bytes], sink: Sink) -> None:
    """Pass bytes on to a sink in blocks that are large enough for handing over to cost nothing."""
    block = bytearray()
    try:
        async for chunk in steadily(chunks):
            block += chunk
            if len(block) >= BLOCK_BYTES:
                full, block = bytes(block), bytearray()
                await run_in_threadpool(sink.write, full)
    except (ClientDisconnect, HTTPException, RequestTooSlow):
        # What has come before no more did has come.
        if block:
            await run_in_threadpool(sink.write, bytes(block))
        raise
    if block:
        await run_in_threadpool(sink.write, bytes(block))


def refuse_oversize(request: Request, limit: int) -> None:
    """Refuse before the first byte when the announced size is over the limit.

    Raises TooLarge, InvalidRequest.
    """
    announced = request.headers.get("content-length")
    if announced is None:
        return
    if not (announced.isascii() and announced.isdigit()):
        raise InvalidRequest
    if len(announced) > 18 or int(announced) > limit:
        raise TooLarge


def _call_form(header: str | None) -> CallForm:
    if not header:
        return CallForm()
    if len(header) > MOST_ABOUT_CHARS:
        raise InvalidRequest(f"Its header {ABOUT_HEADER} is too long.")
    try:
        return CallForm.model_validate_json(header)
    except ValidationError as error:
        raise invalid_form(error) from None
