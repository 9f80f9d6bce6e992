"""``partyline emulator``: serves until told to stop."""

from collections.abc import Sequence
from threading import Event

from emulators.language_model import MODEL, Behaviour, LanguageModelEmulator
from services.domain.errors import InvalidRequest


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
