"""What a session that stands in for a lost one tells: in the time and words of the whole call."""

from dataclasses import replace

from services.domain.errors import NotLive
from services.domain.live import Gap, GapKind
from services.domain.live_warnings import LiveWarning, WarningKind
from services.domain.speech import Sentiment, SentimentLabel, Speaker
from services.live.figures import Figures, SpeakerFigures
from services.live.later_session import KnownSoFar, LaterSession
from services.live.telling import Kind
from tests.unit.live.test_told_reading import AGENT, LINE, SUMMARY, told

VOICE = Speaker(id="s1", label="Speaker 1")


def test_what_a_later_session_tells_is_moved_into_the_time_of_the_call() -> None:
    events = told(
        lambda t: t.speaker(AGENT, 1000),
        lambda t: t.line(Kind.FINAL, LINE),
        lambda t: t.sentiment(LINE, Sentiment(label=SentimentLabel.POSITIVE, score=0.5)),
        lambda t: t.summary(SUMMARY, 2000, so_far=False),
    )
    later = LaterSession(KnownSoFar(), by_ms=60_000, prefix="2-")
    speaker, line, sentiment, summary = map(later.moved, events)
    assert (speaker["id"], speaker["label"], speaker["at_ms"]) == ("S1", "Agent", 61_000)
    assert (line["id"], line["start_ms"], line["end_ms"]) == ("2-u1", 61_000, 62_000)
    assert (line["words"][0]["start_ms"], line["speaker"]) == (61_000, "S1")
    assert sentiment["utterance"] == "2-u1"
    assert summary["reason"]["utterances"] == ["2-u1"]


def test_the_first_session_tells_of_the_call_as_it_is() -> None:
    events = told(lambda t: t.speaker(VOICE, 1000), lambda t: t.line(Kind.FINAL, LINE))
    assert list(map(LaterSession(KnownSoFar(), by_ms=0, prefix="").moved, events)) == events


def test_voices_of_a_later_session_are_nobody_who_spoke_before() -> None:
    warning = LiveWarning(kind=WarningKind.MONOLOGUE, start_ms=0, end_ms=5, at_ms=5, speaker="s1")
    figures = Figures(
        at_ms=5,
        speakers=(SpeakerFigures(id="s1", talk_ms=5, share_of_speech=1.0),),
        overlap_ms=0,
        silence_ms=0,
        course=(),
    )
    events = told(
        lambda t: t.speaker(VOICE, 1000),
        lambda t: t.line(Kind.FINAL, replace(LINE, speaker="s1", channel=None)),
        lambda t: t.line(Kind.FINAL, replace(LINE, speaker=None, channel=None)),
        lambda t: t.warning(warning),
        lambda t: t.figures(figures),
    )
    later = LaterSession(KnownSoFar(), by_ms=723_400, prefix="2-", is_shared=True)
    speaker, line, nobodys, monologue, counted = map(later.moved, events)
    assert (speaker["id"], speaker["label"]) == ("2-s1", "Speaker 1 (after 12:03)")
    assert (line["speaker"], nobodys["speaker"]) == ("2-s1", None)
    assert (monologue["id"], monologue["speaker"]) == ("monologue-723400-2-s1", "2-s1")
    assert [one["id"] for one in counted["speakers"]] == ["2-s1"]
    (on_the_channel,) = told(lambda t: t.speaker(AGENT, 1000))
    assert later.moved(on_the_channel)["id"] == "2-S1"


def test_a_warning_that_is_told_again_is_the_same() -> None:
    rule = LiveWarning(
        kind=WarningKind.RULE, start_ms=1, end_ms=5, at_ms=5, rule_id="r", rule_name="A rule"
    )
    gap = Gap(kind=GapKind.CONNECTION_LOST, start_ms=0, end_ms=5, channel=0)
    silence = LiveWarning(kind=WarningKind.SILENCE, start_ms=1, end_ms=5, at_ms=5)
    events = told(
        lambda t: t.warning(rule),
        lambda t: t.gap(gap),
        lambda t: t.warning(silence),
        lambda t: t.error(NotLive(), 5),
    )
    names = [
        LaterSession(KnownSoFar(), by_ms=100, prefix="2-").moved(event)["id"] for event in events
    ]
    assert names == ["rule-r", "gap-100-0", "silence-101-all", "2-error-NotLive-5"]


def test_what_the_call_knows_better_than_a_later_session_stays() -> None:
    known = KnownSoFar()
    rule = LiveWarning(
        kind=WarningKind.RULE, start_ms=1, end_ms=5, at_ms=5, rule_id="r", rule_name="A rule"
    )
    first, later = LaterSession(known), LaterSession(known, by_ms=100, prefix="2-")
    for event in told(lambda t: t.speaker(AGENT, 0), lambda t: t.warning(rule)):
        assert first.moved(event) == event
    unknown = Speaker(id="S1", label="Speaker 1", channel=0)
    other = Speaker(id="S2", label="Speaker 2", channel=1)
    missed = replace(rule, start_ms=0, rule_id="missed")
    negative = LiveWarning(kind=WarningKind.NEGATIVE, start_ms=1, end_ms=5, at_ms=5, speaker="S1")
    speaker, another, *warnings, customers = map(
        later.moved,
        told(
            lambda t: t.speaker(unknown, 0),
            lambda t: t.speaker(other, 0),
            lambda t: t.warning(rule),
            lambda t: t.warning(missed),
            lambda t: t.warning(negative),
            lambda t: t.warning(replace(negative, speaker="S2")),
        ),
    )
    assert speaker is not None
    assert (speaker["id"], speaker["label"], speaker["role"]) == ("S1", "Agent", "agent")
    assert another is not None
    assert (another["label"], another["role"]) == ("Speaker 2", "unknown")
    assert warnings == [None, None, None]
    assert customers is not None
    assert customers["speaker"] == "S2"


def counted(at_ms: int, silence_ms: int, **talk_ms: int) -> Figures:
    return Figures(
        at_ms=at_ms,
        speakers=tuple(
            SpeakerFigures(id=speaker, talk_ms=ms, share_of_speech=None)
            for speaker, ms in talk_ms.items()
        ),
        overlap_ms=0,
        silence_ms=silence_ms,
    )


def test_figures_are_those_of_the_whole_call() -> None:
    """What an earlier session counted is added, up to where the later one begins."""
    known = KnownSoFar()
    first = LaterSession(known)
    later_on = counted(62_000, 9_000, S1=50_000, S2=10_000)
    for one in (counted(60_000, 4_000, S1=40_000, S2=10_000), later_on):
        (event,) = told(lambda t, one=one: t.figures(one))  # type: ignore[misc]
        first.moved(event)
    later = LaterSession(known, by_ms=61_000, prefix="2-")
    introduced, (event,) = (
        told(lambda t: t.speaker(AGENT, 1000)),
        told(lambda t: t.figures(counted(5_000, 500, S1=10_000))),
    )
    later.moved(introduced[0])
    moved = later.moved(event)
    assert moved is not None
    assert moved["at_ms"] == 66_000
    assert [(one["id"], one["talk_ms"]) for one in moved["speakers"]] == [
        ("S1", 50_000),
        ("S2", 10_000),
    ]
    assert [round(one["share_of_speech"], 3) for one in moved["speakers"]] == [0.833, 0.167]
    assert moved["silence_ms"] == 4_500
