"""Calls listed, read, heard, deleted."""

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.caller import ApiUser, Here
from app.api.calls.answers import CallAnswer, CallsAnswer, JobAnswer, OneCallAnswer
from app.api.calls.listing import CallsQuery, write_cursor
from app.api.errors import error_answers
from app.ranges import ranged_response
from services.audio.render import PLAYBACK_MEDIA_TYPE
from services.exports import ExportFormat
from services.storage.call_pages import PlaceInList

CallId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The call's id.")]
BINARY = {"schema": {"type": "string", "format": "binary"}}
SOUND = {PLAYBACK_MEDIA_TYPE: BINARY, "audio/*": BINARY, "application/octet-stream": BINARY}

router = APIRouter(tags=["calls"])


class TranscriptFormat(StrEnum):
    """In which form a transcript is given."""

    JSON = ExportFormat.JSON
    TXT = ExportFormat.TXT
    SRT = ExportFormat.SRT
    VTT = ExportFormat.VTT
    CSV = ExportFormat.CSV


_TRANSCRIPTS: dict[str, Any] = {
    ExportFormat(one.value).media_type: {"schema": {"type": "string"}}
    for one in TranscriptFormat
    if one is not TranscriptFormat.JSON
} | {"application/json": {"schema": {"type": "object"}}}


@router.get("/calls")
def calls(wanted: Annotated[CallsQuery, Query()], here: Here, user: ApiUser) -> CallsAnswer:
    """Return calls page by page, those held last first.

    A page begins behind the last call of the one before, whatever came in meanwhile.
    """
    rows = here.browsing.page(user, wanted.wanted(), wanted.place(), limit=wanted.limit + 1)
    shown = [row.call for row in rows[: wanted.limit]]
    place = None
    if len(rows) > wanted.limit:
        place = PlaceInList(held_at=shown[-1].held_at, call_id=shown[-1].id)
    return CallsAnswer(
        calls=[CallAnswer.of(call) for call in shown],
        next_cursor=write_cursor(place) if place else None,
    )


@router.get("/calls/{call_id}")
def call(call_id: CallId, here: Here, user: ApiUser) -> OneCallAnswer:
    """Return a call, its facts, and how far its job has come."""
    found = here.browsing.get(user, call_id)
    progress = here.desk.progress(user, [call_id]).get(call_id)
    job = JobAnswer.of(progress) if progress else None
    return OneCallAnswer(**vars(CallAnswer.of(found)), job=job)


@router.get(
    "/calls/{call_id}/transcript",
    response_class=Response,
    responses={200: {"description": "The transcript as asked for.", "content": _TRANSCRIPTS}},
)
def call_transcript(
    call_id: CallId,
    here: Here,
    user: ApiUser,
    wanted: Annotated[TranscriptFormat, Query(alias="format")] = TranscriptFormat.JSON,
) -> Response:
    """Return the transcript of a call with all corrections made to it; 404 until there is one."""
    made = here.review.export(user, call_id, ExportFormat(wanted))
    name = quote(made.file_name, safe="")
    return Response(
        made.content,
        media_type=made.media_type,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        },
    )


@router.get(
    "/calls/{call_id}/audio",
    response_class=Response,
    responses=error_answers(416)
    | {
        200: {"description": "The sound.", "content": SOUND},
        206: {"description": "The range of it.", "content": SOUND},
    },
)
async def call_audio(
    call_id: CallId,
    request: Request,
    here: Here,
    user: ApiUser,
    original: Annotated[
        bool,
        Query(description="The recording as it came in, for those who may hear it."),
    ] = False,
) -> Response:
    """Return the sound of a call, or the one range of it that is asked for.

    Of a redacted call that is the sound in which personal data is covered.
    """
    if original:
        file, size, media_type = await run_in_threadpool(here.desk.open_original, user, call_id)
    else:
        file, size = await run_in_threadpool(here.desk.open_playback, user, call_id)
        media_type = PLAYBACK_MEDIA_TYPE
    return await ranged_response(request, file, size, media_type)


@router.delete("/calls/{call_id}", status_code=204, response_class=Response)
def delete_call(call_id: CallId, here: Here, user: ApiUser) -> Response:
    """Delete a call with its recording, transcripts and all else that belongs to it."""
    here.desk.delete(user, call_id)
    return Response(status_code=204)
