"""A PostgreSQL server of the tests' own: in a temporary folder, on loopback, gone at the end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

STARTS_WITHIN_S = 60.0
SUPERUSER = "partyline"


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs, None where it isn't installed."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).parent
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return packaged[-1].parent if packaged else None


class PostgresServer:
    """A server over a folder of its own; ``address`` is without a database's name.

    Only a ``durable`` one waits for the disk, as servers in life do.
    """

    def __init__(self, programs: Path, folder: Path, *, durable: bool = False) -> None:
        """Make an empty cluster in the folder; start nothing yet."""
        self._programs = programs
        self._durable = durable
        self._as_user = _another_user(folder)
        self._data, self._port = folder / "data", _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._more: dict[str, str] = {}
        self._waiting = ""
        self.address = f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self._port}"
        made = [str(programs / "initdb"), "-D", str(self._data), "-U", SUPERUSER, "-A", "trust"]
        subprocess.run(
            [*self._as_user, *made, "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True,
            capture_output=True,
            cwd="/",
        )

    def speak_tls_only(self, certificate: bytes, key: bytes) -> None:
        """Show this certificate to whoever comes, and let nobody in who speaks in the open."""
        for name, content in (("server.crt", certificate), ("server.key", key)):
            path = self._data / name
            path.write_bytes(content)
            path.chmod(0o600)
            owner = self._data.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
        (self._data / "pg_hba.conf").write_text("hostssl all all all trust\n")
        self._more = {"ssl": "on"}
        # The one that waits until it lets people in has to speak it, too.
        self._waiting = "?sslmode=require"

    def start(self) -> None:
        """Start it and wait until it lets people in."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "shared_buffers": "512MB" if self._durable else "64MB",
            "max_connections": "100",
        }
        options |= self._more
        flags = [f"--{name}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(
            [*self._as_user, str(self._programs / "postgres"), "-D", str(self._data), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        address = f"postgresql://{SUPERUSER}@127.0.0.1:{self._port}/postgres{self._waiting}"
        _wait_for(address, self._process)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it; SIGQUIT is an immediate shutdown, which it has to recover from."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STARTS_WITHIN_S)
            self._process = None


@contextmanager
def restartable_postgres(programs: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server while the block does, which the block may stop and start."""
    folder = Path(tempfile.mkdtemp(prefix="partyline-postgres-"))
    try:
        server = PostgresServer(programs, folder, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_server(programs: Path, *, durable: bool = False) -> Iterator[str]:
    """Run a server while the block does; yield its address without a database's name."""
    with restartable_postgres(programs, durable=durable) as server:
        yield server.address


def _another_user(folder: Path) -> list[str]:
    """Return what to put before commands: PostgreSQL refuses to run as the superuser."""
    if os.geteuid() != 0:
        return []
    name = "postgres" if _exists("postgres") else "nobody"
    user = pwd.getpwnam(name)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers; it listens a while before it lets anybody in."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")
