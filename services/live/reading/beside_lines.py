"""What is found in a live call beside its lines: sentiments, roles, figures, warnings, summaries.

It works in a thread of its own, so that no caption waits for it.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from services import telemetry
from services.analysis.backchannels import mark_backchannels
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import Cancelled, InternalFault, PartylineError
from services.domain.intervals import Interval
from services.domain.live import Final, LiveEvent, Partial, Revised, SpeakerTold
from services.domain.metrics import AnalysedTranscript
from services.domain.running import RunContext
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Speaker,
    Summary,
    Transcript,
    Utterance,
)
from services.live.known.figures import Course, figures_of, final_figures
from services.live.known.so_far import SoFar
from services.live.reading.models import LiveModels
from services.live.reading.summing_up import SummingUp, written_by
from services.live.reading.turns import Turns
from services.live.telling.events import Kind, Teller
from services.live.watching.options import WatchOptions
from services.live.watching.watching import Watcher
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
class _Work:
    """Something to do, and the moment of the call that it is about."""

    do: Callable[[], None]
    at_ms: int
    takes_time: bool = False
    is_last: bool = False


class Reading:
    """Reads one live call with the models over text and tells what they find.

    What it is given is done in that order, by one thread.
    """

    def __init__(
        self,
        provider: str,
        models: LiveModels,
        options: ProcessingOptions,
        details: CallDetails,
        teller: Teller,
        watch: WatchOptions,
        turns: Turns | None = None,
    ) -> None:
        """Read as these options want it; nothing starts yet. Raises BadRule."""
        self._models = models
        self._options = options
        self._details = details
        self._teller = teller
        self._turns = turns
        self._work: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._failed = False
        self._marked: dict[str, str] = {}
        self._so_far = SoFar(provider, details, options.language, options.channel_roles)
        self._watcher = Watcher(watch)
        self._course = Course()
        self._anew = False
        self._delivered = False
        self._told: dict[str, Speaker] = {}
        self._summing = SummingUp(
            lambda: models.summariser,
            self._tell_summary,
            teller.error,
            every_ms=watch.summary_every_ms,
        )
        self._thread: threading.Thread | None = None
        self.analysed: AnalysedTranscript | None = None

    def start(self, then: Callable[[], None]) -> None:
        """Begin; ``then`` is called when all is done, however it went."""

        def work() -> None:
            try:
                self._work_through()
            finally:
                self._summing.close()
                then()

        self._thread = threading.Thread(target=work, name="live-reading", daemon=True)
        self._thread.start()

    def remember(self, event: SpeakerTold | Final) -> None:
        """Take, before it begins, what was told of the call by an earlier session."""
        self._so_far.take(event)
        if isinstance(event, SpeakerTold):
            self._told[event.speaker.id] = event.speaker
            return
        line = event.line
        self._so_far.show(line)
        self._marked[line.id] = line.text
        if line.sentiment is not None:
            self._so_far.mark(line.id, line.sentiment)

    def heard(self, event: LiveEvent) -> None:
        """Take an event after it was told."""
        takes_time = isinstance(event, Final | Revised)
        self._put(lambda: self._take(event), event.at_ms, takes_time=takes_time)

    def shown(self, line: Utterance) -> None:
        """Take a final line as people see it."""
        self._put(lambda: self._so_far.show(line), line.end_ms)

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        """Take a stretch of which there is no sound."""
        self._put(lambda: self._so_far.not_recorded(start_ms, end_ms), end_ms)

    def voiced(self, heard: tuple[Interval, ...], judged_ms: int | None) -> None:
        """Take where in the sound voice was heard, which was listened to up to ``judged_ms``."""
        self._put(lambda: self._so_far.hear_voice(heard, judged_ms), judged_ms or 0)

    def speak(self, language: str | None) -> None:
        """Read what follows in this language, None: one that isn't known."""
        self._put(lambda: self._so_far.speak(language), 0)

    def look(self, at_ms: int, slack_ms: int) -> None:
        """Tell figures and warnings up to this moment; words may lag so far behind the sound."""
        self._put(lambda: self._look(at_ms, slack_ms), at_ms, takes_time=True)

    def summarise(self, at_ms: int) -> None:
        """Have the call so far summarised."""
        self._put(lambda: self._summing.ask(self._so_far.shown(at_ms), is_wanted=True), at_ms)

    def summed_up(self, text: str, by: str, at_ms: int, *, so_far: bool) -> None:
        """Take a summary that ``by`` has written; one of the whole call takes the place of ours."""
        self._put(lambda: self._tell_delivered(text, by, at_ms, so_far=so_far), at_ms)

    def as_guessed(self, speaker: Speaker) -> Speaker:
        """Return a speaker with the role they seem to have; may be asked by any thread."""
        return self._so_far.as_guessed(speaker)

    def conclude(self, heard: Heard | None) -> None:
        """Take the whole call, or None when it is not wanted any more; nothing follows."""
        at_ms = heard.transcript.duration_ms if heard else 0
        self._put(lambda: self._conclude(heard) if heard else None, at_ms, is_last=True)

    def cancel(self) -> None:
        """Leave out what has not been read yet."""
        self._cancelled.set()

    def wait(self) -> None:
        """Wait until all is done."""
        if self._thread is not None:
            self._thread.join()

    def _put(self, do: Callable[[], None], at_ms: int, **kind: bool) -> None:
        self._work.put(_Work(do=do, at_ms=at_ms, **kind))

    # --- the thread that reads ----------------------------------------------------------------

    def _work_through(self) -> None:
        while True:
            work = self._work.get()
            if not self._cancelled.is_set():
                # The end of a call is read as a whole, which no other call is to wait for.
                with self._turns.reading() if self._turns and work.takes_time else nullcontext():
                    self._read(work)
            if work.is_last:
                return

    def _read(self, work: _Work) -> None:
        try:
            work.do()
        except Cancelled:
            pass
        except PartylineError as error:
            self._warn(error, work.at_ms)
        except Exception as error:
            telemetry.fault("live.reading", error)
            self._warn(InternalFault(), work.at_ms)

    def _warn(self, error: PartylineError, at_ms: int) -> None:
        """Tell once that models fail: what they would have found is missing from here on."""
        if not self._failed:
            self._failed = True
            self._teller.error(error, at_ms)

    def _take(self, event: LiveEvent) -> None:
        self._so_far.take(event)
        if isinstance(event, Partial):
            return
        self._anew = True
        for speaker in self._so_far.guess_roles():
            self._told[speaker.id] = speaker
            self._teller.speaker(speaker, event.at_ms)
        if isinstance(event, Final | Revised) and event.line.text.strip():
            self._mark(event.line)

    def _mark(self, line: Utterance) -> None:
        if self._marked.get(line.id) == line.text:
            return
        self._marked[line.id] = line.text
        before = self._so_far.before(line)
        lines: tuple[Utterance, ...] = (replace(line, sentiment=None),)
        if before is not None:
            lines = (replace(before, sentiment=_KNOWN), *lines)
        marked = self._models.sentiment.mark(_alone(lines, self._so_far.language))
        found = marked.utterances[-1].sentiment
        if found is not None:
            self._so_far.mark(line.id, found)
            self._teller.sentiment(line, found)

    def _look(self, at_ms: int, slack_ms: int) -> None:
        """Tell what is known at this moment of the call."""
        so_far, anew = self._so_far, self._anew
        self._anew = False
        scene = so_far.scene(at_ms, slack_ms)
        figures = figures_of(so_far.voiced(at_ms), at_ms, also=so_far.sound_voiced)
        course = self._course.new(scene.recent) if anew else ()
        self._teller.figures(replace(figures, course=course))
        for warning in self._watcher.look(scene, so_far.whole, anew=anew):
            self._teller.warning(warning)
        speech_ms = sum(one.talk_ms for one in figures.speakers) - figures.overlap_ms
        if self._summing.is_due(speech_ms, len(so_far.lines)):
            self._summing.ask(so_far.shown(at_ms), is_wanted=False)

    def _tell_summary(self, summary: Summary, at_ms: int) -> None:
        self._teller.summary(summary, at_ms, so_far=True)

    def _tell_delivered(self, text: str, by: str, at_ms: int, *, so_far: bool) -> None:
        redactor = self._models.redactor if self._options.redact else None
        self._delivered = self._delivered or not so_far
        summary = written_by(by, text, redactor, self._so_far.language)
        self._teller.summary(summary, at_ms, so_far=so_far)

    def _conclude(self, heard: Heard) -> None:
        """Read the whole call and tell what differs from what was told on the way."""
        self._summing.close()
        context = RunContext(is_cancelled=self._cancelled.is_set)
        transcript = self._with_sentiments(heard.transcript)
        self.analysed = understand(transcript, self._details, self._options, self._models, context)
        final = self.analysed.transcript
        for line in final.utterances:
            shown = heard.shown.get(line.id)
            if shown is None or shown.text != line.text:
                self._teller.line(Kind.FINAL if shown is None else Kind.REVISED, line)
            if line.sentiment is not None and line.id not in self._so_far.sentiments:
                self._teller.sentiment(line, line.sentiment)
        spoken = replace(transcript, speakers=final.speakers)
        for warning in self._watcher.ended(spoken, self.analysed.analysis):
            self._teller.warning(warning)
        course = self._course.new(final)
        self._teller.figures(replace(final_figures(self.analysed), course=course))
        told = {**heard.told, **self._told}
        for speaker in final.speakers:
            if speaker != told.get(speaker.id):
                self._teller.speaker(speaker, final.duration_ms)
        if final.summary is not None and not self._delivered:
            self._teller.summary(final.summary, final.duration_ms, so_far=False)

    def _with_sentiments(self, transcript: Transcript) -> Transcript:
        """Return the transcript with what was found on the way; backchannels have none."""
        marked = mark_backchannels(transcript)
        found = self._so_far.sentiments
        return replace(
            marked,
            utterances=tuple(
                u if u.is_backchannel else replace(u, sentiment=found.get(u.id))
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
