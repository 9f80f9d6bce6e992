"""Who may do what: every method that takes a person, tried by all kinds of people.

It fails when there is a method that neither ``rights_rows`` nor ``rights_oversight`` names.
"""

import inspect
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from app.wiring.upkeep import build_eraser
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.audit_trail import AuditQuery
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import AccessDenied, NotFound, PartylineError, TextNotShown
from services.domain.live_calls import LiveSource
from services.domain.people import Right, Role, User
from services.exports import ExportFormat
from tests.unit.app.rights_house import (
    ADMIN,
    ELSEWHERE,
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
from tests.unit.app.rights_oversight import (
    BUILT_APART,
    FOR_EVER,
    NOBODYS,
    OVERSIGHT,
    held,
    person,
    token,
)
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


def test_another_organisation_has_no_part_in_people_tokens_and_holds(
    house: House,
) -> None:
    """Not even its administrator, and not by the ids."""
    s, holds, eraser = house.services, house.keeping.holds, build_eraser(house.services)
    call_id = house.add(details=CallDetails(queue="Billing", customer_ref="c-4711"))
    theirs, secret = person(s), token(s)
    with held(s, call_id) as hold_id:
        for refused, code in (
            (lambda: s.people.change(ELSEWHERE, theirs, NOBODYS), "PersonNotFound"),
            (lambda: s.people.disable(ELSEWHERE, theirs), "PersonNotFound"),
            (lambda: s.people.enable(ELSEWHERE, theirs), "PersonNotFound"),
            (lambda: s.people.sign_out_everywhere(ELSEWHERE, theirs), "PersonNotFound"),
            (lambda: s.token_desk.revoke(ELSEWHERE, secret), "ApiTokenNotFound"),
            (lambda: holds.release(ELSEWHERE, hold_id), "HoldNotFound"),
            (lambda: holds.release(OUTSIDE[1], hold_id), "HoldNotFound"),
        ):
            with pytest.raises(PartylineError) as error:
                refused()
            assert error.value.code == code
        for user in OUTSIDE:
            assert holds.all(user) == []
            assert holds.held(user, [call_id]) == frozenset()
        assert holds.held(VIEWER, [call_id]) == {call_id}
    assert theirs in {one.id for one in s.people.list(ADMIN)}
    assert theirs not in {one.id for one in s.people.list(ELSEWHERE)}
    assert secret in {one.id for one in s.token_desk.others(ADMIN)}
    assert secret not in {one.id for one in s.token_desk.others(ELSEWHERE)}
    assert eraser.erase(ELSEWHERE, "c-4711").is_nothing
    assert eraser.call_ids(ELSEWHERE, "c-4711") == []
    assert eraser.call_ids(ADMIN, "c-4711") == [call_id]
    s.keeping.retention.set(ADMIN, FOR_EVER)
    assert FOR_EVER in s.keeping.retention.periods(ADMIN)
    assert s.keeping.retention.periods(ELSEWHERE) == []


def test_what_is_written_down_is_read_in_its_own_organisation_only(house: House) -> None:
    house.services.audit._store.note(_written(ORG))
    house.services.audit._store.note(_written(ELSEWHERE.org_id))
    for user, other in ((ADMIN, ELSEWHERE), (ELSEWHERE, ADMIN)):
        shown, taken = (
            {entry.user_id for entry in entries}
            for entries in (
                house.audit.page(user, AuditQuery()).entries,
                house.audit.export(user, AuditQuery()),
            )
        )
        assert f"of {user.org_id}" in shown & taken
        assert f"of {other.org_id}" not in shown | taken


def test_who_may_not_add_people_is_not_told_who_is_known(house: House) -> None:
    house.people.add(ADMIN, NOBODYS, email="known@example.com")
    for email in ("known@example.com", "unknown@example.com"):
        with pytest.raises(AccessDenied):
            house.people.add(VIEWER, NOBODYS, email=email)


def _written(org_id: str) -> AuditEntry:
    return AuditEntry(
        org_id=org_id,
        user_id=f"of {org_id}",
        name="Somebody",
        role="admin",
        act=Act.CALL_VIEWED,
        outcome=Outcome.ALLOWED,
        at=datetime.now(UTC),
    )
