"""Errors over HTTP: each kind has its status, all have one form."""

import json

import pytest

from app.statuses import error_response, status_of
from services.domain import errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ApiOff(), 404),
        (errors.ApiTokenRefused(), 401),
        (errors.InvalidToken(), 401),
        (errors.BrowserRefused(), 403),
        (errors.NotFound(), 404),
        (errors.HeldElsewhere(), 409),
        (errors.LiveOver(), 410),
        (errors.PhoneCallGone(), 410),
        (errors.RequestTooLarge(), 413),
        (errors.TooLarge(), 413),
        (errors.UnsupportedOption(), 422),
        (errors.TelephonyRejected(), 422),
        (errors.TelephonyBusy(), 429),
        (errors.InvalidRequest(), 400),
        (errors.ProviderNotConfigured(), 400),
        (errors.TelephonyNotConfigured(), 501),
        (errors.TelephonyRefusedKey(), 502),
        (errors.TelephonyError(), 502),
        (errors.TelephonyUnavailable(), 503),
        (errors.ApiBusy(), 503),
        (errors.StorageError(), 503),
        (errors.WrongKey(), 500),
        (errors.DiskFull(), 507),
        (errors.InternalFault(), 500),
        (errors.PartylineError(), 500),
    ],
    ids=lambda one: one.code if isinstance(one, errors.PartylineError) else str(one),
)
def test_the_status_of_each_error(error: errors.PartylineError, status: int) -> None:
    assert status_of(error) == status


def test_an_answer_says_when_to_try_again_where_that_is_known() -> None:
    error = errors.TelephonyBusy()
    assert "retry-after" not in error_response(error).headers
    error.retry_after_s = 7
    assert error_response(error).headers["retry-after"] == "7"
    in_vain = errors.TelephonyRejected()
    in_vain.retry_after_s = 7
    assert "retry-after" not in error_response(in_vain).headers


def test_an_answer_has_one_form() -> None:
    answer = error_response(errors.TelephonyNotConfigured("Set ACS_ENDPOINT."), closes=True)
    assert json.loads(bytes(answer.body)) == {
        "error": {
            "code": "TelephonyNotConfigured",
            "message": "No telephone service is configured. Set ACS_ENDPOINT.",
            "retryable": False,
        }
    }
    assert answer.headers["connection"] == "close"
    assert answer.headers["cache-control"] == "no-store"
