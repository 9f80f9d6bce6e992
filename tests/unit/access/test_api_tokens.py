"""Tokens of the HTTP API: whose they are, what they may do, and all that don't count."""

from dataclasses import replace

import pytest

from services.access.api_tokens import LOOK_EVERY_S, ApiTokens
from services.access.attempts import MOST_WRONG
from services.access.token_desk import MOST_DAYS, TokenDesk
from services.domain.acts import Act, Outcome
from services.domain.errors import (
    AccessDenied,
    ApiOff,
    ApiTokenNotFound,
    ApiTokenRefused,
    InvalidRequest,
    TooManyWrongTokens,
)
from services.domain.people import EVERY_CALL, LOCAL_USER, Reach, Right, Role, User
from services.storage.api_tokens import ApiTokenStore

SET = "the installation's own token, 32 characters"
BOSS = User(id="boss", name="Boss", org_id="acme", role=Role.ADMIN)
NORA = User(
    id="nora",
    name="Nora",
    org_id="acme",
    role=Role.SUPERVISOR,
    reach=Reach(queues=frozenset({"Billing"})),
)


@pytest.fixture
def store(engine):
    return ApiTokenStore(engine)


@pytest.fixture
def desk(store, authority, clock):
    return TokenDesk(store, authority, now=clock)


@pytest.fixture
def people():
    return {("acme", "nora"): NORA, ("acme", "boss"): BOSS}


@pytest.fixture
def tokens(store, authority, clock, people):
    return ApiTokens(
        SET,
        LOCAL_USER,
        store=store,
        person_of=lambda org, person: people.get((org, person)),
        authority=authority,
        now=clock,
        clock=clock.seconds,
    )


def bearer(secret):
    return f"Bearer {secret}"


def test_the_installations_own_stands_for_its_owner(tokens):
    assert tokens.user_of(bearer(SET), "10.0.0.7") == LOCAL_USER
    assert tokens.user_of(bearer(SET), "10.0.0.7").address == "10.0.0.7"


def test_a_services_token_is_that_service_with_what_it_was_given(tokens, desk):
    made = desk.add_service(BOSS, "Export", Role.VIEWER, Reach(queues=frozenset({"Billing"})))
    user = tokens.user_of(bearer(made.secret))
    assert (user.name, user.org_id, user.role) == ("Export", "acme", Role.VIEWER)
    assert user.reach == Reach(queues=frozenset({"Billing"}))
    assert not user.may(Right.EXPORT)


def test_a_persons_token_never_does_more_than_they_may_now(tokens, desk, people):
    made = desk.add_mine(NORA, "Mine", Role.SUPERVISOR)
    assert tokens.user_of(bearer(made.secret)).may(Right.DELETE)
    people["acme", "nora"] = replace(NORA, role=Role.VIEWER, reach=Reach())
    user = tokens.user_of(bearer(made.secret))
    assert (user.id, user.role, user.reach) == ("nora", Role.VIEWER, Reach())
    assert not user.may(Right.DELETE)
    # Nor more than it was made for, once they may do more.
    people["acme", "nora"] = replace(NORA, role=Role.ADMIN)
    user = tokens.user_of(bearer(made.secret))
    assert user.role is Role.SUPERVISOR
    assert not user.may(Right.MANAGE_PEOPLE)
    del people["acme", "nora"]
    with pytest.raises(ApiTokenRefused):
        tokens.user_of(bearer(made.secret))


def test_ended_and_revoked_tokens_count_no_more(tokens, desk, clock):
    short = desk.add_service(BOSS, "Short", Role.VIEWER, EVERY_CALL, days=1)
    gone = desk.add_service(BOSS, "Gone", Role.VIEWER, EVERY_CALL)
    assert tokens.user_of(bearer(short.secret)).name == "Short"
    desk.revoke(BOSS, gone.token.id)
    clock.go_on(days=1)
    for made in (short, gone):
        with pytest.raises(ApiTokenRefused):
            tokens.user_of(bearer(made.secret))


def test_made_up_tokens_are_refused_and_written_down(tokens, desk, trail):
    made = desk.add_service(BOSS, "Export", Role.VIEWER, EVERY_CALL)
    swapped = made.secret[:-1] + ("A" if made.secret[-1] != "A" else "B")
    wrong = [swapped, made.secret[:-1], made.token.secret_hash, made.token.id, "\udcff", "é" * 600]
    trail.entries.clear()
    for secret in wrong:
        with pytest.raises(ApiTokenRefused):
            tokens.user_of(bearer(secret), "10.0.0.7")
    for header in (None, "", "Bearer", f"Basic {made.secret}", made.secret):
        with pytest.raises(ApiTokenRefused):
            tokens.user_of(header, "10.0.0.8")
    assert {(e.act, e.outcome) for e in trail.entries} == {(Act.TOKEN_REFUSED, Outcome.REFUSED)}
    assert [e.address for e in trail.entries].count("10.0.0.7") == len(wrong)
    assert not any(secret in repr(trail.entries) for secret in (swapped, made.token.id))


