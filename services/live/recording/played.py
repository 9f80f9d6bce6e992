"""A recording that is played as if the call were being held."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from services.audio.decode import Decode, decode
from services.domain.running import RunContext
from services.live.recording.pacing import chunks_of, format_for
from services.pipeline import prepare
from services.providers.capabilities import Capabilities
from services.providers.live import LiveFormat
from services.storage.working_files import WorkingFile

SPEEDS = (1.0, 2.0, 4.0)


class PlayedRecording(Iterator[bytes]):
    """The chunks of a recording, decoded whole; its samples lie encrypted until it is closed.

    ``sound`` is how it is streamed: each party alone where recording and provider can do that.
    """

    def __init__(
        self,
        open_source: Callable[[], BinaryIO],
        name: str,
        capabilities: Capabilities,
        *,
        working_folder: Path,
        max_duration_ms: int,
        decode: Decode = decode,
    ) -> None:
        """Decode it. Raises a BadAudio, DiskFull."""
        with ExitStack() as opening:
            source = opening.enter_context(open_source())
            pcm_file = opening.enter_context(WorkingFile(working_folder))
            recording = prepare(
                source,
                pcm_file,
                RunContext(),
                max_duration_ms=max_duration_ms,
                open_source=open_source,
                source_name=name,
                decode=decode,
            )
            self.sound: LiveFormat = format_for(recording, capabilities)
            self._chunks = chunks_of(recording, self.sound)
            self._open = opening.pop_all()

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next chunk of 50 ms."""
        return next(self._chunks)

    def close(self) -> None:
        """Let go of the samples; safe to call twice."""
        self._open.close()


def opener_of(recording: bytes) -> Callable[[], BinaryIO]:
    """Return what opens a recording that is held in memory."""
    return lambda: io.BytesIO(recording)
