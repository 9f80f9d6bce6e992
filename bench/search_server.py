"""A PostgreSQL server with a folder that stays, durable as in earnest, for benches."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import SUPERUSER, _another_user, _free_port, _wait_for, find_postgres

STOPS_WITHIN_S = 120.0


@contextmanager
def durable_server(folder: Path) -> Iterator[tuple[str, bool]]:
    """Run a server while the block does; yield a database's address and whether it is new."""
    programs = find_postgres()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed")
    is_new = not (folder / "data").exists()
    folder.mkdir(parents=True, exist_ok=True)
    as_user, port = _another_user(folder), _free_port()
    if is_new:
        made = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        initdb = [*as_user, str(programs / "initdb"), "-D", str(folder / "data"), *made]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    options = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=")
    size = ("shared_buffers=512MB", "max_wal_size=4GB", "maintenance_work_mem=512MB")
    flags = [f"--{option}" for option in (*options, *size)]
    server = subprocess.Popen(
        [*as_user, str(programs / "postgres"), "-D", str(folder / "data"), *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        address = f"127.0.0.1:{port}/postgres"
        _wait_for(f"postgresql://{SUPERUSER}@{address}", server)
        yield f"postgresql+psycopg://{SUPERUSER}@{address}", is_new
    finally:
        # Without waiting for clients that are gone.
        server.send_signal(signal.SIGINT)
        server.wait(STOPS_WITHIN_S)
