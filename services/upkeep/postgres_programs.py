"""PostgreSQL's own programs, run on one database: where they lie, how they end, and why."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from sqlalchemy import URL

from services import telemetry
from services.domain.errors import (
    BackupDamaged,
    BackupError,
    DatabaseRefused,
    DatabaseToolsMissing,
    StillRunning,
)

PACKAGED = Path("/usr/lib/postgresql")
PROGRAMS = ("pg_dump", "pg_restore", "psql")
# Somebody who still works on the database keeps a restore from beginning.
LOCK_TIMEOUT = "15s"
# What our own script raises when it finds others connected; PostgreSQL has no codes of class PL.
IN_USE = "PL001"

_LOCK_NOT_GIVEN = "55P03"
# psql with VERBOSITY=sqlstate says this much and no words of what it was working on.
_SQLSTATE = re.compile(rb"(?:ERROR|FATAL):\s+([0-9A-Z]{5})\s*$", re.MULTILINE)
_VERSION = re.compile(r"(\d+)(?:\.\d+|devel|beta\d+|rc\d+)")
_TELLS_BYTES = 64 * 1024


class ProgramEnded(Exception):
    """A program has ended before it had read everything; its status says why."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Name the program that ended."""
        super().__init__()
        self.process = process


class Passing(Thread):
    """Gives content to a program while others read what it makes of it."""

    def __init__(self, process: "subprocess.Popen[bytes]", content: Iterable[bytes]) -> None:
        """Pass ``content`` on; when that can't be read to its end the program is ended, too."""
        super().__init__(name="passing", daemon=True)
        self._process = process
        self._content = content
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Pass all of it on."""
        assert self._process.stdin is not None
        try:
            for block in self._content:
                self._process.stdin.write(block)
            self._process.stdin.close()
        except BrokenPipeError:
            return
        except BaseException as error:
            self.fault = error
            self._process.kill()


def send(process: "subprocess.Popen[bytes]", block: bytes) -> None:
    """Give a program the next bytes. Raises ProgramEnded when nobody reads them any more."""
    assert process.stdin is not None
    try:
        process.stdin.write(block)
    except BrokenPipeError:
        raise ProgramEnded(process) from None


def check_programs(server_version: int) -> None:
    """Raise DatabaseToolsMissing unless all are installed, as new as the server (15, 17, …)."""
    for name in PROGRAMS:
        told = subprocess.run([found(name), "--version"], capture_output=True, text=True)
        version = _VERSION.search(told.stdout)
        if version is None:
            raise DatabaseToolsMissing(f"{name} doesn't tell its version.")
        if int(version[1]) < server_version:
            raise DatabaseToolsMissing(
                f"{name} is of version {version[1]}, the server of version {server_version}."
            )


def found(name: str) -> str:
    """Return where a program lies; the newest of Debian's. Raises DatabaseToolsMissing."""
    packaged = sorted(PACKAGED.glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]))
    path = shutil.which(name) or (str(packaged[-1]) if packaged else None)
    if path is None:
        raise DatabaseToolsMissing(f"{name} is not installed.")
    return path


@contextmanager
def program(
    url: URL, name: str, *arguments: str, reads: bool = True
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one of PostgreSQL's programs on a database; ``reads``: the block reads what it gives.

    An exception of the block ends it. Raises what ``_fault`` makes of another status than 0.
    """
    with TemporaryFile() as tells:
        process = subprocess.Popen(
            [found(name), *arguments],
            env={**os.environ, **_place(url)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if reads else subprocess.DEVNULL,
            stderr=tells,
        )
        try:
            yield process
        except ProgramEnded as ended:
            if ended.process is not process:
                process.kill()
                raise
        except BaseException:
            process.kill()
            raise
        finally:
            status = _ended(process)
        if status != 0:
            raise _fault(name, status, tells)


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Close the pipes and wait; who still wants to write must not wait for a reader meanwhile."""
    for pipe in (process.stdout, process.stdin):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    return process.wait()


def _fault(name: str, status: int, tells: IO[bytes]) -> BackupError:
    """Return why a program has failed, without words of its own: they can hold those of calls."""
    tells.seek(0)
    codes = _SQLSTATE.findall(tells.read(_TELLS_BYTES))
    code = codes[0].decode() if codes else None
    telemetry.warning("backup.program_failed", program=name, status=status, sqlstate=code or "")
    if code == IN_USE:
        return StillRunning("Others are connected to the database.")
    if code == _LOCK_NOT_GIVEN:
        return DatabaseRefused(f"Somebody works on it: a lock was not given within {LOCK_TIMEOUT}.")
    if name == "pg_restore":
        # It only unpacks here, and knows no database.
        return BackupDamaged("pg_restore can't read it; it may also be of a newer pg_dump.")
    why = f"the database's code is {code}" if code else "the database's log says why"
    return DatabaseRefused(f"{name} ended with status {status}; {why}.")


def _place(url: URL) -> Mapping[str, str]:
    """Return the database's address as variables: arguments are seen by everybody."""
    given = {
        "PGHOST": url.host,
        "PGPORT": url.port and str(url.port),
        "PGDATABASE": url.database,
        "PGUSER": url.username,
        "PGPASSWORD": url.password and str(url.password),
        "PGOPTIONS": f"-c lock_timeout={LOCK_TIMEOUT}",
        **{f"PG{name.upper()}": str(value) for name, value in url.query.items()},
    }
    return {name: str(value) for name, value in given.items() if value}
