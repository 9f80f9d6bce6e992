"""Calls of a few lines for tests of rules, and what rules find in them."""

from services.domain.rules import CallFacts, Phrase
from services.domain.speech import SpeakerRole, Utterance
from services.understanding.rules.phrases import Speech

ROLES = {"A": SpeakerRole.AGENT, "C": SpeakerRole.CUSTOMER, "X": SpeakerRole.UNKNOWN}


def facts(*lines: str, **changes: object) -> CallFacts:
    """The facts of a call of lines "A: …", 400 ms a word, 400 ms between lines.

    A line "B: …" is the customer's backchannel.
    """
    utterances, now_ms = [], 0
    for number, line in enumerate(lines):
        speaker, _, text = line.partition(": ")
        end_ms = now_ms + 400 * max(1, len(text.split()))
        utterances.append(
            Utterance(
                id=f"u{number}",
                speaker="C" if speaker == "B" else speaker,
                start_ms=now_ms,
                end_ms=end_ms,
                text=text,
                is_backchannel=speaker == "B",
            )
        )
        now_ms = end_ms + 400
    known = {"utterances": tuple(utterances), "roles": ROLES, "covered": (0, now_ms)}
    return CallFacts(**{**known, **changes})


def quoted(pattern: str, *lines: str, **asked: object) -> list[str]:
    """The words in which a pattern is found in these lines."""
    speech = Speech(facts(*lines))
    found = speech.said(Phrase(any_of=(pattern,), **asked))
    return [" / ".join(quote.text for quote in said.quotes) for said in found]
