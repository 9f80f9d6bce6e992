"""Calls that a process holds: states over time, heartbeats, ends, landings that fail at first."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.errors import (
    DiskFull,
    LiveOver,
    ProviderRefusedKey,
    SoundElsewhere,
    StorageError,
)
from services.domain.live_calls import LiveSource, LiveState, SoundGap
from services.domain.metrics import AnalysedTranscript
from services.live.recogniser.recognising import LiveOrder
from services.live.recording.held import HeldCall
from services.live.recording.holding import Holding, HoldingParts
from services.live.recording.keeping import LiveKeeper
from services.live.recording.landing import Landed
from services.live.recording.line import LineNotice, SoundLine
from services.live.recording.patience import HoldingLimits
from services.live.telling.events import Told
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.live_calls import LiveCallStore
from services.storage.schema import migrate
from services.storage.tapes import Tape, TapeStore
from tests.threads import no_thread_left
from tests.unit.live.feeding_stand_ins import HandRecogniser, line, running_call, wait_until

FRAMES_PER_MS = 16
SECOND = bytes(2 * 1000 * FRAMES_PER_MS)
LIMITS = HoldingLimits(away_end_s=60.0, pause_end_s=1_000.0, most_ms=100_000)


class Landings:
    """Notes what is landed; fails as often as it is told."""

    def __init__(self, store: LiveCallStore) -> None:
        self._store = store
        self.landed: list[tuple[str, AnalysedTranscript | None]] = []
        self.fails: list[Exception] = []
        self.becomes = Landed.CALL
        self.recoveries = 0
        self.spares: list[bool] = []
        self.may_recover = threading.Event()
        self.may_recover.set()
        self.gaps: tuple[SoundGap, ...] = ()

    def land(self, call_id: str, captions: AnalysedTranscript | None) -> Landed:
        if self.fails:
            raise self.fails.pop(0)
        self.gaps = self._store.load(call_id).gaps
        self._store.remove(call_id)
        self.landed.append((call_id, captions))
        return self.becomes

    def recover(self, *, spare_browsers: bool) -> list[str]:
        self.recoveries += 1
        self.spares.append(spare_browsers)
        self.may_recover.wait(10.0)
        return []


class House:
    """Everything it takes to hold calls, with a clock that is turned by hand."""

    def __init__(self, folder: Path, limits: HoldingLimits = LIMITS) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'partyline.db'}")
        migrate(self.engine)
        self.store = LiveCallStore(self.engine)
        self.tapes = TapeStore(folder / "live", MasterKey.load(None, folder / "key"))
        self.recogniser = HandRecogniser()
        self.landings = Landings(self.store)
        self.told: list[tuple[str, Told]] = []
        self.now = 1000.0
        self.holding = Holding(
            HoldingParts(
                store=self.store,
                tapes=self.tapes,
                landing=self.landings,  # type: ignore[arg-type]
                recogniser=self.recogniser,
                limits=limits,
                on_told=lambda call, told: self.told.append((call.id, told)),
                clock=lambda: self.now,
            )
        )
        self.keeper = LiveKeeper(self.holding)

    def begin(self, name: str = "call") -> HeldCall:
        return self.holding.hold(running_call(id=name), LiveOrder(options=running_call().options))

    def begin_browser(self, name: str = "call", **changes: object) -> HeldCall:
        call = running_call(id=name, **changes)
        return self.holding.hold(call, LiveOrder(options=call.options))

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.look()

    def look(self) -> None:
        self.keeper.look()
        self.keeper.wait_for_landing()

    def types(self) -> list[str]:
        return [told["type"] for _, told in self.told]

    def states(self) -> list[str]:
        return [told["state"] for _, told in self.told if told["type"] == "state"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with no_thread_left():
        made = House(tmp_path)
        yield made
        made.holding.close()
        made.engine.dispose()


def test_a_call_is_away_while_no_sound_comes_and_ends_after_long(house: House) -> None:
    held = house.begin()
    held.connect(lambda _notice: None)
    held.take_next(SECOND)
    house.later(4.0)
    assert house.states() == []
    house.later(2.0)
    assert held.running.state is LiveState.AWAY
    held.take_next(SECOND)
    assert held.running.state is LiveState.RECORDING
    house.later(6.0)
    house.later(50.0)
    assert held.running.goes_on
    house.later(10.0)
    wait_until(lambda: house.landings.landed)
    assert house.states() == ["away", "recording", "away", "finishing"]


def test_a_paused_call_waits_for_its_page_but_not_for_ever(house: House) -> None:
    held = house.begin()
    way = held.connect(lambda _notice: None)
    way.take(0, SECOND)
    way.pause()
    house.later(500.0)
    assert held.running.state is LiveState.PAUSED
    way.close()
    house.later(61.0)
    assert held.running.state is LiveState.FINISHING


def test_a_forgotten_pause_ends_even_with_its_page_there(house: House) -> None:
    held = house.begin()
    way = held.connect(lambda _notice: None)
    way.take(0, SECOND)
    way.pause()
    house.later(900.0)
    # the recorder tells so again whenever it connects
    held.connect(lambda _notice: None).pause()
    house.later(90.0)
    assert held.running.state is LiveState.PAUSED
    house.later(20.0)
    assert held.running.state is LiveState.FINISHING


def sent_late(held: HeldCall, way: SoundLine, seconds: int) -> None:
    """Send seconds of sound at once, as a recorder does whose network is back."""
    for _ in range(seconds):
        way.take(held.next_frame, SECOND)


def test_who_ends_a_call_that_is_cut_off_waits_for_what_its_browser_has_kept(house: House) -> None:
    notices: list[LineNotice] = []
    held = house.begin()
    held.connect(lambda _notice: None).take(0, SECOND)
    house.later(20.0)
    assert held.running.state is LiveState.AWAY
    held.ask_end()
    held.ask_end()
    house.later(10.0)
    assert held.running.goes_on
    way = held.connect(notices.append)
    sent_late(held, way, 28)
    assert held.running.goes_on
    sent_late(held, way, 2)
    assert held.running.state is LiveState.FINISHING
    assert notices == [LineNotice.STOPPED]
    assert held.running.received_ms == 31_000


def test_who_ends_a_call_that_is_cut_off_does_not_wait_for_ever(house: House) -> None:
    held = house.begin()
    held.connect(lambda _notice: None).take(0, SECOND)
    house.now += 3.0
    held.ask_end()
    house.later(29.0)
    held.ask_end()
    assert held.running.goes_on
    house.later(2.0)
    assert held.running.state is LiveState.FINISHING


def test_who_ends_a_call_that_records_or_pauses_or_has_another_source_waits_for_nothing(
    house: House,
) -> None:
    going, pausing = house.begin("going"), house.begin("pausing")
    played = house.begin_browser("played", source=LiveSource.RECORDING)
    for held in (going, pausing, played):
        held.take_next(SECOND)
    pausing.connect(lambda _notice: None).pause()
    going.ask_end()
    house.now += 20.0
    pausing.ask_end()
    played.ask_end()
    for held in (going, pausing, played):
        assert held.running.state is LiveState.FINISHING


def test_an_end_keeps_nobody_waiting_for_the_disk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that leaves while the disk is slow would hold up all others."""
    held = house.begin()
    way = held.connect(lambda _notice: None)
    way.take(0, SECOND)
    slow, left = threading.Event(), threading.Event()
    real = Tape.sync

    def wait(tape: Tape) -> None:
        slow.set()
        assert left.wait(10.0)
        real(tape)

    monkeypatch.setattr(Tape, "sync", wait)
    ending = threading.Thread(target=held.end)
    ending.start()
    assert slow.wait(10.0)
    leaving = threading.Thread(target=lambda: (way.close(), left.set()))
    leaving.start()
    leaving.join(5.0)
    assert left.is_set()
    left.set()
    ending.join()
    leaving.join()


