"""Who may do what: every method that takes a person, tried by all kinds of people.

It fails when there is a method that neither ``rights_rows`` nor ``rights_oversight`` names.
"""

import inspect
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from services.domain.acts import Outcome
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import AccessDenied, NotFound, PartylineError, TextNotShown
from services.domain.live_calls import LiveSource
from services.domain.people import Right, Role, User
from services.exports import ExportFormat
from tests.unit.app.rights_house import (
    INSIDE,
    NO_CALL,
    ORG,
    OUTSIDE,
    OWNER,
    SUPERVISOR,
    VIEWER,
    House,
    open_house,
)
from tests.unit.app.rights_oversight import BUILT_APART, OVERSIGHT
from tests.unit.app.rights_rows import METHODS, NOT_ASKED_BY_PEOPLE, RUNNING, Row

ALL = {**METHODS, **OVERSIGHT}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("rights")) as made:
        yield made


def outcome(house: House, row: Row, user: User, call_id: str) -> PartylineError | None:
    """Return what somebody was refused with; None when they were let through."""
    house.trail.entries.clear()
    try:
        row.ask(house, user, call_id)  # type: ignore[arg-type]
    except PartylineError as error:
        refused = any(e.outcome is Outcome.REFUSED for e in house.trail.entries)
        return error if refused or isinstance(error, AccessDenied) else None
    assert all(e.outcome is Outcome.ALLOWED for e in house.trail.entries)
    return None


def test_every_method_that_takes_a_person_is_named(house: House) -> None:
    found = set()
    keeping = house.services.keeping
    built = {f.name: type(getattr(house.services, f.name)) for f in fields(house.services)}
    kept = {f.name: type(getattr(keeping, f.name)) for f in fields(keeping)}
    for member, kind in {**built, **kept, **BUILT_APART}.items():
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_") and "user" in inspect.signature(method).parameters:
                found.add(member if member in NOT_ASKED_BY_PEOPLE else f"{member}.{name}")
    assert found == {*ALL, *RUNNING, *NOT_ASKED_BY_PEOPLE}


@pytest.mark.parametrize("name", ALL)
def test_methods(house: House, name: str) -> None:
    row = ALL[name]
    call_id = house.add() if row.on_call else house.shown[0].call.id
    for user in OUTSIDE if row.on_call else ():
        _is_as_if_there_were_none(house, row, user, call_id)
    for user in INSIDE:
        may = all(map(user.may, row.rights)) and (user.reach.all_calls or not row.all_calls)
        refused = outcome(house, row, user, call_id)
        assert (refused is None) is may, (user.name, refused)
        if not may:
            assert isinstance(refused, row.refused), (user.name, refused)
        elif name in {"desk.delete", "eraser.erase_call"}:
            call_id = house.add()


def test_calls_that_are_being_held(house: House) -> None:
    options, details = ProcessingOptions(provider="scripted"), CallDetails(queue="Billing")
    running = house.live.begin(
        OWNER, "A call", options, details, channels=1, source=LiveSource.BROWSER
    )
    for name, row in RUNNING.items():
        for user in OUTSIDE:
            _is_as_if_there_were_none(house, row, user, running.id)
            assert running.id not in {c.id for c in house.live.running(user)}
        for user in INSIDE:
            may = all(map(user.may, row.rights)) and not row.own_only
            refused = outcome(house, row, user, running.id)
            assert (refused is None) is may, (name, user.name, refused)
        if name != "live.stop":
            assert outcome(house, row, OWNER, running.id) is None, name


def _is_as_if_there_were_none(house: House, row: Row, user: User, call_id: str) -> None:
    foreign = outcome(house, row, user, call_id)
    absent = outcome(house, row, user, NO_CALL)
    assert isinstance(foreign, NotFound), (user.name, foreign)
    assert type(foreign) is type(absent)
    assert str(foreign) == str(absent)


