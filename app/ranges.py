"""HTTP ranges over anything seekable (RFC 9110, section 14)."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services import telemetry
from services.domain.errors import PartylineError

BLOCK_BYTES = 256 * 1024
ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """Bytes [start, stop) of a file."""

    start: int
    stop: int


class UnsatisfiableRange(Exception):
    """The range lies outside the file."""


def wanted_range(header: str | None, size: int) -> ByteRange | None:
    """Return the one range that a Range header asks for, None for the whole file.

    Headers that can't be understood or ask for several ranges mean the whole file, which the
    standard allows. Raises UnsatisfiableRange.
    """
    match = ONE_RANGE.fullmatch(header) if header and len(header) < 100 else None
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start = int(first)
        stop = min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise UnsatisfiableRange
    return ByteRange(start=start, stop=stop)


async def ranged_response(
    request: Request,
    file: BinaryIO,
    size: int,
    media_type: str,
    *,
    save_as: str | None = None,
) -> Response:
    """Answer with the file or the part that was asked for, and close the file afterwards.

    ``save_as`` makes the browser save it under this name instead of playing it.
    Raises what reading raises as long as it can still be told (on the first block).
    """
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if save_as is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(save_as, safe='')}"
    # Without a validator to compare with, a conditional range gets the whole file.
    header = None if "if-range" in request.headers else request.headers.get("range")
    try:
        part = wanted_range(header, size)
    except UnsatisfiableRange:
        file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, stop = (part.start, part.stop) if part else (0, size)
    headers["Content-Length"] = str(stop - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers, media_type=media_type)
    first = await run_in_threadpool(_first_block, file, start, stop)
    return StreamingResponse(
        _blocks(file, first, start, stop),
        status_code=status,
        headers=headers,
        media_type=media_type,
    )


def _first_block(file: BinaryIO, start: int, stop: int) -> bytes:
    try:
        file.seek(start)
        return file.read(min(BLOCK_BYTES, stop - start))
    except BaseException:
        file.close()
        raise


async def _blocks(file: BinaryIO, first: bytes, start: int, stop: int) -> AsyncIterator[bytes]:
    try:
        block, at = first, start
        while block:
            yield block
            at += len(block)
            block = await run_in_threadpool(file.read, min(BLOCK_BYTES, stop - at))
    except PartylineError as error:
        # The status has been sent: breaking the connection off is all that is left.
        telemetry.warning("audio.broke_off", error=error.code)
        raise
    finally:
        file.close()
