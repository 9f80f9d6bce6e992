"""What the pipeline needs of the models over text."""

from typing import Protocol

from services.analysis.entities.finding import EntityContext
from services.domain.speech import Transcript
from services.understanding.summariser import Summariser


class SentimentMarker(Protocol):
    """Gives the utterances of a transcript a sentiment."""

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with a sentiment on every utterance that can have one."""


class TranscriptRedactor(Protocol):
    """Finds personal data in a transcript and takes it out."""

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the personal data marked, its text unchanged."""

    def redact(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the personal data replaced in texts and words."""

    def redact_line(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return a text that is to stand in place of this utterance's, without personal data."""

    def redact_comment(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return a text written about this utterance without personal data."""


class SubjectFinder(Protocol):
    """Tells what a call is about and what is named in it."""

    def classify(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the topics of its lines and of the call."""

    def extract(self, transcript: Transcript, context: EntityContext) -> Transcript:
        """Return the transcript with the entities of its text as it stands."""


class Models(Protocol):
    """The models over text, loaded when first asked for; each signs ``stages`` with its name."""

    @property
    def sentiment(self) -> SentimentMarker:
        """The sentiment model."""

    @property
    def redactor(self) -> TranscriptRedactor:
        """The recogniser of personal data."""

    @property
    def subjects(self) -> SubjectFinder:
        """What finds topics and entities."""

    @property
    def summariser(self) -> Summariser:
        """Who summarises calls. What it does must not fail a run."""
