"""``partyline live``: a recording or the microphone as a live call, one JSON event a line."""

import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from app.commands.console import EXIT_BAD_INPUT, say
from app.commands.stored import save_recording
from app.commands.vocabulary import with_kept_vocabulary
from app.settings import Settings
from app.wiring import (
    build_ear,
    build_models,
    build_participants,
    build_providers,
    build_services,
    build_watch,
)
from services.analysis.file_names import details_from_name
from services.audio.microphone import microphone
from services.audio.pcm import BYTES_PER_SAMPLE, FilePcm
from services.audio.wav import WavStream
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import InvalidRequest, PartylineError
from services.domain.running import RunContext
from services.live.options import as_recorded, check_live
from services.live.reading.running import LiveCall
from services.live.recording.pacing import AT_ONCE, chunks_of, format_for, play
from services.live.telling.events import Told
from services.one_file import open_file
from services.providers.capabilities import Capabilities
from services.providers.live import LiveFormat
from services.storage.working_files import WorkingFile

MICROPHONE = "mic"
NOT_PRINTED = frozenset({"figures", "language"})
"""What is told for screens that change all the time, and only fills a page of lines."""
MAX = "max"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the sound of a live call comes from, and what is stored of it afterwards."""

    name: str
    sound: LiveFormat
    chunks: Iterator[bytes]
    open_recording: Callable[[], BinaryIO]
    speed: float
    details: CallDetails


def read_speed(text: str) -> float:
    """Return how many times real time a word stands for. Raises InvalidRequest."""
    try:
        speed = AT_ONCE if text == MAX else float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed >= AT_ONCE):
        raise InvalidRequest("Write the speed as a number such as 1.0, or max.")
    return speed


def stream_live(
    settings: Settings, source: str, options: ProcessingOptions, *, speed: float, save: bool
) -> int:
    """Hold a live call and return the exit status.

    Models are loaded before it begins. Whatever could keep it from being stored afterwards is
    looked at before, too; when the call breaks off, what there is of a recording is stored.
    """
    registry = build_providers(settings, lambda _: build_participants(settings))
    provider = registry.ready(options.provider)
    capabilities = provider.capabilities
    check_live(capabilities, options)
    wanted = with_kept_vocabulary(settings, options)
    services = build_services(settings) if save else None
    recorded = as_recorded(capabilities, options)
    if services is not None:
        services.intake.check_options(recorded)
    models, watch = build_models(settings), build_watch(settings)
    with _opened(settings, source, capabilities, speed) as given:
        models.warm_up()
        with StopAsked.by_signals() as stop:
            lines = EventLines(stop)
            call = LiveCall(
                provider, wanted, models, lines, details=given.details, watch=watch, ear=build_ear
            )
            status = _hold(call, given, stop)
        if services is not None:
            with given.open_recording() as recording:
                stored = save_recording(services, recording, given.name, recorded, given.details)
            services.close()
            status = status or stored
    return status or int(lines.broken)


def _hold(call: LiveCall, given: Source, stop: "StopAsked") -> int:
    """Play the sound into the call until it ends, one way or another; the exit status."""
    call.open(given.sound)
    failed: PartylineError | None = None
    try:
        call.begin()
        play(given.chunks, call.send, sound=given.sound, speed=given.speed, is_stopped=stop)
    except PartylineError as error:
        failed = error
    except BaseException:
        call.abort()
        raise
    try:
        call.finish()
    except KeyboardInterrupt:
        call.abort()
        raise
    ended = call.ended
    sentence = failed.user_message if failed else ended and ended.error_message
    if sentence:
        say(f"partyline: {sentence}")
    return EXIT_BAD_INPUT if sentence else 0


# --- where the sound comes from ---------------------------------------------------------------


def _opened(
    settings: Settings, source: str, capabilities: Capabilities, speed: float
) -> AbstractContextManager[Source]:
    if source == MICROPHONE:
        return _microphone(settings)
    return _file(settings, Path(source), capabilities, speed)


@contextmanager
def _file(
    settings: Settings, path: Path, capabilities: Capabilities, speed: float
) -> Iterator[Source]:
    folder, longest = settings.working_folder, settings.max_duration_ms
    with open_file(path, RunContext(), folder, longest) as recording:
        sound = format_for(recording, capabilities)
        yield Source(
            name=path.name,
            sound=sound,
            chunks=chunks_of(recording, sound),
            open_recording=lambda: path.open("rb"),
            speed=speed,
            details=details_from_name(path.name),
        )


@contextmanager
def _microphone(settings: Settings) -> Iterator[Source]:
    """Listen to the microphone; what it hears is kept, encrypted, as long as the block lasts."""
    began, sound = datetime.now(UTC), LiveFormat()
    with microphone() as chunks, WorkingFile(settings.working_folder) as kept:

        def heard() -> Iterator[bytes]:
            say("partyline: listening; Ctrl-C ends the call.")
            for chunk in chunks:
                kept.write(chunk)
                yield chunk

        def recording() -> BinaryIO:
            frames = kept.size // BYTES_PER_SAMPLE
            return BufferedReader(WavStream(FilePcm(kept, channels=1, frames=frames)))

        yield Source(
            name=f"Microphone {began:%Y-%m-%dT%H-%M-%S}.wav",
            sound=sound,
            chunks=heard(),
            open_recording=recording,
            speed=AT_ONCE,
            details=CallDetails(started_at=began),
        )


# --- how it ends and where events go ----------------------------------------------------------


@dataclass
class StopAsked:
    """Whether the call is to end. A plain flag: a signal's handler may not wait for a lock."""

    asked: bool = False

    def __call__(self) -> bool:
        """Say whether it is."""
        return self.asked

    @classmethod
    @contextmanager
    def by_signals(cls) -> Iterator["StopAsked"]:
        """Take Ctrl-C and SIGTERM as wish to end the call; a second one ends the command."""
        stop = cls()

        def ask(_signal: int, _frame: object) -> None:
            if stop.asked:
                raise KeyboardInterrupt
            stop.asked = True

        before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield stop
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


@dataclass
class EventLines:
    """Writes events to standard output; when nobody reads on, the call is to end."""

    stop: StopAsked
    broken: bool = field(default=False, init=False)

    def __call__(self, told: Told) -> None:
        """Write one event as a line of JSON."""
        if self.broken or told["type"] in NOT_PRINTED:
            return
        line = json.dumps(told, ensure_ascii=False, allow_nan=False)
        try:
            sys.stdout.buffer.write(line.encode(errors="replace") + b"\n")
            sys.stdout.buffer.flush()
        except OSError:
            self.broken = self.stop.asked = True
            # What is still in the buffer has to go somewhere when the process ends.
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())
