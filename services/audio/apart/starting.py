"""How a decoder comes to be: a process that is started for it."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from services.domain.errors import DecoderLost


class Child(Protocol):
    """A decoder that runs, as whoever started it knows it. Leaving the block waits for its end."""

    @property
    def orders(self) -> BinaryIO:
        """What it reads."""

    @property
    def answers(self) -> BinaryIO:
        """What it writes."""

    def kill(self) -> None:
        """End it, if it is still there."""

    def wait(self, timeout_s: float | None = None) -> int:
        """Return how it ended, as ``subprocess`` tells it. Raises TimeoutError."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close both pipes and wait."""


StartChild = Callable[[], Child]


class Spawned:
    """A child that is a process of its own from the start."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Take a process with pipes."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self.orders: BinaryIO = process.stdin  # type: ignore[assignment]
        self.answers: BinaryIO = process.stdout  # type: ignore[assignment]

    def kill(self) -> None:
        """End it, if it is still there."""
        self._process.kill()

    def wait(self, timeout_s: float | None = None) -> int:
        """Return how it ended. Raises TimeoutError."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close both pipes and wait."""
        self._process.__exit__(kind, error, trace)


class Spawning:
    """Starts a program for each child, wherever processes can be started."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Run ``command`` in ``folder``; it decodes as ``child.serve`` does."""
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)

    def __call__(self) -> Spawned:
        """Start one. Raises DecoderLost when this machine has no room for it."""
        try:
            process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            raise DecoderLost from error
        return Spawned(process)
