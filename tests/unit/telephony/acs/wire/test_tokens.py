"""Who may call us: tokens that verify, those that don't, and keys that change."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from emulators.acs.server import AcsEmulator
from emulators.acs.tokens import CONNECTION_S, Issuer, TokenKind
from services.domain.errors import BadSettings, CallerRefused, TelephonyUnavailable
from services.telephony.acs.wire.keys import (
    ASK_EVERY_S,
    KEPT_S,
    MOST_BYTES,
    USED_UNTIL_S,
    SigningKeys,
    fetch_page,
)
from services.telephony.acs.wire.tokens import (
    ISSUER,
    MOST_TOKEN_CHARS,
    Refusal,
    TokenCheck,
    TokenRefused,
    keys_address,
)

RESOURCE = "8f4b2d9e-1111-2222-3333-444455556666"
ELSEWHERE = "https://issuer.example.org"


class Published:
    """An issuer whose page of keys is fetched here, at the time that the test says."""

    def __init__(self):
        self.issuer = Issuer(RESOURCE)
        self.issuer.address = ELSEWHERE
        self.now_s = 0.0
        self.asked = 0
        self.fails = False
        self.keys = SigningKeys(keys_address(ELSEWHERE), fetch=self.fetch, clock=lambda: self.now_s)
        self.check = TokenCheck(self.keys, audience=RESOURCE, issuer=ELSEWHERE)

    def fetch(self, address):
        assert address == "https://issuer.example.org/calling/keys"
        self.asked += 1
        if self.fails:
            raise TelephonyUnavailable
        return json.dumps(self.issuer.published()).encode()

    def bearer(self, kind=TokenKind.GOOD):
        return f"Bearer {self.issuer.token(kind)}"

    def refusal(self, authorization):
        with pytest.raises(TokenRefused) as raised:
            self.check.check(authorization)
        return raised.value.reason


@pytest.fixture
def published():
    return Published()


def test_a_token_of_the_service_is_taken(published):
    caller = published.check.check(published.bearer())
    assert caller.issuer == ELSEWHERE
    assert published.check.check(published.bearer().replace("Bearer", "bearer"))
    assert published.asked == 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (TokenKind.FORGED, Refusal.SIGNATURE),
        (TokenKind.UNKNOWN_KEY, Refusal.UNKNOWN_KEY),
        (TokenKind.EXPIRED, Refusal.EXPIRED),
        (TokenKind.NOT_YET, Refusal.NOT_YET),
        (TokenKind.WRONG_AUDIENCE, Refusal.AUDIENCE),
        (TokenKind.WRONG_ISSUER, Refusal.ISSUER),
        (TokenKind.UNSIGNED, Refusal.ALGORITHM),
        (TokenKind.SYMMETRIC, Refusal.ALGORITHM),
    ],
)
def test_any_other_token_is_refused(published, kind, reason):
    assert published.refusal(published.bearer(kind)) is reason


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, Refusal.MISSING),
        ("", Refusal.MISSING),
        ("Bearer", Refusal.MALFORMED),
        ("Bearer ", Refusal.MALFORMED),
        ("Bearer a.b.c", Refusal.MALFORMED),
        ("Basic dXNlcjpwYXNz", Refusal.MALFORMED),
        ("Bearer " + "a" * MOST_TOKEN_CHARS, Refusal.MALFORMED),
        ("Bearer ä.b.c", Refusal.MALFORMED),
    ],
)
def test_what_is_no_token_is_refused_without_asking_anybody(published, authorization, reason):
    assert published.refusal(authorization) is reason
    assert published.asked == 0


def test_a_token_without_what_it_needs_is_refused(published):
    key_id, key = published.issuer.newest
    header = {"kid": key_id}
    for missing in ("exp", "iss", "aud"):
        claims = {"exp": 4_000_000_000, "iss": ELSEWHERE, "aud": RESOURCE}
        del claims[missing]
        token = jwt.encode(claims, key, algorithm="RS256", headers=header)
        assert published.refusal(f"Bearer {token}") in {Refusal.CLAIM_MISSING, Refusal.AUDIENCE}
    nameless = jwt.encode({"exp": 4_000_000_000}, key, algorithm="RS256")
    assert published.refusal(f"Bearer {nameless}") is Refusal.UNKNOWN_KEY


def test_a_refusal_tells_the_caller_nothing(published):
    with pytest.raises(CallerRefused) as raised:
        published.check.check(published.bearer(TokenKind.WRONG_AUDIENCE))
    assert RESOURCE not in str(raised.value)
    assert raised.value.code == "CallerRefused"
    assert raised.value.__cause__ is None


# --- keys ---------------------------------------------------------------------------------------


def test_a_new_key_is_fetched_once_and_old_ones_stay(published):
    old = published.bearer()
    published.check.check(old)
    published.issuer.rotate()
    published.now_s += ASK_EVERY_S
    published.check.check(published.bearer())
    published.check.check(old)
    assert published.asked == 2


def test_unknown_keys_are_asked_for_once_a_minute(published):
    published.check.check(published.bearer())
    for _ in range(50):
        published.now_s += 1.0
        assert published.refusal(published.bearer(TokenKind.UNKNOWN_KEY)) is Refusal.UNKNOWN_KEY
    assert published.asked == 1
    published.now_s += ASK_EVERY_S
    published.refusal(published.bearer(TokenKind.UNKNOWN_KEY))
    published.refusal(published.bearer(TokenKind.UNKNOWN_KEY))
    assert published.asked == 2


def test_a_withdrawn_key_counts_no_more_once_the_keys_are_renewed(published):
    old = published.bearer()
    published.check.check(old)
    published.issuer.rotate(withdraw=True)
    published.check.check(old)
    published.now_s += KEPT_S
    assert published.refusal(old) is Refusal.UNKNOWN_KEY


def test_known_keys_outlive_an_issuer_that_is_away_but_not_for_ever(published):
    published.check.check(published.bearer())
    published.fails = True
    published.now_s += KEPT_S
    published.check.check(published.bearer())
    published.now_s += USED_UNTIL_S
    with pytest.raises(TelephonyUnavailable):
        published.check.check(published.bearer())


def test_an_issuer_that_is_away_from_the_beginning_is_asked_once_a_minute(published):
    published.fails = True
    for _ in range(5):
        with pytest.raises(TelephonyUnavailable):
            published.check.check(published.bearer())
    assert published.asked == 1
    published.fails = False
    published.now_s += ASK_EVERY_S
    published.check.check(published.bearer())


@pytest.mark.parametrize("page", [b"", b"[]", b"{}", b'{"keys": 7}', b"[" * 10_000, b"\xff"])
def test_a_page_that_holds_no_keys_is_none(page):
    keys = SigningKeys("https://issuer.example.org", fetch=lambda _: page)
    with pytest.raises(TelephonyUnavailable):
        keys.find("any")


def test_keys_of_other_kinds_are_passed_over():
    issuer = Issuer(RESOURCE)
    (good,) = issuer.published()["keys"]
    curve = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
    page = {
        "keys": [
            7,
            {"kty": "RSA"},
            {"kty": "RSA", "kid": "broken", "n": "!", "e": "?"},
            {**curve, "kid": "curve"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric"},
            {**good, "kid": "encrypts", "use": "enc"},
            {**good, "kid": "other", "alg": "RS512"},
            good,
        ]
    }
    keys = SigningKeys("https://issuer.example.org", fetch=lambda _: json.dumps(page).encode())
    assert keys.find(good["kid"]) is not None
    for key_id in ("broken", "curve", "symmetric", "encrypts", "other"):
        assert keys.find(key_id) is None


def test_keys_come_by_https_or_from_this_machine():
    with pytest.raises(BadSettings):
        SigningKeys("http://issuer.example.org/keys")
    with AcsEmulator() as service:
        keys = SigningKeys(keys_address(service.endpoint))
        check = TokenCheck(keys, audience=service.issuer.audience, issuer=service.endpoint)
        token = service.issuer.token(lifetime_s=CONNECTION_S)
        assert check.check(f"Bearer {token}").issuer == service.endpoint
        assert service.keys_asked == 1
        with pytest.raises(TelephonyUnavailable):
            fetch_page(service.endpoint + "/elsewhere")
    with pytest.raises(TelephonyUnavailable):
        fetch_page(service.endpoint + "/calling/keys")


def test_a_page_of_keys_has_bounds():
    with AcsEmulator() as service:
        service.issuer.published = lambda: {"keys": ["x" * MOST_BYTES]}
        with pytest.raises(TelephonyUnavailable):
            fetch_page(keys_address(service.endpoint))


@pytest.mark.parametrize("given", [{"audience": ""}, {"audience": RESOURCE, "issuer": ""}])
def test_a_check_against_nothing_is_none(given, published):
    with pytest.raises(BadSettings):
        TokenCheck(published.keys, **given)


def test_the_services_own_issuer_is_the_usual_one(published):
    check = TokenCheck(published.keys, audience=RESOURCE)
    published.issuer.address = ISSUER
    assert check.check(published.bearer()).issuer == ISSUER
    assert keys_address(ISSUER + "/") == ISSUER + "/calling/keys"