def test_after_many_wrong_ones_an_address_waits_and_others_do_not(tokens, clock):
    for _ in range(MOST_WRONG):
        with pytest.raises(ApiTokenRefused):
            tokens.user_of(bearer("wrong"), "10.0.0.7")
    with pytest.raises(TooManyWrongTokens) as refused:
        tokens.user_of(bearer("wrong"), "10.0.0.7")
    assert refused.value.retry_after_s == 60
    with pytest.raises(ApiTokenRefused):
        tokens.user_of(bearer("wrong"), "10.0.0.8")
    # Behind one proxy all programs have one address: theirs go on counting.
    assert tokens.user_of(bearer(SET), "10.0.0.7") == LOCAL_USER
    clock.go_on(minutes=1)
    with pytest.raises(ApiTokenRefused):
        tokens.user_of(bearer("wrong"), "10.0.0.7")


def test_the_last_use_is_noted_once_a_minute(tokens, desk, store, clock):
    made = desk.add_service(BOSS, "Export", Role.VIEWER, EVERY_CALL)
    begun = clock.now
    for _ in range(3):
        tokens.user_of(bearer(made.secret))
        clock.go_on(seconds=25)
    assert store.get("acme", made.token.id).used_at == begun
    tokens.user_of(bearer(made.secret))
    assert store.get("acme", made.token.id).used_at == clock.now


def test_the_secret_is_kept_nowhere(desk, engine):
    made = desk.add_mine(NORA, "Mine", Role.VIEWER)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM api_tokens").all()
    assert made.secret not in repr(rows)
    assert made.secret not in repr(made)
    assert made.secret.startswith(made.token.prefix)
    assert len(made.secret) > 40


def test_nobody_gives_a_token_what_they_have_not_got(desk, trail):
    for act in (
        lambda: desk.add_service(NORA, "x", Role.VIEWER, NORA.reach),
        lambda: desk.others(NORA),
    ):
        with pytest.raises(AccessDenied):
            act()
    lead = replace(NORA, rights=NORA.role.rights | {Right.MANAGE_PEOPLE})
    for role, reach in ((Role.ADMIN, NORA.reach), (Role.VIEWER, EVERY_CALL)):
        with pytest.raises(AccessDenied):
            desk.add_service(lead, "x", role, reach)
    assert desk.add_service(lead, "x", Role.SUPERVISOR, NORA.reach)
    assert desk.add_mine(NORA, "y", Role.ADMIN).token.rights == Role.SUPERVISOR.rights


def test_everybody_sees_and_revokes_their_own_and_managers_all_of_theirs(desk, trail):
    mine = desk.add_mine(NORA, "Mine", Role.VIEWER).token
    service = desk.add_service(BOSS, "Export", Role.VIEWER, EVERY_CALL).token
    assert desk.mine(NORA) == [mine]
    assert {t.id for t in desk.others(BOSS)} == {mine.id, service.id}
    stranger = replace(BOSS, org_id="other")
    assert desk.others(stranger) == []
    for who, token in ((NORA, service), (stranger, mine), (replace(NORA, id="x"), mine)):
        with pytest.raises(ApiTokenNotFound):
            desk.revoke(who, token.id)
        tried = trail.entries[-1]
        assert (tried.user_id, tried.org_id) == (who.id, who.org_id)
        assert (tried.act, tried.outcome) == (Act.TOKENS_CHANGED, Outcome.REFUSED)
        assert tried.subject == token.id
    desk.revoke(NORA, mine.id)
    desk.revoke(BOSS, service.id)
    assert all(t.revoked_at for t in [*desk.mine(NORA), *desk.others(BOSS)])


@pytest.mark.parametrize(
    ("name", "days"), [("", 90), (" ", 90), ("x" * 201, 90), ("x", 0), ("x", MOST_DAYS + 1)]
)
def test_a_token_needs_a_name_and_an_end(desk, name, days):
    with pytest.raises(InvalidRequest):
        desk.add_mine(NORA, name, Role.VIEWER, days)


def test_without_any_token_there_is_no_api(store, desk, clock):
    tokens = ApiTokens(None, LOCAL_USER, store=store, now=clock, clock=clock.seconds)
    assert not tokens.is_on
    with pytest.raises(ApiOff):
        tokens.user_of(bearer("x"))
    made = desk.add_service(BOSS, "Export", Role.VIEWER, EVERY_CALL)
    clock.go_on(seconds=LOOK_EVERY_S)
    assert tokens.user_of(bearer(made.secret)).name == "Export"
