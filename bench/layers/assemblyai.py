"""AssemblyAI: a recording that takes five seconds there, and a live call."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.layers.session import KEY, LIVE_SECONDS, Session, live_pieces, recording
from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.live import Final, LiveEvent
from services.domain.running import RunContext
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.live_options import streaming_parameters
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.assemblyai.recorded import Pace
from services.providers.capabilities import OptionValues
from services.providers.live import LiveFormat

SECONDS = 120
WORK_S = 5.0
LOOK_EVERY_S = 0.1
OPTIONS = ProcessingOptions(language="en")


@contextmanager
def recorded() -> Iterator[Session]:
    """Both look every tenth of a second whether the service is done."""
    call = recording(SECONDS)
    with AssemblyAIEmulator(processing_s=WORK_S) as emulator:
        yield Session(
            service="assemblyai recorded",
            about=f"{SECONDS} s of sound, {WORK_S:g} s of work there",
            rounds=7,
            bare=lambda: _bare_recorded(emulator.base_url, call),
            ours=lambda: _our_recorded(emulator.base_url, call),
        )


@contextmanager
def live() -> Iterator[Session]:
    """Both ask for the same."""
    with AssemblyAIStreamingEmulator() as emulator:
        yield Session(
            service="assemblyai live",
            about=f"{LIVE_SECONDS} s of sound at ten times real time",
            rounds=12,
            bare=lambda: _bare_live(emulator.host),
            ours=lambda: _our_live(emulator.host),
        )


def _bare_recorded(base_url: str, call: Recording) -> int:
    """Transcribe as the SDK's own documentation does; return the number of utterances."""
    import assemblyai

    settings = assemblyai.types.Settings(
        api_key=KEY, base_url=base_url, polling_interval=LOOK_EVERY_S
    )
    client = assemblyai.Client(settings=settings)
    config = assemblyai.TranscriptionConfig(
        language_code="en", speaker_labels=True, disfluencies=True
    )
    with call.open_source() as sound:
        made = assemblyai.Transcriber(client=client).transcribe(sound, config)
    client.http_client.close()
    return len(made.utterances or ())


def _our_recorded(base_url: str, call: Recording) -> int:
    access = AssemblyAIAccess(key=KEY, base_url=base_url)
    provider = AssemblyAIProvider(access, pace=Pace(pauses_s=(LOOK_EVERY_S,)))
    return len(provider.transcribe(call, OPTIONS, RunContext()).utterances)


def _bare_live(host: str) -> int:
    from assemblyai.streaming import v3

    lines: list[str] = []

    def heard(_client: object, turn: Any) -> None:
        if turn.end_of_turn and turn.turn_is_formatted:
            lines.append(turn.transcript)

    values = OptionValues(AssemblyAIProvider(AssemblyAIAccess(key=KEY)).capabilities, OPTIONS)
    asked = streaming_parameters(OPTIONS, values, voices=True)
    client = v3.StreamingClient(v3.StreamingClientOptions(api_key=KEY, api_host=host))
    client.on(v3.StreamingEvents.Turn, heard)
    client.connect(v3.StreamingParameters(**asked))
    client.stream(live_pieces())
    client.disconnect(terminate=True)
    return len(lines)


def _our_live(host: str) -> int:
    events: list[LiveEvent] = []
    provider = AssemblyAIProvider(AssemblyAIAccess(key=KEY, streaming_host=host))
    session = provider.open_live(LiveFormat(), OPTIONS, events.append)
    for piece in live_pieces():
        session.send(piece)
    session.finish()
    return sum(isinstance(event, Final) for event in events)
