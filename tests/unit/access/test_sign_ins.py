"""Signing in: who comes in, as whom, and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.access.claims import ClaimRules, identity_of, sign_in_id
from services.access.people import GivenAccess, PeopleDesk
from services.access.sign_ins import KNOWN_FOR_S, SignIns
from services.access.tokens import Purpose, TokenSigner
from services.domain.acts import Act, Outcome
from services.domain.errors import (
    AccessEnded,
    DiskFull,
    InvalidToken,
    NoAccessYet,
    NotSignedIn,
)
from services.domain.people import LOCAL_USER, Reach, Role
from services.storage.people import PeopleStore
from tests.unit.access.conftest import BEGIN

RULES = ClaimRules(default_org="local", role_claim="groups", queues_claim="queues")


def claims(sub="nora", at=BEGIN, **more):
    told = {"iss": "https://id.test", "sub": sub, "iat": int(at.timestamp()), "name": sub.title()}
    return {**told, "email": f"{sub}@example.com", "email_verified": True, **more}


@pytest.fixture
def store(engine):
    return PeopleStore(engine)


@pytest.fixture
def make(store, authority, clock):
    def made(rules=RULES):
        from services.access.sign_ins import SignInLimits

        return SignIns(store, authority, rules, SignInLimits(), now=clock, clock=clock.seconds)

    return made


@pytest.fixture
def sign_ins(make):
    return make()


@pytest.fixture
def desk(store, authority, sign_ins, clock):
    return PeopleDesk(store, authority, sign_ins.forget, now=clock)


def noted(trail):
    return [(entry.act, entry.outcome) for entry in trail.entries]


def test_a_claim_makes_a_person_and_each_sign_in_looks_again(sign_ins, clock, trail):
    user = sign_ins.admit(claims(groups="supervisor", queues=["Billing"]), "10.0.0.7")
    assert (user.role, user.reach, user.org_id) == (
        Role.SUPERVISOR,
        Reach(queues=frozenset({"Billing"})),
        "local",
    )
    assert sign_ins.admit(claims(groups="supervisor")) == user
    assert noted(trail) == [(Act.SIGNED_IN, Outcome.ALLOWED)]
    assert trail.entries[0].address == "10.0.0.7"
    clock.go_on(hours=1)
    again = sign_ins.admit(claims(at=clock.now, groups="viewer"))
    assert (again.id, again.role, again.reach) == (user.id, Role.VIEWER, Reach())


def test_whoever_loses_the_claim_comes_in_no_more(sign_ins, clock):
    sign_ins.admit(claims(groups="admin"))
    clock.go_on(hours=1)
    with pytest.raises(NoAccessYet):
        sign_ins.admit(claims(at=clock.now, groups="none"))


def test_whoever_loses_the_claim_is_signed_out_everywhere_by_that(sign_ins, clock):
    before = claims(groups="admin")
    sign_ins.admit(before)
    clock.go_on(hours=1)
    refused = claims(at=clock.now, groups="none")
    with pytest.raises(NoAccessYet):
        sign_ins.admit(refused)
    for look in (sign_ins.current, sign_ins.admit):
        with pytest.raises(NotSignedIn):
            look(before)
    # Given the role again, they are let in, and a tab from before throws nobody out.
    clock.go_on(hours=1)
    after = claims(at=clock.now, groups="viewer")
    sign_ins.admit(after)
    with pytest.raises(NoAccessYet):
        sign_ins.admit(refused)
    assert sign_ins.current(after).role is Role.VIEWER


def test_programs_act_for_nobody_who_has_not_been_let_in_for_long(sign_ins, desk, clock):
    added = desk.add(LOCAL_USER, GivenAccess(role=Role.VIEWER), email="tom@example.com")
    assert sign_ins.person("local", added.id) is None
    user = sign_ins.admit(claims(groups="viewer"))
    assert sign_ins.programs_until == BEGIN + timedelta(days=7)
    clock.go_on(days=6)
    assert sign_ins.person("local", user.id) == user
    clock.go_on(days=1)
    assert sign_ins.person("local", user.id) is None
    sign_ins.admit(claims(at=clock.now, groups="viewer"))
    assert sign_ins.person("local", user.id) == user


def test_somebody_unknown_is_refused_and_that_is_written_down_once(sign_ins, trail):
    for _ in range(3):
        with pytest.raises(NoAccessYet):
            sign_ins.admit(claims())
    assert noted(trail) == [(Act.SIGN_IN_REFUSED, Outcome.REFUSED)]
    assert trail.entries[0].subject == identity_of(claims()).key


def test_who_was_added_comes_in_with_what_they_were_given(sign_ins, desk, clock):
    access = GivenAccess(role=Role.SUPERVISOR, reach=Reach(agent_name="Nora"))
    added = desk.add(LOCAL_USER, access, email="Nora@example.com")
    with pytest.raises(NoAccessYet):
        sign_ins.admit(claims("mallory", email="nora@example.com", email_verified=False))
    user = sign_ins.admit(claims(groups="admin"))
    assert (user.id, user.role, user.reach) == (added.id, Role.SUPERVISOR, access.reach)
    with pytest.raises(NoAccessYet):
        # The address was theirs once; it is taken.
        sign_ins.admit(claims("mallory", email="nora@example.com"))


def test_an_organisation_told_otherwise_is_no_way_in(make, desk):
    desk.add(LOCAL_USER, GivenAccess(role=Role.ADMIN), email="nora@example.com")
    with_org = make(replace(RULES, org_claim="org"))
    with pytest.raises(NoAccessYet):
        with_org.admit(claims(org="acme"))
    assert with_org.admit(claims(org="local")).role is Role.ADMIN
    # Nor for a person the claims themselves had put elsewhere.
    with_org.admit(claims("tom", org="acme", groups="viewer"))
    with pytest.raises(NoAccessYet):
        with_org.admit(claims("tom", org="local", groups="viewer", nonce="2"))


def test_a_sign_in_ends_when_nothing_is_done(sign_ins, clock):
    told = claims(groups="viewer")
    sign_ins.admit(told)
    clock.go_on(hours=7, minutes=59)
    sign_ins.admit(told)
    clock.go_on(hours=3)
    sign_ins.current(told)
    clock.go_on(hours=1, minutes=2)
    with pytest.raises(NotSignedIn):
        sign_ins.current(told)
    with pytest.raises(NotSignedIn):
        sign_ins.admit(told)


def test_looking_on_is_not_doing_anything(sign_ins, clock):
    told = claims(groups="viewer")
    sign_ins.admit(told)
    for _ in range(8):
        clock.go_on(hours=1)
        if clock.now < BEGIN.replace(hour=17):
            sign_ins.current(told)
    with pytest.raises(NotSignedIn):
        sign_ins.current(told)


def test_it_ends_after_its_longest_time_and_its_cookie_is_worth_nothing(sign_ins, store, clock):
    told = claims(groups="viewer")
    sign_ins.admit(told)
    for _ in range(11):
        clock.go_on(hours=1)
        sign_ins.admit(told)
    clock.go_on(hours=1)
    with pytest.raises(NotSignedIn):
        sign_ins.admit(told)
    clock.go_on(days=30)
    store.forget_sign_ins(clock.now)
    with pytest.raises(NotSignedIn):
        sign_ins.admit(told)


def test_what_is_changed_counts_at_once_here_and_within_seconds_elsewhere(
    sign_ins, make, desk, clock
):
    told, elsewhere = claims(groups="viewer"), make()
    user = sign_ins.admit(told)
    elsewhere.current(told)
    desk.change(LOCAL_USER, user.id, GivenAccess(role=Role.SUPERVISOR))
    assert sign_ins.current(told).role is Role.SUPERVISOR
    assert elsewhere.current(told).role is Role.VIEWER
    clock.go_on(seconds=KNOWN_FOR_S)
    assert elsewhere.current(told).role is Role.SUPERVISOR
    # What a person of ours decided stays when they sign in again.
    clock.go_on(minutes=1)
    assert sign_ins.admit(claims(at=clock.now, groups="viewer")).role is Role.SUPERVISOR


def test_access_switched_off_ends_everything_at_once(sign_ins, desk, trail):
    told = claims(groups="viewer")
    user = sign_ins.admit(told)
    desk.disable(LOCAL_USER, user.id)
    with pytest.raises(NotSignedIn):
        sign_ins.current(told)
    with pytest.raises(AccessEnded):
        sign_ins.admit(claims(groups="viewer", nonce="again"))
    assert noted(trail)[-1] == (Act.SIGN_IN_REFUSED, Outcome.REFUSED)
    assert sign_ins.person("local", user.id) is None
    desk.enable(LOCAL_USER, user.id)
    assert sign_ins.admit(claims(groups="viewer", nonce="later")).id == user.id


def test_who_is_switched_off_while_they_sign_in_stays_switched_off(
    sign_ins, store, desk, clock, monkeypatch
):
    user = sign_ins.admit(claims(groups="viewer"))
    clock.go_on(minutes=1)
    follow, begin = store.follow, store.begin

    def after_switching_off(act):
        def late(given):
            desk.disable(LOCAL_USER, user.id)
            return act(given)

        return late

    again = claims(at=clock.now, groups="admin")
    for name, act in (("follow", follow), ("begin", begin)):
        monkeypatch.setattr(store, name, after_switching_off(act))
        with pytest.raises(AccessEnded):
            sign_ins.admit(again)
        monkeypatch.undo()
        assert store.get("local", user.id).disabled_at is not None
        assert store.sign_in(sign_in_id(again)) is None
        desk.enable(LOCAL_USER, user.id)


def test_a_sign_in_that_can_t_be_written_down_does_not_begin(sign_ins, store, trail, monkeypatch):
    told = claims(groups="viewer")

    def full(_entry):
        raise DiskFull

    monkeypatch.setattr(trail, "note", full)
    with pytest.raises(DiskFull):
        sign_ins.admit(told)
    assert store.sign_in(sign_in_id(told)) is None
    monkeypatch.undo()
    sign_ins.admit(told)
    assert noted(trail) == [(Act.SIGNED_IN, Outcome.ALLOWED)]


def test_signing_out_ends_this_sign_in_and_no_other(sign_ins, trail):
    here, there = claims(groups="viewer"), claims(groups="viewer", nonce="phone")
    user = sign_ins.admit(here)
    sign_ins.admit(there)
    sign_ins.sign_out(here, user)
    with pytest.raises(NotSignedIn):
        sign_ins.current(here)
    with pytest.raises(NotSignedIn):
        # Nor does a copy of the cookie help.
        sign_ins.admit(here)
    assert sign_ins.current(there).id == user.id
    assert noted(trail)[-1] == (Act.SIGNED_OUT, Outcome.ALLOWED)


def test_a_call_goes_on_when_the_sign_in_only_ran_out(sign_ins, desk, clock):
    told, other = claims(groups="viewer"), claims(groups="viewer", nonce="other")
    user = sign_ins.admit(told)
    sign_ins.admit(other)
    signer = TokenSigner(
        bytes(32), clock=clock.seconds, standing=sign_ins.standing, holding=sign_ins.holding
    )

    def check(check, named):
        token = signer.issue(
            Purpose.LIVE_SOUND, "c1", user=user, session="s", ttl_s=90_000, sign_in=named
        )
        return check(token, Purpose.LIVE_SOUND, "c1").user

    here, there = sign_in_id(told), sign_in_id(other)
    clock.go_on(hours=9)
    with pytest.raises(InvalidToken):
        check(signer.check, here)
    # That has been written down as its end by now.
    assert check(signer.check_held, here) == user
    clock.go_on(hours=4)
    assert check(signer.check_held, here) == check(signer.check_held, there) == user
    with pytest.raises(InvalidToken):
        check(signer.check_held, "another")
    desk.sign_out_everywhere(user, user.id)
    for named in (here, there):
        with pytest.raises(InvalidToken):
            check(signer.check_held, named)


def test_who_is_in_a_call_is_looked_up_once_in_seconds(sign_ins, store, clock, monkeypatch):
    told, looked = claims(groups="viewer"), []
    user = sign_ins.admit(told)
    real = store.sign_in
    monkeypatch.setattr(store, "sign_in", lambda one: looked.append(one) or real(one))
    for _ in range(10):
        assert sign_ins.holding(user, sign_in_id(told)) == user
    assert len(looked) == 1
    clock.go_on(seconds=KNOWN_FOR_S)
    sign_ins.holding(user, sign_in_id(told))
    assert len(looked) == 2
    with pytest.raises(InvalidToken):
        sign_ins.holding(replace(user, org_id="elsewhere"), sign_in_id(told))


@pytest.mark.parametrize("how", ["signed out", "switched off"])
def test_a_call_is_cut_off_when_somebody_ended_the_sign_in(sign_ins, desk, how):
    told = claims(groups="viewer")
    user = sign_ins.admit(told)
    assert sign_ins.holding(user, sign_in_id(told)) == user
    if how == "signed out":
        sign_ins.sign_out(told, user)
    else:
        desk.disable(LOCAL_USER, user.id)
    with pytest.raises(InvalidToken):
        sign_ins.holding(user, sign_in_id(told))


def test_signing_out_everywhere_ends_all_and_lets_nobody_back_with_an_old_cookie(
    sign_ins, desk, clock
):
    here, there, unused = (claims(groups="viewer", nonce=n) for n in ("a", "b", "c"))
    user = sign_ins.admit(here)
    sign_ins.admit(there)
    clock.go_on(minutes=5)
    desk.sign_out_everywhere(user, user.id)
    for told in (here, there, unused):
        with pytest.raises(NotSignedIn):
            sign_ins.admit(told)
    assert sign_ins.admit(claims(at=clock.now, groups="viewer")).id == user.id


def test_links_end_with_the_sign_in_and_follow_the_person(sign_ins, desk, clock):
    told = claims(groups="supervisor")
    user = sign_ins.admit(told)
    signer = TokenSigner(bytes(32), clock=clock.seconds, standing=sign_ins.standing)

    def link(who=user, sign_in=None):
        named = sign_in_id(told) if sign_in is None else sign_in
        return signer.issue(Purpose.AUDIO, "c1", user=who, session="s", ttl_s=3600, sign_in=named)

    kept = link()
    assert signer.check(kept, Purpose.AUDIO, "c1").user == user
    desk.change(LOCAL_USER, user.id, GivenAccess(role=Role.VIEWER))
    assert signer.check(kept, Purpose.AUDIO, "c1").user.role is Role.VIEWER
    for forged in (link(sign_in=""), link(LOCAL_USER), link(replace(user, org_id="acme"))):
        with pytest.raises(InvalidToken):
            signer.check(forged, Purpose.AUDIO, "c1")
    desk.sign_out_everywhere(user, user.id)
    with pytest.raises(InvalidToken):
        signer.check(kept, Purpose.AUDIO, "c1")
