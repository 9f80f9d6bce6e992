"""Questions about one call or about all calls, answered by the language model that is configured.

Only redacted text leaves this process: of calls that are kept unredacted, a redacted copy is made.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from services.access.authority import Authority
from services.access.rights import may_see_text
from services.domain.acts import Act
from services.domain.asking import Answer, AnswerPart, Citation, Exchange
from services.domain.errors import (
    InvalidRequest,
    LanguageModelNotConfigured,
    NotFound,
    NotReady,
    TextNotShown,
)
from services.domain.folding import folded_words
from services.domain.people import User
from services.domain.reviewed import ReviewedCall
from services.domain.running import RunContext
from services.domain.searching import FoundLine, LineFilter, any_of
from services.domain.speech import Transcript, Utterance
from services.review.service import ReviewService
from services.searching import SearchService
from services.storage.active import ActiveTranscript, ActiveTranscripts
from services.understanding.answering import AnsweringModel, Excerpt, ModelAnswer
from services.understanding.closeness import Embedder, by_closeness, with_neighbours
from services.understanding.model_lines import numbered_lines

CANDIDATES = 200
# With fewer lines than these found by words, the newest ones are compared as well.
FEW = 12
MOST_CALLS = 12
# Lines read before and after one that bears on the question.
AROUND_IN_CALL, AROUND_AMONG_CALLS = 3, 2
LINE_OVERHEAD_CHARS = 16
# Words that say nothing about what a question is after.
_COMMON = frozenset({
    "a", "about", "after", "agent", "agents", "all", "also", "am", "an", "and", "any",
    "anybody", "anyone", "are", "as", "at", "be", "because", "been", "being", "but", "by",
    "call", "called", "caller", "callers", "calling", "calls", "can", "could", "customer",
    "customers", "did", "do", "does", "doing", "done", "find", "for", "from", "get", "give",
    "got", "had", "has", "have", "he", "her", "him", "his", "how", "i", "if", "in", "into",
    "is", "it", "its", "just", "know", "like", "list", "many", "me", "more", "most", "much",
    "my", "of", "often", "on", "or", "our", "out", "said", "say", "says", "she", "show", "so",
    "some", "somebody", "someone", "than", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "those", "to", "told", "us", "was", "we", "were", "what", "when",
    "where", "which", "who", "whose", "why", "will", "with", "would", "you", "your",
})  # fmt: skip


class AskRedactor(Protocol):
    """Takes personal data out of transcripts and texts."""

    def redact(self, transcript: Transcript) -> Transcript:
        """Return the transcript without personal data."""

    def redact_texts(self, texts: Sequence[str], language: str | None = None) -> list[str]:
        """Return the texts without personal data; placeholders stay as they are."""


@dataclass(frozen=True, kw_only=True)
class AskedModel:
    """The model that answers: its name, and whether redacted lines leave this machine for it."""

    name: str
    leaves_machine: bool


class AskService:
    """Answers questions. Every answer names the lines it rests on."""

    def __init__(
        self,
        review: ReviewService,
        search: SearchService,
        redactor: AskRedactor,
        embedder: Callable[[], Embedder],
        answerer: Callable[[], AnsweringModel | None],
        active: ActiveTranscripts,
        *,
        authority: Authority,
    ) -> None:
        """Read these calls; ``embedder`` and ``answerer`` are made when they are needed.

        ``answerer`` gives None where no language model is configured, and may raise
        LanguageModelNotConfigured when it is set up wrongly.
        """
        self._review = review
        self._search = search
        self._redactor = redactor
        self._embedder = embedder
        self._answerer = answerer
        self._active = active
        self._authority = authority

    def model(self) -> AskedModel | None:
        """Return who would answer, None where nobody is configured.

        Raises LanguageModelNotConfigured when what is set can't be used.
        """
        answerer = self._answerer()
        if answerer is None:
            return None
        return AskedModel(name=answerer.name, leaves_machine=answerer.leaves_machine)

    def standing(self, user: User, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """Return the exchanges whose lines still are what their calls say.

        A call that was deleted, or redacted or transcribed anew since, or that the person has
        nothing to do with any more, takes its answers with it. Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_VIEWED)
        cited = [c for e in exchanges for part in e.answer.parts for c in part.citations]
        active = self._active.of({c.call_id for c in cited})
        reached = self._reached(user, active)
        gone = {
            c.call_id
            for c in cited
            if (now := active.get(c.call_id)) is None
            or c.call_id not in reached
            or (now.org_id, now.transcript_id) != (user.org_id, c.transcript_id)
        }
        return [
            e
            for e in exchanges
            if not any(c.call_id in gone for part in e.answer.parts for c in part.citations)
        ]

    def about_call(
        self,
        user: User,
        call_id: str,
        question: str,
        earlier: Sequence[Exchange] = (),
        context: RunContext | None = None,
    ) -> Exchange:
        """Answer a question about one call.

        Raises InvalidRequest for an empty question, NotFound, NotReady, a LanguageModelError,
        Cancelled.
        """
        began, context = time.monotonic(), context or RunContext()
        self._authority.reached(user, call_id)
        answerer, asked = self._ready(question)
        call = self._review.load(user, call_id)
        excerpt = self._of_call(call, asked, answerer.context_chars)
        given = answerer.answer(asked, [excerpt], _as_texts(earlier), context)
        answer = _answer(answerer.name, {call_id: call}, [excerpt], given, began)
        return Exchange(question=asked, answer=answer)

    def about_calls(
        self,
        user: User,
        question: str,
        among: LineFilter | None = None,
        earlier: Sequence[Exchange] = (),
        context: RunContext | None = None,
    ) -> Exchange:
        """Answer a question from those lines of all calls that bear on it most.

        The newest lines with words of the question, and with words the model names for it, are
        compared with it by meaning, where there are few of them the newest of all too; the
        closest are read with what was said around them. Raises
        InvalidRequest for an empty question, a LanguageModelError, Cancelled.
        """
        began, context = time.monotonic(), context or RunContext()
        self._authority.check(user, Act.CALLS_SEARCHED)
        answerer, asked = self._ready(question)
        named, expense = answerer.search_words(_with_last(asked, earlier), context)
        words = _key_words(" ".join([_with_last(asked, earlier), *named]))
        found = self._search.closest(user, any_of(words), among, CANDIDATES)
        if len(found) < FEW:
            # Nobody used these words; what was said lately may still mean the same.
            known = {(line.call_id, line.utterance_id) for line in found}
            lately = self._search.latest(user, among, CANDIDATES)
            found += [x for x in lately if (x.call_id, x.utterance_id) not in known]
        order = by_closeness(self._embedder(), asked, [line.text for line in found])
        calls = self._calls_of(user, [found[at] for at in order])
        excerpts = self._among_calls(calls, [found[at] for at in order], answerer.context_chars)
        given = ModelAnswer(sentences=(), left_out=0, expense=expense)
        if excerpts:
            answered = answerer.answer(asked, excerpts, _as_texts(earlier), context)
            given = replace(answered, expense=expense + answered.expense)
        answer = _answer(answerer.name, calls, excerpts, given, began)
        return Exchange(question=asked, answer=answer)

    def _reached(self, user: User, active: Mapping[str, ActiveTranscript]) -> set[str]:
        """Return those of these calls that the person has to do with and may read."""
        reached = set()
        for call_id, transcript in active.items():
            with suppress(NotFound):
                self._authority.reached(user, call_id)
                if may_see_text(user, redacted=transcript.redacted):
                    reached.add(call_id)
        return reached

    def _ready(self, question: str) -> tuple[AnsweringModel, str]:
        """Return who answers and the question without personal data."""
        question = " ".join(question.split())
        if not question:
            raise InvalidRequest("The question is empty.")
        answerer = self._answerer()
        if answerer is None:
            raise LanguageModelNotConfigured
        return answerer, self._redactor.redact_texts([question])[0]

    def _of_call(self, call: ReviewedCall, question: str, room: int) -> Excerpt:
        """Return the whole call, or what of a long one comes closest to the question."""
        lines = _named_lines(self._redacted(call.transcript))
        lengths = [len(u.text) + LINE_OVERHEAD_CHARS for u, _ in lines]
        if sum(lengths) > room:
            order = by_closeness(self._embedder(), question, [u.text for u, _ in lines])
            kept = with_neighbours(order, lengths, room, around=AROUND_IN_CALL)
            lines = [lines[at] for at in kept]
        return Excerpt(call_id=call.call.id, lines=tuple(lines), day=call.call.held_at.date())

    def _calls_of(self, user: User, found: Sequence[FoundLine]) -> dict[str, ReviewedCall]:
        """Load the calls of the closest lines."""
        calls: dict[str, ReviewedCall] = {}
        for call_id in dict.fromkeys(line.call_id for line in found):
            if len(calls) == MOST_CALLS:
                break
            try:
                calls[call_id] = self._review.load(user, call_id)
            except (NotFound, NotReady, TextNotShown):
                # Deleted, or processed again, a moment ago.
                continue
        return calls

    def _among_calls(
        self, calls: Mapping[str, ReviewedCall], closest: Sequence[FoundLine], room: int
    ) -> list[Excerpt]:
        share = room // max(1, len(calls))
        excerpts = []
        for call_id, call in calls.items():
            lines = _named_lines(self._redacted(call.transcript))
            place = {u.id: at for at, (u, _) in enumerate(lines)}
            wanted = [
                place[line.utterance_id]
                for line in closest
                if line.call_id == call_id and line.utterance_id in place
            ]
            lengths = [len(u.text) + LINE_OVERHEAD_CHARS for u, _ in lines]
            kept = with_neighbours(wanted, lengths, share, around=AROUND_AMONG_CALLS)
            if kept:
                shown = tuple(lines[at] for at in kept)
                day = call.call.held_at.date()
                excerpts.append(Excerpt(call_id=call_id, lines=shown, day=day))
        return excerpts

    def _redacted(self, transcript: Transcript) -> Transcript:
        return transcript if transcript.redacted else self._redactor.redact(transcript)


