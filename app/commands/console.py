"""How commands talk to a person in a terminal or to a script."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.settings import Settings
from services import telemetry
from services.domain.calls import Stage
from services.domain.errors import InternalFault, PartylineError
from services.domain.people import User

EXIT_BAD_INPUT = 2
REDRAW_S = 0.2
LOG_STEP = 0.25

STAGE_WORDS = {
    Stage.DECODE: "reading the sound",
    Stage.RECOGNISE: "recognising words",
    Stage.SPEAKERS: "telling speakers apart",
    Stage.ANALYSE: "analysing",
}


def say(line: str) -> None:
    """Print a line for the person on standard error."""
    print(line, file=sys.stderr, flush=True)


def operator(settings: Settings, org_id: str | None = None) -> User:
    """Return who gives commands: whoever has a terminal here, as of an organisation."""
    return replace(settings.local_user, org_id=org_id or settings.org)


@contextmanager
def one_clear_line() -> Iterator[None]:
    """End the command with one sentence instead of a traceback.

    Exit status 2 for whatever a person can put right, 1 for a fault of our own.
    """
    try:
        yield
    except PartylineError as error:
        say(f"partyline: {error.user_message}")
        raise SystemExit(1 if isinstance(error, InternalFault) else EXIT_BAD_INPUT) from None
    except KeyboardInterrupt:
        say("partyline: stopped.")
        raise SystemExit(130) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except Exception as error:
        telemetry.fault("cli.fault", error)
        say(f"partyline: {InternalFault().user_message}")
        raise SystemExit(1) from None


class ProgressLine:
    """Progress of one file on standard error: one moving line in a terminal, few lines in a log."""

    def __init__(self, title: str) -> None:
        """Start with nothing shown."""
        self._title = title
        self._live = sys.stderr.isatty()
        self._drawn_at = 0.0
        self._logged: tuple[Stage, int] | None = None

    def __call__(self, stage: Stage, fraction: float) -> None:
        """Take a report from the run."""
        if self._live:
            self._redraw(stage, fraction)
        else:
            self._log(stage, fraction)

    def close(self) -> None:
        """Leave the line behind."""
        if self._live and self._drawn_at:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _redraw(self, stage: Stage, fraction: float) -> None:
        if time.monotonic() - self._drawn_at < REDRAW_S:
            return
        self._drawn_at = time.monotonic()
        line = f"{self._title}: {STAGE_WORDS[stage]} {fraction:.0%}"
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def _log(self, stage: Stage, fraction: float) -> None:
        step = (stage, int(fraction / LOG_STEP))
        if step != self._logged:
            self._logged = step
            say(f"{self._title}: {STAGE_WORDS[stage]} {fraction:.0%}")
