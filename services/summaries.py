"""Writing the summary of a stored call again, without listening to the call again."""

from collections.abc import Callable
from dataclasses import replace

from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import EditConflict, LanguageModelNotConfigured
from services.domain.people import User
from services.domain.running import RunContext
from services.domain.speech import Summary
from services.review.service import ReviewService
from services.storage.summaries import SummaryStore
from services.storage.transcripts import TranscriptStore
from services.understanding.summariser import Summariser

ATTEMPTS = 3


class SummaryDesk:
    """Has a language model write summaries of stored calls.

    Unlike in a run, nothing stands in for the model here: a summary that is there already is
    better than a fallback, so its errors reach the person.
    """

    def __init__(
        self,
        review: ReviewService,
        transcripts: TranscriptStore,
        summaries: SummaryStore,
        model: Callable[[], Summariser] | None,
        *,
        authority: Authority,
    ) -> None:
        """Ask this model, made at its first use; None: there is none."""
        self._authority = authority
        self._review = review
        self._transcripts = transcripts
        self._summaries = summaries
        self._model = model

    @property
    def can_write(self) -> bool:
        """Whether there is a language model to ask."""
        return self._model is not None

    def write_again(self, user: User, call_id: str, context: RunContext) -> Summary:
        """Replace the summary of a call, read with all corrections made to it.

        Raises AccessDenied, NotFound, NotReady, a LanguageModelError, Cancelled, EditConflict when
        another transcript has become active meanwhile.
        """
        self._authority.call(user, call_id, Act.CALL_EDITED)
        if self._model is None:
            raise LanguageModelNotConfigured
        transcript = self._review.load(user, call_id).transcript
        summary = self._model().summarise(transcript, context)
        writer = summary.origin.name if summary.origin else transcript.provider
        self._summaries.save(user.org_id, call_id, transcript.id, summary, writer=writer)
        self._note_change(user, call_id, transcript.id)
        return summary

    def _note_change(self, user: User, call_id: str, transcript_id: str) -> None:
        """Give the call its next version: every process keeps calls in memory by it."""
        for _ in range(ATTEMPTS):
            edits = self._transcripts.edits(user.org_id, call_id)
            try:
                # Edits always speak of the transcript that was active when they were made.
                made_on = edits.transcript_id or transcript_id
                self._transcripts.save_edits(
                    user.org_id, call_id, replace(edits, transcript_id=made_on)
                )
            except EditConflict:
                continue
            return
