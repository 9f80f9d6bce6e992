"""A process that learns one voice and ends: sound in, voiceprint out, no Streamlit, no database."""

import os
import sys

from app.local_models import build_enrolling
from app.processes import keep_libraries_quiet
from app.settings import GivenSettings, load_settings
from services import telemetry
from services.voices.child import answer


def main() -> None:
    """Answer the one question that comes on standard input."""
    telemetry.configure("WARNING")
    keep_libraries_quiet()
    settings = load_settings(GivenSettings)
    answer(sys.stdin.buffer, sys.stdout.buffer, build_enrolling(settings), settings.working_folder)


if __name__ == "__main__":
    main()
    # Threads of native libraries may still run; nobody must wait for them.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
