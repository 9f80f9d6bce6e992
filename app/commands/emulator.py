"""``partyline emulator``: serves until told to stop."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Failure, Place
from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from emulators.azure_speech.http_server import AzureHttpEmulator
from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.language_model import MODEL, Behaviour, LanguageModelEmulator
from emulators.s3 import S3Server
from services.domain.errors import InvalidRequest

ASSEMBLYAI_KEY = "emulated"
AZURE_KEY = "emulated"


def run_azure(port: int, http_port: int) -> int:
    """Serve an emulated Azure Speech until interrupted; its settings go to standard output."""
    with (
        AzureSpeechEmulator(key=AZURE_KEY, port=port) as stream,
        AzureHttpEmulator(key=AZURE_KEY, port=http_port) as posts,
    ):
        print(
            f"AZURE_SPEECH_KEY={AZURE_KEY} AZURE_SPEECH_HOST={stream.host} "
            f"AZURE_SPEECH_ENDPOINT={posts.endpoint}",
            flush=True,
        )
        Event().wait()
    return 0


def run_language_model(behaviours: Sequence[str], port: int) -> int:
    """Serve an emulated language model until interrupted; its address goes to standard output.

    Raises InvalidRequest for a behaviour that it doesn't know.
    """
    try:
        script = [Behaviour(name) for name in behaviours]
    except ValueError:
        raise InvalidRequest(f"Behaviours are {', '.join(Behaviour)}.") from None
    with LanguageModelEmulator(*script, port=port) as emulator:
        print(f"LLM_BASE_URL={emulator.address} LLM_MODEL={MODEL}", flush=True)
        Event().wait()
    return 0


def run_assemblyai(failures: Sequence[str], port: int, processing_s: float) -> int:
    """Serve an emulated AssemblyAI until interrupted; the settings go to standard output.

    Raises InvalidRequest for a failure that it doesn't know.
    """
    wanted: dict[Place, list[Failure]] = {}
    try:
        for one in failures:
            place, _, failure = one.partition("=")
            wanted.setdefault(Place(place), []).append(Failure(failure))
    except ValueError:
        raise InvalidRequest(
            f"Failures are PLACE=WHAT, of {', '.join(Place)} and {', '.join(Failure)}."
        ) from None
    with (
        AssemblyAIEmulator(
            key=ASSEMBLYAI_KEY, port=port, processing_s=processing_s, failures=wanted
        ) as recorded,
        AssemblyAIStreamingEmulator(key=ASSEMBLYAI_KEY) as live,
    ):
        told = {
            "ASSEMBLYAI_API_KEY": ASSEMBLYAI_KEY,
            "ASSEMBLYAI_BASE_URL": recorded.base_url,
            "ASSEMBLYAI_STREAMING_HOST": live.host,
        }
        print(" ".join(f"{name}={value}" for name, value in told.items()), flush=True)
        Event().wait()
    return 0


def run_s3(port: int, folder: Path | None, bucket: str) -> int:
    """Serve an emulated S3 until interrupted; the settings go to standard output.

    Raises InvalidRequest for what can't be a bucket's name.
    """
    with S3Server(port=port, folder=folder) as s3:
        try:
            told = s3.environment(bucket)
        except ValueError:
            raise InvalidRequest("A bucket's name has 3 to 63 of a–z, 0–9, . and -.") from None
        print(" ".join(f"{name}={value}" for name, value in told.items()), flush=True)
        Event().wait()
    return 0
