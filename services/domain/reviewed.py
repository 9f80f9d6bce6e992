"""A call as a person reviews it."""

from dataclasses import dataclass, field

from services.domain.calls import Call
from services.domain.captions import is_captions
from services.domain.edits import CallEdits
from services.domain.intervals import Interval
from services.domain.metrics import AnalysedTranscript, CallAnalysis
from services.domain.rules import Category
from services.domain.scorecards import CallScore
from services.domain.speech import Transcript


def version_of(transcript: Transcript, edits: CallEdits) -> str:
    """Return a short key of transcript and edits, for caches and reloads."""
    return f"{transcript.id}.{edits.version}"


@dataclass(frozen=True, kw_only=True)
class ShownSpeaker:
    """A speaker of a call as a person saw it: in the call's review of this ``version``.

    In another version the same id may be another person.
    """

    call_id: str
    version: str
    id: str


@dataclass(frozen=True, kw_only=True)
class ReviewedCall:
    """A call with its active transcript, the person's edits applied, and the figures of both.

    ``categories`` are the rules that apply to what is shown, in the rules' order. ``scores`` are
    there where the call was loaded to be exported.
    ``version`` changes whenever anything shown about the call changes. ``covered`` are the
    stretches in ms that are covered in what people hear, ``covered_mentions`` how many mentions of
    personal data lie in them; edits change neither.
    """

    call: Call
    transcript: Transcript
    analysis: CallAnalysis
    edits: CallEdits = field(default_factory=CallEdits)
    categories: tuple[Category, ...] = ()
    covered: tuple[Interval, ...] = ()
    covered_mentions: int = 0
    scores: tuple[CallScore, ...] = ()

    @property
    def analysed(self) -> AnalysedTranscript:
        """The transcript as shown, with its figures."""
        return AnalysedTranscript(transcript=self.transcript, analysis=self.analysis)

    @property
    def holds_known(self) -> bool:
        """Whether holds were looked for: they are heard, so captions have none, and never 0 ms."""
        return not is_captions(self.transcript.provider)

    @property
    def version(self) -> str:
        """A short key of transcript and edits, for caches and reloads."""
        return version_of(self.transcript, self.edits)
