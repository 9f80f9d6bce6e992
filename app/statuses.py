"""How errors are answered over HTTP: one status for each kind, one form for all."""

from http import HTTPStatus

from starlette.responses import JSONResponse

from services.domain.errors import (
    AccessDenied,
    ApiBusy,
    ApiOff,
    ApiTokenNotFound,
    ApiTokenRefused,
    BadAudio,
    DataDamaged,
    DiskFull,
    HeldElsewhere,
    InvalidRequest,
    InvalidToken,
    LiveOver,
    NotDoneHere,
    NotFound,
    NothingHere,
    NotReady,
    NotSignedIn,
    PartylineError,
    PersonKnown,
    PersonNotFound,
    PhoneCallGone,
    ProviderError,
    RequestKeyTaken,
    RequestTooLarge,
    RequestTooSlow,
    SoundGone,
    StorageError,
    TelephonyBusy,
    TelephonyError,
    TelephonyNotConfigured,
    TelephonyRejected,
    TelephonyUnavailable,
    TooLarge,
    TooManyRequests,
    TooManyUploads,
    TooManyWrongTokens,
    UnsupportedOption,
    UploadNotFound,
    UploadOffset,
    UploadsFull,
    WrongKey,
)

# The first class that fits an error decides its status.
STATUSES: tuple[tuple[type[PartylineError], HTTPStatus], ...] = (
    # What isn't set up isn't there, as with the addresses for telephone services.
    (ApiOff, HTTPStatus.NOT_FOUND),
    (ApiTokenRefused, HTTPStatus.UNAUTHORIZED),
    (TooManyWrongTokens, HTTPStatus.TOO_MANY_REQUESTS),
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (PersonNotFound, HTTPStatus.NOT_FOUND),
    (ApiTokenNotFound, HTTPStatus.NOT_FOUND),
    (PersonKnown, HTTPStatus.CONFLICT),
    (InvalidToken, HTTPStatus.UNAUTHORIZED),
    (AccessDenied, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (NothingHere, HTTPStatus.NOT_FOUND),
    (NotReady, HTTPStatus.NOT_FOUND),
    (SoundGone, HTTPStatus.NOT_FOUND),
    (NotDoneHere, HTTPStatus.METHOD_NOT_ALLOWED),
    (RequestTooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (HeldElsewhere, HTTPStatus.CONFLICT),
    (UploadNotFound, HTTPStatus.NOT_FOUND),
    (UploadOffset, HTTPStatus.CONFLICT),
    (RequestKeyTaken, HTTPStatus.CONFLICT),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyUploads, HTTPStatus.TOO_MANY_REQUESTS),
    (UploadsFull, HTTPStatus.TOO_MANY_REQUESTS),
    (LiveOver, HTTPStatus.GONE),
    (PhoneCallGone, HTTPStatus.GONE),
    (RequestTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (BadAudio, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TelephonyRejected, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnsupportedOption, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidRequest, HTTPStatus.BAD_REQUEST),
    (ProviderError, HTTPStatus.BAD_REQUEST),
    (TelephonyBusy, HTTPStatus.TOO_MANY_REQUESTS),
    # Not 503: whoever asks again gets the same answer until somebody sets it up.
    (TelephonyNotConfigured, HTTPStatus.NOT_IMPLEMENTED),
    (TelephonyUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TelephonyError, HTTPStatus.BAD_GATEWAY),
    (ApiBusy, HTTPStatus.SERVICE_UNAVAILABLE),
    (DiskFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (DataDamaged, HTTPStatus.INTERNAL_SERVER_ERROR),
    (WrongKey, HTTPStatus.INTERNAL_SERVER_ERROR),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: PartylineError) -> int:
    """Return the status that an error is answered with."""
    fits = (status for kind, status in STATUSES if isinstance(error, kind))
    return next(fits, HTTPStatus.INTERNAL_SERVER_ERROR).value


def error_response(error: PartylineError, *, closes: bool = False) -> JSONResponse:
    """Answer an error with its sentence and a status that fits.

    ``closes``: what was not read of the request is not waited for, either.
    """
    status = status_of(error)
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retryable and error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if closes:
        headers["Connection"] = "close"
    told = {"code": error.code, "message": error.user_message, "retryable": error.retryable}
    return JSONResponse({"error": told}, status_code=status, headers=headers)
