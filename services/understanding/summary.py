"""A summary taken from the call itself, by structure and role; silent where it is unsure.

Every statement is a sentence of the call with the utterance it stands in. Each stands in one list
only: what the company commits itself to is a promise; a task of the customer, or one of the
agent's that doesn't reach the customer, is an action item; what the customer is told to do or what
happens by itself is a next step. English only.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.domain.speech import (
    SentimentLabel,
    SpeakerRole,
    Statement,
    Summary,
    Transcript,
    Utterance,
)
from services.understanding import spoken_acts as acts
from services.understanding.sentences import has_content, sentences_of, without_opening
from services.understanding.time_limits import time_limit
from services.understanding.verdict import PlacedSentence, Verdict, judge

STAGE = "local structure"
MOST_STATEMENTS = 6
_REASON_WITHIN = 0.5
_FIRST_WORDS_WITHIN = 0.35
_NUMBER_WORDS = frozenset(
    [
        "zero",
        "oh",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "double",
        "dash",
        "dot",
        "at",
    ]
)


def summarise(transcript: Transcript) -> Summary:
    """Return what the call tells about its reason, what was done and how it ended.

    Greetings are never statements. ``resolved`` is None unless the call tells. Without known
    roles only the reason is looked for.
    """
    if (transcript.language or "en").casefold().split("-")[0] != "en":
        return Summary()
    spoken = _sentences(transcript)
    telling = [s for s in spoken if has_content(s.text) or acts.settles(s.text)]
    agent = [s for s in telling if s.role is SpeakerRole.AGENT]
    customer = [s for s in telling if s.role is SpeakerRole.CUSTOMER]
    reason = _reason(customer or [s for s in telling if acts.states_wish(s.text)])
    if not any(s.role is SpeakerRole.AGENT for s in spoken) or not customer:
        return Summary(reason=reason)
    promises = _those(agent, acts.is_promise)
    actions = _those([s for s in agent if s.place >= 0.15], acts.is_done)
    tasks = [
        *_those(agent, acts.is_internal_task),
        *_those([s for s in customer if s.place >= 0.2], acts.is_customer_task),
    ]
    taken = {id(s) for s in (*promises, *actions, *tasks)}
    late = [s for s in agent if s.place >= 0.3 and id(s) not in taken]
    verdict = judge(spoken)
    return Summary(
        reason=reason,
        actions=tuple(map(_statement, actions)),
        outcome=_outcome(agent, actions, promises, verdict),
        resolved=verdict.resolved,
        evidence=verdict.evidence,
        promises=tuple(map(_owned, promises)),
        action_items=tuple(_owned(s) for s in sorted(tasks, key=lambda s: s.number)),
        next_steps=tuple(_dated(s) for s in _those(late, acts.is_instruction)),
    )


def _sentences(transcript: Transcript) -> list[PlacedSentence]:
    start_ms, end_ms = transcript.covered
    length_ms = max(1, end_ms - start_ms)
    said = [
        (sentence, utterance)
        for utterance in transcript.utterances
        if not utterance.is_backchannel
        for sentence in sentences_of(utterance.text)
    ]
    return [
        PlacedSentence(
            text=sentence,
            utterance=utterance,
            role=transcript.role_of(utterance.speaker),
            place=(utterance.start_ms - start_ms) / length_ms,
            number=number,
        )
        for number, (sentence, utterance) in enumerate(said)
    ]


def _statement(sentence: PlacedSentence) -> Statement:
    return Statement(text=without_opening(sentence.text), utterances=(sentence.utterance.id,))


def _dated(sentence: PlacedSentence) -> Statement:
    return replace(_statement(sentence), due=time_limit(sentence.text))


def _owned(sentence: PlacedSentence) -> Statement:
    return replace(_dated(sentence), who=sentence.role)


def _those(
    sentences: Sequence[PlacedSentence], fits: Callable[[str], bool]
) -> list[PlacedSentence]:
    """Return the sentences that fit, each wording once, the last of them when there are many."""
    by_words = {without_opening(s.text).casefold(): s for s in sentences if fits(s.text)}
    return list(by_words.values())[-MOST_STATEMENTS:]


def _reason(candidates: Sequence[PlacedSentence]) -> Statement | None:
    """Return the best early sentence that states a wish or a problem, else the first that tells."""
    early = [s for s in candidates if s.place <= _REASON_WITHIN and not _is_mostly_numbers(s.text)]
    scored = [(_reason_score(s), -s.number, s) for s in early]
    scored = [entry for entry in scored if entry[0] >= 1.0]
    if scored:
        return _statement(max(scored, key=lambda entry: entry[:2])[2])
    first = [
        s
        for s in early
        if s.place <= _FIRST_WORDS_WITHIN
        and not acts.is_question(s.text)
        and len(s.text.split()) >= 7
    ]
    return _statement(first[0]) if first else None


def _reason_score(sentence: PlacedSentence) -> float:
    wish, problem = acts.states_wish(sentence.text), acts.states_problem(sentence.text)
    if acts.is_question(sentence.text) and not wish:
        return 0.0
    score = 1.5 * problem + 1.7 * wish
    score += 0.4 * _is_negative(sentence.utterance)
    score += 0.4 * (len(sentence.text.split()) >= 8)
    return score - 2.4 * sentence.place


def _is_negative(utterance: Utterance) -> bool:
    sentiment = utterance.sentiment
    return sentiment is not None and sentiment.label is SentimentLabel.NEGATIVE


def _is_mostly_numbers(text: str) -> bool:
    """Whether somebody gives a number, a name or an address rather than a reason."""
    words = [w.strip(".,?!").casefold() for w in text.split()]
    odd = [w for w in words if w in _NUMBER_WORDS or w.isdigit() or len(w) == 1 or w[:1] == "["]
    return len(odd) * 2 >= len(words)


def _outcome(
    agent: Sequence[PlacedSentence],
    actions: Sequence[PlacedSentence],
    promises: Sequence[PlacedSentence],
    verdict: Verdict,
) -> Statement | None:
    """Return the sentence of the agent that says best how the call ended."""
    late = [s for s in agent if s.place >= 0.2]
    settled = [s for s in actions if acts.settles(s.text) and s.place >= 0.2]
    if verdict.resolved is False:
        chosen = (
            [s for s in late if acts.leaves_open(s.text)],
            [s for s in late if acts.is_refusal(s.text)],
            list(promises),
        )
    elif verdict.resolved:
        offers = [s for s in late if acts.is_offer(s.text)]
        chosen = (settled, offers, list(actions), list(promises))
    else:
        chosen = (settled,)
    found = next((those for those in chosen if those), None)
    return _statement(found[-1]) if found else None
