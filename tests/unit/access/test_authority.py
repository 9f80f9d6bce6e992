"""Who may do what, with which calls, and what is written down of it."""

from dataclasses import replace

import pytest

from services.access.authority import AGAIN_AFTER_S, PLAYED_AGAIN_AFTER_S, Authority
from services.access.trails import KeptTrail
from services.domain.acts import Act, Outcome
from services.domain.calls import CallDetails
from services.domain.errors import AccessDenied, NotFound, TextNotShown
from services.domain.people import EVERY_CALL, Reach, Right, Role, User
from tests.builders import call as made_call

VIEWER = User(id="v", name="Vera", org_id="acme", role=Role.VIEWER)
OWN = Reach(queues=frozenset({"Billing"}), agent_name="Vera")


class Found:
    def __init__(self, *calls):
        self._calls = {(call.org_id, call.id): call for call in calls}

    def get(self, org_id, call_id):
        try:
            return self._calls[org_id, call_id]
        except KeyError:
            raise NotFound from None


def call_of(queue=None, agent=None, *, org="acme", added_by=None):
    details = CallDetails(queue=queue, agent_name=agent)
    return made_call(id="c1", org_id=org, details=details, added_by=added_by)


@pytest.fixture
def trail():
    return KeptTrail()


def authority(trail, call, clock=lambda: 0.0):
    return Authority(Found(call), trail, clock=clock)


@pytest.mark.parametrize(
    ("call", "reached"),
    [
        (call_of("Billing"), True),
        (call_of("Sales"), False),
        (call_of("Sales", "Vera"), True),
        (call_of("Sales", "Tom"), False),
        (call_of(), False),
        (call_of(added_by="v"), True),
        (call_of("Billing", "Vera", org="other"), False),
    ],
)
def test_a_call_out_of_reach_is_as_one_that_is_not_there(trail, call, reached):
    user = replace(VIEWER, reach=OWN)
    asked = authority(trail, call)
    if reached:
        assert asked.call(user, "c1", Act.CALL_VIEWED) is call
        assert [e.outcome for e in trail.entries] == [Outcome.ALLOWED]
        return
    with pytest.raises(NotFound):
        asked.call(user, "c1", Act.CALL_VIEWED)
    assert [(e.act, e.outcome, e.subject) for e in trail.entries] == [
        (Act.CALL_VIEWED, Outcome.REFUSED, "c1")
    ]


def test_without_the_right_it_is_refused_and_written_down(trail):
    with pytest.raises(AccessDenied):
        authority(trail, call_of()).call(VIEWER, "c1", Act.CALL_DELETED)
    assert [(e.act, e.outcome) for e in trail.entries] == [(Act.CALL_DELETED, Outcome.REFUSED)]


def test_rights_can_be_given_and_taken_beside_the_role(trail):
    asked = authority(trail, call_of())
    asked.allow(replace(VIEWER, rights=frozenset({Right.DELETE})), Act.CALL_DELETED, "c1")
    with pytest.raises(AccessDenied):
        asked.allow(replace(VIEWER, role=Role.ADMIN, rights=frozenset()), Act.AUDIT_READ)


def test_looking_again_soon_is_one_look_and_changing_again_is_two_changes(trail):
    now = [0.0]
    asked = authority(trail, call_of(), clock=lambda: now[0])
    boss = replace(VIEWER, role=Role.ADMIN, reach=EVERY_CALL)
    for _ in range(3):
        asked.call(boss, "c1", Act.CALL_VIEWED)
        asked.call(boss, "c1", Act.CALL_EDITED)
    acts = [entry.act for entry in trail.entries]
    assert (acts.count(Act.CALL_VIEWED), acts.count(Act.CALL_EDITED)) == (1, 3)
    now[0] = AGAIN_AFTER_S
    asked.call(boss, "c1", Act.CALL_VIEWED)
    assert len(trail.entries) == 5


def test_from_elsewhere_it_is_another_look_and_taking_away_is_one_each_time(trail):
    now = [0.0]
    asked = authority(trail, call_of(), clock=lambda: now[0])
    here = replace(VIEWER, role=Role.ADMIN, reach=EVERY_CALL, address="10.0.0.7")
    for user in (here, replace(here, address="10.0.0.8")):
        for _ in range(2):
            asked.call(user, "c1", Act.CALL_VIEWED)
            asked.call(user, "c1", Act.ORIGINAL_PLAYED)
            asked.allow(user, Act.AUDIT_READ, "export")
    acts = [entry.act for entry in trail.entries]
    counted = [Act.CALL_VIEWED, Act.ORIGINAL_PLAYED, Act.AUDIT_READ]
    assert [acts.count(act) for act in counted] == [2, 2, 4]
    now[0] = PLAYED_AGAIN_AFTER_S
    asked.call(here, "c1", Act.CALL_VIEWED)
    asked.call(here, "c1", Act.ORIGINAL_PLAYED)
    assert [entry.act for entry in trail.entries[len(acts) :]] == [Act.ORIGINAL_PLAYED]


@pytest.mark.parametrize("redacted", [True, False])
def test_text_that_may_not_be_read_is_refused_and_written_down(trail, redacted):
    asked = authority(trail, call_of())
    if redacted:
        asked.check_text(VIEWER, Act.CALL_VIEWED, "c1", redacted=True)
        assert trail.entries == []
        return
    with pytest.raises(TextNotShown):
        asked.check_text(VIEWER, Act.CALL_VIEWED, "c1", redacted=False)
    assert [(e.act, e.outcome, e.subject) for e in trail.entries] == [
        (Act.CALL_VIEWED, Outcome.REFUSED, "c1")
    ]


def test_each_role_has_all_that_the_one_below_has():
    assert Role.VIEWER.rights < Role.SUPERVISOR.rights < Role.ADMIN.rights == frozenset(Right)


def test_an_entry_tells_who_and_from_where_but_no_more(trail):
    user = replace(VIEWER, address="10.0.0.7")
    authority(trail, call_of()).call(user, "c1", Act.CALL_VIEWED)
    (entry,) = trail.entries
    assert (entry.user_id, entry.name, entry.role, entry.address) == (
        "v",
        "Vera",
        "viewer",
        "10.0.0.7",
    )
    assert not entry.details
