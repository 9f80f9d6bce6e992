"""Requests of the S3 protocol: let in or refused, then answered from the shelf."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qs, unquote

from emulators.s3 import answers
from emulators.s3.faults import Fault
from emulators.s3.shelf import AlreadyThere, Kept, NoUpload, PartTooSmall, Received
from emulators.s3.signatures import UNSIGNED_BODY, SignedRequest, refusal_of

if TYPE_CHECKING:
    from emulators.s3.server import S3Server

BLOCK_BYTES = 256 * 1024
MOST_LISTED = 1000
MOST_DRAINED_BYTES = 64 * 1024 * 1024

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_FAULT_CODES = {429: "SlowDown", 500: "InternalError", 503: "SlowDown"}


class Refused(Exception):
    """A request that is answered with an error of S3's."""

    def __init__(self, status: int, code: str) -> None:
        """Answer with this status and code."""
        super().__init__(code)
        self.status = status
        self.code = code


class S3Handler(BaseHTTPRequestHandler):
    """One connection; ``s3`` is the server that it belongs to."""

    s3: "S3Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: addresses name objects."""

    def do_GET(self) -> None:
        """Send an object, or a part of it, or a listing."""
        self._answer(self._get)

    def do_HEAD(self) -> None:
        """Say how large an object is."""
        self._answer(lambda key: self._send_object(self._object(key), with_body=False))

    def do_PUT(self) -> None:
        """Take an object, a part of one, or make a bucket."""
        self._answer(self._put, may_lack_bucket=True)

    def do_POST(self) -> None:
        """Begin or complete an upload in parts, or delete many objects."""
        self._answer(self._post)

    def do_DELETE(self) -> None:
        """Delete an object, or break an upload off."""
        self._answer(self._delete)

    def _answer(self, work: Callable[[str], None], *, may_lack_bucket: bool = False) -> None:
        """Let a request in and do its work on its key; whatever is refused is answered."""
        path, _, query = self.path.partition("?")
        self._bucket, _, key = unquote(path).removeprefix("/").partition("/")
        self._query = {n: v[0] for n, v in parse_qs(query, keep_blank_values=True).items()}
        self._fault: Fault | None = None
        self._seen = {n.lower(): v for n, v in self.headers.items()}
        self._signed = SignedRequest(
            method=self.command, path=path, query=query, headers=self._seen
        )
        self._body_left = int(self._seen.get("content-length") or 0)
        self.s3.note(self.command, self.path)
        try:
            self._let_in(may_lack_bucket)
            work(key)
        except Refused as refusal:
            # Who still sends would not read the answer, and what is left would be the next request.
            self._drain()
            self._send(refusal.status, answers.error(refusal.code, self.path))
        except OSError:
            self.close_connection = True

    def _get(self, key: str) -> None:
        if key:
            self._send_object(self._object(key), with_body=True)
        else:
            self._list()

    def _put(self, key: str) -> None:
        body = self._receive()
        try:
            self._take(key, body)
        finally:
            body.file.unlink(missing_ok=True)

    def _post(self, key: str) -> None:
        body = self._receive()
        content = body.file.read_bytes()
        body.file.unlink()
        if "uploads" in self._query:
            upload = self.s3.shelf.begin_upload(self._bucket, key)
            return self._send(200, answers.upload_begun(self._bucket, key, upload))
        if "uploadId" in self._query:
            return self._complete(content)
        if "delete" in self._query:
            for one in (gone := answers.keys_to_delete(content)):
                self.s3.shelf.delete(self._bucket, one)
            return self._send(200, answers.deleted(gone))
        raise Refused(501, "NotImplemented")

    def _delete(self, key: str) -> None:
        if "uploadId" in self._query:
            self.s3.shelf.abort(self._query["uploadId"])
        else:
            self.s3.shelf.delete(self._bucket, key)
        self._send(204)

    def _let_in(self, may_lack_bucket: bool) -> None:
        code = refusal_of(self._signed, self.s3.credentials, datetime.now(UTC))
        if code is not None:
            self.s3.note_refused(code)
            raise Refused(403, code)
        self._fault = self.s3.faults.meet(self.command)
        if self._fault and self._fault.status:
            raise Refused(self._fault.status, _FAULT_CODES.get(self._fault.status, "InternalError"))
        if self._fault and self._fault.cut_after == 0:
            raise ConnectionAbortedError
        if not may_lack_bucket and not self.s3.shelf.has_bucket(self._bucket):
            raise Refused(404, "NoSuchBucket")

    def _object(self, key: str) -> Kept:
        kept = self.s3.shelf.get(self._bucket, key)
        if kept is None:
            raise Refused(404, "NoSuchKey")
        return kept

    def _receive(self) -> Received:
        """Take the body to a file, and compare it with what its sender says of it."""
        if "aws-chunked" in self._seen.get("content-encoding", ""):
            raise Refused(501, "NotImplemented")
        file, md5, sha256 = self.s3.shelf.incoming(), hashlib.md5(), hashlib.sha256()
        size = self._body_left
        try:
            with file.open("wb") as out:
                for block in self._body():
                    for taker in (md5.update, sha256.update, out.write):
                        taker(block)
            if self._signed.body_hash not in (UNSIGNED_BODY, sha256.hexdigest()):
                raise Refused(400, "XAmzContentSHA256Mismatch")
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return Received(file=file, size=size, md5=md5.hexdigest(), sha256=sha256.hexdigest())

    def _body(self) -> Iterator[bytes]:
        while self._body_left > 0:
            block = self.rfile.read(min(self._body_left, BLOCK_BYTES))
            if not block:
                raise ConnectionAbortedError
            self._body_left -= len(block)
            yield block

    def _drain(self) -> None:
        if self._body_left > MOST_DRAINED_BYTES or "expect" in self._seen:
            self.close_connection = True
            return
        try:
            for _ in self._body():
                pass
        except OSError:
            self.close_connection = True

    def _take(self, key: str, body: Received) -> None:
        shelf = self.s3.shelf
        if not key:
            return self._make_bucket()
        if not shelf.has_bucket(self._bucket):
            raise Refused(404, "NoSuchBucket")
        if "x-amz-copy-source" in self._seen:
            raise Refused(501, "NotImplemented")
        try:
            if "uploadId" in self._query:
                number = int(self._query["partNumber"])
                tag = shelf.put_part(self._query["uploadId"], number, body)
            else:
                tag = shelf.put(self._bucket, key, body, only_new=self._only_new()).etag
        except NoUpload:
            raise Refused(404, "NoSuchUpload") from None
        except AlreadyThere:
            raise Refused(412, "PreconditionFailed") from None
        return self._send(200, headers={"ETag": tag})

    def _make_bucket(self) -> None:
        try:
            self.s3.shelf.add_bucket(self._bucket)
        except ValueError:
            raise Refused(400, "InvalidBucketName") from None
        self._send(200)

    def _only_new(self) -> bool:
        return self._seen.get("if-none-match") == "*"

    def _complete(self, content: bytes) -> None:
        parts = answers.parts_named(content)
        try:
            bucket, kept = self.s3.shelf.complete(
                self._query["uploadId"], parts, only_new=self._only_new()
            )
        except NoUpload:
            raise Refused(404, "NoSuchUpload") from None
        except PartTooSmall:
            raise Refused(400, "EntityTooSmall") from None
        except AlreadyThere:
            raise Refused(412, "PreconditionFailed") from None
        self._send(200, answers.upload_done(bucket, kept))

    def _list(self) -> None:
        if self._query.get("list-type") != "2":
            raise Refused(501, "NotImplemented")
        after = self._query.get("continuation-token") or self._query.get("start-after", "")
        found = self.s3.shelf.list(self._bucket, self._query.get("prefix", ""), after)
        most = min(int(self._query.get("max-keys", MOST_LISTED)), MOST_LISTED)
        page = answers.Page(
            bucket=self._bucket,
            prefix=self._query.get("prefix", ""),
            delimiter=self._query.get("delimiter", ""),
            most=most,
        )
        self._send(200, page.written(found))

    def _send_object(self, kept: Kept, *, with_body: bool) -> None:
        try:
            file = self.s3.shelf.path(self._bucket, kept).open("rb")
        except FileNotFoundError:
            raise Refused(404, "NoSuchKey") from None
        with file:
            asked = self._range(kept.size)
            partial, (start, stop) = asked is not None, asked or (0, kept.size)
            self.send_response(206 if partial else 200)
            self.send_header("ETag", kept.etag)
            self.send_header("Last-Modified", format_datetime(kept.changed_at, usegmt=True))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(stop - start))
            if partial:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{kept.size}")
            self.end_headers()
            if with_body:
                file.seek(start)
                self._send_bytes(file, stop - start)

    def _range(self, size: int) -> tuple[int, int] | None:
        asked = _RANGE.fullmatch(self._seen.get("range", ""))
        if asked is None or asked.groups() == ("", ""):
            return None
        first, last = asked.groups()
        if not first:
            return max(0, size - int(last)), size
        if int(first) >= size:
            raise Refused(416, "InvalidRange")
        return int(first), min(size, int(last) + 1 if last else size)

    def _send_bytes(self, file: BinaryIO, left: int) -> None:
        cut = self._fault.cut_after if self._fault else None
        if cut is not None and cut < left:
            self.wfile.write(file.read(cut))
            raise ConnectionAbortedError
        while left > 0 and (block := file.read(min(left, BLOCK_BYTES))):
            self.wfile.write(block)
            left -= len(block)

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            if body:
                self.send_header("Content-Type", "application/xml")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
