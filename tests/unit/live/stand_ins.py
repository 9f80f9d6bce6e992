"""A session driven by hand and models that need no weights, for tests of live calls."""

import threading
from dataclasses import replace

from services.domain.live import LanguageTold, LiveEvent
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.understanding.summariser import LocalSummariser
from tests.builders import SENTIMENTS

SECRET = "Jane"


class HandSession(LiveSession):
    """Tells what the test says."""

    def __init__(self, listener: LiveListener) -> None:
        super().__init__("hand", LiveFormat(), listener)
        self.last_words: list[LiveEvent] = []

    def _send_impl(self, pcm: bytes) -> None:
        pass

    def _finish_impl(self, timeout_s: float) -> None:
        for event in self.last_words:
            self.tell(event)

    def _speak_impl(self, language: str | None) -> None:
        self.tell(LanguageTold(language=language, chosen=True, at_ms=self.sent_ms))

    def _close_impl(self) -> None:
        pass


class HandProvider(SpeechProvider):
    """Opens one session and keeps it for the test."""

    capabilities = Capabilities(name="hand", title="By hand", live=True)

    def __init__(self, refuses: Exception | None = None) -> None:
        self._refuses = refuses
        self.session: HandSession | None = None

    def readiness(self):
        return Readiness(ready=True)

    def _transcribe_impl(self, recording, options, context):
        raise AssertionError("not in a live call")

    def open_live(self, sound, options, listener):
        if self._refuses:
            raise self._refuses
        self.session = HandSession(listener)
        return self.session


class LoudIsVoice:
    """Takes what is loud for a voice."""

    def hear(self, frame):
        return float(abs(frame).max() > 0.1)


class TextModels:
    """Models over text that know one name and hold on when told to."""

    def __init__(self) -> None:
        self.scored: list[tuple[str | None, str]] = []
        self.spoken: list[str | None] = []
        self.languages: list[str | None] = []
        self.may_score = threading.Event()
        self.may_score.set()
        self.sentiment_fails: Exception | None = None
        self.redaction_fails_at: str | None = None
        self.summariser = LocalSummariser()

    @property
    def sentiment(self):
        return self

    @property
    def redactor(self):
        return self

    @property
    def subjects(self):
        return self

    def classify(self, transcript):
        return transcript

    def extract(self, transcript, context):
        return transcript

    def mark(self, transcript):
        """Both models that mark have this name; the one of personal data marks nothing."""
        self.may_score.wait()
        if self.sentiment_fails is not None:
            raise self.sentiment_fails
        self.languages.append(transcript.language)
        lines, before = [], None
        for line in transcript.utterances:
            if line.sentiment is None and not line.is_backchannel:
                self.scored.append((before, line.text))
                line = replace(line, sentiment=SENTIMENTS["+" if "great" in line.text else "-"])
            before = line.text
            lines.append(line)
        return replace(transcript, utterances=tuple(lines))

    def redact(self, transcript):
        lines = tuple(self._clean(line) for line in transcript.utterances)
        return replace(transcript, utterances=lines, redacted=True)

    def running_redaction(self, language):
        return OneName(self)

    def _clean(self, line):
        return replace(line, text=line.text.replace(SECRET, "[PERSON]"), words=())


class OneName:
    """Takes one name out of lines; of a partial that has it nothing is shown."""

    def __init__(self, models: TextModels) -> None:
        self._models = models

    def partial(self, line):
        self._fail_if_told(line)
        return None if SECRET in line.text else line

    def final(self, line):
        self._fail_if_told(line)
        return (self._models._clean(line),)

    def speak(self, language, at_ms):
        self._models.spoken.append(language)

    def _fail_if_told(self, line):
        if self._models.redaction_fails_at is not None and (
            self._models.redaction_fails_at in line.text
        ):
            raise RuntimeError(line.text)
