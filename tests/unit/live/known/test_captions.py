"""Captions: what stands after which events."""

from dataclasses import replace

from services.domain.live import Ended, Final, Gap, GapKind, Partial, Revised, SpeakerTold
from services.domain.speech import Sentiment, SentimentLabel, Speaker
from services.live.known.captions import Captions
from tests.builders import utterance

AGENT = SpeakerTold(speaker=Speaker(id="s1", label="Speaker 1"), at_ms=400)
CUSTOMER = SpeakerTold(speaker=Speaker(id="s2", label="Speaker 2"), at_ms=5_400)
HELLO = utterance(1, "s1", 0, "Hello there")
ANSWER = utterance(2, "s2", 5_000, "My bill is wrong")
GAP = Gap(kind=GapKind.CONNECTION_LOST, start_ms=8_000, end_ms=9_000)


def taken(*events):
    captions = Captions()
    for event in events:
        captions.take(event)
    return captions


def texts(captions):
    return [line.text for line in captions.lines]


def test_a_partial_is_replaced_by_its_id_and_then_by_its_final():
    first = replace(HELLO, text="Hello", end_ms=400)
    captions = taken(AGENT, Partial(line=first))
    assert captions.partials == (first,)
    assert captions.lines == ()
    captions.take(Partial(line=replace(first, text="Hallo")))
    assert [line.text for line in captions.partials] == ["Hallo"]
    captions.take(Final(line=HELLO))
    assert captions.partials == ()
    assert captions.lines == (HELLO,)


def test_finals_stand_in_the_order_in_which_they_were_begun():
    """
    s1  |-----------|     told last
    s2      |--|          told first
    """
    inside = utterance(2, "s2", 1_000, "yes")
    captions = taken(AGENT, CUSTOMER, Final(line=inside), Final(line=HELLO))
    assert [line.id for line in captions.lines] == ["u1", "u2"]
    assert captions.before(inside) == HELLO
    assert captions.before(HELLO) is None


def test_only_a_revision_changes_a_final():
    captions = taken(AGENT, CUSTOMER, Final(line=HELLO))
    assert not captions.take(Partial(line=replace(HELLO, text="Hell")))
    assert not captions.take(Final(line=replace(HELLO, text="Hollow")))
    assert texts(captions) == ["Hello there"]
    assert captions.take(Revised(line=replace(HELLO, speaker="s2")))
    assert [line.speaker for line in captions.lines] == ["s2"]
    assert captions.partials == ()


def test_a_revision_can_take_a_line_away_or_bring_one():
    captions = taken(AGENT, Final(line=HELLO), Revised(line=replace(HELLO, text=" ", words=())))
    assert captions.lines == ()
    captions.take(Revised(line=ANSWER))
    assert captions.lines == (ANSWER,)


def test_a_speaker_can_be_told_better():
    better = replace(AGENT, speaker=replace(AGENT.speaker, label="Nora"))
    captions = taken(AGENT, CUSTOMER, better)
    assert [speaker.label for speaker in captions.speakers] == ["Nora", "Speaker 2"]


def test_nothing_is_taken_after_the_end():
    end = Ended(at_ms=9_000)
    captions = taken(AGENT, Final(line=HELLO), GAP, end)
    assert not captions.take(Final(line=ANSWER))
    assert not captions.take(Ended(at_ms=10_000, error_code="ProviderBusy"))
    assert captions.ended == end
    assert captions.gaps == (GAP,)
    assert captions.at_ms == 9_000
    assert texts(captions) == ["Hello there"]


def test_they_make_a_transcript():
    glad = Sentiment(label=SentimentLabel.POSITIVE, score=0.9)
    unknown = utterance(3, "s9", 8_000, "who am I")
    captions = taken(AGENT, CUSTOMER, Final(line=ANSWER), Final(line=HELLO), Final(line=unknown))
    captions.take(Partial(line=utterance(4, "s1", 11_000, "not yet")))
    made = captions.transcript(
        "scripted", duration_ms=12_000, language="en", sentiments={"u2": glad}
    )
    assert [u.id for u in made.utterances] == ["u1", "u2", "u3"]
    assert [u.speaker for u in made.utterances] == ["s1", "s2", None]
    assert made.utterances[1].sentiment == glad
    assert [s.id for s in made.speakers] == ["s1", "s2"]
    assert [(s.speaker, s.start_ms, s.end_ms) for s in made.spans] == [
        ("s1", 0, HELLO.end_ms),
        ("s2", 5_000, ANSWER.end_ms),
    ]
    assert (made.provider, made.language, made.duration_ms) == ("scripted", "en", 12_000)
    assert made.stages["recognition"] == "scripted live"


def test_a_transcript_is_as_long_as_its_lines():
    assert taken(Final(line=ANSWER)).transcript("x", duration_ms=100).duration_ms == ANSWER.end_ms
