"""A call that goes on in another process, with what was kept of it."""

from dataclasses import replace
from datetime import UTC, datetime

from services.domain.calls import ProcessingOptions
from services.domain.live import Final, Gap, GapKind, SpeakerTold
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.exports.call_json import utterance_document
from services.telephony.acs.calls.resuming import heard_before
from services.telephony.acs.hearing.session import PhoneSession
from tests.unit.telephony.acs.clock import Clock
from tests.unit.telephony.acs.frames import line, metadata

CALLER = "4:+14255550123"
NOW = datetime(2026, 11, 27, tzinfo=UTC)


RUNNING = RunningCall(
    id="call",
    org_id="local",
    owner="me",
    name="A call",
    source=LiveSource.PHONE,
    state=LiveState.RECORDING,
    options=ProcessingOptions(provider="acs"),
    channels=1,
    began_at=NOW,
    heartbeat_at=NOW,
    process="p",
    received_ms=4_000,
)


def test_a_call_goes_on_with_its_lines_speakers_and_time():
    clock, events = Clock(), []
    session = PhoneSession("acs", events.append, clock=clock)
    session.connected()
    session.take_frame(metadata())
    for number in range(4):
        clock.now += 1.0
        who = (CALLER, "8:acs:agent")[number % 2]
        start_ms = 1_000 * number
        session.take_frame(line(f"Line {number}.", start_ms, start_ms + 700, who=who))
    told = []
    for event in events:
        if isinstance(event, SpeakerTold):
            who = session.raw_id_of(event.speaker.id)
            told.append({"type": "participant", "raw_id": who, "speaker": event.speaker.id})
            speaker = {**vars(event.speaker), "role": event.speaker.role.value}
            told.append({"type": "speaker", "at_ms": event.at_ms, **speaker})
        elif isinstance(event, Final):
            told.append({"type": "final", "at_ms": 0, **utterance_document(event.line)})
    before = heard_before(RUNNING, told, now_ms=9_000)
    assert before.lines >= 4
    again: list = []
    clock.now += 5.0
    second = PhoneSession("acs", again.append, before=before, clock=clock)
    assert second.sent_ms == 4_000
    clock.now += 2.0
    second.connected()
    assert again == [Gap(kind=GapKind.RECOGNISER_LOST, start_ms=4_000, end_ms=11_000)]
    clock.now += 1.0
    second.take_frame(line("Another line.", 200, 900, who=CALLER))
    (final,) = [one for one in again if isinstance(one, Final)]
    assert final.line.start_ms == 11_200
    assert final.line.speaker == "s1"
    assert final.line.id not in {one["id"] for one in told if one["type"] == "final"}
    assert not [one for one in again if isinstance(one, SpeakerTold)]


def test_what_people_wanted_no_words_of_is_no_fault_in_the_next_process_either():
    clock, events = Clock(), []
    before = heard_before(replace(RUNNING, state=LiveState.PAUSED), [], now_ms=9_000)
    session = PhoneSession("acs", events.append, before=before, clock=clock)
    clock.now += 1.0
    session.connected()
    assert events == [Gap(kind=GapKind.NOT_RECORDED, start_ms=4_000, end_ms=10_000)]
    session.disconnected()
    clock.now += 5.0
    session.connected()
    assert events[1].kind is GapKind.CONNECTION_LOST
