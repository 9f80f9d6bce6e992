"""What was told, read back: captions for the record, events of later sessions in call time."""

import json

from services.domain.speech import (
    PiiMention,
    PiiType,
    Sentiment,
    SentimentLabel,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    SummaryOrigin,
    Utterance,
    Word,
)
from services.live.telling import Kind, Teller
from services.live.told_reading import ToldCaptions

AGENT = Speaker(id="S1", label="Agent", role=SpeakerRole.AGENT, role_confidence=0.75, channel=0)
LINE = Utterance(
    id="u1",
    speaker="S1",
    start_ms=1000,
    end_ms=2000,
    text="[PERSON] here",
    channel=0,
    confidence=0.5,
    words=(Word(text="[PERSON]", start_ms=1000, end_ms=1500, confidence=None),),
    pii=(PiiMention(type=PiiType.PERSON, start_char=0, end_char=8),),
)
SUMMARY = Summary(
    reason=Statement(text="A bill.", utterances=("u1",)),
    action_items=(Statement(text="Call back.", who=SpeakerRole.AGENT, due="by Friday"),),
    resolved=False,
    origin=SummaryOrigin(name="local structure", took_ms=12),
)


def told(*tells) -> list[dict[str, object]]:
    """Return what a teller tells, as it comes out of a pipe."""
    events: list[dict[str, object]] = []
    teller = Teller(lambda event: events.append(json.loads(json.dumps(event))))
    for tell in tells:
        tell(teller)
    return events


def transcript(events):
    return ToldCaptions(events).transcript(
        "scripted", duration_ms=5000, language=None, redacted=True
    )


def test_captions_come_back_as_they_were_told() -> None:
    great = Sentiment(label=SentimentLabel.POSITIVE, score=0.5)
    events = told(
        lambda t: t.speaker(AGENT, 1000),
        lambda t: t.line(Kind.FINAL, Utterance(**{**vars(LINE), "text": "Jane here"})),
        lambda t: t.line(Kind.REVISED, LINE),
        lambda t: t.sentiment(LINE, great),
        lambda t: t.summary(SUMMARY, 5000, so_far=False),
    )
    captions = transcript(events)
    assert captions is not None
    assert captions.utterances == (Utterance(**{**vars(LINE), "sentiment": great}),)
    assert captions.speakers == (AGENT,)
    assert captions.summary == SUMMARY
    assert (captions.duration_ms, captions.redacted) == (5000, True)
    assert [(s.speaker, s.start_ms, s.end_ms) for s in captions.spans] == [("S1", 1000, 2000)]


def test_a_line_of_nobody_known_and_an_empty_one() -> None:
    empty = Utterance(id="u2", speaker=None, start_ms=3000, end_ms=3500, text=" ")
    captions = transcript(
        told(lambda t: t.line(Kind.FINAL, LINE), lambda t: t.line(Kind.FINAL, empty))
    )
    assert captions is not None
    assert [(u.id, u.speaker) for u in captions.utterances] == [("u1", None)]
    assert captions.spans == ()


def test_without_a_line_there_are_no_captions() -> None:
    assert transcript(told(lambda t: t.line(Kind.PARTIAL, LINE))) is None
