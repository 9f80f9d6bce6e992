"""Cuts utterances into sentences and strips what carries no content: greetings, hesitation."""

import re

_END = re.compile(r"(?<=[.?!])\s+(?=[\"'“]?[A-Z\[\d])")
_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|st|no|a\.m|p\.m)|\b[A-Z])\.$", re.IGNORECASE)
_EMPTY_START = re.compile(
    r"^(?:(?:um+|uh+|er+|erm|yeah|yes|yep|hi|hello|hey|oh|okay|ok|well|so|right|alright|all right|"
    r"sure|look|listen|i mean|you know|good (?:morning|afternoon|evening)|perfect|great|"
    r"no problem|of course|absolutely|thank you|thanks|sorry|now|and|but|excellent)"
    r"(?:,? (?:\[PERSON\]))?[,.!? …-]+)+",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(?:(?:good (?:morning|afternoon|evening)|hi|hello|hey|thank(?:s| you) (?:for|so much for) "
    r"(?:calling|holding|waiting)|welcome|how (?:can|may) i|my name is|this is \S+$|you(?:'re| "
    r"are) "
    r"(?:through|speaking)|is there anything else|anything else|have a |you too|bye|goodbye|"
    r"you(?:'re| are) (?:very |most )?welcome|thank you|thanks|take care|all the best))",
    re.IGNORECASE,
)
_ROUTINE = re.compile(
    r"\bthank(?:s| you) (?:so much |very much )?for (?:calling|holding|waiting|contacting)|"
    r"\bhow (?:can|may) i (?:help|assist)",
    re.IGNORECASE,
)
LEAST_WORDS = 4


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text; without punctuation the text is one sentence."""
    sentences: list[str] = []
    for piece in _END.split(text.strip()):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] = f"{sentences[-1]} {piece}"
        elif piece:
            sentences.append(piece)
    return sentences


def without_opening(sentence: str) -> str:
    """Return the sentence without the words people start with, its first letter a capital."""
    rest = _EMPTY_START.sub("", sentence.strip()).strip()
    rest = rest or sentence.strip()
    return rest[:1].upper() + rest[1:]


def has_content(sentence: str) -> bool:
    """Whether a sentence says something: no greeting, thanks or farewell, and long enough."""
    return len(without_opening(sentence).split()) >= LEAST_WORDS and not is_routine(sentence)


def is_routine(sentence: str) -> bool:
    """Whether a sentence is a greeting, thanks, a farewell or an agent's usual phrase."""
    bare = without_opening(sentence)
    return bool(_GREETING.match(bare) or _ROUTINE.search(sentence))
