"""A live call reads words that somebody else has heard."""

import time

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.live import (
    Final,
    Gap,
    GapKind,
    LanguageTold,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Speaker,
    SpeakerRole,
    Utterance,
    Word,
)
from services.live.recogniser.recognising import HereRecogniser, LiveOrder
from services.live.recogniser.words import heard_form, heard_of
from services.providers.registry import ProviderRegistry
from tests.unit.live.stand_ins import SECRET, TextModels

LINE = Utterance(
    id="u1",
    speaker="s1",
    start_ms=1_000,
    end_ms=2_000,
    text="I am Jane.",
    confidence=0.9,
    words=(Word(text="I", start_ms=1_000, end_ms=1_200),),
    provider_sentiment=Sentiment(label=SentimentLabel.NEUTRAL, score=0.0),
)
SPEAKER = Speaker(id="s1", label="Speaker 1", role=SpeakerRole.CUSTOMER, role_confidence=1.0)


@pytest.mark.parametrize(
    "event",
    [
        Partial(line=LINE),
        Final(line=LINE),
        Revised(line=LINE),
        SpeakerTold(speaker=SPEAKER, at_ms=5),
        LanguageTold(language="de", chosen=True, at_ms=7),
        Gap(kind=GapKind.CONNECTION_LOST, start_ms=1, end_ms=2),
    ],
)
def test_what_was_heard_goes_through_json(event) -> None:
    assert heard_of(heard_form(event)) == event


def read(models, known=(), *, redact=True):
    told = []
    recogniser = HereRecogniser(ProviderRegistry({}), lambda: models)
    order = LiveOrder(options=ProcessingOptions(provider="acs", redact=redact))
    return recogniser.read(order, told.append, list(known)), told


def test_words_are_read_redacted_and_told() -> None:
    session, told = read(TextModels())
    session.heard(SpeakerTold(speaker=SPEAKER, at_ms=0))
    session.heard(Final(line=LINE))
    session.passed(3_000)
    session.finish()
    kinds = [one["type"] for one in told]
    assert kinds.index("speaker") < kinds.index("final") < kinds.index("sentiment")
    assert "figures" in kinds
    assert kinds[-1] == "ended"
    assert told[-1]["at_ms"] == 3_000
    assert SECRET not in str(told)


def test_what_is_known_counts_and_is_not_told_again() -> None:
    first, told = read(TextModels(), redact=False)
    first.heard(SpeakerTold(speaker=SPEAKER, at_ms=0))
    first.heard(Final(line=LINE))
    first.finish()
    second, again = read(TextModels(), told[:-1], redact=False)
    second.passed(5_000)
    until = time.monotonic() + 10
    while not any(one["type"] == "figures" for one in again):
        assert time.monotonic() < until
        time.sleep(0.01)
    figures = next(one for one in again if one["type"] == "figures")
    assert figures["speakers"][0]["talk_ms"] == 1_000
    another = Utterance(**{**vars(LINE), "id": "u2", "start_ms": 3_000, "end_ms": 4_000})
    second.heard(Final(line=another))
    second.finish()
    assert [one["id"] for one in again if one["type"] == "final"] == ["u2"]


def test_a_delivered_summary_is_redacted_and_takes_the_place_of_ours() -> None:
    session, told = read(TextModels())
    session.heard(SpeakerTold(speaker=SPEAKER, at_ms=0))
    session.heard(Final(line=LINE))
    session.passed(2_000)
    session.summed_up(f"{SECRET} has called.", "acs", so_far=False)
    session.finish()
    summaries = [one for one in told if one["type"] == "summary"]
    assert [one["origin"]["name"] for one in summaries] == ["acs"]
    assert SECRET not in str(summaries)
