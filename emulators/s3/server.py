"""The server: where it is, what is in it, and what goes wrong with it."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Event, Lock

from emulators.s3.faults import Fault, Faults
from emulators.s3.requests import S3Handler
from emulators.s3.shelf import Received, Shelf
from emulators.s3.signatures import Credentials
from emulators.serving import Emulator, HttpServer

CREDENTIALS = Credentials(
    key_id="emulated-key", secret="emulated/secret+of=this/server", region="eu-central-1"
)


class S3Server(Emulator):
    """Serves buckets from ``__enter__`` to ``__exit__``.

    ``with S3Server() as s3: os.environ.update(s3.environment("calls"))``. ``requests`` holds the
    method and escaped address of each request, ``refused`` the codes of those not let in.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        folder: Path | None = None,
        credentials: Credentials = CREDENTIALS,
    ) -> None:
        """Keep buckets in ``folder``, which outlives the server, or in a temporary one."""
        self.stopping = Event()
        self.credentials = credentials
        self.faults = Faults(self.stopping)
        self.requests: list[tuple[str, str]] = []
        self.refused: list[str] = []
        self._lock = Lock()
        self._temporary = None if folder else Path(tempfile.mkdtemp(prefix="partyline-s3-"))
        self.shelf = Shelf(folder or self._temporary or Path())
        self._server = HttpServer(type("Handler", (S3Handler,), {"s3": self}), port)

    @property
    def address(self) -> str:
        """Scheme, host and port: what AWS_ENDPOINT takes."""
        return self._server.address

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        return self._server.connections

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering; a temporary folder goes. Safe to call twice."""
        self.stopping.set()
        self._server.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def url(self, bucket: str = "partyline", prefix: str = "") -> str:
        """Return what STORAGE_URL takes; the bucket is made when missing."""
        self.shelf.add_bucket(bucket)
        return f"s3://{bucket}/{prefix}".rstrip("/")

    def environment(self, bucket: str = "partyline", prefix: str = "") -> dict[str, str]:
        """Return the variables that lead a process to a bucket, which is made when missing."""
        return {
            "STORAGE_URL": self.url(bucket, prefix),
            "AWS_ENDPOINT": self.address,
            "AWS_ACCESS_KEY_ID": self.credentials.key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret,
            "AWS_REGION": self.credentials.region,
            "AWS_ALLOW_HTTP": "true",
        }

    def keys(self, bucket: str = "partyline", prefix: str = "") -> list[str]:
        """Return the keys of a bucket's objects, in order."""
        return [kept.key for kept in self.shelf.list(bucket, prefix)]

    def read(self, bucket: str, key: str) -> bytes:
        """Return an object's bytes. Raises KeyError."""
        kept = self.shelf.get(bucket, key)
        if kept is None:
            raise KeyError(key)
        return self.shelf.path(bucket, kept).read_bytes()

    def write(self, bucket: str, key: str, content: bytes) -> None:
        """Put an object there without asking over the network."""
        file = self.shelf.incoming()
        file.write_bytes(content)
        md5, sha256 = hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()
        body = Received(file=file, size=len(content), md5=md5, sha256=sha256)
        self.shelf.put(bucket, key, body)

    def uploads(self) -> list[str]:
        """Return the ids of uploads in parts that have begun and not ended."""
        return list(self.shelf.uploads())

    def fail(
        self,
        status: int = 503,
        *,
        for_s: float | None = None,
        count: int | None = None,
        methods: Iterable[str] = (),
    ) -> None:
        """Answer with this status: so many requests, or so long, or until ``heal()``."""
        self._add(Fault(status=status, methods=frozenset(methods)), for_s, count)

    def stall(
        self,
        seconds: float,
        *,
        for_s: float | None = None,
        count: int | None = None,
        methods: Iterable[str] = (),
    ) -> None:
        """Wait so long before each answer, then give it."""
        self._add(Fault(stall_s=seconds, methods=frozenset(methods)), for_s, count)

    def drop(
        self,
        *,
        after_bytes: int = 0,
        for_s: float | None = None,
        count: int | None = None,
        methods: Iterable[str] = (),
    ) -> None:
        """Cut connections: without an answer, or after so many bytes of the object."""
        self._add(Fault(cut_after=after_bytes, methods=frozenset(methods)), for_s, count)

    def heal(self) -> None:
        """Let all go well again, for requests that are stalled as well."""
        self.faults.heal()

    def note(self, method: str, address: str) -> None:
        """Keep that a request came."""
        with self._lock:
            self.requests.append((method, address))

    def note_refused(self, code: str) -> None:
        """Keep that a request was not let in."""
        with self._lock:
            self.refused.append(code)

    def _add(self, fault: Fault, for_s: float | None, count: int | None) -> None:
        fault.left = count
        fault.until_s = None if for_s is None else time.monotonic() + for_s
        self.faults.add(fault)
