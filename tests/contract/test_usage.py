"""What an installation takes of disk and money, on every database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import AccessDenied
from services.domain.people import LOCAL_USER, Role
from services.storage.calls import CallStore
from services.storage.objects import ObjectStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from services.storage.usage import UsageStore
from services.upkeep.usage import UsageDesk
from tests.authorities import authority
from tests.builders import transcript
from tests.contract.places import put
from tests.contract.stores import add, analysed

ORG = LOCAL_USER.org_id
TODAY = datetime.now(UTC).date()
MONTH = f"{TODAY:%Y-%m}"
SPOKEN = transcript()


@pytest.fixture
def sound(tmp_path: Path) -> ObjectStore:
    return ObjectStore(str(tmp_path / "audio"))


@pytest.fixture
def desk(engine: Engine, sound: ObjectStore, tmp_path: Path) -> UsageDesk:
    (tmp_path / "models" / "deep").mkdir(parents=True)
    (tmp_path / "models" / "deep" / "weights").write_bytes(bytes(1234))
    folders = {"models": tmp_path / "models", "working": tmp_path / "not-there"}
    prices = {"scripted": 0.6, "local": 0.0}
    return UsageDesk(
        UsageStore(engine), CallStore(engine), sound, folders, prices.get, authority=authority()
    )


def test_minutes_are_counted_once_and_outlive_their_call(
    desk: UsageDesk, calls: CallStore, runs: RunStore, transcripts: TranscriptStore
) -> None:
    whole = add(calls, org_id=ORG)
    for attempt in ("t1", "t2"):
        # A step that is done twice has the effect of doing it once.
        transcripts.save(ORG, whole.id, 1, analysed(replace(SPOKEN, id=attempt)))
    [told] = desk.minutes(LOCAL_USER)
    assert (told.month, told.provider, told.runs) == (MONTH, "scripted", 1)
    assert told.audio_ms == SPOKEN.duration_ms
    assert told.cost == pytest.approx(0.6 * SPOKEN.duration_ms / 3_600_000)

    part = add(calls, org_id=ORG, options=ProcessingOptions(start_ms=2_000, end_ms=5_000))
    transcripts.save(ORG, part.id, 1, analysed(replace(SPOKEN, id="t3")))
    kept = add(calls, org_id=ORG, options=ProcessingOptions(relabel_of="t1"))
    transcripts.save(ORG, kept.id, 1, analysed(replace(SPOKEN, id="t4")))
    here = add(calls, org_id=ORG)
    transcripts.save(ORG, here.id, 1, analysed(replace(SPOKEN, id="t5", provider="local")))
    dear = add(calls, org_id=ORG)
    transcripts.save(ORG, dear.id, 1, analysed(replace(SPOKEN, id="t6", provider="azure")))
    for call in (whole, part):
        calls.delete(ORG, call.id)

    told_of = {one.provider: one for one in desk.minutes(LOCAL_USER)}
    assert told_of["scripted"].audio_ms == SPOKEN.duration_ms + 3_000
    assert told_of["local"].cost == 0
    assert told_of["azure"].cost is None
    assert desk.minutes(replace(LOCAL_USER, org_id="elsewhere")) == []
    assert desk.minutes(LOCAL_USER, date(TODAY.year + 2, 1, 1)) == []


def test_growth_is_told_by_month(desk: UsageDesk, calls: CallStore) -> None:
    for day in (1, 2, 28):
        held = datetime(2026, 2, day, 12, tzinfo=UTC)
        add(calls, org_id=ORG, size_bytes=10, details=CallDetails(started_at=held))
    held = datetime(2025, 3, 31, 23, tzinfo=UTC)
    add(calls, org_id=ORG, size_bytes=7, details=CallDetails(started_at=held))
    held = datetime(2025, 2, 28, 23, tzinfo=UTC)
    add(calls, org_id=ORG, size_bytes=1, details=CallDetails(started_at=held))
    told = desk.growth(LOCAL_USER, date(2026, 2, 28))
    assert [(one.month, one.calls, one.size_bytes) for one in told] == [
        ("2026-02", 3, 30),
        ("2025-03", 1, 7),
    ]


def test_space_by_kind_and_sound_without_a_call(
    desk: UsageDesk, calls: CallStore, sound: ObjectStore
) -> None:
    spaces = {one.kind: one for one in desk.space(LOCAL_USER)}
    assert spaces["database"].size_bytes > 100_000
    assert (spaces["models"].size_bytes, spaces["models"].files) == (1234, 1)
    assert (spaces["working"].size_bytes, spaces["working"].files) == (0, 0)
    assert desk.sound(LOCAL_USER).files == 0
    known = add(calls, org_id=ORG)
    put(sound, f"calls/{known.id}/original", bytes(100))
    put(sound, f"calls/{known.id}/playback", bytes(50))
    put(sound, "calls/nobody/original", bytes(7))
    found = desk.sound(LOCAL_USER)
    assert (found.files, found.size_bytes) == (3, 157)
    assert (found.orphans, found.orphan_bytes) == (1, 7)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_the_installation_is_the_operator_s_to_know(desk: UsageDesk, role: Role) -> None:
    person = replace(LOCAL_USER, role=role)
    with pytest.raises(AccessDenied):
        desk.space(person)
    with pytest.raises(AccessDenied):
        desk.sound(person)
    assert desk.growth(person) == []


def test_folders_are_looked_through_once_a_minute(engine: Engine, sound: ObjectStore) -> None:
    moments, looks = iter([0.0, 59.0, 60.0, 61.0]), []

    class Folders(dict[str, Path]):
        def items(self):  # type: ignore[no-untyped-def]
            looks.append(now)
            return super().items()

    desk = UsageDesk(
        UsageStore(engine),
        CallStore(engine),
        sound,
        Folders(),
        {}.get,
        authority=authority(),
        clock=lambda: now,
    )
    while (now := next(moments, -1.0)) >= 0:
        desk.space(LOCAL_USER)
    assert looks == [0.0, 60.0]
