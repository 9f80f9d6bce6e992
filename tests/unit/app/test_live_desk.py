"""The desk: who may do what, what is refused before anything is stored, sound of this machine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.wiring import Services
from services.domain.acts import Act
from services.domain.audit_trail import AuditQuery
from services.domain.calls import CallDetails, Consent, ProcessingOptions
from services.domain.errors import (
    AccessDenied,
    ConsentMissing,
    DiskFull,
    InvalidRequest,
    MicrophoneLost,
    NotFound,
    ProviderNotConfigured,
    ProviderUnknown,
)
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.people import LOCAL_USER, Right, Role, User
from services.live.recording import holding, landing
from services.live.recording.line import LineNotice
from services.storage.live_calls import LiveCallStore
from services.storage.tape import Tape
from tests.unit.app.conftest import STRANGER
from tests.unit.app.live_doubles import begin, pcm, wait_until

READER = User(id="sam", name="Sam", org_id=LOCAL_USER.org_id, role=Role.VIEWER)
SUPERVISOR = User(id="kim", name="Kim", org_id=LOCAL_USER.org_id, role=Role.SUPERVISOR)


def nothing(_notice: LineNotice) -> None:
    pass


def has_landed(services: Services, call_id: str) -> bool:
    return call_id in {row.call.id for row in services.calls.list(LOCAL_USER.org_id)}


@pytest.mark.parametrize(
    ("options", "channels", "error"),
    [
        (ProcessingOptions(provider="nobody"), 1, ProviderUnknown),
        (ProcessingOptions(provider="azure"), 1, ProviderNotConfigured),
        (ProcessingOptions(provider="scripted", provider_options=(("x", "y"),)), 1, InvalidRequest),
        (ProcessingOptions(provider="scripted", expected_speakers=99), 1, InvalidRequest),
        (ProcessingOptions(provider="scripted"), 0, InvalidRequest),
        (ProcessingOptions(provider="scripted"), 3, InvalidRequest),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_stored(
    services: Services, options: ProcessingOptions, channels: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.live.begin(
            LOCAL_USER, "x", options, CallDetails(), channels=channels, source=LiveSource.BROWSER
        )
    assert services.live.running(LOCAL_USER) == []
    assert not list(services.settings.data_dir.glob("live/*"))


def test_where_consent_is_needed_no_call_begins_without(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.live, "_needs_consent", True)

    def begin_with(details: CallDetails) -> RunningCall:
        options = ProcessingOptions(provider="scripted")
        return services.live.begin(
            LOCAL_USER, "", options, details, channels=1, source=LiveSource.RECORDING
        )

    with pytest.raises(ConsentMissing):
        begin_with(CallDetails())
    assert services.live.running(LOCAL_USER) == []
    call = begin_with(CallDetails(consent=Consent.ASKED))
    services.live.stop(LOCAL_USER, call.id, complete=True)
    wait_until(lambda: services.live.running(LOCAL_USER) == [])


def test_who_may_do_what(services: Services) -> None:
    with pytest.raises(AccessDenied):
        begin(services, user=replace(READER, rights=frozenset({Right.SEE_CALLS})))
    call = begin(services)
    assert [c.id for c in services.live.running(READER)] == [call.id]
    assert services.live.get(SUPERVISOR, call.id).name == "A call"
    assert [c.id for c in services.live.mine(LOCAL_USER)] == [call.id]
    assert services.live.mine(SUPERVISOR) == []
    with pytest.raises(AccessDenied):
        services.live.connect(SUPERVISOR, call.id, nothing)
    with pytest.raises(AccessDenied):
        services.live.play(SUPERVISOR, call.id, iter(()))
    with pytest.raises(AccessDenied):
        services.live.stop(READER, call.id)
    with pytest.raises(AccessDenied):
        services.live.speak(READER, call.id, "es")
    with pytest.raises(AccessDenied):
        # A language model would write it.
        services.live.summarise(READER, call.id)
    services.live.summarise(SUPERVISOR, call.id)
    noted = services.audit.page(LOCAL_USER, AuditQuery(acts=(Act.CALL_CONTROLLED,))).entries
    assert [(one.name, one.outcome) for one in noted] == [
        ("Kim", "allowed"),
        *[("Sam", "refused")] * 3,
        *[("Kim", "refused")] * 2,
    ]
    services.live.stop(SUPERVISOR, call.id)
    wait_until(lambda: services.live.running(LOCAL_USER) == [])


def test_another_organisation_finds_nothing(services: Services) -> None:
    call = begin(services)
    assert services.live.running(STRANGER) == []
    for ask in (
        lambda: services.live.get(STRANGER, call.id),
        lambda: services.live.connect(STRANGER, call.id, nothing),
        lambda: services.live.stop(STRANGER, call.id),
        lambda: services.live.follow(STRANGER, call.id, 0, lambda _told: None),
        lambda: services.live.summarise(STRANGER, call.id),
        lambda: services.live.get(LOCAL_USER, "nothing"),
        lambda: services.live.stop(LOCAL_USER, "nothing"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_call_of_another_process_is_seen_and_not_changed(services: Services) -> None:
    call = begin(services)
    held = services.live._holding
    with held._lock:
        elsewhere = held._held.pop(call.id)
    assert [c.id for c in services.live.running(LOCAL_USER)] == [call.id]
    assert services.live.get(LOCAL_USER, call.id).id == call.id
    with pytest.raises(InvalidRequest, match="Another process"):
        services.live.stop(LOCAL_USER, call.id)
    with pytest.raises(InvalidRequest):
        services.live.follow(LOCAL_USER, call.id, 0, lambda _told: None)
    elsewhere.release()


def test_a_name_is_given_where_there_is_none_and_kept_short(services: Services) -> None:
    def named(name: str) -> str:
        return services.live.begin(
            LOCAL_USER,
            name,
            ProcessingOptions(provider="scripted", redact=False),
            CallDetails(),
            channels=1,
            source=LiveSource.BROWSER,
        ).name

    assert named(" \n ").startswith("Live call 20")
    assert named("a\n b" + "c" * 500) == "a b" + "c" * 197


def test_a_recording_is_played_and_the_call_ends_with_it(services: Services) -> None:
    call = begin(services)
    closed: list[bool] = []

    def chunks() -> Iterator[bytes]:
        try:
            for start in range(0, 3000, 50):
                yield pcm(start, start + 50)
        finally:
            closed.append(True)

    services.live.play(LOCAL_USER, call.id, chunks(), speed=0)
    wait_until(lambda: has_landed(services, call.id))
    assert closed == [True]
    audio = services.calls.get(LOCAL_USER.org_id, call.id).audio
    assert audio is not None
    assert audio.duration_ms == 3000


def test_a_microphone_that_breaks_ends_the_call_with_what_there_is(services: Services) -> None:
    call = begin(services)
    told: list[str] = []
    services.live.follow(
        LOCAL_USER, call.id, 0, lambda event: told.append(str(event.get("code", event["type"])))
    )

    def chunks() -> Iterator[bytes]:
        yield pcm(0, 1000)
        raise MicrophoneLost

    services.live.play(LOCAL_USER, call.id, chunks(), speed=0)
    wait_until(lambda: has_landed(services, call.id))
    assert "MicrophoneLost" in told


def test_a_disk_that_is_full_for_a_moment_costs_a_microphone_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = begin(services)
    told: list[str] = []
    services.live.follow(
        LOCAL_USER, call.id, 0, lambda event: told.append(str(event.get("code", event["type"])))
    )
    append, fails = Tape.append, iter([False, *[True] * 3])

    def full(tape: Tape, samples: bytes) -> None:
        if next(fails, False):
            raise DiskFull
        append(tape, samples)

    monkeypatch.setattr(Tape, "append", full)
    services.live.play(LOCAL_USER, call.id, (pcm(at, at + 50) for at in range(0, 2000, 50)), 0)
    wait_until(lambda: has_landed(services, call.id))
    assert told.count("DiskFull") == 1
    audio = services.calls.get(LOCAL_USER.org_id, call.id).audio
    assert audio is not None
    assert audio.duration_ms == 2000


def test_a_device_that_cannot_be_closed_ends_the_call_all_the_same(services: Services) -> None:
    call = begin(services)

    class Stuck(Iterator[bytes]):
        def __init__(self) -> None:
            self.left = [pcm(0, 1000)]

        def __next__(self) -> bytes:
            if not self.left:
                raise StopIteration
            return self.left.pop()

        def close(self) -> None:
            raise OSError(-9988, "Stream closed")

    services.live.play(LOCAL_USER, call.id, Stuck(), speed=0)
    wait_until(lambda: has_landed(services, call.id))


def test_stop_ends_what_is_played(services: Services) -> None:
    call = begin(services)
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield pcm(0, 50)
        finally:
            closed.append(True)

    services.live.play(LOCAL_USER, call.id, endless())
    wait_until(lambda: services.live.get(LOCAL_USER, call.id).received_ms > 600)
    services.live.stop(LOCAL_USER, call.id)
    wait_until(lambda: closed and has_landed(services, call.id))


def test_a_call_that_was_left_by_a_dead_process_is_landed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "SILENT_FOR", timedelta(seconds=-1))
    call = begin(services)
    way = services.live.connect(LOCAL_USER, call.id, nothing)
    way.take(0, pcm(0, 1500))
    services.live.close()
    store = LiveCallStore(services.engine)
    assert store.load(call.id).state is LiveState.RECORDING
    services.live_keeper.look(0)
    services.live_keeper.wait_for_landing()
    assert not has_landed(services, call.id), "its recorder may come back"
    monkeypatch.setattr(landing, "BACK_WITHIN", timedelta(seconds=-1))
    monkeypatch.setattr(holding, "BACK_WITHIN", timedelta(seconds=-1))
    services.live_keeper.look(0)
    services.live_keeper.wait_for_landing()
    assert has_landed(services, call.id)
    assert store.running(LOCAL_USER.org_id) == []
