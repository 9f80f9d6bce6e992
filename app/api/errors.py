"""How the API answers errors, and how its description tells of them."""

import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.statuses import error_response
from services.domain.errors import (
    InternalFault,
    InvalidRequest,
    NotDoneHere,
    NothingHere,
    PartylineError,
    RequestTooLarge,
    RequestTooSlow,
)

Answers = dict[int | str, dict[str, Any]]
Handlers = dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]

MOST_NAMED = 5
_PLAIN_NAME = re.compile(r"[a-z_]{1,40}")
_NO_JSON = "Its body is no JSON object."

_OF_STATUS: dict[int, type[PartylineError]] = {
    400: InvalidRequest,
    404: NothingHere,
    405: NotDoneHere,
    408: RequestTooSlow,
    413: RequestTooLarge,
}
_WHEN = {
    400: "What was sent can't be used.",
    401: "The token is missing or wrong.",
    403: "Whoever the token stands for may not do this; or a browser asks.",
    404: "There is no such call, or no such address; or the API is switched off.",
    408: "The request did not come to its end in time.",
    409: "Another process of this installation holds the call; the upload stands elsewhere; or the "
    "Idempotency-Key came with another recording.",
    410: "The call is over, or rings no more.",
    413: "The request is too large.",
    416: "The recording has no such range.",
    422: "The telephone service can't be asked for this, or has rejected it; or the recording "
    "can't be used.",
    429: "The telephone service limits requests; or too many uploads are open.",
    500: "A fault of Partyline's own.",
    501: "Phone calls are not set up; the sentence names the settings.",
    502: "The telephone service refused the key, or reported a fault.",
    503: "Try again later: too much is being done, or something can't be reached.",
    507: "The disk is full.",
}


class ErrorTold(BaseModel):
    """What went wrong: a stable code, a sentence for people, whether trying again can help."""

    code: str
    message: str
    retryable: bool


class ErrorAnswer(BaseModel):
    """The one form of all errors. Where it is known, Retry-After says how long to wait, in s."""

    error: ErrorTold


def error_answers(*statuses: int) -> Answers:
    """Return what the description says of these statuses, each in the one form."""
    told: Answers = {"default": {"model": ErrorAnswer, "description": "Any other error."}}
    return told | {
        status: {"model": ErrorAnswer, "description": _WHEN[status]} for status in statuses
    }


def invalid_form(error: ValidationError) -> InvalidRequest:
    """Return what a form that is no body of its own is refused with."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return InvalidRequest(_amiss({**one, "loc": ("form", *one["loc"])} for one in found))


async def _known(_request: Request, error: PartylineError) -> Response:
    return error_response(error)


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    return error_response(InvalidRequest(_amiss(error.errors())))


async def _by_status(_request: Request, error: HTTPException) -> Response:
    kind = _OF_STATUS.get(error.status_code, InternalFault)
    answer = error_response(kind(), closes=error.status_code in (408, 413))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


HANDLERS: Handlers = {
    PartylineError: _known,
    RequestValidationError: _invalid,
    HTTPException: _by_status,
}


def _amiss(problems: Iterable[dict[str, Any]]) -> str:
    """Return which fields are amiss, by their names; never what was in them."""
    unknown: list[str] = []
    wrong: list[str] = []
    for problem in problems:
        where = [str(part) for part in problem["loc"][1:] if not isinstance(part, int)]
        if problem["type"] == "json_invalid" or not where:
            return _NO_JSON
        # A name of somebody else's making is told only when it can be one.
        name = ".".join(part if _PLAIN_NAME.fullmatch(part) else "…" for part in where)
        (unknown if problem["type"] == "extra_forbidden" else wrong).append(name)
    told = [
        f"{words} {', '.join(list(dict.fromkeys(names))[:MOST_NAMED])}."
        for words, names in (("There is no field", unknown), ("Look at", wrong))
        if names
    ]
    return " ".join(told)
