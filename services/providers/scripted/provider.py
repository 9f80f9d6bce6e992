"""A provider that recognises nothing: a fixed dialogue laid over the recording's length.

It needs no model and no key, and the same recording always gives the same transcript, so that
tests and load measurements can tell a lost or doubled call from a good one.
"""

import hashlib
import time
from collections.abc import Callable, Iterator

from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import PartylineError
from services.domain.ids import new_id
from services.domain.running import RunContext
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Transcript,
    Utterance,
    Word,
)
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.providers.scripted.live import LiveFaults, ScriptedLive, speakers_of

WINDOW_MS = 10_000
LINE_MS = 4_000
PAUSE_MS = 500
NEUTRAL = 0.2

LINES: tuple[tuple[str, float], ...] = (
    ("Good morning, thank you for calling, how can I help you today?", 0.5),
    ("Hello, my last bill is higher than it used to be.", -0.4),
    ("I am sorry to hear that, let me look at the account.", 0.1),
    ("It has gone up twice now and nobody told me about it.", -0.7),
    ("I see the reason, a discount has ended and I can renew it.", 0.4),
    ("That would be great, thank you very much.", 0.8),
)


class ScriptedProvider(SpeechProvider):
    """Answers with the script, window by window, as the local engine would."""

    capabilities = Capabilities(
        name="scripted",
        title="Scripted (for tests)",
        separate_channels=True,
        diarization=True,
        expected_speakers=True,
        language_detection=True,
        vocabulary=True,
        sentiment=True,
        live=True,
        live_channels=2,
        leaves_machine=False,
    )

    def __init__(
        self,
        *,
        pause_ms: int = 0,
        fails_with: type[PartylineError] | None = None,
        failing_attempts: int | None = None,
        live_faults: LiveFaults | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Pause so long in every window; fail with an error, always or for some attempts.

        ``live_faults`` happen in live calls that could begin.
        """
        self._pause_s = pause_ms / 1000
        self._fails_with = fails_with
        self._failing_attempts = failing_attempts
        self._live_faults = live_faults or LiveFaults()
        self._sleep = sleep

    def readiness(self) -> Readiness:
        """Say that there is nothing to set up."""
        return Readiness(ready=True)

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open a live call in which the script is spoken, whatever is heard."""
        self._fail_if_told()
        separate = sound.channels > 1
        return ScriptedLive(
            sound, listener, lambda ms: _utterances(ms, separate=separate), self._live_faults
        )

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        self._fail_if_told()
        fingerprint = self._work_through(recording, Stage.RECOGNISE, context)
        self._work_through(recording, Stage.SPEAKERS, context)
        separate = recording.layout is ChannelLayout.SEPARATE
        utterances = tuple(_utterances(recording.duration_ms, separate=separate))
        return Transcript(
            id=new_id(),
            provider=self.capabilities.name,
            duration_ms=recording.duration_ms,
            speakers=speakers_of(utterances),
            utterances=utterances,
            spans=tuple(
                Span(speaker=u.speaker, start_ms=u.start_ms, end_ms=u.end_ms)
                for u in utterances
                if u.speaker is not None
            ),
            language=options.language or "en",
            language_confidence=None if options.language else 1.0,
            stages={
                "recognition": f"scripted {fingerprint}",
                "speakers": "scripted",
            },
        )

    def _fail_if_told(self) -> None:
        if self._fails_with is None or self._failing_attempts == 0:
            return
        if self._failing_attempts is not None:
            self._failing_attempts -= 1
        raise self._fails_with

    def _work_through(self, recording: Recording, stage: Stage, context: RunContext) -> str:
        """Read every window, remembering each; return a fingerprint of the sound."""
        windows = range(0, max(1, recording.duration_ms), WINDOW_MS)
        fingerprint = hashlib.sha256()
        for done, start_ms in enumerate(windows):
            context.report(stage, done / len(windows))
            key = f"{stage}.{done}"
            if key not in context.checkpoints:
                self._sleep(self._pause_s)
                samples = recording.read_ms(start_ms, start_ms + WINDOW_MS)
                context.checkpoints[key] = hashlib.sha256(samples.tobytes()).digest()
            fingerprint.update(context.checkpoints[key])
        context.report(stage, 1.0)
        return fingerprint.hexdigest()[:12]


def _utterances(duration_ms: int, *, separate: bool) -> Iterator[Utterance]:
    """Lay the script over the recording, the two speakers taking turns."""
    for n, start_ms in enumerate(range(0, duration_ms, LINE_MS)):
        end_ms = min(start_ms + LINE_MS - PAUSE_MS, duration_ms)
        text, score = LINES[n % len(LINES)]
        yield Utterance(
            id=f"u{n + 1}",
            speaker=f"s{n % 2 + 1}",
            start_ms=start_ms,
            end_ms=end_ms,
            text=text,
            channel=n % 2 if separate else None,
            confidence=0.9,
            words=_words(text, start_ms, end_ms),
            provider_sentiment=Sentiment(label=_label(score), score=score),
        )


def _words(text: str, start_ms: int, end_ms: int) -> tuple[Word, ...]:
    words = text.split()
    bounds = [start_ms + (end_ms - start_ms) * n // len(words) for n in range(len(words) + 1)]
    return tuple(
        Word(text=word, start_ms=bounds[n], end_ms=bounds[n + 1], confidence=0.9)
        for n, word in enumerate(words)
    )


def _label(score: float) -> SentimentLabel:
    if abs(score) < NEUTRAL:
        return SentimentLabel.NEUTRAL
    return SentimentLabel.POSITIVE if score > 0 else SentimentLabel.NEGATIVE
