"""What was heard and not told yet, which a session that follows is given."""

import pytest

from services.domain.live import (
    Final,
    Gap,
    GapKind,
    LanguageTold,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.speech import Speaker, Utterance
from services.live.recogniser import untold as module
from services.live.recogniser.untold import Untold


def line(name: str, start_ms: int = 0, text: str = "Hello.") -> Utterance:
    return Utterance(id=name, speaker="s1", start_ms=start_ms, end_ms=start_ms + 500, text=text)


@pytest.fixture
def untold() -> Untold:
    return Untold()


def test_of_a_line_the_latest_state_waits_behind_what_was_heard_before(untold):
    untold.heard(Partial(line=line("u1", text="Hel")))
    untold.heard(Partial(line=line("u2")))
    untold.heard(Final(line=line("u1")))
    assert list(untold) == [Partial(line=line("u2")), Final(line=line("u1"))]


def test_a_line_waits_until_it_is_told_as_it_stays(untold):
    untold.heard(Partial(line=line("u1")))
    untold.told({"type": "final", "id": "u1"})
    assert len(untold) == 1
    untold.heard(Final(line=line("u1", 700)))
    assert untold.has_finals
    assert untold.begins_ms() == 700
    untold.told({"type": "partial", "id": "u1"})
    untold.told({"type": "final", "id": "somebody's"})
    assert untold.has_finals
    untold.told({"type": "revised", "id": "u1"})
    assert list(untold) == []
    assert untold.begins_ms() is None


def test_speakers_gaps_and_languages_wait_as_well(untold):
    speaker = SpeakerTold(speaker=Speaker(id="s1", label="Speaker 1"), at_ms=0)
    gap = Gap(kind=GapKind.CONNECTION_LOST, start_ms=100, end_ms=2_100)
    for event in (speaker, gap, LanguageTold(language="en", chosen=False, at_ms=0)):
        untold.heard(event)
    untold.heard(LanguageTold(language="de", chosen=True, at_ms=9))
    assert [*untold][:2] == [speaker, gap]
    assert [*untold][2].language == "de"
    untold.told({"type": "warning", "kind": "gap", "start_ms": 100})
    untold.told({"type": "warning", "kind": "silence", "start_ms": 100})
    untold.told({"type": "speaker", "id": "s1"})
    untold.told({"type": "language", "language": "de"})
    assert len(untold) == 0
    assert untold.pass_over() is None


def test_only_so_much_waits_and_the_oldest_is_left_out(untold, monkeypatch):
    monkeypatch.setattr(module, "MOST_UNTOLD", 2)
    untold.heard(SpeakerTold(speaker=Speaker(id="s1", label="Speaker 1"), at_ms=0))
    assert untold.heard(Revised(line=line("u1"))) is None
    assert untold.heard(Revised(line=line("u2"))) == Revised(line=line("u1"))
    assert untold.heard(Revised(line=line("u3"))) == Revised(line=line("u2"))
    untold.told({"type": "speaker", "id": "s1"})
    untold.heard(Revised(line=line("u2")))
    assert [event.line.id for event in untold] == ["u3", "u2"]
    assert untold.lines() == []
    assert untold.pass_over() == Revised(line=line("u3"))


def test_nobody_waits_for_a_line_once_a_later_one_is_told(untold):
    untold.heard(Final(line=line("u1")))
    untold.heard(Final(line=line("u2", 600)))
    untold.heard(Final(line=line("u3", 1_200)))
    untold.told({"type": "final", "id": "u2"})
    assert untold.begins_ms() == 1_200
    untold.told({"type": "final", "id": "u3"})
    assert not untold.has_finals
    # The next session is given it nevertheless.
    assert [event.line.id for event in untold] == ["u1"]
    assert [one.id for one in untold.finals()] == ["u1"]
    untold.told({"type": "revised", "id": "u1"})
    assert len(untold) == 0


def test_a_line_that_is_told_as_it_reads_by_now_says_nothing_of_those_before(untold):
    for name in ("u1", "u2"):
        untold.heard(Final(line=line(name)))
    untold.told({"type": "revised", "id": "u2"})
    assert untold.begins_ms() == 0
    assert untold.has_finals


def test_a_line_that_is_worded_anew_before_it_was_told_is_a_line_to_be_told(untold):
    untold.heard(Final(line=line("u1")))
    untold.heard(Final(line=line("u2")))
    untold.heard(Revised(line=line("u1", text="Hello again.")))
    assert list(untold) == [
        Final(line=line("u1", text="Hello again.")),
        Final(line=line("u2")),
    ]
    assert [one.text for one in untold.lines()] == ["Hello again.", "Hello."]
