"""Tokens: what they open, and everything they must not open."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.tokens import ANY_CALL, MAX_TOKEN_CHARS, Purpose, TokenSigner
from services.domain.errors import InvalidToken
from services.domain.people import LOCAL_USER, Role, User

KEY = bytes(range(32))
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer(clock: Clock) -> TokenSigner:
    return TokenSigner(KEY, clock=clock)


def issue(signer: TokenSigner, **changed: object) -> str:
    given_ = {"user": LOCAL_USER, "session": "s1", "ttl_s": 60} | changed
    return signer.issue(Purpose.AUDIO, "call1", **given_)  # type: ignore[arg-type]


def test_grants_what_it_was_issued_for(signer: TokenSigner) -> None:
    user = User(id="u7", name="Nora Fields", org_id="o3", role=Role.VIEWER)
    grant = signer.check(issue(signer, user=user), Purpose.AUDIO, "call1")
    assert (grant.user.id, grant.user.org_id, grant.user.role) == ("u7", "o3", Role.VIEWER)
    assert (grant.session, grant.expires_at_s) == ("s1", int(NOW) + 60)


def test_carries_no_name(signer: TokenSigner) -> None:
    payload = issue(signer, user=User(id="u", name="Nora", org_id="o", role=Role.ADMIN)).split(".")
    assert b"Nora" not in base64.urlsafe_b64decode(payload[0] + "==")


@pytest.mark.parametrize(
    ("purpose", "subject"),
    [(Purpose.REVIEW, "call1"), (Purpose.AUDIO, "call2"), (Purpose.UPLOAD, ANY_CALL)],
)
def test_opens_nothing_else(signer: TokenSigner, purpose: Purpose, subject: str) -> None:
    token = issue(signer)
    with pytest.raises(InvalidToken):
        signer.check(token, purpose, subject)


def test_any_call_is_no_wildcard(signer: TokenSigner) -> None:
    token = signer.issue(Purpose.AUDIO, ANY_CALL, user=LOCAL_USER, session="s", ttl_s=60)
    with pytest.raises(InvalidToken):
        signer.check(token, Purpose.AUDIO, "call1")


@pytest.mark.parametrize(("later_s", "valid"), [(59, True), (60, False), (3600, False)])
def test_ends_at_its_time(signer: TokenSigner, clock: Clock, later_s: int, valid: bool) -> None:
    token = issue(signer)
    clock.now += later_s
    if valid:
        signer.check(token, Purpose.AUDIO, "call1")
    else:
        with pytest.raises(InvalidToken):
            signer.check(token, Purpose.AUDIO, "call1")


def test_another_key_does_not_fit(signer: TokenSigner, clock: Clock) -> None:
    stranger = TokenSigner(bytes(32), clock=clock)
    with pytest.raises(InvalidToken):
        signer.check(issue(stranger), Purpose.AUDIO, "call1")


@given(place=st.integers(0, 500), other=st.characters(codec="ascii"))
def test_any_change_breaks_it(place: int, other: str) -> None:
    signer = TokenSigner(KEY, clock=Clock())
    token = issue(signer)
    place %= len(token)
    changed = token[:place] + other + token[place + 1 :]
    if changed == token:
        return
    # The last character of a signature carries bits that are not part of it.
    if place == len(token) - 1 and decoded(changed) == decoded(token):
        return
    with pytest.raises(InvalidToken):
        signer.check(changed, Purpose.AUDIO, "call1")


def decoded(token: str) -> bytes | None:
    signature = token.rpartition(".")[2]
    try:
        return base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except ValueError:
        return None


@given(st.text())
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(InvalidToken):
        TokenSigner(KEY).check(nonsense, Purpose.AUDIO, "call1")


def test_endless_tokens_are_refused(signer: TokenSigner) -> None:
    with pytest.raises(InvalidToken):
        signer.check("a" * (MAX_TOKEN_CHARS + 1), Purpose.AUDIO, "call1")


def test_short_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenSigner(b"short")


def test_hides_its_key(signer: TokenSigner) -> None:
    assert KEY.hex() not in repr(signer)
    assert str(KEY) not in repr(signer)
