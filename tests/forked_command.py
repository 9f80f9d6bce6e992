"""The command line in processes that begin with its modules loaded.

A command spends far more time on loading modules than on what most tests ask of it. Here one
process loads them once, and every command is a fork of it: a process of its own all the same,
with its own arguments, environment, folder and outputs.

Run as a program, this module is that process. It reads one command a line as JSON and answers
with two numbers: the process id at the start, the exit status at the end.
"""

import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Timer

TIMEOUT_S = 120.0
# What commands load when they get to it, and is dear. Not ONNX Runtime: it begins threads when it
# is loaded, which a fork would wait for and not have.
LOADED_LATE = ("alembic.command", "av", "dbos", "spacy")
NOT_OF_COMMANDS = ("app.main", "app.session", "migrations")


@dataclass(frozen=True, kw_only=True)
class ForkedCommands:
    """Runs ``partyline`` with any arguments."""

    forking: "subprocess.Popen[str]"
    folder: Path
    numbers: Iterator[int] = field(default_factory=count)

    def run(
        self, arguments: Sequence[object], *, env: Mapping[str, str], cwd: Path, given: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run it to its end, with what is given on its standard input.

        A command that takes longer than ``TIMEOUT_S`` is killed.
        """
        number = next(self.numbers)
        standard, out, err = (self.folder / f"{number}.{name}" for name in ("in", "out", "err"))
        standard.write_text(given, "utf-8")
        asked = {
            "arguments": [str(argument) for argument in arguments],
            "env": dict(env),
            "cwd": str(cwd),
            "in": str(standard),
            "out": str(out),
            "err": str(err),
        }
        assert self.forking.stdin is not None
        self.forking.stdin.write(json.dumps(asked) + "\n")
        self.forking.stdin.flush()
        killing = Timer(TIMEOUT_S, os.kill, (self._answer(), 9))
        killing.start()
        try:
            status = self._answer()
        finally:
            killing.cancel()
            killing.join()
        return subprocess.CompletedProcess(
            asked["arguments"], status, out.read_text("utf-8"), err.read_text("utf-8")
        )

    def _answer(self) -> int:
        assert self.forking.stdout is not None
        return int(self.forking.stdout.readline())


@contextmanager
def forked_commands(folder: Path) -> Iterator[ForkedCommands]:
    """Give commands that leave their outputs in a folder; none can be run afterwards."""
    root = Path(__file__).resolve().parents[1]
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={**kept, "PYTHONPATH": str(root)},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forking:
        yield ForkedCommands(forking=forking, folder=folder)


def _load() -> None:
    for package in map(importlib.import_module, ("app", "services")):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(name in module.name for name in NOT_OF_COMMANDS):
                importlib.import_module(module.name)
    for name in LOADED_LATE:
        importlib.import_module(name)

    from services.understanding.personal_data.entities import EntityFinder

    EntityFinder().find([])


def _become_command(asked: dict) -> None:
    """Be ``python -m app.cli`` from here on; doesn't return."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    for handle, name in enumerate(("in", "out", "err")):
        flags = os.O_WRONLY | os.O_CREAT if handle else os.O_RDONLY
        opened = os.open(asked[name], flags, 0o600)
        os.dup2(opened, handle)
        os.close(opened)
    sys.argv[:] = ["partyline", *asked["arguments"]]

    from app.cli import app

    app()


def _serve() -> None:
    _load()
    # What is loaded is nothing that a command has to look through for garbage.
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            answers.close()
            return _become_command(json.loads(line))
        answers.write(f"{child}\n")
        answers.flush()
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()
    return None


if __name__ == "__main__":
    _serve()
