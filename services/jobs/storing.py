"""Stores a run's transcript together with what people had changed about the call before."""

from services.domain.edits import CallEdits
from services.domain.errors import EditConflict, NotFound
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Transcript
from services.jobs.workshop import Workshop
from services.review.composing import carried_over

ATTEMPTS = 5


def store_transcript(
    workshop: Workshop,
    org_id: str,
    call_id: str,
    run_number: int,
    analysed: AnalysedTranscript,
    claim: int | None = None,
) -> str:
    """Store and activate the transcript with the call's edits carried over; return its id.

    Edits carried over to a redacted transcript are redacted too. Whoever edits at this very moment
    wins, and their edit is carried over as well. Raises NotFound when the call has been deleted,
    Cancelled when the run has ended or is another worker's by now, DiskFull ….
    """
    for _ in range(ATTEMPTS):
        edits = workshop.transcripts.edits(org_id, call_id)
        if not edits.version:
            return workshop.transcripts.save(org_id, call_id, run_number, analysed, claim=claim)
        call = workshop.calls.get(org_id, call_id)
        old = _edited_transcript(workshop, org_id, edits, call_id)
        shown = carried_over(call, edits, old, analysed.transcript, workshop.redactor)
        try:
            return workshop.transcripts.save(
                org_id,
                call_id,
                run_number,
                analysed,
                edits=shown.edits,
                shown=AnalysedTranscript(transcript=shown.transcript, analysis=shown.analysis),
                claim=claim,
            )
        except EditConflict:
            continue
    raise EditConflict


def _edited_transcript(
    workshop: Workshop, org_id: str, edits: CallEdits, call_id: str
) -> Transcript | None:
    """Return the transcript that the edits speak of, None when it doesn't exist any more."""
    if edits.transcript_id is None:
        return None
    try:
        return workshop.transcripts.get(org_id, call_id, edits.transcript_id)
    except NotFound:
        return None
