"""A summary taken from the call itself, by structure and role; silent where it is unsure.

Every statement is a sentence of the call with the utterance it stands in. English only.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.domain.speech import (
    SentimentLabel,
    SpeakerRole,
    Statement,
    Summary,
    Transcript,
    Utterance,
)
from services.understanding.sentences import has_content, sentences_of, without_opening

STAGE = "local structure"
MOST_STATEMENTS = 4
_REASON_WITHIN = 0.5
_ENDING_FROM = 0.6

_STATES_REASON = re.compile(
    r"\b(?:i(?:'m| am|'ve been| was) (?:calling|phoning|ringing)|i(?:'d| would) like|i want|i need|"
    r"i have (?:a|an|some) |i(?:'ve| have) (?:got )?(?:a|an) (?:problem|question|issue)|"
    r"i was (?:wondering|hoping|charged|told|billed)|(?:is|has been|was|were|been) (?:charged|"
    r"declined|"
    r"cancel+ed|blocked|rejected|broken|delayed|down|late|wrong)|(?:does|is|do|has|did)n't|"
    r"stopped|not working|problem|wrong|refund|charged|cancel|trying to|lost|never (?:got|received|"
    r"arrived|ordered)|supposed to|goes off|to (?:refill|report|book|change|ask|complain|find "
    r"out))\b",
    re.IGNORECASE,
)
_STRONG_REASON = re.compile(
    r"\b(?:i(?:'m| am) (?:calling|phoning|ringing)|reason (?:for|i)|i(?:'d| would) like to|i "
    r"want to|"
    r"i need to|i have (?:a|an) (?:problem|question|issue|complaint)|i just opened)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:i|we)(?:'ve| have)(?: just| now| also| already)* (?:\w+ed|put|sent|set|taken|made|done|"
    r"given|got)\b|\bi(?:'m| am) (?:crediting|refunding|sending|emailing|booking|issuing|waiving|"
    r"removing|cancel+ing|upgrading)\b|\b(?:is|are|it's) (?:now )?(?:cancel+ed|fixed|booked|"
    r"unblocked|"
    r"confirmed|done|refunded|approved|waived|set up)\b|\bthey approved\b",
    re.IGNORECASE,
)
_PROMISED = re.compile(
    r"\b(?:i|we)(?:'ll| will| can promise| am going to|'m going to) (?!(?:need|just need|have "
    r"to|see|"
    r"check|look|put you|take a|be right|try|ask you|let you go|bring up|pull|"
    r"run|walk|grab|be happy)\b)\w+|"
    r"\byou(?:'ll| will) (?:get|receive|see|have|hear)\b|"
    r"\b(?:someone|somebody|an? \w+|the \w+|he|she|they) will (?:call|contact|come|be|visit|arrive|"
    r"reach|send|email)\b",
    re.IGNORECASE,
)
_OWN_TASK = re.compile(
    r"\bi(?:'ll| will| am going to|'m going to) (?:send|email|upload|call|bring|pay|check|fill|"
    r"return|"
    r"post|sign|try|go|drop|scan|fax|text|order|ring|get back)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"\b(?:next|business days?|working days?|within|by (?:monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday|tomorrow|noon|tonight|the end)|on (?:monday|tuesday|wednesday|thursday|"
    r"friday|"
    r"saturday|sunday)|tomorrow|in the meantime|will (?:arrive|be there|call|come|be with you|be "
    r"delivered)|you can (?:upload|pick|send|track|collect)|please (?:send|bring|keep|upload|"
    r"call))\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:i'm afraid|unfortunately|(?:we|i) (?:can't|cannot|don't|won't|are not able|aren't able)|"
    r"not possible|isn't covered|not covered|nothing (?:more |else )?(?:i|we) can)\b",
    re.IGNORECASE,
)
_SATISFIED = re.compile(
    r"\b(?:that's (?:everything|all|perfect|great|wonderful|brilliant)|it(?:'s)? (?:works?|working|"
    r"gone through|worked|fixed)|sorted|you(?:'ve| have) been (?:so |very |really |ever so |most )?"
    r"(?:helpful|kind|great)|thank you so much|thanks so much|really appreciate|that'd be great|"
    r"that would be (?:great|lovely|perfect)|you're (?:a star|an angel|so kind)|good news|"
    r"relief)\b",
    re.IGNORECASE,
)
_UNSATISFIED = re.compile(
    r"\b(?:doesn't help|not good enough|i'm (?:leaving|cancel+ing)|i'll (?:cancel|leave|go "
    r"(?:elsewhere|"
    r"to the))|ombudsman|lawyer|still (?:not|isn't|doesn't)|thanks for nothing|won't be "
    r"(?:ordering|"
    r"coming)|ridiculous|unacceptable|useless|speak to your manager)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    utterance: Utterance
    place: float

    @property
    def statement(self) -> Statement:
        return Statement(text=without_opening(self.text), utterances=(self.utterance.id,))


def summarise(transcript: Transcript) -> Summary:
    """Return what the call tells about its reason, what was done and how it ended.

    Greetings are never statements. ``resolved`` is None unless the customer's last words or a
    refusal tell. Without known roles only the reason is looked for.
    """
    if (transcript.language or "en").casefold().split("-")[0] != "en":
        return Summary()
    spoken = _sentences(transcript)
    agent = [s for s in spoken if _role(transcript, s) is SpeakerRole.AGENT]
    customer = [s for s in spoken if _role(transcript, s) is SpeakerRole.CUSTOMER]
    reason = _reason(customer or [s for s in spoken if _STRONG_REASON.search(s.text)])
    if not agent or not customer:
        return Summary(reason=reason)
    actions = _matching(agent, lambda t: bool(_DONE.search(t)))
    promises = _matching(agent, lambda t: bool(_PROMISED.search(t)) and _is_firm(t))
    tasks = _matching(customer, lambda t: bool(_OWN_TASK.search(t)) and _is_firm(t))
    steps = _matching(
        [s for s in agent if s.place >= 0.3],
        lambda t: bool(_NEXT.search(t) and (_PROMISED.search(t) or "you can" in t.lower())),
    )
    resolved = _resolved(transcript, agent, customer, done=bool(actions))
    return Summary(
        reason=reason,
        actions=_statements(actions),
        outcome=_outcome(agent, actions, resolved),
        resolved=resolved,
        promises=_statements(promises),
        action_items=(*_owned("Agent", promises), *_owned("Customer", tasks)),
        next_steps=_statements(steps),
    )


def _place(utterance: Utterance, transcript: Transcript) -> float:
    """Return where in what was transcribed an utterance starts, in 0..1."""
    start_ms, end_ms = transcript.covered
    return (utterance.start_ms - start_ms) / max(1, end_ms - start_ms)


def _sentences(transcript: Transcript) -> list[_Sentence]:
    return [
        _Sentence(sentence, utterance, _place(utterance, transcript))
        for utterance in transcript.utterances
        if not utterance.is_backchannel
        for sentence in sentences_of(utterance.text)
        if has_content(sentence)
    ]


def _role(transcript: Transcript, sentence: _Sentence) -> SpeakerRole:
    return transcript.role_of(sentence.utterance.speaker)


def _reason(candidates: Sequence[_Sentence]) -> Statement | None:
    """Return the best early sentence that states a problem or a wish, with its neighbour."""
    scored = [
        (_reason_score(s), -at, s)
        for at, s in enumerate(candidates)
        if s.place <= _REASON_WITHIN and not s.text.endswith("?")
    ]
    scored = [entry for entry in scored if entry[0] >= 1.0]
    if not scored:
        return None
    best = max(scored, key=lambda entry: entry[:2])[2]
    return best.statement


def _reason_score(sentence: _Sentence) -> float:
    score = 1.0 * bool(_STATES_REASON.search(sentence.text))
    score += 1.5 * bool(_STRONG_REASON.search(sentence.text))
    sentiment = sentence.utterance.sentiment
    score += 0.5 * bool(sentiment and sentiment.label is SentimentLabel.NEGATIVE)
    score += 0.5 * (len(sentence.text.split()) >= 8)
    return score - 2.0 * sentence.place


def _matching(sentences: Iterable[_Sentence], fits: Callable[[str], bool]) -> list[_Sentence]:
    return [s for s in sentences if fits(s.text)][-MOST_STATEMENTS:]


def _is_firm(sentence: str) -> bool:
    """Whether a sentence is neither a question nor a condition."""
    return not sentence.endswith("?") and not sentence.lower().startswith(("if ", "unless "))


def _statements(sentences: Sequence[_Sentence]) -> tuple[Statement, ...]:
    return tuple(s.statement for s in sentences)


def _owned(who: str, sentences: Sequence[_Sentence]) -> tuple[Statement, ...]:
    return tuple(
        Statement(text=f"{who}: {s.statement.text}", utterances=s.statement.utterances)
        for s in sentences
    )


def _outcome(
    agent: Sequence[_Sentence], actions: Sequence[_Sentence], resolved: bool | None
) -> Statement | None:
    refusals = [s for s in agent if _REFUSED.search(s.text) and s.place >= _REASON_WITHIN]
    if resolved is False and refusals:
        return refusals[-1].statement
    late = [s for s in actions if s.place >= 0.3]
    return late[-1].statement if late else None


def _resolved(
    transcript: Transcript,
    agent: Sequence[_Sentence],
    customer: Sequence[_Sentence],
    *,
    done: bool,
) -> bool | None:
    """Judge by the customer's words near the end; without a clear sign there is no judgement."""
    ending = [
        u
        for u in transcript.utterances
        if transcript.role_of(u.speaker) is SpeakerRole.CUSTOMER
        and _place(u, transcript) >= _ENDING_FROM
        and not u.is_backchannel
    ]
    pleased = sum(bool(_SATISFIED.search(u.text)) for u in ending)
    angry = sum(bool(_UNSATISFIED.search(u.text)) for u in ending)
    explicit = angry > 0
    last = [u for u in ending if u.sentiment is not None][-2:]
    pleased += sum(_has(u, SentimentLabel.POSITIVE) for u in last)
    angry += sum(_has(u, SentimentLabel.NEGATIVE) for u in last)
    if explicit and angry > pleased:
        return False
    return True if done and pleased >= 2 and angry == 0 else None


def _has(utterance: Utterance, label: SentimentLabel) -> bool:
    return utterance.sentiment is not None and utterance.sentiment.label is label
