"""A call's transcripts beside each other, each with its figures."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from services.access.authority import Authority
from services.analysis.comparing import compare
from services.domain.acts import Act
from services.domain.comparing import Comparison
from services.domain.edits import CallEdits
from services.domain.errors import NotFound
from services.domain.people import User
from services.domain.reviewed import ReviewedCall
from services.review.composing import VoiceNames, reviewed
from services.review.recent import RecentCalls
from services.review.service import ReviewService
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore, TranscriptVersion

RECENT_COMPARISONS = 4


@dataclass(frozen=True, kw_only=True)
class KnownTranscript:
    """One of a call's transcripts; ``relabelled``: its words are those of an earlier one."""

    version: TranscriptVersion
    relabelled: bool = False


@dataclass(frozen=True, kw_only=True)
class ComparedCall:
    """Two transcripts of a call with what differs between them."""

    reference: ReviewedCall
    other: ReviewedCall
    comparison: Comparison


class ComparingDesk:
    """Compares transcripts of calls.

    The active one is taken as people see it, with their edits; others as they were delivered.
    """

    def __init__(
        self,
        review: ReviewService,
        transcripts: TranscriptStore,
        runs: RunStore,
        known_voices: VoiceNames | None = None,
        *,
        authority: Authority,
    ) -> None:
        """Work on these stores; ``known_voices`` names recognised speakers, None: nobody."""
        self._review = review
        self._transcripts = transcripts
        self._runs = runs
        self._known_voices = known_voices
        self._authority = authority
        self._recent = RecentCalls[ComparedCall](RECENT_COMPARISONS)

    def transcripts(self, user: User, call_id: str) -> Sequence[KnownTranscript]:
        """Return the call's transcripts, the oldest first; none for a call that isn't there."""
        try:
            self._authority.reached(user, call_id)
        except NotFound:
            return []
        relabelled = {
            run.number
            for run in self._runs.list_for_call(user.org_id, call_id)
            if run.options.relabel_of is not None
        }
        return [
            KnownTranscript(version=version, relabelled=version.run in relabelled)
            for version in self._transcripts.list_for_call(user.org_id, call_id)
        ]

    def compare(self, user: User, call_id: str, reference: str, other: str) -> ComparedCall:
        """Return two transcripts, named by their ids, beside each other.

        Raises NotFound when the call or one of them is not there any more, NotReady when the call
        has none, TextNotShown when one of them is not redacted to whoever may not read that.
        """
        try:
            shown = self._review.load(user, call_id)
        except NotFound:
            self._recent.forget(call_id)
            raise
        names = self._known_voices.names(user.org_id) if self._known_voices else {}
        self._check_text(user, call_id, {reference, other} - {shown.transcript.id})
        wanted = (reference, other, shown.version, shown.call.details, frozenset(names.items()))
        found = self._recent.get(call_id, wanted)
        if found is None:
            sides = [self._side(user, shown, side, names) for side in (reference, other)]
            found = ComparedCall(
                reference=sides[0],
                other=sides[1],
                comparison=compare(sides[0].transcript, sides[1].transcript),
            )
            self._recent.put(call_id, wanted, found)
        return found

    def _check_text(self, user: User, call_id: str, transcript_ids: Set[str]) -> None:
        for version in self._transcripts.list_for_call(user.org_id, call_id):
            if version.id in transcript_ids:
                redacted = version.redacted
                self._authority.check_text(user, Act.CALL_VIEWED, call_id, redacted=redacted)

    def _side(
        self,
        user: User,
        shown: ReviewedCall,
        transcript_id: str,
        names: Mapping[str, str],
    ) -> ReviewedCall:
        if transcript_id == shown.transcript.id:
            return shown
        stored = self._transcripts.get(user.org_id, shown.call.id, transcript_id)
        return reviewed(shown.call, stored, CallEdits(transcript_id=transcript_id), names)