def test_heartbeats_go_on_while_calls_are_being_landed(house: House) -> None:
    held = house.begin()
    house.landings.may_recover.clear()
    house.keeper.look()
    held.take_next(SECOND)
    house.now += 6.0
    house.keeper.look()
    assert house.store.load("call").received_ms == 1000
    assert held.running.state is LiveState.AWAY
    assert house.landings.recoveries == 1, "one at a time"
    house.landings.may_recover.set()
    house.keeper.wait_for_landing()
    house.look()
    assert house.landings.recoveries == 2


def test_after_its_start_a_process_leaves_calls_to_their_browsers(house: House) -> None:
    house.look()
    house.later(44.0)
    house.later(2.0)
    assert house.landings.spares == [True, True, False]


def test_a_call_that_is_too_long_is_ended(house: House) -> None:
    held = house.begin()
    for _ in range(100):
        held.take_next(SECOND)
    house.later(0.1)
    assert held.running.state is LiveState.FINISHING
    with pytest.raises(LiveOver):
        held.take_next(SECOND)


def test_an_end_waits_for_announced_sound_but_not_for_ever(house: House) -> None:
    notices: list[LineNotice] = []
    held = house.begin()
    way = held.connect(notices.append)
    way.take(0, SECOND)
    way.stop(3 * 1000 * FRAMES_PER_MS)
    house.later(29.0)
    assert held.running.goes_on
    house.later(2.0)
    assert notices == [LineNotice.STOPPED]
    wait_until(lambda: house.landings.landed)


def test_a_way_that_was_taken_over_takes_nothing_more(house: House) -> None:
    notices: list[LineNotice] = []
    held = house.begin()
    older = held.connect(notices.append)
    newer = held.connect(lambda _notice: None)
    assert notices == [LineNotice.TAKEN_OVER]
    for use in (older.pause, older.resume, older.gap, lambda: older.take(0, SECOND)):
        with pytest.raises(SoundElsewhere):
            use()
    older.close()
    newer.take(0, SECOND)
    assert held.running.received_ms == 1000


