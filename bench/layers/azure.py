"""Azure Speech: a recording in one request, the same streamed, and a live call."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bench.layers.session import KEY, LIVE_SECONDS, Session, live_pieces, recording
from emulators.azure_speech.http_server import AzureHttpEmulator
from emulators.azure_speech.websocket import AzureSpeechEmulator
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.live import Final, LiveEvent
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.live import UNBOUND_SPEED
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.azure_speech.streaming import pcm_of
from services.providers.live import LiveFormat

FAST_SECONDS = 120
WORK_S = 2.0
STREAMED_SECONDS = 60


@contextmanager
def fast() -> Iterator[Session]:
    """Both send the same file."""
    call = recording(FAST_SECONDS)
    with AzureHttpEmulator(delay_s=WORK_S) as emulator:
        yield Session(
            service="azure fast",
            about=f"{FAST_SECONDS} s of sound, {WORK_S:g} s of work there",
            rounds=7,
            bare=lambda: _bare_fast(emulator.endpoint, call),
            ours=lambda: _recorded(AzureAccess(key=KEY, endpoint=emulator.endpoint), call, None),
        )


@contextmanager
def streamed(speed: int | None, *, rounds: int) -> Iterator[Session]:
    """``speed`` is how much faster than real time sound is sent, None: as the SDK does."""
    call = recording(STREAMED_SECONDS)
    pace = f"at {speed} times real time" if speed else "at the SDK's own pace"
    with AzureSpeechEmulator(key=KEY) as emulator:
        yield Session(
            service="azure streamed",
            about=f"{STREAMED_SECONDS} s of sound {pace}",
            rounds=rounds,
            bare=lambda: _bare(emulator.host, [pcm_of(call, 0, call.duration_ms)], speed),
            ours=lambda: _recorded(AzureAccess(key=KEY, host=emulator.host), call, speed),
        )


@contextmanager
def live() -> Iterator[Session]:
    """Sound comes at its own pace; nothing else holds it back."""
    with AzureSpeechEmulator(key=KEY) as emulator:
        yield Session(
            service="azure live",
            about=f"{LIVE_SECONDS} s of sound at ten times real time",
            rounds=12,
            bare=lambda: _bare(emulator.host, live_pieces(), round(UNBOUND_SPEED)),
            ours=lambda: _our_live(emulator.host),
        )


def _bare_fast(endpoint: str, call: Recording) -> int:
    from azure.ai.transcription import TranscriptionClient
    from azure.core.credentials import AzureKeyCredential

    definition = {
        "locales": ["en-US"],
        "profanityFilterMode": "Masked",
        "diarization": {"enabled": True, "maxSpeakers": 4},
    }
    with (
        call.open_source() as sound,
        TranscriptionClient(endpoint, AzureKeyCredential(KEY)) as client,
    ):
        answer = client.transcribe(
            {"definition": definition, "audio": ("audio.wav", sound, "audio/wav")}
        )
        return len(answer.phrases)


def _bare(host: str, pieces: Iterable[bytes], speed: int | None) -> int:
    """Transcribe as the SDK's samples do; return the number of lines."""
    import azure.cognitiveservices.speech as sdk

    config = sdk.SpeechConfig(host=host, subscription=KEY)
    config.speech_recognition_language = "en-US"
    config.output_format = sdk.OutputFormat.Detailed
    config.request_word_level_timestamps()
    if speed:
        config.set_property_by_name("SPEECH-AudioThrottleAsPercentageOfRealTime", str(speed * 100))
    stream = sdk.audio.PushAudioInputStream(sdk.audio.AudioStreamFormat(16_000, 16, 1))
    transcriber = sdk.transcription.ConversationTranscriber(
        config, sdk.audio.AudioConfig(stream=stream)
    )
    lines: list[str] = []
    stopped = threading.Event()
    transcriber.transcribed.connect(lambda told: lines.append(told.result.text))
    transcriber.session_stopped.connect(lambda _told: stopped.set())
    transcriber.start_transcribing_async().get()
    for piece in pieces:
        stream.write(piece)
    stream.close()
    stopped.wait()
    transcriber.stop_transcribing_async().get()
    transcriber.transcribed.disconnect_all()
    transcriber.session_stopped.disconnect_all()
    return len([line for line in lines if line])


def _recorded(access: AzureAccess, call: Recording, speed: int | None) -> int:
    given = (("speed", str(speed)),) if speed else ()
    options = ProcessingOptions(language="en", provider_options=given)
    return len(AzureSpeechProvider(access).transcribe(call, options, RunContext()).utterances)


def _our_live(host: str) -> int:
    events: list[LiveEvent] = []
    provider = AzureSpeechProvider(AzureAccess(key=KEY, host=host))
    options = ProcessingOptions(language="en")
    session = provider.open_live(LiveFormat(), options, events.append)
    for piece in live_pieces():
        session.send(piece)
    session.finish()
    return sum(isinstance(event, Final) for event in events)
