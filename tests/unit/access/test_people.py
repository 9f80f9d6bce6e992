"""Giving access: what may be given, to whom, and by whom."""

from dataclasses import replace

import pytest

from services.access.people import GivenAccess, PeopleDesk, is_within
from services.domain.acts import Act, Outcome
from services.domain.errors import AccessDenied, InvalidRequest, PersonKnown, PersonNotFound
from services.domain.people import EVERY_CALL, Reach, Right, Role, User
from services.storage.people import PeopleStore

BOSS = User(id="boss", name="Boss", org_id="acme", role=Role.ADMIN)
LEAD = User(
    id="lead",
    name="Lead",
    org_id="acme",
    role=Role.SUPERVISOR,
    rights=Role.SUPERVISOR.rights | {Right.MANAGE_PEOPLE},
    reach=Reach(queues=frozenset({"Billing"})),
)
BILLING = GivenAccess(role=Role.VIEWER, reach=LEAD.reach)
ADMIN = GivenAccess(role=Role.ADMIN)


@pytest.fixture
def desk(engine, authority, clock):
    return PeopleDesk(PeopleStore(engine), authority, now=clock)


def test_only_who_manages_people_sees_or_changes_them(desk):
    nora = desk.add(BOSS, BILLING, email="nora@example.com")
    viewer = replace(BOSS, id="v", role=Role.VIEWER)
    for act in (
        lambda: desk.list(viewer),
        lambda: desk.add(viewer, GivenAccess(role=Role.VIEWER), email="x@example.com"),
        lambda: desk.change(viewer, nora.id, BILLING),
        lambda: desk.disable(viewer, nora.id),
        lambda: desk.enable(viewer, nora.id),
        lambda: desk.sign_out_everywhere(viewer, nora.id),
    ):
        with pytest.raises(AccessDenied):
            act()
    assert desk.list(BOSS) == [nora]


def test_nobody_sees_or_changes_people_of_another_organisation(desk, trail):
    nora = desk.add(BOSS, ADMIN, email="nora@example.com")
    other = replace(BOSS, org_id="other")
    assert desk.list(other) == []
    tries = (
        desk.disable,
        desk.enable,
        desk.sign_out_everywhere,
        lambda user, person_id: desk.change(user, person_id, BILLING),
    )
    for act in tries:
        with pytest.raises(PersonNotFound):
            act(other, nora.id)
        tried = trail.entries[-1]
        assert (tried.org_id, tried.act, tried.outcome, tried.subject) == (
            "other",
            Act.PEOPLE_CHANGED,
            Outcome.REFUSED,
            nora.id,
        )
    assert desk.list(BOSS) == [nora]


def test_nobody_gives_what_they_have_not_got(desk, trail):
    desk.add(LEAD, BILLING, email="a@example.com")
    for access in (
        ADMIN,
        replace(BILLING, beside=frozenset({Right.READ_AUDIT})),
        replace(BILLING, reach=EVERY_CALL),
        replace(BILLING, reach=Reach(queues=frozenset({"Billing", "Sales"}))),
        replace(BILLING, reach=Reach(agent_name="Tom")),
    ):
        with pytest.raises(AccessDenied):
            desk.add(LEAD, access, email="b@example.com")
    assert len(desk.list(LEAD)) == 1
    assert trail.entries[-2].outcome is Outcome.REFUSED


def test_nobody_takes_from_those_who_have_more(desk):
    boss = desk.add(BOSS, ADMIN, email="boss@example.com")
    with pytest.raises(AccessDenied):
        desk.change(LEAD, boss.id, BILLING)
    with pytest.raises(AccessDenied):
        desk.disable(LEAD, boss.id)
    assert desk.list(BOSS) == [boss]


def test_nobody_changes_their_own_access_but_may_sign_themselves_out(desk, trail):
    me = desk.add(BOSS, ADMIN, email="me@example.com").user
    for act in (lambda: desk.disable(me, me.id), lambda: desk.change(me, me.id, BILLING)):
        with pytest.raises(AccessDenied, match="own"):
            act()
    desk.sign_out_everywhere(me, me.id)
    assert trail.entries[-1].act is Act.SIGNED_OUT
    assert desk.list(BOSS)[0].signed_out_at is not None


def test_what_was_changed_is_written_down_without_names(desk, trail):
    nora = desk.add(BOSS, BILLING, email="nora@example.com", name="Nora")
    entry = trail.entries[-1]
    assert (entry.act, entry.subject) == (Act.PEOPLE_CHANGED, nora.id)
    assert dict(entry.details) == {
        "change": "added",
        "role": "viewer",
        "calls": "some",
        "queues": 1,
    }


@pytest.mark.parametrize("email", ["", "nora", "@x", "a b@c.d", "x" * 200 + "@y.z"])
def test_an_address_must_be_one(desk, email):
    with pytest.raises(InvalidRequest):
        desk.add(BOSS, BILLING, email=email)


def test_nobody_is_added_twice(desk):
    desk.add(BOSS, BILLING, email="nora@example.com")
    with pytest.raises(PersonKnown):
        desk.add(BOSS, BILLING, email="NORA@example.com ")
    assert desk.add(replace(BOSS, org_id="other"), BILLING, email="nora@example.com")


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        (EVERY_CALL, EVERY_CALL, True),
        (EVERY_CALL, Reach(queues=frozenset({"A"})), False),
        (Reach(), Reach(), True),
        (Reach(queues=frozenset({"A"})), Reach(queues=frozenset({"A", "B"})), True),
        (Reach(queues=frozenset({"A", "B"})), Reach(queues=frozenset({"A"})), False),
        (Reach(agent_name="N"), Reach(agent_name="N"), True),
        (Reach(agent_name="N"), Reach(agent_name="T"), False),
    ],
)
def test_one_reach_lies_within_another(inner, outer, within):
    assert is_within(inner, outer) is within
