"""Words that somebody else has heard, where sound is expected: a live call reads them as any other.

A telephone service transcribes; what is left to do here is what reads text: redaction, sentiment,
roles, figures, warnings, summaries.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import InternalFault, NotLive
from services.domain.live import (
    Final,
    Gap,
    GapKind,
    LanguageTold,
    LiveEvent,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.running import RunContext
from services.domain.speech import Speaker, SpeakerRole, Transcript
from services.exports.call_json import utterance_document
from services.live.reading.running import LiveCall
from services.live.telling.read_back import utterance_of
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession

_LINES: dict[str, type[Partial | Final | Revised]] = {
    "partial": Partial,
    "final": Final,
    "revised": Revised,
}


class WordsRead(Protocol):
    """One session that reads a call's words.

    What is read is told to its listener one event at a time, as docs/live.md has it; the last one
    is of type ``ended``, whatever ends the session. All but ``finish`` return at once, any thread
    may call them. Times are the call's.
    """

    def heard(self, event: LiveEvent) -> None:
        """Take what was heard. Raises a PartylineError when the session is lost."""

    def passed(self, now_ms: int) -> None:
        """Take how far the call has come, whether or not anybody speaks. Raises as ``heard``."""

    def summed_up(self, text: str, by: str, *, so_far: bool) -> None:
        """Take a summary that ``by`` has written; it is told without personal data.

        Raises as ``heard``.
        """

    def summarise(self) -> None:
        """Ask for a summary of the call so far. Raises as ``heard``."""

    def finish(self) -> None:
        """End the call; returns when all of it has been read and told. Raises as ``heard``."""

    def abort(self) -> None:
        """End it at once; what is under way is lost."""


class WordsSource(SpeechProvider):
    """Opens the one session that a call's events are given to, under the name of who heard them."""

    def __init__(self, name: str) -> None:
        """Take the name."""
        self.capabilities = Capabilities(name=name, title=name, recorded=False, live=True)
        self._session: WordsSession | None = None

    @property
    def session(self) -> "WordsSession":
        """The session that ``open_live`` has opened."""
        if self._session is None:
            raise InternalFault
        return self._session

    def readiness(self) -> Readiness:
        """Say yes: there is nothing to be set."""
        return Readiness(ready=True)

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> "WordsSession":
        """Open the session; ``sound`` is that of no sound at all."""
        self._session = WordsSession(self.capabilities.name, listener)
        return self._session

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        raise NotLive


class WordsSession(LiveSession):
    """Passes on what it is given; its time is what it is told."""

    def __init__(self, provider: str, listener: LiveListener) -> None:
        """Begin at the beginning of the call."""
        super().__init__(provider, LiveFormat(), listener)
        self._now_ms = 0

    @property
    def sent_ms(self) -> int:
        """How far the call has come, in milliseconds."""
        return self._now_ms

    def passed(self, now_ms: int) -> None:
        """Take how far the call has come."""
        self._now_ms = max(self._now_ms, now_ms)

    def _send_impl(self, pcm: bytes) -> None:
        """Take no sound."""

    def _finish_impl(self, timeout_s: float) -> None:
        """Wait for nothing: all that was heard has been given."""

    def _close_impl(self) -> None:
        """Let go of nothing."""


class WordsReadHere:
    """A session in this process."""

    def __init__(self, call: LiveCall, source: WordsSource) -> None:
        """Take an opened call and where its words come from."""
        self._call = call
        self._session = source.session

    def heard(self, event: LiveEvent) -> None:
        """Take what was heard."""
        self._session.tell(event)

    def passed(self, now_ms: int) -> None:
        """Take how far the call has come, and look at it."""
        self._session.passed(now_ms)
        self._call.send(b"")

    def summed_up(self, text: str, by: str, *, so_far: bool) -> None:
        """Take a summary of the telephone service."""
        self._call.summed_up(text, by, so_far=so_far)

    def summarise(self) -> None:
        """Ask for a summary of the call so far."""
        self._call.summarise()

    def finish(self) -> None:
        """End the call, and wait until it has been read."""
        self._call.finish()

    def abort(self) -> None:
        """End it at once."""
        self._call.abort()


def heard_form(event: LiveEvent) -> dict[str, Any]:
    """Return what was heard as JSON."""
    match event:
        case Partial(line=line) | Final(line=line) | Revised(line=line):
            kind = next(name for name, made in _LINES.items() if isinstance(event, made))
            return {"type": kind, "line": utterance_document(line)}
        case SpeakerTold(speaker=speaker):
            return {"type": "speaker", "speaker": vars(speaker), "at_ms": event.at_ms}
        case LanguageTold():
            return {"type": "language", **vars(event)}
        case Gap():
            return {"type": "gap", **vars(event)}
    raise InternalFault


def heard_of(form: Mapping[str, Any]) -> LiveEvent:
    """Return what ``heard_form`` gave the form of."""
    kind = form["type"]
    fields = {name: value for name, value in form.items() if name != "type"}
    if kind in _LINES:
        return _LINES[kind](line=utterance_of(form["line"]))
    if kind == "speaker":
        told = dict(form["speaker"])
        speaker = Speaker(**{**told, "role": SpeakerRole(told["role"])})
        return SpeakerTold(speaker=speaker, at_ms=form["at_ms"])
    if kind == "language":
        return LanguageTold(**fields)
    return Gap(**{**fields, "kind": GapKind(form["kind"])})
