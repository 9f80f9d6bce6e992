"""Summaries of a call while it is held, made beside everything else.

A language model takes seconds: it has a thread of its own, so that neither a line nor a warning
waits for it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from services import telemetry
from services.domain.errors import Cancelled, InternalFault, PartylineError
from services.domain.intervals import length_ms
from services.domain.running import RunContext
from services.domain.speech import Statement, Summary, SummaryOrigin, Transcript, Utterance
from services.understanding.interfaces import TranscriptRedactor
from services.understanding.summariser import Summariser

LEAST_LINES = 4
"""Fewer new lines than these are not worth a new summary, unless somebody asks for one."""
LETTING_GO_S = 10.0


class SummingUp:
    """Makes one summary at a time; what is asked for meanwhile is made once after it.

    It is given the call as people have been shown it, so that a summary holds nothing that was
    taken out. ``told`` gets each summary with the moment up to which it reaches, ``failed`` the
    error instead; neither is called once ``close`` has been.
    """

    def __init__(
        self,
        summariser: Callable[[], Summariser],
        told: Callable[[Summary, int], None],
        failed: Callable[[PartylineError, int], None],
        *,
        every_ms: int,
    ) -> None:
        """Summarise after every ``every_ms`` of speech, at 0 only when asked."""
        self._summariser = summariser
        self._told = told
        self._failed = failed
        self._every_ms = every_ms
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._next: _Asked | None = None
        self._summed_ms = 0
        self._summed_lines = 0

    def is_due(self, speech_ms: int, lines: int) -> bool:
        """Say whether there is enough new for a summary that nobody has asked for."""
        return (
            self._every_ms > 0
            and speech_ms - self._summed_ms >= self._every_ms
            and lines - self._summed_lines >= LEAST_LINES
        )

    def ask(self, shown: Transcript, *, is_wanted: bool) -> None:
        """Have the call so far summarised; returns at once.

        One that somebody wants is told even if there is nothing in it.
        """
        self._summed_ms = length_ms((span.start_ms, span.end_ms) for span in shown.spans)
        self._summed_lines = len(shown.utterances)
        with self._lock:
            if self._closed.is_set():
                return
            is_wanted = is_wanted or (self._next is not None and self._next.is_wanted)
            self._next = _Asked(shown=shown, is_wanted=is_wanted)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="live-summary", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Let go of what is under way; nothing is told any more."""
        with self._lock:
            self._closed.set()
            self._next = None
            thread = self._thread
        if thread is not None:
            thread.join(LETTING_GO_S)

    def _work(self) -> None:
        while (asked := self._take()) is not None:
            at_ms = asked.shown.duration_ms
            try:
                context = RunContext(is_cancelled=self._closed.is_set)
                summary = self._summariser().summarise(asked.shown, context)
            except Cancelled:
                continue
            except PartylineError as error:
                self._tell(partial(self._failed, error, at_ms))
            except Exception as error:
                telemetry.fault("live.summary", error)
                self._tell(partial(self._failed, InternalFault(), at_ms))
            else:
                if asked.is_wanted or summary.statements:
                    self._tell(partial(self._told, summary, at_ms))

    def _take(self) -> "_Asked | None":
        with self._lock:
            asked, self._next = self._next, None
            if asked is None:
                self._thread = None
            return asked

    def _tell(self, tell: Callable[[], None]) -> None:
        with self._lock:
            if not self._closed.is_set():
                tell()


def written_by(
    name: str, text: str, redactor: TranscriptRedactor | None, language: str | None
) -> Summary:
    """Return a text that somebody else has written as a summary, without personal data.

    Without a ``redactor`` it stays as it is.
    """
    if redactor is not None:
        line = Utterance(id="summary", speaker=None, start_ms=0, end_ms=1, text=text)
        alone = Transcript(
            id="summary",
            provider=name,
            duration_ms=1,
            speakers=(),
            utterances=(line,),
            spans=(),
            language=language,
        )
        text = redactor.redact(alone).utterances[0].text
    return Summary(outcome=Statement(text=text), origin=SummaryOrigin(name=name))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A call that is to be summarised, and whether somebody waits for it."""

    shown: Transcript
    is_wanted: bool
