"""Calls and transcripts in a store, for the suites beside this page."""

from dataclasses import replace

from services.analysis.metrics import analyse
from services.domain.calls import CALLS_QUEUE, Call, ProcessingOptions
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Transcript
from services.storage.calls import CallStore
from services.storage.keys import MasterKey
from tests.builders import call, first_run, transcript

MASTER_KEY = MasterKey(bytes(range(32)))
ORG = "local"
OTHER = "other"


def add(
    calls: CallStore,
    *,
    options: ProcessingOptions | None = None,
    queue: str = CALLS_QUEUE,
    **changes: object,
) -> Call:
    """Add a call with its first run."""
    made = call(**changes)
    run = replace(first_run(made), options=options or ProcessingOptions(), queue=queue)
    calls.add(made, run, MASTER_KEY.new_data_key(made.id))
    return made


def analysed(spoken: Transcript | None = None, **changes: object) -> AnalysedTranscript:
    """A transcript with its figures."""
    made = replace(spoken or transcript(), **changes)
    return AnalysedTranscript(transcript=made, analysis=analyse(made))
