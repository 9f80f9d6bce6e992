"""A call processed again, with other options; or not any more."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from app.api.caller import ApiUser, Here
from app.api.calls.answers import RunAnswer, RunsAnswer
from app.api.calls.forms import RunForm
from app.api.calls.reading import CallId
from services.domain.errors import InvalidRequest

AS_BEFORE = RunForm()
MOST_RUNS = 1_000_000

router = APIRouter(prefix="/calls/{call_id}/runs", tags=["calls"])


@router.get("")
def call_runs(call_id: CallId, here: Here, user: ApiUser) -> RunsAnswer:
    """Return how often a call was processed, how, and what came of it."""
    return RunsAnswer(runs=[RunAnswer.of(run) for run in here.browsing.runs(user, call_id)])


@router.post("", status_code=202)
def run_again(
    call_id: CallId,
    here: Here,
    user: ApiUser,
    request: Request,
    response: Response,
    form: Annotated[RunForm, Body()] = AS_BEFORE,
) -> RunAnswer:
    """Process a call once more; what is absent is as in its newest run.

    Its transcript stays the active one until the new one is there.
    """
    before = here.browsing.newest_run(user, call_id).options
    run = here.desk.rerun(user, call_id, form.changed(before, here.settings.default_options))
    response.headers["Location"] = request.url.path
    return RunAnswer.of(run)


@router.delete("/{number}", status_code=202, response_class=Response)
def cancel_run(
    call_id: CallId,
    number: Annotated[int, Path(ge=1, le=MOST_RUNS)],
    here: Here,
    user: ApiUser,
) -> Response:
    """Stop the newest run of a call: at once while it waits, else soon. One that is over stays."""
    if here.browsing.get(user, call_id).run != number:
        raise InvalidRequest("Only the newest run of a call can be stopped.")
    here.desk.cancel(user, call_id)
    return Response(status_code=202)
