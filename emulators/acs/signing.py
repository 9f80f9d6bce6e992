"""Checks that a request is signed with the resource's key, as the service does."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

HEADERS = "x-ms-date;host;x-ms-content-sha256"
OLDEST = timedelta(minutes=5)
_AUTHORIZATION = re.compile(r"HMAC-SHA256 SignedHeaders=(?P<headers>[^&]+)&Signature=(?P<value>.+)")


def why_unsigned(
    key: str, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> str | None:
    """Return what is wrong with a request's signature, None when it is right.

    ``headers`` have lower-case names, ``target`` is path and query as they were sent.
    """
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None or found["headers"].lower() != HEADERS:
        return "unsigned"
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if headers.get("x-ms-content-sha256") != digest:
        return "content"
    date = headers.get("x-ms-date", "")
    try:
        if abs(datetime.now(UTC) - parsedate_to_datetime(date)) > OLDEST:
            return "date"
    except (TypeError, ValueError):
        return "date"
    signed = f"{method}\n{target}\n{date};{headers.get('host', '')};{digest}"
    expected = hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(expected), found["value"].encode()):
        return "signature"
    return None
