"""A process goes on with a call whose own process has died."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.domain.errors import HeldElsewhere, LiveFull
from services.domain.live_calls import LiveGlance, LiveState, RunningCall, SoundGap
from services.live.held import HeldCall
from services.live.recognising import LiveOrder
from tests.threads import no_thread_left
from tests.unit.live.feeding_stand_ins import line, running_call, wait_until
from tests.unit.live.test_holding import FRAMES_PER_MS, SECOND, House

NEW = "another"
LONG_MS = 20_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with no_thread_left():
        made = House(tmp_path)
        yield made
        made.holding.close()
        made.engine.dispose()


def left(house: House, seconds: int = 20, **changes: object) -> RunningCall:
    """A call with sound on its tape, whose process has died half a minute ago."""
    now = datetime.now(UTC)
    began, last = now - timedelta(minutes=5), now - timedelta(seconds=30)
    call = running_call(began_at=began, heartbeat_at=last, process="dead", **changes)
    house.store.add(call)
    with house.tapes.create(call.id, 1) as tape:
        for _ in range(seconds):
            tape.append(SECOND)
    return call


def take_up(house: House, call: RunningCall) -> HeldCall:
    return house.holding.take_up(call, LiveOrder(options=call.options), NEW)


def test_the_sound_goes_on_where_the_tape_ends(house: House) -> None:
    gaps = (SoundGap(start_ms=0, end_ms=7),)
    call = left(house, gaps=gaps, received_ms=18_500, state=LiveState.AWAY)
    held = take_up(house, call)
    way = held.connect(lambda _notice: None)
    assert (way.next_frame, way.state) == (LONG_MS * FRAMES_PER_MS, LiveState.AWAY)
    # what the recorder has kept begins before that
    other = b"\x01\x02" * (1_000 * FRAMES_PER_MS)
    way.take((LONG_MS - 500) * FRAMES_PER_MS, other)
    assert held.running.state is LiveState.RECORDING
    held.end()
    wait_until(lambda: house.landings.landed)
    with house.tapes.open("call") as tape:
        assert tape.read(0, 10**9) == SECOND * 20 + other[len(other) // 2 :]
    assert house.landings.gaps == gaps


def test_it_belongs_to_the_new_process_alone(house: House) -> None:
    call = left(house)
    held = take_up(house, call)
    assert house.store.load("call").process == NEW
    assert house.tapes.is_held("call")
    assert not house.store.heartbeat(call)
    house.look()
    assert house.holding.all() == [held]
    assert take_up(house, call) is held, "asked for twice"


def test_captions_go_on_with_the_line_that_was_being_spoken(house: House) -> None:
    held = take_up(house, left(house))
    wait_until(lambda: house.recogniser.sessions)
    session = house.recogniser.sessions[0]
    wait_until(lambda: len(session.sent) == 10 * len(SECOND))
    held.take_next(SECOND)
    wait_until(lambda: len(session.sent) == 11 * len(SECOND))
    session.tell(line("final", "u1", 1_000, 2_000, "And so on."))
    told = house.told[-1][1]
    assert (told["start_ms"], told["end_ms"]) == (11_000, 12_000)
    assert told["id"] != "u1", "an earlier line may be called so"


def test_who_has_read_along_is_told_what_comes_next(house: House) -> None:
    """Followers ask for what comes after the last number that they know."""
    call = left(house, glance=LiveGlance(last_line="Good morning.", warnings=2, speakers=("A",)))
    held = take_up(house, call)
    (first,) = held.standing.log.follow(1_000, lambda _told: None).history
    assert (first["type"], first["kind"], first["code"]) == ("warning", "error", "StartedAgain")
    assert first["n"] > 5 * 60 * 1_000
    assert len(str(first["n"])) <= 12
    glance = held.running.glance
    assert (glance.last_line, glance.warnings, glance.speakers) == ("Good morning.", 3, ("A",))


def test_without_a_recogniser_it_is_recorded_all_the_same(house: House) -> None:
    house.recogniser.refusals = [LiveFull()]
    held = take_up(house, left(house))
    wait_until(lambda: not house.recogniser.refusals)
    held.take_next(SECOND)
    house.now += 1.0
    held.take_next(SECOND)
    wait_until(lambda: house.recogniser.sessions)
    assert held.running.received_ms == LONG_MS + 2_000


def test_a_page_that_knows_not_how_long_it_was_away_is_told_by_the_last_heartbeat(
    house: House,
) -> None:
    way = take_up(house, left(house)).connect(lambda _notice: None)
    house.now += 5.0
    way.gap()
    assert (way.next_frame // FRAMES_PER_MS - LONG_MS) == pytest.approx(35_000, abs=5_000)


def test_a_pause_goes_on(house: House) -> None:
    held = take_up(house, left(house, state=LiveState.PAUSED))
    way = held.connect(lambda _notice: None)
    assert way.state is LiveState.PAUSED
    house.later(50.0)
    way.gap()
    assert way.next_frame == LONG_MS * FRAMES_PER_MS, "its time has stood still"


def test_who_ends_it_waits_for_its_recorder_to_come_back(house: House) -> None:
    held = take_up(house, left(house))
    held.ask_end()
    house.later(20.0)
    assert held.running.goes_on
    house.later(11.0)
    assert held.running.state is LiveState.FINISHING


def test_however_long_the_server_was_gone_there_is_time_for_the_first_sound(house: House) -> None:
    hours_ago = datetime.now(UTC) - timedelta(hours=3)
    call = replace(left(house), heartbeat_at=hours_ago)
    house.store.remove(call.id)
    house.store.add(call)
    held = take_up(house, call)
    house.later(50.0)
    assert held.running.state is LiveState.AWAY


def test_a_call_whose_process_lives_is_not_taken_up(house: House) -> None:
    house.begin()
    call = house.store.load("call")
    with house.holding._lock:
        elsewhere = house.holding._held.pop("call")
    with pytest.raises(HeldElsewhere):
        take_up(house, call)
    assert not house.holding.can_take_up(call)
    elsewhere.release()
    assert house.holding.can_take_up(call)


def test_of_two_processes_one_takes_it_up(house: House, tmp_path: Path) -> None:
    call = left(house)
    assert house.store.take_up(call, "quicker")
    with pytest.raises(HeldElsewhere):
        take_up(house, call)
    assert not house.tapes.is_held("call")
    assert house.holding.all() == []


def test_a_call_whose_tape_is_on_another_machine_is_not_taken_up(house: House) -> None:
    call = replace(running_call(), process="dead")
    house.store.add(call)
    with pytest.raises(HeldElsewhere):
        take_up(house, call)
    assert house.store.load("call").process == "dead"
