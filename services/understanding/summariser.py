"""Who summarises calls: this machine by structure, or a language model with this machine behind it.

Every summariser passes tests/contract/test_summariser.py.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from services import telemetry
from services.domain.errors import LanguageModelError, PartylineError
from services.domain.running import RunContext
from services.domain.speech import Summary, SummaryOrigin, Transcript
from services.understanding.summary import STAGE, summarise


class Summariser(Protocol):
    """Writes what happened in a call."""

    def summarise(self, transcript: Transcript, context: RunContext) -> Summary:
        """Return the summary with its origin. Raises Cancelled."""


class LocalSummariser:
    """Takes the summary from the call's own sentences; English only."""

    def summarise(self, transcript: Transcript, context: RunContext) -> Summary:
        """Return the summary; nothing in it when the call is in another language."""
        began = time.monotonic()
        summary = summarise(transcript)
        took_ms = round(1000 * (time.monotonic() - began))
        return replace(summary, origin=SummaryOrigin(name=STAGE, took_ms=took_ms))


class FallingBack:
    """A summariser behind which another stands: a run never fails for its summary."""

    def __init__(self, first: Callable[[], Summariser], then: Summariser) -> None:
        """Take from ``then`` what ``first``, made at its first use, does not give."""
        self._make = first
        self._then = then
        self._first: Summariser | None = None

    def summarise(self, transcript: Transcript, context: RunContext) -> Summary:
        """Return the first's summary, or the other's with the reason why. Raises Cancelled."""
        if not transcript.utterances:
            return self._then.summarise(transcript, context)
        try:
            self._first = self._first or self._make()
            return self._first.summarise(transcript, context)
        except LanguageModelError as error:
            telemetry.warning("summary.fell_back", error=error.code)
            reason = error.user_message
        except PartylineError:
            raise
        except Exception as error:
            telemetry.fault("summary.fault", error)
            reason = LanguageModelError().user_message
        summary = self._then.summarise(transcript, context)
        if summary.origin is None:
            return summary
        return replace(summary, origin=replace(summary.origin, instead_of=reason))


def summarised(transcript: Transcript, summariser: Summariser, context: RunContext) -> Transcript:
    """Return the transcript with a summary and its writer's name; a provider's own is kept."""
    if transcript.summary is not None:
        stages = {"summary": transcript.provider, **transcript.stages}
        return replace(transcript, stages=stages)
    return summarised_anew(transcript, summariser, context)


def summarised_anew(
    transcript: Transcript, summariser: Summariser, context: RunContext
) -> Transcript:
    """Return the transcript with a new summary in place of what it had. Raises Cancelled."""
    summary = summariser.summarise(transcript, context)
    writer = summary.origin.name if summary.origin else STAGE
    return replace(transcript, summary=summary, stages={**transcript.stages, "summary": writer})
