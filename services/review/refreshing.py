"""Writes anew what an older version of Partyline kept about calls beside their transcripts."""

from collections.abc import Callable

from services.domain.errors import NotFound, NotReady
from services.domain.reviewed import ReviewedCall
from services.review.composing import VoiceNames, reviewed
from services.storage.calls import CallStore
from services.storage.transcripts import TranscriptStore

CALLS_AT_ONCE = 100


class Refresher:
    """Goes over the calls whose figures are of an older form."""

    def __init__(
        self,
        calls: CallStore,
        transcripts: TranscriptStore,
        known_voices: VoiceNames,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Work on these stores until ``stopping()``."""
        self._calls = calls
        self._transcripts = transcripts
        self._known_voices = known_voices
        self._stopping = stopping

    def refresh(self) -> int:
        """Bring all calls to the present form; return how many there were."""
        refreshed = 0
        while not self._stopping():
            outdated = self._transcripts.in_older_form(CALLS_AT_ONCE)
            for org_id, call_id in outdated:
                self.write_anew(org_id, call_id)
            refreshed += len(outdated)
            if len(outdated) < CALLS_AT_ONCE:
                break
        return refreshed

    def write_anew(self, org_id: str, call_id: str) -> None:
        """Write anew all that follows from what is shown of one call."""
        try:
            shown = self.shown(org_id, call_id)
            self._transcripts.save_figures(org_id, call_id, shown.analysed)
        except (NotFound, NotReady):
            # Deleted a moment ago; its figures are gone as well.
            return

    def shown(self, org_id: str, call_id: str) -> ReviewedCall:
        """Return a call as it is shown now. Raises NotFound, NotReady."""
        call = self._calls.get(org_id, call_id)
        transcript = self._transcripts.active(org_id, call_id)
        edits = self._transcripts.edits(org_id, call_id)
        return reviewed(call, transcript, edits, self._known_voices.names(org_id))
