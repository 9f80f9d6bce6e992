"""What a store of running calls promises, on every database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from services.domain.calls import CallDetails, Direction, ProcessingOptions
from services.domain.errors import AlreadyStored, NotFound
from services.domain.ids import new_id
from services.domain.live_calls import (
    LiveGlance,
    LiveSource,
    LiveState,
    RunningCall,
    SoundGap,
)
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.domain.speech import SentimentLabel
from services.storage.live_calls import LiveCallStore
from services.storage.live_tables import LIVE_CALLS
from tests.contract.stores import ORG, OTHER

BEGAN = datetime(2026, 11, 26, 9, 30, 0, 5, tzinfo=UTC)
GLANCE = LiveGlance(
    at_ms=61_000,
    speakers=("Agent", "Zoë ☎"),
    sentiment=SentimentLabel.NEGATIVE,
    score=-0.6,
    warnings=2,
    last_warning="silence",
    last_line="my name is [NAME] \x00 \ud800",
    last_speaker="Zoë ☎",
)


@pytest.fixture
def live(engine: Engine) -> LiveCallStore:
    """The store under test."""
    return LiveCallStore(engine)


def running(**changes: object) -> RunningCall:
    made = RunningCall(
        id=new_id(),
        org_id=ORG,
        owner="nora",
        name="Harbor ☎ O'Neill",
        source=LiveSource.BROWSER_AND_TAB,
        state=LiveState.RECORDING,
        options=ProcessingOptions(vocabulary=("CPAP",), provider_options=(("tone", "warm"),)),
        details=CallDetails(
            agent_name="Nora Fields", direction=Direction.INBOUND, started_at=BEGAN
        ),
        channels=2,
        began_at=BEGAN,
        heartbeat_at=BEGAN,
        process="web-1",
    )
    return replace(made, **changes)


def long_silent(live: LiveCallStore, **changes: object) -> RunningCall:
    made = running(**changes)
    live.add(made)
    return made


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=20)


def test_a_call_comes_back_as_it_was_added(live):
    added = running(gaps=(SoundGap(start_ms=5, end_ms=900),), glance=GLANCE, received_ms=61_000)
    live.add(added)
    assert live.get(ORG, added.id) == live.load(added.id) == added
    assert live.running(ORG) == [added]


def test_one_with_nothing_said_about_it_comes_back_too(live):
    added = running(details=CallDetails(), options=ProcessingOptions())
    live.add(added)
    assert live.load(added.id) == added


def test_those_that_began_last_come_first(live):
    ages = [running(began_at=BEGAN + timedelta(minutes=m)) for m in (5, 0, 9)]
    for call in ages:
        live.add(call)
    assert live.running(ORG) == [ages[2], ages[0], ages[1]]


def test_an_id_is_taken_once(live):
    added = running()
    live.add(added)
    with pytest.raises(AlreadyStored):
        live.add(replace(added, name="another"))
    assert live.running(ORG) == [added]


def test_another_organisation_sees_nothing(live):
    added = running()
    live.add(added)
    assert live.running(OTHER) == []
    for org, call_id in ((OTHER, added.id), (ORG, "unknown")):
        with pytest.raises(NotFound):
            live.get(org, call_id)


def test_a_heartbeat_writes_what_changes_and_nothing_else(live):
    added = running()
    live.add(added)
    now = replace(
        added,
        state=LiveState.AWAY,
        received_ms=61_000,
        gaps=(SoundGap(start_ms=0, end_ms=7), SoundGap(start_ms=50, end_ms=70)),
        glance=GLANCE,
    )
    assert live.heartbeat(replace(now, name="not written", org_id=OTHER))
    stored = live.load(added.id)
    assert replace(stored, heartbeat_at=BEGAN) == now
    assert datetime.now(UTC) - stored.heartbeat_at < timedelta(minutes=1)


def test_a_sign_of_life_alone(live):
    added = running(glance=GLANCE)
    live.add(added)
    assert live.touch(added.id, "web-1")
    touched = live.load(added.id)
    assert replace(touched, heartbeat_at=BEGAN) == added
    assert touched.heartbeat_at > BEGAN


def test_a_silent_call_is_taken_over(live):
    silent, alive, elsewhere = long_silent(live, glance=GLANCE), running(), long_silent(live)
    live.add(replace(alive, heartbeat_at=datetime.now(UTC)))
    here = (silent.id, alive.id)
    [taken] = live.take_over("web-2", silent_since=just_now(), among=here)
    assert (taken.state, taken.process) == (LiveState.INTERRUPTED, "web-2")
    assert live.load(silent.id) == taken
    assert replace(taken, state=silent.state, process="web-1", heartbeat_at=BEGAN) == silent
    assert live.load(elsewhere.id) == elsewhere
    assert live.take_over("web-3", silent_since=just_now(), among=here) == []


def test_whoever_lost_a_call_is_told_and_changes_nothing(live):
    silent = long_silent(live)
    [taken] = live.take_over("web-2", silent_since=just_now(), among=[silent.id])
    assert not live.heartbeat(replace(silent, received_ms=5))
    assert not live.touch(silent.id, "web-1")
    assert live.load(silent.id) == taken
    assert live.touch(silent.id, "web-2")


def test_a_call_that_is_to_be_spared_is_left_as_it_is(live):
    spared, other = long_silent(live), long_silent(live)
    here = (spared.id, other.id)
    [taken] = live.take_over(
        "web-2", silent_since=just_now(), among=here, spare=lambda call: call.id == spared.id
    )
    assert taken.id == other.id
    assert live.load(spared.id) == spared


def test_a_call_is_taken_up_as_it_stands_by_one_alone(live):
    left = long_silent(live, glance=GLANCE, state=LiveState.PAUSED)
    taken = live.take_up(left, "web-2")
    assert taken is not None
    assert live.load(left.id) == taken
    assert replace(taken, heartbeat_at=left.heartbeat_at, process=left.process) == left
    assert live.take_up(left, "web-3") is None
    assert not live.heartbeat(left)
    assert live.heartbeat(taken)


def test_a_call_whose_rescuer_dies_is_taken_over_again(live, engine):
    silent = long_silent(live)
    live.take_over("web-2", silent_since=just_now(), among=[silent.id])
    with engine.begin() as connection:
        connection.execute(update(LIVE_CALLS).values(heartbeat_at=BEGAN))
    [taken] = live.take_over("web-3", silent_since=just_now(), among=[silent.id])
    assert taken.process == "web-3"


def test_of_many_at_once_exactly_one_gets_a_call(live):
    silent = {long_silent(live).id for _ in range(6)}
    with ThreadPoolExecutor(4) as threads:
        taken = threads.map(
            lambda n: live.take_over(f"web-{n}", silent_since=just_now(), among=silent), range(4)
        )
        assert sorted(call.id for calls in taken for call in calls) == sorted(silent)


def test_which_calls_are_there(live):
    added = [running(), running(org_id=OTHER)]
    for call in added:
        live.add(call)
    asked = [added[0].id, added[1].id, *(f"unknown{n}" for n in range(1_200))]
    assert live.existing(asked) == {added[0].id, added[1].id}
    assert live.existing([]) == set()


def test_removing_leaves_no_row(live, engine):
    added, kept = running(), running()
    live.add(added)
    live.add(kept)
    assert live.remove(added.id)
    assert not live.remove(added.id)
    assert not live.heartbeat(added)
    with engine.connect() as connection:
        assert connection.execute(select(LIVE_CALLS.c.id)).scalars().all() == [kept.id]


def test_removing_takes_part_in_a_transaction(live, calls):
    added = running()
    live.add(added)

    def remove_and_fail() -> None:
        with calls.transaction() as connection:
            assert live.remove(added.id, connection=connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        remove_and_fail()
    assert live.load(added.id) == added


# --- phone calls ----------------------------------------------------------------------------------


def phoned(connection_id: str = "aHR0cHM6_1", **changes: object) -> RunningCall:
    facts = {
        "service": PhoneService.ACS,
        "way": PhoneWay.PLACED,
        "connection_id": connection_id,
        "correlation_id": "c-1",
        **{name: changes.pop(name) for name in ("service", "way") if name in changes},
    }
    return running(source=LiveSource.PHONE, channels=1, phone=PhoneFacts(**facts), **changes)


def test_a_phone_call_comes_back_with_what_its_service_calls_it(live):
    added = phoned()
    live.add(added)
    assert live.load(added.id) == added
    assert live.running(ORG) == [added]


def test_what_a_service_says_later_is_written_by_a_heartbeat(live):
    added = phoned()
    live.add(added)
    later = replace(added, phone=replace(added.phone, connection_id="b-2", server_call_id="s-1"))
    assert live.heartbeat(later)
    assert live.load(added.id).phone == later.phone


def test_what_a_service_was_only_asked_for_is_no_call_yet(live):
    asked, other = phoned(""), phoned()
    for call in (asked, other):
        live.add(call)
    assert live.running(ORG) == [other]
    assert live.load(asked.id) == asked
    assert not live.name_phone(other, replace(other.phone, connection_id="else"))
    named = replace(asked.phone, connection_id="b-2", correlation_id="c-2")
    assert live.name_phone(asked, named)
    assert live.load(asked.id) == replace(asked, phone=named)
    assert not live.name_phone(asked, replace(named, connection_id="b-3"))
    assert {call.id for call in live.running(ORG)} == {asked.id, other.id}
    live.remove(asked.id)
    assert not live.name_phone(asked, named)


def test_what_a_service_was_only_asked_for_is_silent_like_others(live):
    asked = phoned("")
    live.add(asked)
    assert live.silent_phones(asked.heartbeat_at + timedelta(seconds=1)) == [asked]


@pytest.mark.parametrize("connection_id", ["x" * 5_000, "Zoë ☎", "a\x00b", "\ud800", "%"])
def test_a_service_may_call_its_calls_anything(live, connection_id):
    added, other = phoned(connection_id), phoned(f"{connection_id}2")
    live.add(added)
    live.add(other)
    assert live.load(added.id) == added
    assert live.load(other.id) == other


def test_silent_phone_calls_whose_words_are_sent_are_found(live):
    alive = phoned("alive", heartbeat_at=datetime.now(UTC))
    over = phoned("over", state=LiveState.FINISHING, began_at=BEGAN + timedelta(minutes=1))
    silent = phoned("silent", org_id=OTHER)
    sound_sent = phoned("sent", service=PhoneService.AUDIOHOOK)
    for call in (over, alive, silent, sound_sent, running()):
        live.add(call)
    found = live.silent_phones(just_now())
    assert found == [silent, over]
    assert [call.goes_on for call in found] == [True, False]


def test_a_silent_phone_call_is_taken_up_by_one_alone(live):
    left = phoned()
    live.add(left)
    [found] = live.silent_phones(just_now())
    taken = live.take_up(found, "web-2")
    assert taken.phone == left.phone
    assert live.take_up(found, "web-3") is None
    assert live.silent_phones(just_now()) == []


def test_calls_without_sound_or_words_are_forgotten(live: LiveCallStore) -> None:
    """After a restore: the tapes of most are on machines that are no more."""
    taped, untaped, worded = running(), running(), phoned()
    for call in (taped, untaped, worded):
        live.add(call)
    assert live.forget_without_sound([taped.id]) == 1
    assert {call.id for call in live.running(ORG)} == {taped.id, worded.id}
