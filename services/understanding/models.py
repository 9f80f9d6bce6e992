"""The models over text, made once and loaded at their first use."""

from functools import cached_property

from services.understanding.embeddings import SentenceEmbedder
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.redaction import Redactor
from services.understanding.sentiment import SentimentModel
from services.understanding.subjects import SubjectModel
from services.understanding.topics import TopicModel


class UnderstandingModels:
    """Holds one of each model; share it between threads instead of making several."""

    @cached_property
    def sentiment(self) -> SentimentModel:
        """The sentiment model."""
        return SentimentModel(self._embedder)

    @cached_property
    def redactor(self) -> Redactor:
        """The recogniser of personal data."""
        return Redactor(self._entity_finder)

    @cached_property
    def subjects(self) -> SubjectModel:
        """What finds topics and entities; it shares the embedder and the language model."""
        return SubjectModel(TopicModel(self._embedder), self._entity_finder)

    @cached_property
    def _embedder(self) -> SentenceEmbedder:
        return SentenceEmbedder()

    @cached_property
    def _entity_finder(self) -> EntityFinder:
        return EntityFinder()

    def warm_up(self) -> None:
        """Load everything now, so that the first call does not wait for it."""
        self.sentiment.score(["Hello."], [None])
        self.redactor.redact_text("Hello.")
