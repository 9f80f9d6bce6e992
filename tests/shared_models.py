"""The models over text, loaded once for many installations in one process."""

from collections.abc import Iterator

import pytest

from services.understanding.embeddings import SentenceEmbedder
from services.understanding.models import UnderstandingModels
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.sentiment import SentimentModel


@pytest.fixture(scope="package", autouse=True)
def models_are_loaded_once() -> Iterator[None]:
    """Let all installations of a folder of tests share the models that threads may share.

    Each would load them anew, which takes longer than what most tests have them do.
    """
    embedder = SentenceEmbedder()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(UnderstandingModels, "embedder", embedder)
        patched.setattr(UnderstandingModels, "sentiment", SentimentModel(embedder))
        patched.setattr(UnderstandingModels, "_entity_finder", EntityFinder())
        yield
