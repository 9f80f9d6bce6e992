"""Having the summary of a call written again while the person looks on."""

from streamlit.delta_generator import DeltaGenerator

from app import session
from services.domain.calls import Stage
from services.domain.errors import PartylineError
from services.domain.people import Right
from services.domain.running import RunContext

READING = "The language model is reading the call"


def can_write_summaries() -> bool:
    """Whether there is a model to write them, and the person may have it done."""
    return session.services().summaries.can_write and session.current_user().may(Right.EDIT_CALLS)


def write_summary_again(call_id: str, place: DeltaGenerator) -> None:
    """Write it, show in this place how far it is, and tell how it ended.

    What was there stays on failure.
    """
    bar = place.progress(0.0, text=READING)

    def show(_stage: Stage, fraction: float) -> None:
        bar.progress(fraction, text=READING)

    try:
        session.services().summaries.write_again(
            session.current_user(), call_id, RunContext(on_progress=show)
        )
    except PartylineError as error:
        session.notify(error.user_message)
    else:
        session.notify("The summary has been written again.")
    finally:
        bar.empty()
