"""The models over text, made once and loaded at their first use."""

from functools import cached_property

from services.domain.errors import LanguageModelNotConfigured
from services.understanding.language_model import LanguageModel, ModelAccess
from services.understanding.model_summary import ModelSummariser
from services.understanding.redaction import Redactor
from services.understanding.sentiment import SentimentModel
from services.understanding.summariser import FallingBack, LocalSummariser, Summariser


class UnderstandingModels:
    """Holds one of each model; share it between threads instead of making several."""

    def __init__(self, access: ModelAccess | None = None) -> None:
        """Take how to reach a language model, None when there is none."""
        self._access = access

    @cached_property
    def sentiment(self) -> SentimentModel:
        """The sentiment model."""
        return SentimentModel()

    @cached_property
    def redactor(self) -> Redactor:
        """The recogniser of personal data."""
        return Redactor()

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
        return FallingBack(self._model_summariser, LocalSummariser())

    def _model_summariser(self) -> Summariser:
        assert self._access is not None
        model = self.language_model or LanguageModel(self._access)
        return ModelSummariser(model, self.redactor)

    def warm_up(self) -> None:
        """Load everything now, so that the first call does not wait for it."""
        self.sentiment.score(["Hello."], [None])
        self.redactor.redact_text("Hello.")
