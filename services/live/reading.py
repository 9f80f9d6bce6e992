"""What models find in a live call: the sentiment of lines as they come, the rest at the end.

It works in a thread of its own, so that no caption waits for it.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from services import telemetry
from services.analysis.backchannels import mark_backchannels
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import Cancelled, InternalFault, PartylineError
from services.domain.metrics import AnalysedTranscript
from services.domain.running import RunContext
from services.domain.speech import Sentiment, SentimentLabel, Speaker, Transcript, Utterance
from services.live.models import LiveModels
from services.live.telling import Kind, Teller
from services.pipeline import understand

_KNOWN = Sentiment(label=SentimentLabel.NEUTRAL, score=0.0)
"""Stands for the sentiment of a line that is only there as what was said before."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A call when it has ended: the lines as they were heard, and what was shown of them."""

    transcript: Transcript
    shown: dict[str, Utterance]
    told: dict[str, Speaker]


@dataclass(frozen=True, kw_only=True)
class _Line:
    line: Utterance
    before: Utterance | None


class Reading:
    """Reads one live call with the models over text and tells what they find."""

    def __init__(
        self, models: LiveModels, options: ProcessingOptions, details: CallDetails, teller: Teller
    ) -> None:
        """Read as these options want it; nothing starts yet."""
        self._models = models
        self._options = options
        self._details = details
        self._teller = teller
        self._work: queue.SimpleQueue[_Line | Heard | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._failed = False
        self._sentiments: dict[str, Sentiment] = {}
        self._marked: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self.analysed: AnalysedTranscript | None = None

    def start(self, then: Callable[[], None]) -> None:
        """Begin; ``then`` is called when all is done, however it went."""

        def work() -> None:
            try:
                self._work_through()
            finally:
                then()

        self._thread = threading.Thread(target=work, name="live-reading", daemon=True)
        self._thread.start()

    def line(self, line: Utterance, before: Utterance | None) -> None:
        """Take a line as it was heard, and the line before it."""
        self._work.put(_Line(line=line, before=before))

    def conclude(self, heard: Heard | None) -> None:
        """Take the whole call, or None when it is not wanted any more; nothing follows."""
        self._work.put(heard)

    def cancel(self) -> None:
        """Leave out what has not been read yet."""
        self._cancelled.set()

    def wait(self) -> None:
        """Wait until all is done."""
        if self._thread is not None:
            self._thread.join()

    def _work_through(self) -> None:
        while (work := self._work.get()) is not None:
            if not self._cancelled.is_set():
                self._read(work)
            if isinstance(work, Heard):
                return

    def _read(self, work: "_Line | Heard") -> None:
        try:
            if isinstance(work, Heard):
                self._conclude(work)
            else:
                self._mark(work)
        except Cancelled:
            pass
        except PartylineError as error:
            self._warn(error, work)
        except Exception as error:
            telemetry.fault("live.reading", error)
            self._warn(InternalFault(), work)

    def _warn(self, error: PartylineError, work: "_Line | Heard") -> None:
        """Tell once that models fail: what they would have found is missing from here on."""
        if not self._failed:
            self._failed = True
            at_ms = work.line.end_ms if isinstance(work, _Line) else work.transcript.duration_ms
            self._teller.error(error, at_ms)

    def _mark(self, work: _Line) -> None:
        if self._marked.get(work.line.id) == work.line.text:
            return
        self._marked[work.line.id] = work.line.text
        line = replace(work.line, sentiment=None)
        before = work.before
        lines: tuple[Utterance, ...] = (line,)
        if before is not None:
            lines = (replace(before, sentiment=_KNOWN), line)
        marked = self._models.sentiment.mark(_alone(lines, self._options.language))
        found = marked.utterances[-1].sentiment
        if found is not None:
            self._sentiments[line.id] = found
            self._teller.sentiment(line, found)

    def _conclude(self, heard: Heard) -> None:
        """Read the whole call and tell what differs from what was told on the way."""
        context = RunContext(is_cancelled=self._cancelled.is_set)
        transcript = self._with_sentiments(heard.transcript)
        self.analysed = understand(transcript, self._details, self._options, self._models, context)
        final = self.analysed.transcript
        for line in final.utterances:
            shown = heard.shown.get(line.id)
            if shown is None or shown.text != line.text:
                self._teller.line(Kind.FINAL if shown is None else Kind.REVISED, line)
            if line.sentiment is not None and line.id not in self._sentiments:
                self._teller.sentiment(line, line.sentiment)
        for speaker in final.speakers:
            if speaker != heard.told.get(speaker.id):
                self._teller.speaker(speaker, final.duration_ms)
        if final.summary is not None:
            self._teller.summary(final.summary, final.duration_ms)

    def _with_sentiments(self, transcript: Transcript) -> Transcript:
        """Return the transcript with what was found on the way; backchannels have none."""
        marked = mark_backchannels(transcript)
        return replace(
            marked,
            utterances=tuple(
                u if u.is_backchannel else replace(u, sentiment=self._sentiments.get(u.id))
                for u in marked.utterances
            ),
        )


def _alone(lines: tuple[Utterance, ...], language: str | None) -> Transcript:
    """Return a few lines as a transcript of their own."""
    return Transcript(
        id="lines",
        provider="live",
        duration_ms=lines[-1].end_ms,
        speakers=(),
        utterances=lines,
        spans=(),
        language=language,
    )
