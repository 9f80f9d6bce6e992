"""The models over text, made once and loaded at their first use."""

from functools import cached_property

from services.domain.errors import LanguageModelNotConfigured
from services.understanding.answering import AnsweringModel
from services.understanding.embeddings import SentenceEmbedder
from services.understanding.language_model import LanguageModel, ModelAccess
from services.understanding.model_summary import ModelSummariser
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.redaction import Redactor
from services.understanding.running_redaction import RunningRedaction
from services.understanding.sentiment import SentimentModel
from services.understanding.subjects import SubjectModel
from services.understanding.summariser import FallingBack, LocalSummariser, Summariser
from services.understanding.topics import TopicModel


class UnderstandingModels:
    """Holds one of each model; share it between threads instead of making several."""

    def __init__(self, access: ModelAccess | None = None) -> None:
        """Take how to reach a language model, None when there is none."""
        self._access = access

    @cached_property
    def embedder(self) -> SentenceEmbedder:
        """The model that turns English sentences into vectors."""
        return SentenceEmbedder()

    @cached_property
    def sentiment(self) -> SentimentModel:
        """The sentiment model."""
        return SentimentModel(self.embedder)

    @cached_property
    def redactor(self) -> Redactor:
        """The recogniser of personal data."""
        return Redactor(self._entity_finder)

    def running_redaction(self, language: str | None) -> RunningRedaction:
        """Return what takes personal data out of one call while it is held."""
        return RunningRedaction(self._entity_finder, language)

    @cached_property
    def subjects(self) -> SubjectModel:
        """What finds topics and entities; it shares the embedder and the language model."""
        return SubjectModel(TopicModel(self.embedder), self._entity_finder)

    @cached_property
    def _entity_finder(self) -> EntityFinder:
        return EntityFinder()

    @cached_property
    def language_model(self) -> LanguageModel | None:
        """The language model, None when there is none. Raises LanguageModelNotConfigured."""
        return LanguageModel(self._access) if self._access else None

    def known_language_model(self) -> LanguageModel:
        """Return the language model. Raises LanguageModelNotConfigured when there is none."""
        if self.language_model is None:
            raise LanguageModelNotConfigured
        return self.language_model

    @cached_property
    def summariser(self) -> Summariser:
        """Who summarises calls; one that never fails a run."""
        if self._access is None:
            return LocalSummariser()
        return FallingBack(self.model_summariser, LocalSummariser())

    @cached_property
    def answerer(self) -> AnsweringModel | None:
        """Who answers questions, None without a language model.

        Raises LanguageModelNotConfigured when it is set up wrongly.
        """
        model = self.language_model
        return AnsweringModel(model, self.redactor) if model else None

    @property
    def has_language_model(self) -> bool:
        """Whether a language model is configured."""
        return self._access is not None

    def model_summariser(self) -> ModelSummariser:
        """Return the language model's summariser. Raises LanguageModelNotConfigured."""
        return ModelSummariser(self.known_language_model(), self.redactor)

    def warm_up(self) -> None:
        """Load everything now, so that the first call does not wait for it."""
        self.sentiment.score(["Hello."], [None])
        self.redactor.redact_text("Hello.")
