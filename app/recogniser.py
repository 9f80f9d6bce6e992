"""The process that recognises live calls: no web, no Streamlit; it talks to its parent by pipes."""

import gc
import os
import signal
import threading
from typing import TYPE_CHECKING

from app.processes import (
    keep_libraries_quiet,
    keep_memory_together,
    killed_with_parent,
    own_pipes,
)
from app.settings import Settings, load_settings
from app.wiring import build_here_recogniser, build_models, build_participants, build_providers
from services import telemetry
from services.domain.errors import PartylineError
from services.live.recogniser.side import ChildSide

if TYPE_CHECKING:
    from services.understanding.models import UnderstandingModels

# Libraries whose log lines may quote what they work on.


def serve(settings: Settings, incoming: int, outgoing: int) -> None:
    """Recognise what the parent sends, until it is gone; the descriptors are those of its pipes."""
    providers = build_providers(settings, lambda org_id: build_participants(settings, org_id))
    models = build_models(settings)
    recogniser = build_here_recogniser(settings, providers, lambda: models)

    warming = threading.Thread(target=_warm_up, args=(models,), name="warm-up", daemon=True)
    warming.start()
    with os.fdopen(incoming, "rb", 0) as orders, os.fdopen(outgoing, "wb", 0) as answers:
        ChildSide(orders, answers, recogniser, wait=warming.join).serve()


def _warm_up(models: "UnderstandingModels") -> None:
    """Load the models over text: no call begins before that is done."""
    try:
        models.warm_up()
        # What is loaded stays: looking through all of it for garbage would halt every caption.
        gc.collect()
        gc.freeze()
    except PartylineError as error:
        # The first call that needs them is told.
        telemetry.warning("recogniser.not_warm", error=error.code)
    except Exception as error:
        telemetry.fault("recogniser.not_warm", error)


def main() -> None:
    """Run as the child of a web process."""
    pipes = own_pipes()
    killed_with_parent()
    # Ctrl-C reaches the whole group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    telemetry.configure()
    keep_libraries_quiet()
    keep_memory_together()
    serve(load_settings(), *pipes)


if __name__ == "__main__":
    try:
        main()
    finally:
        # Threads of native libraries may still run; nobody must wait for them.
        os._exit(0)
