"""What every store of people, of their sign-ins and of tokens keeps to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from services.domain.api_tokens import ApiToken
from services.domain.errors import (
    AccessEnded,
    ApiTokenNotFound,
    NotSignedIn,
    PersonKnown,
    PersonNotFound,
)
from services.domain.people import EVERY_CALL, Reach, Right, Role
from services.domain.persons import Person, SignIn
from services.storage.api_tokens import ApiTokenStore
from services.storage.people import PeopleStore
from tests.contract.stores import ORG, OTHER

NOW = datetime(2027, 1, 5, 9, 30, tzinfo=UTC)
SOME = Reach(queues=frozenset({"Billing", "Büro 日本"}), agent_name="Nora")
NORA = Person(
    id="p1",
    org_id=ORG,
    name="Nora",
    email="nora@example.com",
    identity="i1",
    role=Role.SUPERVISOR,
    beside=frozenset({Right.READ_AUDIT}),
    reach=SOME,
    created_at=NOW,
)
TOM = replace(NORA, id="p2", name="anton", identity=None, email="tom@example.com", reach=EVERY_CALL)
TOKEN = ApiToken(
    id="t1",
    org_id=ORG,
    name="Export",
    person_id=None,
    prefix="ply_abcdefgh",
    secret_hash="a" * 64,
    role=Role.VIEWER,
    rights=Role.VIEWER.rights,
    reach=SOME,
    made_by="p1",
    created_at=NOW,
    expires_at=NOW + timedelta(days=90),
)


@pytest.fixture
def people(engine: Engine) -> PeopleStore:
    store = PeopleStore(engine)
    store.add(NORA)
    store.add(TOM)
    return store


def sign_in(name: str, person: Person = NORA, *, began_at: datetime = NOW) -> SignIn:
    return SignIn(
        id=name, person_id=person.id, org_id=person.org_id, began_at=began_at, seen_at=NOW
    )


def test_people_are_as_they_were_added_and_listed_by_name(people: PeopleStore) -> None:
    assert people.list(ORG) == [TOM, NORA]
    assert people.get(ORG, "p1") == people.of_identity("i1") == NORA
    assert people.of_identity("i9") is None
    assert people.invited("TOM@example.com") == [TOM]
    assert people.invited("nora@example.com") == []


def test_nobody_of_another_organisation_is_found_listed_or_changed(people: PeopleStore) -> None:
    assert people.list(OTHER) == []
    for act in (
        lambda: people.get(OTHER, "p1"),
        lambda: people.give(replace(NORA, org_id=OTHER)),
        lambda: people.switch(OTHER, "p1", NOW),
        lambda: people.sign_out(OTHER, "p1", NOW),
    ):
        with pytest.raises(PersonNotFound):
            act()
    assert people.get(ORG, "p1") == NORA


def test_an_identity_is_one_person_of_one_organisation(people: PeopleStore) -> None:
    with pytest.raises(PersonKnown):
        people.add(replace(NORA, id="p3", org_id=OTHER))
    with pytest.raises(PersonKnown):
        people.claim(replace(TOM, identity="i1"))
    assert people.list(OTHER) == []


def test_what_one_of_us_gives_is_kept_and_touches_nothing_else(people: PeopleStore) -> None:
    people.switch(ORG, "p1", NOW)
    given = replace(NORA, role=Role.VIEWER, beside=frozenset(), reach=Reach())
    # It was read before somebody switched the access off, and signed the person in.
    people.give(replace(given, name="older", seen_at=NOW, by_claims=True))
    assert people.get(ORG, "p1") == replace(given, disabled_at=NOW)
    people.switch(ORG, "p1", None)
    assert people.get(ORG, "p1") == given


def test_claims_give_nothing_to_whom_one_of_us_has_decided_about(people: PeopleStore) -> None:
    told = replace(NORA, id="p3", identity="i3", by_claims=True, beside=frozenset())
    people.add(told)
    fresh = replace(told, name="Nora B.", role=Role.ADMIN, reach=EVERY_CALL)
    assert people.follow(fresh)
    assert people.get(ORG, "p3") == fresh
    people.switch(ORG, "p3", NOW)
    assert not people.follow(told)
    assert people.get(ORG, "p3") == replace(fresh, disabled_at=NOW)
    people.switch(ORG, "p3", None)
    people.give(replace(fresh, role=Role.VIEWER))
    assert not people.follow(told)
    assert people.get(ORG, "p3").role is Role.VIEWER


def test_who_was_added_is_claimed_once_and_only_while_let_in(people: PeopleStore) -> None:
    people.switch(ORG, "p2", NOW)
    assert not people.claim(replace(TOM, identity="i2"))
    people.switch(ORG, "p2", None)
    assert people.claim(replace(TOM, identity="i2", role=Role.VIEWER))
    assert not people.claim(replace(TOM, identity="i4"))
    assert people.get(ORG, "p2") == replace(TOM, identity="i2")


def test_no_sign_in_begins_for_whom_it_counts_no_more(people: PeopleStore) -> None:
    people.sign_out(ORG, "p1", NOW + timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        people.begin(sign_in("s1"))
    assert people.begin(sign_in("s2", began_at=NOW + timedelta(seconds=1)))
    people.switch(ORG, "p1", NOW)
    with pytest.raises(AccessEnded):
        people.begin(sign_in("s3", began_at=NOW + timedelta(seconds=2)))
    assert people.sign_in("s1") is people.sign_in("s3") is None


def test_a_sign_in_begins_once_and_ends_once(people: PeopleStore) -> None:
    assert people.begin(sign_in("s1"))
    assert not people.begin(replace(sign_in("s1"), seen_at=NOW + timedelta(hours=1)))
    later = NOW + timedelta(minutes=5)
    people.see(sign_in("s1"), later)
    assert people.sign_in("s1") == replace(sign_in("s1"), seen_at=later)
    assert people.get(ORG, "p1").seen_at == later
    assert people.end("s1", later)
    assert not people.end("s1", later)
    assert not people.end("s9", later)


def test_signing_out_ends_all_sign_ins_of_that_person_only(people: PeopleStore) -> None:
    for each in (sign_in("s1"), sign_in("s2"), sign_in("s3", TOM)):
        people.begin(each)
    people.sign_out(ORG, "p1", NOW)
    ended = {name: people.sign_in(name).ended_at for name in ("s1", "s2", "s3")}  # type: ignore[union-attr]
    assert ended == {"s1": NOW, "s2": NOW, "s3": None}
    assert people.get(ORG, "p1").signed_out_at == NOW


def test_shutting_out_ends_what_began_by_then_once(people: PeopleStore) -> None:
    later = NOW + timedelta(hours=1)
    people.begin(sign_in("s1"))
    people.shut_out(OTHER, "p1", NOW)
    assert people.sign_in("s1").ended_at is None  # type: ignore[union-attr]
    people.shut_out(ORG, "p1", NOW)
    people.begin(sign_in("s2", began_at=later))
    people.shut_out(ORG, "p1", NOW)
    ended = [people.sign_in(name).ended_at for name in ("s1", "s2")]  # type: ignore[union-attr]
    assert ended == [NOW, None]
    assert people.get(ORG, "p1").signed_out_at == NOW


def test_old_sign_ins_are_dropped(people: PeopleStore) -> None:
    people.begin(sign_in("old", began_at=NOW - timedelta(days=2)))
    people.begin(sign_in("new"))
    people.forget_sign_ins(NOW - timedelta(days=1))
    assert people.sign_in("old") is None
    assert people.sign_in("new") is not None


def test_tokens_are_found_by_hash_and_by_their_organisation(engine: Engine) -> None:
    store = ApiTokenStore(engine)
    assert not store.any_valid(NOW)
    store.add(TOKEN)
    newer = replace(TOKEN, id="t2", secret_hash="b" * 64, created_at=NOW + timedelta(1))
    store.add(newer)
    assert store.of_hash("a" * 64) == store.get(ORG, "t1") == TOKEN
    assert store.of_hash("c" * 64) is None
    assert store.list(ORG) == [newer, TOKEN]
    assert store.list(OTHER) == []
    with pytest.raises(ApiTokenNotFound):
        store.get(OTHER, "t1")
    assert store.any_valid(NOW)
    assert not store.any_valid(NOW + timedelta(days=90))


def test_a_token_is_revoked_once_and_by_its_organisation_only(engine: Engine) -> None:
    store = ApiTokenStore(engine)
    store.add(TOKEN)
    with pytest.raises(ApiTokenNotFound):
        store.revoke(OTHER, "t1", NOW)
    store.use("t1", NOW)
    assert store.revoke(ORG, "t1", NOW)
    assert not store.revoke(ORG, "t1", NOW + timedelta(1))
    assert store.get(ORG, "t1") == replace(TOKEN, used_at=NOW, revoked_at=NOW)
    assert not store.any_valid(NOW)