def _named_lines(transcript: Transcript) -> list[tuple[Utterance, str]]:
    return [(line.utterance, line.role) for line in numbered_lines(transcript)]


def _as_texts(earlier: Sequence[Exchange]) -> list[tuple[str, str]]:
    return [(e.question, e.answer.text or "The lines don't tell.") for e in earlier]


def _with_last(question: str, earlier: Sequence[Exchange]) -> str:
    """Return the question behind the one before, which "and why?" would mean nothing without."""
    return f"{earlier[-1].question} {question}" if earlier else question


def _key_words(text: str) -> list[str]:
    """Return the words to look for, each once; beginnings of long ones find their other forms."""
    words = dict.fromkeys(w for w in folded_words(text) if w not in _COMMON and len(w) > 2)
    return [f"{w[:-1]}*" if len(w) > 5 else w for w in words]


def _answer(
    model: str,
    calls: Mapping[str, ReviewedCall],
    excerpts: Sequence[Excerpt],
    given: ModelAnswer,
    began: float,
) -> Answer:
    expense = given.expense
    return Answer(
        parts=tuple(
            AnswerPart(text=s.text, citations=tuple(_cited(calls[c], u) for c, u in s.places))
            for s in given.sentences
        ),
        model=model,
        lines_read=sum(len(e.lines) for e in excerpts),
        calls_read=len(excerpts),
        left_out=given.left_out,
        took_ms=round(1000 * (time.monotonic() - began)),
        tokens_in=expense.tokens_in,
        tokens_out=expense.tokens_out,
        cost=expense.cost,
    )


def _cited(call: ReviewedCall, utterance_id: str) -> Citation:
    line = next(u for u in call.transcript.utterances if u.id == utterance_id)
    return Citation(
        call_id=call.call.id,
        transcript_id=call.transcript.id,
        utterance_id=line.id,
        start_ms=line.start_ms,
        text=line.text,
        source_name=call.call.source_name,
        agent_name=call.call.details.agent_name,
        held_at=call.call.held_at,
    )
