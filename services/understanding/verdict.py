"""Decides whether a call was resolved, from what was done, left open, refused and accepted.

Resolved means that by the end what the customer came for was done or agreed on. Where the signs
contradict each other there is no verdict: a wrong one costs more than none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.speech import SentimentLabel, SpeakerRole, Utterance
from services.understanding import spoken_acts as acts

ENDING_FROM = 0.55
_I = re.IGNORECASE

_WORKS = re.compile(
    r"\b(?:it(?:'s| is| has)? (?:now )?(?:works?|working|gone through|worked|fixed|connected|"
    r"back|printing|going)|i'm in\b|that (?:did it|worked|fixed it)|(?:you|that)(?:'ve)? "
    r"(?:actually )?sorted (?:it|that)|answers my question|"
    r"(?:that's )?what i (?:wanted|needed) to know)\b",
    _I,
)
_PLEASED = re.compile(
    r"\b(?:that's (?:everything|all|it|perfect|great|wonderful|brilliant|lovely|fine|reasonable|"
    r"very kind|really kind)|that was (?:quick|easy)|i think (?:that's it|i'm good)|"
    r"(?:you've|you have) (?:been|made) (?:\w+ )*(?:helpful|kind|great|easy)|thank you (?:so|very) "
    r"much|thanks (?:so much|a lot|very much)|really appreciate|thank goodness|such a relief|"
    r"thank you for (?:doing|your help|sorting)|good news|aren't you sweet|always so nice)\b"
    r"|^(?:oh,? )?(?:perfect|great|wonderful|brilliant|lovely|excellent|good|fantastic)\b",
    _I,
)
_ACCEPTS = re.compile(
    r"\b(?:ok(?:ay)?|fine|alright|all right|sounds good|let's do that|thank(?:s| you)|perfect|"
    r"reasonable|that works|yes please|see you then|good)\b",
    _I,
)
_TAKES = re.compile(r"\b(?:reasonable|sounds good|let's do that|that works|perfect)\b", _I)
_UNHAPPY = re.compile(
    r"\b(?:doesn't help|not good enough|not what i wanted|isn't good|ridiculous|unacceptable|"
    r"useless|disappoint(?:ed|ing)|thanks for nothing|won't be (?:ordering|coming|flying|back)|"
    r"speak to your manager|talk to a supervisor|still (?:not|isn't|doesn't)|you said that|"
    r"nobody (?:ever )?(?:called|came|calls)|is three days away|i can't wait|not (?:just )?okay|"
    r"not actually confirmed|can't anyone|i want my money)\b",
    _I,
)


@dataclass(frozen=True, slots=True)
class PlacedSentence:
    """A sentence of a call: who says it and where, in 0..1 of the call and by its number."""

    text: str
    utterance: Utterance
    role: SpeakerRole
    place: float
    number: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call was resolved, and the utterances that say so."""

    resolved: bool | None
    evidence: tuple[str, ...] = ()


def judge(spoken: Sequence[PlacedSentence]) -> Verdict:
    """Return the verdict; all sentences count here, however short they are."""
    return _Signs(spoken).verdict()


class _Signs:
    """What speaks for a settled matter, and what against."""

    def __init__(self, spoken: Sequence[PlacedSentence]) -> None:
        agent = [s for s in spoken if s.role is SpeakerRole.AGENT]
        customer = [s for s in spoken if s.role is SpeakerRole.CUSTOMER]
        self.customer = customer
        self.settled = [s for s in agent if s.place >= 0.2 and acts.settles(s.text)]
        self.left_open = [s for s in agent if s.place >= 0.3 and acts.leaves_open(s.text)]
        self.refused = [s for s in agent if s.place >= 0.2 and acts.is_refusal(s.text)]
        self.offered = [s for s in agent if acts.is_offer(s.text)]
        self.ending = [s for s in customer if s.place >= ENDING_FROM]
        self.works = [s for s in self.ending if _WORKS.search(s.text) and not _negated(s.text)]
        self.pleased = [s for s in self.ending if _PLEASED.search(s.text)]
        self.unhappy = [s for s in customer if s.place >= 0.4 and _is_unhappy(s)]

    def verdict(self) -> Verdict:
        """Weigh the signs, the plainest first."""
        last = self.ending[-1].number if self.ending else -1
        if self.works and not self._after(self.unhappy, self.works[-1]):
            return _because(True, self.works[-1])
        if self.unhappy and not self._after(self.settled, self.unhappy[-1]):
            against = [*self.refused[-1:], *self.left_open[-1:]]
            accepted = self._accepted_offer()
            if against and accepted is None:
                return _because(False, self.unhappy[-1], against[-1])
            return Verdict(None)
        if self.left_open and not self._is_closed():
            return _because(False, self.left_open[-1])
        done = [*self.settled[-1:], *self._offer_taken()]
        if done and last >= 0:
            kind = self._kind_word_after(done[-1])
            return _because(True, done[-1], kind) if kind else Verdict(None)
        return Verdict(None)

    def _is_closed(self) -> bool:
        """Whether what goes on after the call isn't the matter itself: a claim has been opened."""
        return bool(self.settled and self.pleased)

    def _offer_taken(self) -> list[PlacedSentence]:
        taken = self._accepted_offer()
        return [taken] if taken else []

    def _accepted_offer(self) -> PlacedSentence | None:
        """Return the words in which the customer takes an offer."""
        for offer in reversed(self.offered):
            later = (s for s in self.customer if s.number > offer.number)
            for answer in later:
                if re.search(
                    r"\b(?:reasonable|sounds good|let's do that|that works|perfect)\b",
                    answer.text,
                    _I,
                ):
                    return answer
        return None

    def _kind_word_after(self, done: PlacedSentence) -> PlacedSentence | None:
        """Return the customer's last accepting words after something was done."""
        later = [s for s in self.customer if s.number >= done.number]
        if any(_is_unhappy(s) for s in later):
            return None
        kind = [s for s in later if _PLEASED.search(s.text)]
        if not kind and any(_is_negative(s.utterance) for s in later):
            return None
        return next(reversed(kind or [s for s in later if _ACCEPTS.search(s.text)]), None)

    @staticmethod
    def _after(signs: Sequence[PlacedSentence], sign: PlacedSentence) -> bool:
        return any(s.number > sign.number for s in signs)


def _is_unhappy(sentence: PlacedSentence) -> bool:
    if acts.is_threat(sentence.text):
        return True
    return bool(_UNHAPPY.search(sentence.text))


def _negated(text: str) -> bool:
    return bool(re.search(r"\b(?:not|n't|never|doesn't|isn't)\b", text, _I))


def _is_negative(utterance: Utterance) -> bool:
    sentiment = utterance.sentiment
    return sentiment is not None and sentiment.label is SentimentLabel.NEGATIVE


def _because(resolved: bool, *signs: PlacedSentence) -> Verdict:
    ordered = sorted(signs, key=lambda s: s.number)
    return Verdict(resolved, tuple(dict.fromkeys(s.utterance.id for s in ordered)))
