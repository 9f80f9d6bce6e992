"""Sentiment of utterances: clear cases, context, and a head that fits its training set."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.speech import Sentiment, SentimentLabel, Span, Speaker, Transcript, Utterance
from services.understanding import sentiment
from services.understanding.sentiment import SentimentModel, load_head
from services.understanding.valence import FEATURES, valences
from services.understanding.wordings import count_wordings, wordings
from tests.unit.understanding.sentiment_cases import (
    MORE_POLITE_COMPLAINTS,
    MORE_RELIEFS,
    POLITE_COMPLAINTS,
    RELIEFS,
)

TRAINING_SET = Path(sentiment.__file__).parent / "sentiment_training" / "utterances.txt"


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return SentimentModel()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("This is ridiculous, I have been waiting for three weeks.", SentimentLabel.NEGATIVE),
        ("i have called four times and nobody ever calls me back", SentimentLabel.NEGATIVE),
        ("It still doesn't work and I'm really disappointed.", SentimentLabel.NEGATIVE),
        ("Thank you so much, you have been incredibly helpful!", SentimentLabel.POSITIVE),
        ("oh thats wonderful news im so relieved", SentimentLabel.POSITIVE),
        ("Thank you for calling, how can I help you today?", SentimentLabel.NEUTRAL),
        ("The number is on the second page.", SentimentLabel.NEUTRAL),
        ("Could you give me your postcode, please?", SentimentLabel.NEUTRAL),
        ("Is there anything else I can help you with?", SentimentLabel.NEUTRAL),
    ],
)
def test_clear_cases(model: SentimentModel, text: str, label: SentimentLabel) -> None:
    assert model.score([text])[0].label is label


def test_scores_lie_between_minus_one_and_one_and_agree_with_the_label(
    model: SentimentModel,
) -> None:
    for scored in model.score(["I hate this.", "I love this.", "It is Tuesday.", "", "?!"]):
        assert -1 <= scored.score <= 1
        if scored.label is SentimentLabel.NEGATIVE:
            assert scored.score < 0
        if scored.label is SentimentLabel.POSITIVE:
            assert scored.score > 0


def test_what_was_said_before_counts(model: SentimentModel) -> None:
    text = "When will that be?"
    alone, after = model.score([text, text], [None, "You ruined my day, this is a disgrace."])
    assert alone.score != after.score


def test_a_batch_gives_the_same_as_one_by_one(model: SentimentModel) -> None:
    texts = ["I'm very unhappy with this.", "Yes.", "That is so kind of you, thank you!"]
    together = model.score(texts, [None, None, None])
    alone = [model.score([text])[0] for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert one.label is other.label
        assert one.score == pytest.approx(other.score, abs=0.1)


def _transcript(*texts: str, language: str = "en") -> Transcript:
    return Transcript(
        id="t",
        provider="p",
        duration_ms=10_000,
        speakers=(Speaker(id="s", label="S"),),
        utterances=tuple(
            Utterance(
                id=f"u{n}", speaker="s", start_ms=n * 1_000, end_ms=n * 1_000 + 500, text=text
            )
            for n, text in enumerate(texts)
        ),
        spans=(Span(speaker="s", start_ms=0, end_ms=1_000),),
        language=language,
    )


def test_marking_skips_backchannels_and_says_who_did_it(model: SentimentModel) -> None:
    transcript = _transcript("I'm so angry about this bill.", "Uh-huh.", "Thanks, that's great!")
    quiet = replace(transcript.utterances[1], is_backchannel=True)
    marked = model.mark(
        replace(transcript, utterances=(transcript.utterances[0], quiet, transcript.utterances[2]))
    )
    assert marked.utterances[0].sentiment is not None
    assert marked.utterances[1].sentiment is None
    assert "sentiment" in marked.stages


def test_other_languages_are_left_without_a_score(model: SentimentModel) -> None:
    finnish = _transcript("Olen hyvin vihainen.", language="fi")
    assert model.mark(finnish) == finnish


def test_a_sentiment_that_is_there_stays(model: SentimentModel) -> None:
    marked = model.mark(_transcript("I hate it."))
    assert model.mark(marked) == marked


def test_the_head_was_trained_on_the_training_set_that_lies_here() -> None:
    assert load_head().training_sha256 == hashlib.sha256(TRAINING_SET.read_bytes()).hexdigest()


def test_the_training_set_is_large_and_grouped() -> None:
    lines = TRAINING_SET.read_text("utf-8").splitlines()
    spoken = [line for line in lines if not line.startswith("#")]
    assert len(spoken) >= 1_200
    assert len(lines) - len(spoken) >= 90
    assert all(
        line[0] in "acs" and line[2] in "+0-" and line[1] == line[3] == " " for line in spoken
    )
    assert len(set(spoken)) >= 0.97 * len(spoken)


def test_valence_knows_negation() -> None:
    good, bad, not_good, not_bad = valences(
        ["it works great", "it is terrible", "it is not great", "no problems"]
    )[:, :4]
    assert good.argmax() == 0
    assert bad.argmax() == 1
    assert not_good.argmax() == 2
    assert not_bad.argmax() == 3
    assert valences(["x"]).shape == (1, FEATURES)


def test_no_polite_complaint_is_taken_for_praise(model: SentimentModel) -> None:
    texts = (*POLITE_COMPLAINTS, *MORE_POLITE_COMPLAINTS)
    labels = [s.label for s in model.score(texts)]
    positive = SentimentLabel.POSITIVE
    assert [t for t, label in zip(texts, labels, strict=True) if label is positive] == []
    assert labels.count(SentimentLabel.NEGATIVE) >= 0.9 * len(texts)


def test_hardly_a_relief_is_taken_for_a_complaint(model: SentimentModel) -> None:
    texts = (*RELIEFS, *MORE_RELIEFS)
    labels = [s.label for s in model.score(texts)]
    wrong = [t for t, s in zip(texts, labels, strict=True) if s is SentimentLabel.NEGATIVE]
    assert len(wrong) <= 1
    assert labels.count(SentimentLabel.POSITIVE) >= 0.9 * len(texts)


def test_the_cases_are_never_trained_on() -> None:
    trained = {line[4:].lower() for line in TRAINING_SET.read_text("utf-8").splitlines()}
    assert min(len(POLITE_COMPLAINTS), len(MORE_POLITE_COMPLAINTS)) >= 40
    assert len(RELIEFS) >= 20
    assert len(MORE_RELIEFS) >= 25
    cases = (*POLITE_COMPLAINTS, *MORE_POLITE_COMPLAINTS, *RELIEFS, *MORE_RELIEFS)
    assert not trained & {text.lower() for text in cases}


THEIRS = Sentiment(label=SentimentLabel.POSITIVE, score=0.4)


def test_the_providers_own_sentiment_stays_beside_ours(model: SentimentModel) -> None:
    transcript = _transcript("I'm so angry about this bill.")
    told = replace(transcript.utterances[0], provider_sentiment=THEIRS)
    (marked,) = model.mark(replace(transcript, utterances=(told,))).utterances
    assert marked.provider_sentiment == THEIRS
    assert marked.sentiment is not None
    assert marked.sentiment.label is SentimentLabel.NEGATIVE


def test_the_providers_own_sentiment_stands_in_where_we_have_none(model: SentimentModel) -> None:
    transcript = _transcript("Hyvää päivää.", "No niin.", language="fi")
    told = replace(transcript.utterances[0], provider_sentiment=THEIRS)
    marked = model.mark(replace(transcript, utterances=(told, transcript.utterances[1])))
    assert [u.sentiment for u in marked.utterances] == [THEIRS, None]
    assert marked.stages["sentiment"] == "p"


def test_wordings_are_the_same_written_and_recognised() -> None:
    assert wordings("It isn't, no!") == wordings("it isnt no")
    assert wordings("so so") == ["so", "< so", "so so", "so >"]
    assert wordings("") == ["< >"]


def test_wordings_of_long_texts_count_less_each() -> None:
    known = ("bad", "not bad")
    (row, other) = count_wordings(["Not bad", "good"], known)
    assert row.tolist() == pytest.approx([0.5**0.5] * 2)
    assert not other.any()


def test_a_long_call_is_scored_as_its_lines_are(monkeypatch):
    monkeypatch.setattr(sentiment, "ROWS_AT_ONCE", 2)
    model = SentimentModel()
    texts = ["This is wonderful news.", "And your name?", "I'm really angry.", "Fine.", "Great!"]
    before = [None, *texts[:-1]]
    alone = [model.score([t], [b])[0] for t, b in zip(texts, before, strict=True)]
    assert model.score(texts, before) == alone
