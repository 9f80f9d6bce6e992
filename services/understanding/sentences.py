"""Cuts utterances into sentences and strips what carries no content: greetings, hesitation."""

import re

_END = re.compile(r"(?<=[.?!])\s+(?=[\"'“]?[A-Z\[\d])")
_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|st|a\.m|p\.m)|\b[A-Z])\.$", re.IGNORECASE)
_EMPTY_START = re.compile(
    r"^(?:(?:um+|uh+|er+|erm|yeah|yes|yep|hi|hello|hey|oh|okay|ok|well|so|right|alright|all right|"
    r"sure|look|listen|i mean|you know|good (?:morning|afternoon|evening)|perfect|great|"
    r"no problem|brilliant|lovely|wonderful|fine|of course|absolutely|thank you|thanks|sorry|now|"
    r"and|but|excellent)"
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
_INNER_STOP = re.compile(r"[,;:.?!](?=\s)")
_SUBJECT = (
    r"(?:i|we|you|he|she|it|they|that|there|somebody|someone)(?:'(?:m|ve|ll|re|s|d))?"
    r"|(?:my|your|our|the|please|okay|thanks|thank)"
)
_NEW_CLAUSE = re.compile(
    rf"(?<=\s)(?:(?:and|but|so|because|then) (?:{_SUBJECT})\b"
    r"|(?<!and )(?<!but )(?<!so )(?<!that )(?<!what )(?<!if )(?<!when )(?<!because )(?<!then )"
    r"(?<!since )(?<!until )(?<!once )"
    r"(?:i'm|i've|i'll|i'd|we've|we'll|you'll|you've|i have|thank you)\b)",
    re.IGNORECASE,
)
# A condition or a reason in front belongs to what follows: "if it fails, I'll call you".
_NEW_ACT = re.compile(
    r"(?<=, )(?<!if, )(?:(?:and|but|so) )?(?:in the meantime )?"
    r"(?:(?:i|we|you|he|she|they)(?:'ll|'ve|'m|'re| will| can| have| am| are)"
    r"|(?:an?|the|our|your) (?:\w+ ){1,3}(?:\S+ )?will)\b",
    re.IGNORECASE,
)
_HANGS_ON = re.compile(
    r"^(?:(?:and|but|so|okay|then),? )*"
    r"(?:if|unless|when|once|since|because|as soon as|before|after)\b",
    re.IGNORECASE,
)
_HESITATION = re.compile(r",?\s*\b(?:um+|uh+|erm+)\b,?(?=\s|[.?!]|$)", re.IGNORECASE)
LONG_WORDS = 14
LEAST_WORDS = 4
LEAST_CLAUSE = 3


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text, in its own words.

    A long stretch without punctuation, as some recognisers write it, is cut where a new clause
    begins.
    """
    sentences: list[str] = []
    for piece in _END.split(text.strip()):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] = f"{sentences[-1]} {piece}"
        elif piece:
            sentences.append(piece)
    return [clause for sentence in sentences for clause in _clauses(sentence)]


def _clauses(sentence: str) -> list[str]:
    """Cut a sentence where another statement begins in it.

    That is after a comma before somebody else's or another act; without any comma in a long
    sentence also before conjunctions and subjects that begin anew.
    """
    endless = len(sentence.split()) >= LONG_WORDS and not _INNER_STOP.search(sentence)
    beginnings = _NEW_CLAUSE if endless else _NEW_ACT
    if _HANGS_ON.match(sentence):
        return [sentence]
    clauses: list[str] = []
    start = 0
    for at in [*(found.start() for found in beginnings.finditer(sentence)), len(sentence)]:
        left, right = sentence[start:at].split(), sentence[at:].split()
        if len(left) >= LEAST_CLAUSE and (len(right) >= LEAST_CLAUSE or not right):
            clauses.append(sentence[start:at].strip().rstrip(","))
            start = at
    if start < len(sentence):
        clauses.append(sentence[start:].strip())
    return clauses


def without_opening(sentence: str) -> str:
    """Return the sentence without hesitation and empty first words, its first letter a capital."""
    tidy = _HESITATION.sub("", sentence).strip(" ,")
    rest = _EMPTY_START.sub("", tidy or sentence.strip()).strip()
    rest = rest or sentence.strip()
    return rest[:1].upper() + rest[1:]


def has_content(sentence: str) -> bool:
    """Whether a sentence says something: no greeting, thanks or farewell, and long enough."""
    return len(without_opening(sentence).split()) >= LEAST_WORDS and not is_routine(sentence)


def is_routine(sentence: str) -> bool:
    """Whether a sentence is a greeting, thanks, a farewell or an agent's usual phrase."""
    bare = without_opening(sentence)
    return bool(_GREETING.match(bare) or _ROUTINE.search(sentence))
