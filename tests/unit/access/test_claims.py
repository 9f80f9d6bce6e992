"""What claims tell: who it is, and what they are given."""

import pytest

from services.access.claims import ClaimRules, identity_of, sign_in_id, signed_in_at, texts_of
from services.domain.errors import NotSignedIn
from services.domain.people import EVERY_CALL, Reach, Role

CLAIMS = {"iss": "https://id.test", "sub": "nora", "iat": 1_799_000_000, "name": "Nora"}
RULES = ClaimRules(
    default_org="local",
    role_claim="groups",
    roles={"staff": Role.VIEWER, "leads": Role.SUPERVISOR, "it": Role.ADMIN},
    org_claim="org",
    queues_claim="realm.queues",
    agent_claim="agent",
)


def given(**claims):
    return RULES.given({**CLAIMS, "org": "acme", **claims})


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("staff", Role.VIEWER),
        (["staff", "leads", "others"], Role.SUPERVISOR),
        (["it", "staff"], Role.ADMIN),
        (["admin"], None),
        ([], None),
        (None, None),
        ({"it": True}, None),
        (7, None),
    ],
)
def test_the_highest_role_told_counts_and_no_other(groups, role):
    found = given(groups=groups)
    assert (found and found.role) == role


@pytest.mark.parametrize("org", [None, "", "a b", "x" * 65, ["acme", "other"], "../x", 5, "-x"])
def test_without_one_clear_organisation_nothing_is_given(org):
    assert given(groups="it", org=org) is None


def test_reach_is_told_too():
    told = {"realm": {"queues": ["Billing", "Sales"]}, "agent": "Nora F."}
    assert given(groups="staff", **told).reach == Reach(
        queues=frozenset({"Billing", "Sales"}), agent_name="Nora F."
    )
    assert given(groups="staff").reach == given(groups="leads").reach == Reach()
    assert given(groups="it", **told).reach == EVERY_CALL
    without = ClaimRules(default_org="local", role_claim="groups")
    assert without.given({**CLAIMS, "groups": "supervisor"}).reach == EVERY_CALL
    assert without.given({**CLAIMS, "groups": "viewer"}).reach == Reach()


def test_without_a_role_claim_claims_give_nothing():
    assert ClaimRules(default_org="local").given({**CLAIMS, "role": "admin"}) is None


def test_a_claim_may_have_dots_in_its_name():
    assert texts_of({"https://x.test/roles": "a"}, "https://x.test/roles") == ["a"]
    assert texts_of({"a": {"b": ["c", 1, " "]}}, "a.b") == ["c"]
    assert texts_of({"a": "b"}, "a.b.c") == []


@pytest.mark.parametrize("changed", [{"iss": ""}, {"sub": None}, {"iss": 4}, {"sub": ["x"]}])
def test_without_issuer_and_subject_it_is_nobody(changed):
    with pytest.raises(NotSignedIn):
        identity_of({**CLAIMS, **changed})


def test_an_address_counts_only_when_verified():
    told = {**CLAIMS, "email": " Nora@Example.com"}
    assert identity_of(told).email is None
    assert identity_of({**told, "email_verified": "true"}).email is None
    assert identity_of({**told, "email_verified": True}).email == "nora@example.com"


def test_the_same_subject_of_two_issuers_is_two_people():
    first, second = identity_of(CLAIMS), identity_of({**CLAIMS, "iss": "https://other.test"})
    assert first.key != second.key
    # Nor can one pass for the other by moving the border between the two.
    a = identity_of({**CLAIMS, "iss": "https://id.test/a", "sub": "b"})
    b = identity_of({**CLAIMS, "iss": "https://id.test/", "sub": "ab"})
    assert a.key != b.key


def test_each_sign_in_is_another():
    assert sign_in_id(CLAIMS) == sign_in_id({**CLAIMS, "name": "N."})
    assert sign_in_id(CLAIMS) != sign_in_id({**CLAIMS, "iat": 1_799_000_001})
    assert sign_in_id(CLAIMS) != sign_in_id({**CLAIMS, "nonce": "n"})


@pytest.mark.parametrize("iat", [None, True, "1799000000", float("inf"), 10**20])
def test_without_a_time_nobody_is_signed_in(iat):
    with pytest.raises(NotSignedIn):
        signed_in_at({**CLAIMS, "iat": iat})
