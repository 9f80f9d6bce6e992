"""The service that people sign in with, as far as we ask it ourselves."""

import httpx

from services import telemetry

ANSWERS_WITHIN_S = 5.0


def sign_in_answers(metadata_url: str) -> bool:
    """Say whether the service tells what it can do, which signing in begins with."""
    try:
        answer = httpx.get(metadata_url, timeout=ANSWERS_WITHIN_S, follow_redirects=True)
        told = answer.json() if answer.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        told = None
    if isinstance(told, dict) and "authorization_endpoint" in told:
        return True
    telemetry.warning("sign_in.service_unreachable")
    return False
