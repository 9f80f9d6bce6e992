"""The models over text, made once and loaded at their first use."""

from functools import cached_property

from services.understanding.redaction import Redactor
from services.understanding.sentiment import SentimentModel


class UnderstandingModels:
    """Holds one of each model; share it between threads instead of making several."""

    @cached_property
    def sentiment(self) -> SentimentModel:
        """The sentiment model."""
        return SentimentModel()

    @cached_property
    def redactor(self) -> Redactor:
        """The recogniser of personal data."""
        return Redactor()

    def warm_up(self) -> None:
        """Load everything now, so that the first call does not wait for it."""
        self.sentiment.score(["Hello."], [None])
        self.redactor.redact_text("Hello.")