def test_a_gap_without_a_known_length_is_the_time_that_went_by(house: House) -> None:
    held = house.begin()
    way = held.connect(lambda _notice: None)
    way.take(0, SECOND)
    house.now += 7.0
    way.gap()
    assert held.running.gaps == (SoundGap(start_ms=1000, end_ms=8000),)
    assert house.store.load("call").gaps == held.running.gaps
    assert way.next_frame == 8000 * FRAMES_PER_MS
    (warning,) = [told for _, told in house.told if told["type"] == "warning"]
    assert (warning["reason"], warning["start_ms"], warning["end_ms"], warning["id"]) == (
        "not_recorded",
        1000,
        8000,
        "gap-1000-all",
    )
    held.end()
    wait_until(lambda: house.landings.landed)
    assert house.landings.gaps == held.running.gaps


def test_a_heartbeat_says_how_the_call_stands(house: House) -> None:
    held = house.begin()
    held.take_next(SECOND)
    house.recogniser.sessions[0].tell(line("final", "u1", 0, 900, "Good morning."))
    house.keeper.look()
    stored = house.store.load("call")
    assert (stored.received_ms, stored.glance.last_line) == (1000, "Good morning.")


def test_a_call_that_another_process_has_taken_over_is_let_go_of(house: House) -> None:
    notices: list[LineNotice] = []
    held = house.begin()
    held.connect(notices.append)
    house.store.remove("call")
    house.keeper.look()
    assert notices == [LineNotice.LOST]
    assert house.holding.all() == []
    with pytest.raises(LiveOver):
        held.take_next(SECOND)
    assert house.landings.landed == []


def test_last_words_then_ended_then_landed(house: House) -> None:
    held = house.begin()
    held.take_next(SECOND)
    house.recogniser.sessions[0].last_words = [line("final", "u1", 0, 900)]
    held.end()
    held.end()
    wait_until(lambda: "landed" in house.types())
    assert house.types() == ["state", "final", "ended", "landed"]
    ((call_id, captions),) = house.landings.landed
    assert call_id == "call"
    assert captions is not None
    assert [line.text for line in captions.transcript.utterances] == ["so"]
    assert house.holding.all() == []
    assert house.holding.find("call", landed_too=True) is held
    house.later(61.0)
    house.holding.forget_landed()
    assert house.holding.find("call", landed_too=True) is None


def test_a_call_of_next_to_nothing_lands_as_none(house: House) -> None:
    house.landings.becomes = Landed.TOO_SHORT
    house.begin().end()
    wait_until(lambda: "landed" in house.types())
    assert house.told[-1][1]["call_id"] is None


@pytest.mark.parametrize("fault", [DiskFull(), RuntimeError("words of the call")])
def test_a_landing_that_fails_is_tried_again(house: House, fault: Exception) -> None:
    house.landings.fails = [fault]
    held = house.begin()
    held.take_next(SECOND)
    held.end()
    wait_until(lambda: not house.landings.fails)
    wait_until(lambda: house.types()[-1] == "ended")
    house.keeper.look(7)
    assert house.landings.landed == []
    wait_until(lambda: house.look() or house.landings.landed)
    assert [call_id for call_id, _ in house.landings.landed] == ["call"]
    assert house.types()[-1] == "landed"
    assert house.landings.recoveries > 0


def test_a_recogniser_that_never_finishes_is_given_up(house: House) -> None:
    held = house.begin()
    held.take_next(SECOND)
    house.recogniser.sessions[0].may_finish.clear()
    held.end()
    house.later(100.0)
    assert house.landings.landed == []
    house.later(30.0)
    wait_until(lambda: house.landings.landed)


def test_what_is_refused_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.recogniser.refusals = [ProviderRefusedKey()]
    with pytest.raises(ProviderRefusedKey):
        house.begin()

    def no_row(_call: object) -> None:
        raise StorageError

    monkeypatch.setattr(house.store, "add", no_row)
    with pytest.raises(StorageError):
        house.begin()
    assert house.tapes.ids() == []
    assert house.holding.all() == []
    assert house.recogniser.sessions[0].over


def test_a_fault_with_one_call_does_not_keep_the_keeper_from_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = house.begin("one"), house.begin("two")
    second.take_next(SECOND)

    def fails() -> None:
        raise RuntimeError("words of the call")

    monkeypatch.setattr(first, "look_after", fails)
    house.later(6.0)
    assert second.running.state is LiveState.AWAY
    assert house.store.load("two").state is LiveState.AWAY


def test_closing_leaves_sound_and_row_for_the_next_start(house: House) -> None:
    held = house.begin()
    held.take_next(SECOND)
    house.holding.close()
    assert not house.tapes.is_held("call")
    with house.tapes.open("call") as tape:
        assert tape.read(0, 16_000) == SECOND
    assert replace(house.store.load("call"), received_ms=0).goes_on
