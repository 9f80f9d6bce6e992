"""The topic model with its real weights: lines it has not been trained on, and its manners."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.analysis.entities.finding import EntityContext
from services.domain.speech import PiiMention, PiiType
from services.domain.topics import EntityKind
from services.understanding import topics
from services.understanding.embeddings import SentenceEmbedder
from services.understanding.models import UnderstandingModels
from services.understanding.subjects import organisations
from tests import builders


@pytest.fixture(scope="module")
def models() -> UnderstandingModels:
    """Models shared by the tests, as by a worker."""
    return UnderstandingModels()


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("hi my invoice is forty dollars higher than it should be", "billing_dispute"),
        ("Somebody in Brazil paid with my card last night and it wasn't me.", "fraud"),
        ("the courier never turned up with my fridge yesterday", "delivery_problem"),
        ("We want to end our subscription at the end of the month.", "cancellation"),
        ("our broadband has been dead since this morning", "service_outage"),
        ("I forgot the password for the portal", "password_reset"),
    ],
)
def test_reasons_nobody_trained(models, said, topic):
    """A plain reason in other words than the training set's is recognised."""
    spoken = builders.transcript(
        builders.utterance(1, "s1", 0, "Good morning, how can I help you?"),
        builders.utterance(2, "s2", 5_000, said),
    )
    found = models.subjects.classify(spoken)
    assert found.topics[0].id == topic
    assert found.topics[0].utterances[0] == "u2"
    assert found.stages["topics"] == topics.STAGE


def test_manners_alone_are_no_topic(models):
    """Nothing is made up where nothing is told."""
    spoken = builders.transcript(
        builders.utterance(1, "s1", 0, "Good morning, you're speaking with Ravi."),
        builders.utterance(2, "s2", 5_000, "Good morning, can you hear me?"),
    )
    assert models.subjects.classify(spoken).topics == ()


def test_other_languages_are_left_alone(models):
    """The model knows English only and says nothing about others."""
    spoken = replace(builders.transcript(), language="fr")
    classified = models.subjects.classify(spoken)
    assert classified.topics == ()
    assert "topics" not in classified.stages
    assert models.subjects.extract(classified, EntityContext()).entities == ()


def test_head_belongs_to_the_training_set():
    """Whoever changes the set trains the head again."""
    folder = Path(topics.__file__).parent
    trained = hashlib.sha256((folder / "topic_training/utterances.txt").read_bytes()).hexdigest()
    assert topics.load_head().training_sha256 == trained


def test_a_call_is_embedded_once(models, monkeypatch):
    """After sentiment the topics cost no second run of the model, and see the same vectors."""
    embedder = SentenceEmbedder()
    texts = ["my card was declined", "hello there"]
    first = embedder.embed(texts)
    monkeypatch.setattr(embedder, "_embed_batch", lambda _: pytest.fail("embedded again"))
    assert np.array_equal(embedder.embed_again(texts[::-1]), first[::-1])
    assert not any("declined" in str(key) for key in embedder._latest)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Thank you for calling Bluefern Mobile, this is Dana.", ["Bluefern Mobile"]),
        ("Marlowe Hotels guest relations, how may I help?", ["Marlowe Hotels"]),
        ("Thank you for calling, how can I help?", []),
        ("Welcome to Pennine Fibre technical support.", ["Pennine Fibre"]),
        ("I went to the bank", []),
    ],
)
def test_organisations_by_how_they_are_named(text, names):
    """Without the language model: introduced, or by the ending of the name."""
    assert list(dict.fromkeys(o.value for o in organisations(text, []))) == names


def test_no_person_becomes_an_organisation(models):
    """What is marked as personal data is passed over, whatever the model takes it for."""
    text = "Gemma Thackeray. Charged by Harbor Energy"
    line = builders.utterance(1, "s2", 0, text)
    marked = replace(line, pii=(PiiMention(type=PiiType.PERSON, start_char=0, end_char=15),))
    found = models.subjects.extract(builders.transcript(marked), EntityContext()).entities
    names = [e.text for e in found if e.kind is EntityKind.ORGANISATION]
    assert names == ["Harbor Energy"]
