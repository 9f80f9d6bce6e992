"""Live calls with a channel for each party, told apart by the service or mixed there."""

from dataclasses import replace

from services.domain.live import Final, Partial, Revised, SpeakerTold
from tests.unit.providers.azure_speech.streams import CALL, call, emulator_of, sound_of
from tests.unit.providers.azure_speech.test_live import Events, opened, send_all


def heard(lines):
    """Hold a live call of two channels in which this is said."""
    recording, events = call(separate=True), Events()
    with emulator_of(recording, lines=lines) as emulator:
        session = opened(emulator, events, channels=2)
        send_all(session, sound_of(recording), channels=2)
        session.finish()
    return events


def as_it_ends(events):
    """Return who speaks in each line, by the last word on it."""
    told = {e.line.id: e.line for e in events if isinstance(e, Final | Revised)}
    return [(told[e.line.id].speaker, told[e.line.id].channel) for e in events.of(Final)]


def speakers(events):
    return {e.speaker.id: e.speaker.channel for e in events.of(SpeakerTold)}


def test_channels_that_the_service_has_mixed_are_told_by_voice():
    events = heard(CALL)
    assert as_it_ends(events) == [("s1", None), ("s2", None)] * 3 + [("s1", None)]
    assert speakers(events) == {"s1": None, "s2": None}
    assert [e.line.id for e in events.of(Revised)] == ["u1"]
    late = [e.line.speaker for e in events.of(Partial) if e.line.start_ms >= 6_000]
    assert set(late) == {"s1", "s2"}


def test_a_second_voice_on_one_channel_is_taken_back_when_the_other_is_heard():
    other = replace(CALL[3], channel=1, speaker="Guest-3")
    events = heard((*CALL[:3], other, *CALL[4:]))
    assert as_it_ends(events) == [("s1", 0)] * 3 + [("s2", 1)] + [("s1", 0)] * 3
    assert speakers(events) == {"s1": 0, "s2": 1}
    finals = [e.line.id for e in events.of(Final)]
    assert {e.line.id for e in events.of(Revised)} == set(finals[:3])


def test_one_party_alone_stays_on_its_channel():
    events = heard(tuple(replace(line, speaker="Guest-1") for line in CALL))
    assert set(as_it_ends(events)) == {("s1", 0)}
    assert not events.of(Revised)
