"""Recordings that are sent piece by piece, and go on where they were interrupted."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.caller import ApiUser, Here
from app.api.calls.adding import CLIENT_GONE
from app.api.calls.answers import ReceivedAnswer, UploadAnswer
from app.api.calls.forms import UploadForm
from app.api.calls.receiving import aborted_unless_done, pass_on, refuse_oversize
from app.api.errors import error_answers
from app.statuses import error_response
from app.wiring import Services
from services.domain.errors import RequestTooSlow, UploadOffset
from services.domain.people import User
from services.ingest.uploads import Receiving
from services.storage.uploads import Upload

UploadId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The upload's id.")]
Offset = Annotated[
    int,
    Header(
        alias="Upload-Offset",
        ge=0,
        le=2**53,
        description="Where in the recording the bytes of this request begin.",
    ),
]
PIECE = {
    "requestBody": {
        "required": True,
        "description": "The next bytes of the recording, as many as you like up to its end.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(prefix="/uploads", tags=["uploads"])


@router.post("", status_code=201, responses=error_answers(422, 429))
def begin_upload(
    form: UploadForm, here: Here, user: ApiUser, request: Request, response: Response
) -> UploadAnswer:
    """Begin an upload: say how large it will be, and what is known of the recording.

    Send its bytes with PATCH, as many at a time as you like; after an interruption ask by HEAD
    how many have arrived, and go on from there.
    """
    upload = here.uploads.begin(
        user,
        form.name,
        form.size,
        form.options.options(here.settings.default_options),
        form.details(),
        form.sha256,
    )
    response.headers["Location"] = f"{request.url.path}/{upload.id}"
    _tell(response, upload)
    return _answer(here, upload)


@router.get("/{upload_id}")
def upload(upload_id: UploadId, here: Here, user: ApiUser, response: Response) -> UploadAnswer:
    """Return how an upload stands."""
    found = here.uploads.get(user, upload_id)
    _tell(response, found)
    return _answer(here, found)


@router.head("/{upload_id}", response_class=Response)
def upload_offset(upload_id: UploadId, here: Here, user: ApiUser) -> Response:
    """Return in Upload-Offset how many bytes have arrived, in Upload-Length how many there are."""
    response = Response()
    _tell(response, here.uploads.get(user, upload_id))
    return response


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    openapi_extra=PIECE,
    responses=error_answers(409, 507),
)
async def continue_upload(
    upload_id: UploadId, offset: Offset, request: Request, here: Here, user: ApiUser
) -> Response:
    """Send bytes where the upload stands; those that arrive are kept whatever comes after.

    409 when it stands elsewhere: Upload-Offset says where.
    """
    refuse_oversize(request, here.settings.max_upload_bytes)
    try:
        receiving = await run_in_threadpool(here.uploads.receive, user, upload_id, offset)
        now = await _received(request, receiving)
    except UploadOffset as error:
        return await run_in_threadpool(_stands_elsewhere, here, user, upload_id, error)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    response = Response(status_code=204)
    _tell(response, now)
    return response


@router.post(
    "/{upload_id}/complete",
    status_code=201,
    response_model=ReceivedAnswer,
    responses=error_answers(409, 422, 507)
    | {200: {"model": ReceivedAnswer, "description": "This content was among the calls already."}},
)
def complete_upload(
    upload_id: UploadId, here: Here, user: ApiUser, request: Request, response: Response
) -> Response | ReceivedAnswer:
    """Make a call of an upload of which all has arrived. Asked again it says the same.

    409 while something is lacking; 422 when its SHA-256 is not what was announced, and then the
    upload is gone.
    """
    try:
        received = here.uploads.complete(user, upload_id)
    except UploadOffset as error:
        return _stands_elsewhere(here, user, upload_id, error)
    response.status_code = 200 if received.duplicate else 201
    calls = request.url.path.rsplit("/uploads/", 1)[0]
    response.headers["Location"] = f"{calls}/calls/{received.call_id}"
    return ReceivedAnswer.of(received)


@router.delete("/{upload_id}", status_code=204, response_class=Response)
def give_up_upload(upload_id: UploadId, here: Here, user: ApiUser) -> Response:
    """Give an upload up, with all that has arrived; a call that it has become stays."""
    here.uploads.give_up(user, upload_id)
    return Response(status_code=204)


async def _received(request: Request, receiving: Receiving) -> Upload:
    """Take in what comes; what has come is kept when no more does."""
    async with aborted_unless_done(receiving):
        try:
            await pass_on(request.stream(), receiving)
        except (ClientDisconnect, HTTPException, RequestTooSlow):
            await run_in_threadpool(receiving.keep)
            raise
        await run_in_threadpool(receiving.keep)
    return receiving.upload


def _stands_elsewhere(here: Services, user: User, upload_id: str, error: UploadOffset) -> Response:
    answer = error_response(error)
    _tell(answer, here.uploads.get(user, upload_id))
    return answer


def _tell(response: Response, upload: Upload) -> None:
    response.headers["Upload-Offset"] = str(upload.offset_bytes)
    response.headers["Upload-Length"] = str(upload.size_bytes)
    response.headers["Cache-Control"] = "no-store"


def _answer(here: Services, upload: Upload) -> UploadAnswer:
    return UploadAnswer.of(upload, here.uploads.expires_at(upload))
