"""``partyline emulator``: serves until told to stop."""

from collections.abc import Sequence
from threading import Event

from emulators.azure_speech.http_server import AzureHttpEmulator
from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.language_model import MODEL, Behaviour, LanguageModelEmulator
from services.domain.errors import InvalidRequest

EMULATED_KEY = "emulated"


def run_azure(port: int, http_port: int) -> int:
    """Serve an emulated Azure Speech until interrupted; its settings go to standard output."""
    with (
        AzureSpeechEmulator(key=EMULATED_KEY, port=port) as stream,
        AzureHttpEmulator(key=EMULATED_KEY, port=http_port) as posts,
    ):
        print(
            f"AZURE_SPEECH_KEY={EMULATED_KEY} AZURE_SPEECH_HOST={stream.host} "
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
