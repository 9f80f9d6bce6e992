"""Handing recordings in."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.api.caller import ApiUser, Here
from app.api.calls.answers import ReceivedAnswer
from app.api.calls.forms import CallForm
from app.api.calls.receiving import (
    ABOUT_HEADER,
    MOST_ABOUT_CHARS,
    Body,
    BodyHash,
    aborted_unless_done,
)
from app.api.errors import error_answers
from app.wiring import Services
from services.domain.errors import NotFound, RequestKeyTaken
from services.domain.people import User
from services.jobs.intake import Incoming, Received
from services.storage.request_keys import KnownRequest

CLIENT_GONE = 499
MOST_KEY_CHARS = 255

_FIELDS = {name: {"type": "string"} for name in CallForm.model_fields}
_SOUND = {"type": "string", "format": "binary", "description": "The recording, of any format."}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The recording itself; or a form with it as `file`, and the fields of "
        f"{ABOUT_HEADER} beside it (`options` as JSON). It is never held in memory as a whole.",
        "content": {
            "application/octet-stream": {"schema": _SOUND},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": _SOUND, **_FIELDS},
                    "required": ["file"],
                }
            },
        },
    }
}
router = APIRouter(tags=["calls"])

About = Annotated[
    str | None,
    Header(
        alias=ABOUT_HEADER,
        max_length=MOST_ABOUT_CHARS,
        description="What is known of the recording, as JSON in ASCII: `name`, `external_ref`, "
        "`agent_name`, `queue`, `customer_ref`, `direction` (inbound, outbound), `started_at`, "
        "`options`. Everything may be absent.",
        examples=['{"name": "call.wav", "external_ref": "crm-4711", "queue": "Billing"}'],
    ),
]
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=MOST_KEY_CHARS,
        description="Whatever names this request: made again with it, it makes no other call. "
        "Remembered for 7 days.",
    ),
]


@router.post(
    "/calls",
    status_code=201,
    response_model=ReceivedAnswer,
    openapi_extra=BODY,
    responses=error_answers(409, 422, 507)
    | {200: {"model": ReceivedAnswer, "description": "This content was among the calls already."}},
)
async def add_call(
    request: Request,
    response: Response,
    here: Here,
    user: ApiUser,
    _about: About = None,
    key: RequestKey = None,
) -> Response | ReceivedAnswer:
    """Hand a recording in: it becomes a call with a job, unless its content is there already.

    Recordings that may be interrupted on their way are better sent as uploads.
    """
    body = Body(request, here.settings.max_upload_bytes)
    made = await run_in_threadpool(here.request_keys.known, user.org_id, key) if key else None
    try:
        if made is not None:
            received = await _made_before(body, here, user, made)
        else:
            received = await _taken_in(body, here, user, key)
    except ClientDisconnect:
        # Nobody is there to be answered.
        return Response(status_code=CLIENT_GONE)
    response.status_code = 200 if received.duplicate or made else 201
    response.headers["Location"] = f"{request.url.path}/{received.call_id}"
    return ReceivedAnswer.of(received)


async def _taken_in(body: Body, here: Services, user: User, key: str | None) -> Received:
    incoming = await run_in_threadpool(here.intake.begin, user, body.name)
    async with aborted_unless_done(incoming):
        await body.pass_on(incoming)
        incoming.rename(body.name)
        return await run_in_threadpool(_committed, incoming, body.about(), here, user, key)


def _committed(
    incoming: Incoming, about: CallForm, here: Services, user: User, key: str | None
) -> Received:
    options = about.options.options(here.settings.default_options)
    if key is None:
        return incoming.commit(options, about.details())
    received = incoming.commit(
        options,
        about.details(),
        also=lambda connection, call_id: here.request_keys.note(
            user.org_id, key, call_id, connection=connection
        ),
    )
    if received.duplicate:
        here.request_keys.note(user.org_id, key, received.call_id, duplicate=True)
    return received


async def _made_before(body: Body, here: Services, user: User, made: KnownRequest) -> Received:
    """Return what the same request was answered. Raises RequestKeyTaken for another recording."""
    content = BodyHash()
    await body.pass_on(content)
    try:
        call = await run_in_threadpool(here.browsing.get, user, made.call_id)
    except NotFound:
        raise RequestKeyTaken("Its call has been deleted just now.") from None
    if call.content_hash != content.content_hash:
        raise RequestKeyTaken
    return Received(call_id=call.id, duplicate=made.duplicate, state=call.state)
