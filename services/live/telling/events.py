"""What is told of a live call: JSON-able events, see docs/live.md for their form."""

import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from services.domain.errors import PartylineError
from services.domain.live import Ended, Gap, LanguageTold, LineStage
from services.domain.live_warnings import LiveWarning, WarningKind
from services.domain.speech import Sentiment, Speaker, Summary, Utterance
from services.exports.call_json import sentiment_document, summary_document, utterance_document
from services.live.known.figures import Figures

Told = Mapping[str, Any]
ToldListener = Callable[[Told], None]


class Kind(StrEnum):
    """What an event tells; the value of its ``type``."""

    PARTIAL = "partial"
    FINAL = "final"
    REVISED = "revised"
    SPEAKER = "speaker"
    SENTIMENT = "sentiment"
    WARNING = "warning"
    FIGURES = "figures"
    LANGUAGE = "language"
    SUMMARY = "summary"
    ENDED = "ended"


class Teller:
    """Tells events one at a time with the moment at which it does so; safe across threads."""

    def __init__(
        self, listener: ToldListener, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Tell ``listener``, which must not raise; ``clock`` gives seconds."""
        self._listener = listener
        self._clock = clock
        self._began: float | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start the clock of ``emitted_ms``, unless it runs already."""
        if self._began is None:
            self._began = self._clock()

    @property
    def elapsed_ms(self) -> int:
        """How long ago the clock was started, 0 before that."""
        return 0 if self._began is None else round((self._clock() - self._began) * 1000)

    def line(self, kind: Kind, line: Utterance, stage: LineStage = LineStage.CAPTION) -> None:
        """Tell a line, as partial, final or revised; its stage where that is no caption."""
        more = {} if stage is LineStage.CAPTION else {"stage": stage.value}
        self._tell(kind, line.end_ms, {**utterance_document(line), **more})

    def language(self, told: LanguageTold) -> None:
        """Tell in which language what follows is heard."""
        by = "chosen" if told.chosen else "detected"
        self._tell(Kind.LANGUAGE, told.at_ms, {"language": told.language, "by": by})

    def speaker(self, speaker: Speaker, at_ms: int) -> None:
        """Tell who speaks."""
        told = {
            "id": speaker.id,
            "label": speaker.label,
            "role": speaker.role.value,
            "role_confidence": speaker.role_confidence and round(speaker.role_confidence, 4),
            "channel": speaker.channel,
        }
        self._tell(Kind.SPEAKER, at_ms, told)

    def sentiment(self, line: Utterance, sentiment: Sentiment) -> None:
        """Tell how a line sounds."""
        told = {"utterance": line.id, **(sentiment_document(sentiment) or {})}
        self._tell(Kind.SENTIMENT, line.end_ms, told)

    def gap(self, gap: Gap) -> None:
        """Warn of a stretch that was not transcribed."""
        channel = "all" if gap.channel is None else gap.channel
        told = {
            "id": f"gap-{gap.start_ms}-{channel}",
            "kind": WarningKind.GAP.value,
            "reason": gap.kind.value,
            "start_ms": gap.start_ms,
            "end_ms": gap.end_ms,
            "channel": gap.channel,
        }
        self._tell(Kind.WARNING, gap.at_ms, told)

    def error(self, error: PartylineError, at_ms: int) -> None:
        """Warn that something went wrong on the way; the call goes on."""
        self.warning_of(error.code, error.user_message, at_ms)

    def warning_of(self, code: str, message: str, at_ms: int) -> None:
        """Warn of an error by its code and its sentence."""
        told = {"id": f"error-{code}-{at_ms}", "kind": WarningKind.ERROR.value}
        self._tell(Kind.WARNING, at_ms, {**told, "code": code, "message": message})

    def warning(self, warning: LiveWarning) -> None:
        """Warn of something that people should know while the call goes on."""
        told: dict[str, Any] = {
            "id": warning.id,
            "kind": warning.kind.value,
            "start_ms": warning.start_ms,
            "end_ms": warning.end_ms,
            "speaker": warning.speaker,
        }
        if warning.rule_id is not None:
            told["rule"] = {"id": warning.rule_id, "name": warning.rule_name}
            told["alert"] = warning.alert
        if warning.taken_back:
            told["taken_back"] = True
        self._tell(Kind.WARNING, warning.at_ms, told)

    def figures(self, figures: Figures) -> None:
        """Tell the running figures."""
        told = {
            "speakers": [
                {
                    "id": one.id,
                    "talk_ms": one.talk_ms,
                    "share_of_speech": one.share_of_speech and round(one.share_of_speech, 4),
                }
                for one in figures.speakers
            ],
            "overlap_ms": figures.overlap_ms,
            "silence_ms": figures.silence_ms,
            "course": [
                {"at_ms": point.at_ms, "score": round(point.score, 4), "speaker": point.speaker}
                for point in figures.course
            ],
        }
        self._tell(Kind.FIGURES, figures.at_ms, told)

    def summary(self, summary: Summary, at_ms: int, *, so_far: bool) -> None:
        """Tell what happened in the call; ``so_far``: up to now, it goes on."""
        origin = summary.origin and vars(summary.origin)
        told = {"so_far": so_far, **(summary_document(summary) or {}), "origin": origin}
        self._tell(Kind.SUMMARY, at_ms, told)

    def ended(self, ended: Ended) -> None:
        """Tell that nothing follows."""
        told = {"error_code": ended.error_code, "error_message": ended.error_message}
        self._tell(Kind.ENDED, ended.at_ms, told)

    def _tell(self, kind: Kind, at_ms: int, told: Told) -> None:
        with self._lock:
            emitted_ms = self.elapsed_ms
            self._listener({"type": kind.value, "at_ms": at_ms, "emitted_ms": emitted_ms, **told})