def test_lists_of_what_was_asked_for_leave_out_what_is_not_ones_own(house: House) -> None:
    call_id = house.add()
    for user in OUTSIDE:
        assert house.desk.progress(user, [call_id]) == {}
        assert house.browsing.categories(user, [call_id]) == {}
        assert house.comparing.transcripts(user, call_id) == []
        assert call_id not in {row.call.id for row in house.browsing.list(user)}
        assert call_id not in {line.call_id for line in house.search.search(user, "bill")}


def test_ones_own_call_is_reached_whatever_its_queue(house: House) -> None:
    call_id = house.add(added_by=OWNER.id)
    assert house.browsing.get(OWNER, call_id).id == call_id
    assert call_id in {row.call.id for row in house.browsing.list(OWNER)}
    with pytest.raises(NotFound):
        house.browsing.get(replace(OWNER, id="another"), call_id)


def test_what_is_not_redacted_is_read_by_those_only_who_may(house: House) -> None:
    """Neither in the call nor by its sound, in a search or while it is being held."""
    s, call_id = house.services, house.add()
    s.runs.start(ORG, call_id, ProcessingOptions(provider="scripted", redact=False))
    spoken_id = house.transcribe(call_id, 2, redacted=False)
    viewer, supervisor = VIEWER, SUPERVISOR
    assert s.review.load(supervisor, call_id).transcript.id == spoken_id
    held = s.live.begin(
        supervisor,
        "A call",
        ProcessingOptions(provider="scripted", redact=False),
        CallDetails(queue="Billing"),
        channels=1,
        source=LiveSource.BROWSER,
    )
    for refused in (
        lambda: s.live.follow(viewer, held.id, 0, lambda told: None),
        lambda: s.review.load(viewer, call_id),
        lambda: s.desk.open_playback(viewer, call_id),
        lambda: s.review.export(
            replace(viewer, rights=_with(Right.EXPORT)), call_id, ExportFormat.TXT
        ),
        lambda: s.review.correct(
            replace(viewer, rights=_with(Right.EDIT_CALLS)), call_id, "u1", ""
        ),
    ):
        house.trail.entries.clear()
        with pytest.raises(TextNotShown):
            refused()
        # What was refused is not written down as allowed.
        assert [entry.outcome for entry in house.trail.entries] == [Outcome.REFUSED]
    s.live.stop(supervisor, held.id, complete=True)
    assert call_id in {line.call_id for line in s.search.search(supervisor, "bill")}
    assert call_id not in {line.call_id for line in s.search.search(viewer, "bill")}
    # Processed with redaction again, it could be read: that is the way out.
    assert s.browsing.get(viewer, call_id).id == call_id


def _with(right: Right) -> frozenset[Right]:
    return Role.VIEWER.rights | {right}


def test_uploads_are_gone_on_with_by_whoever_began_them(house: House) -> None:
    options, details = ProcessingOptions(provider="scripted"), CallDetails()
    begun = house.uploads.begin(OWNER, "a.wav", 10, options, details)
    assert house.uploads.get(OWNER, begun.id).added_by == OWNER.id
    for user in (INSIDE[0], *OUTSIDE):
        with pytest.raises(PartylineError) as refused:
            house.uploads.get(user, begun.id)
        assert refused.value.code == "UploadNotFound"


def test_the_same_recording_of_somebody_else_is_told_of_without_the_call(house: House) -> None:
    options, details = ProcessingOptions(provider="scripted"), CallDetails(queue="Billing")
    name = datetime.now(UTC).isoformat()

    def hand_in(user: User) -> str:
        with house.intake.begin(user, "a.wav") as incoming:
            incoming.write(name.encode())
            return incoming.commit(options, details).call_id

    call_id = hand_in(INSIDE[0])
    assert hand_in(INSIDE[1]) == call_id
    with pytest.raises(PartylineError) as refused:
        hand_in(OUTSIDE[1])
    assert refused.value.code == "StoredOutOfReach"
    assert hand_in(OUTSIDE[0]) != call_id
