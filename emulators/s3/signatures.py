"""Signature V4 as Amazon describes it: whether a request was signed with the one secret."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNED_AT_MOST_APART = timedelta(minutes=15)
UNSIGNED_BODY = "UNSIGNED-PAYLOAD"

_HEADER = re.compile(
    ALGORITHM + r" Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request,"
    r"\s*SignedHeaders=(?P<names>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_MUST_BE_SIGNED = {"host", "x-amz-date", "x-amz-content-sha256"}


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Whose requests are accepted."""

    key_id: str
    secret: str
    region: str


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """What of a request goes into its signature, as it came over the wire.

    ``path`` and ``query`` are still escaped; header names are in lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def body_hash(self) -> str:
        """What the sender says of its body: SHA-256 in hexadecimal, or a word instead."""
        return self.headers.get("x-amz-content-sha256", "")


def refusal_of(request: SignedRequest, credentials: Credentials, now: datetime) -> str | None:
    """Return S3's code for what is wrong with a request's signature, None when it is right."""
    found = _HEADER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return "AccessDenied"
    if found["key"] != credentials.key_id:
        return "InvalidAccessKeyId"
    names = found["names"].split(";")
    sent_at = _moment(request.headers.get("x-amz-date", ""))
    if sent_at is None or not set(names) >= _MUST_BE_SIGNED or not request.body_hash:
        return "AccessDenied"
    if abs(now - sent_at) > SIGNED_AT_MOST_APART:
        return "RequestTimeTooSkewed"
    if found["region"] != credentials.region or found["day"] != f"{sent_at:%Y%m%d}":
        return "AuthorizationHeaderMalformed"
    right = signature_of(request, names, sent_at, credentials)
    return None if hmac.compare_digest(right, found["signature"]) else "SignatureDoesNotMatch"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def signature_of(
    request: SignedRequest, names: list[str], sent_at: datetime, credentials: Credentials
) -> str:
    """Return the one right signature over these headers, in hexadecimal."""
    day = f"{sent_at:%Y%m%d}"
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    asked = hashlib.sha256(_canonical(request, names).encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{sent_at:%Y%m%dT%H%M%SZ}\n{scope}\n{asked}"
    key = f"AWS4{credentials.secret}".encode()
    for step in (day, credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.new(key, to_sign.encode(), "sha256").hexdigest()


def _canonical(request: SignedRequest, names: list[str]) -> str:
    pairs = [pair.partition("=") for pair in request.query.split("&") if pair]
    query = "&".join(
        f"{name}={value}" for name, value in sorted((_once(n), _once(v)) for n, _, v in pairs)
    )
    headers = "".join(f"{name}:{_tidy(request.headers.get(name, ''))}\n" for name in names)
    asked = (request.method, quote(unquote(request.path), safe="/-_.~"), query)
    return "\n".join((*asked, headers, ";".join(names), request.body_hash))


def _once(text: str) -> str:
    """Escape a name or value exactly once, whichever way it was written."""
    return quote(unquote(text), safe="-_.~")


def _tidy(value: str) -> str:
    return " ".join(value.split())
