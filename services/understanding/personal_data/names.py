"""Finds people's names by the way they are introduced, addressed and asked for."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

from services.understanding.personal_data.tokens import Token, is_number, tokenise

Place = tuple[int, int]

_NAME = r"[A-Z][^\W\d_]*(?:['’-][A-Z]?[^\W\d_]+)*"
_NAMES = rf"{_NAME}(?: (?:(?:de|van|von|der|la|al|bin|o)\s)?{_NAME}){{0,3}}"
_INTRODUCED = re.compile(
    r"\b(?i:my (?:\w+ )?name(?:'s| is)|(?:the|his|her|their) (?:\w+ )?name(?:'s| is)|name is|"
    r"this is|(?:speaking|talking) (?:with|to)|through to|"
    r"i(?:'m| am)|it(?:'s| is)|here is|here's|named|called|on behalf of|ask for|"
    r"speak (?:to|with)|spoke (?:to|with)|talk(?:ed|ing)? (?:to|with)|that's for|booking for|"
    r"account of|registered to|under the name(?: of)?|under|mr\.?|mrs\.?|miss|ms\.?|doctor|dr\.?|"
    r"colleague|supervisor|manager|agent|husband|wife|son|daughter|brother|sister|mother|father|"
    rf"adjuster|technician)[, ]+(?i:uh,? |um,? )?(?P<name>{_NAMES})"
)
_ADDRESSED = re.compile(
    r"\b(?i:thanks?(?: you)?(?: so much| very much)?(?: for (?:holding|waiting))?|thank you|"
    r"hi|hello|hey|hiya|"
    r"good (?:morning|afternoon|evening|news)|morning|afternoon|evening|welcome(?: back)?|bye|"
    r"goodbye|take care|sorry|safe travels|dear|okay|ok|alright|right|sure|listen|look|please|"
    rf"there|no|yes|well|now|perfect|great|lovely|wonderful|cheers)[,.!?]? (?P<name>{_NAMES})"
    r"(?=[,.!?]|$| (?:and|you|i|for|from|here|this|thanks|thank)\b)"
)
_VOCATIVE = re.compile(
    rf"(?:^|[.!?] )(?P<name>{_NAME})(?=, (?:thank|please|i|we|you|are|can|could))"
)
_SIGNED = re.compile(rf"\b(?P<name>{_NAMES}) (?i:speaking|here|calling)\b")
_LOWER_NAME = r"[a-z][a-z'’-]+"
_INTRODUCED_LOWER = re.compile(
    r"\b(?:my (?:\w+ )?name(?:'s| is)|the name(?:'s| is)|(?:his|her) name(?:'s| is)|"
    r"mister|mr|mrs|miss|ms)"
    rf" (?:uh |um |is )?(?P<name>{_LOWER_NAME}(?: {_LOWER_NAME}){{0,2}})"
)
_LEAD_IN = re.compile(
    r"^(?:\W|\b(?:yes|yeah|yep|sure|okay|ok|right|of course|certainly|it's|it is|that's|that is|"
    r"that would be|that'd be|this is|my|the|first|last|full|name|name's|is|i'm|so|um|uh|er|oh|"
    r"well|hi|hello|please|under|it'll be|it would be|should be|for|mr|mrs|miss|ms|doctor)\b)*",
    re.IGNORECASE,
)
# What is written with a capital or follows "this is" without being a person's name.
NO_NAMES = frozenset({
    "a", "able", "about", "absolutely", "account", "actually", "afraid", "after", "again",
    "ah", "airways", "all", "also", "always", "am", "amazon", "american", "an", "and",
    "android", "any", "anything", "apple", "april", "are", "as", "at", "august", "available",
    "aware", "awful", "back", "bad", "bank", "because", "been", "before", "best", "better",
    "big", "bill", "billing", "bit", "bluetooth", "british", "but", "by", "bye", "call",
    "calling", "can", "cancel", "card", "certainly", "christmas", "claims", "come", "company",
    "concerning", "could", "customer", "dad", "darling", "date", "day", "days", "dear",
    "december", "definitely", "department", "did", "do", "does", "doing", "don't", "done",
    "double", "dr", "english", "er", "erm", "every", "everybody", "everyone", "everything",
    "exactly", "excellent", "express", "facebook", "fair", "fantastic", "february", "fiber",
    "fibre", "fine", "first", "folks", "for", "fraud", "french", "friday", "from", "german",
    "glad", "god", "going", "gone", "good", "goodness", "google", "gosh", "got", "great",
    "grief", "guys", "had", "happy", "has", "have", "having", "he", "hear", "hello", "help",
    "her", "here", "hi", "him", "his", "hmm", "hold", "home", "honestly", "honey", "hotel",
    "hotels", "house", "how", "huh", "i", "i'd", "i'll", "i'm", "i've", "if", "in",
    "insurance", "internet", "iphone", "is", "it", "it's", "its", "january", "jesus", "july",
    "june", "just", "kids", "know", "ladies", "last", "let", "like", "look", "looking", "lord",
    "love", "lovely", "ma'am", "madam", "man", "march", "may", "maybe", "me", "mhm", "mine",
    "mobile", "mom", "monday", "more", "morning", "most", "mr", "mrs", "ms", "much", "mum",
    "my", "name", "never", "new", "next", "nice", "no", "nobody", "not", "nothing", "november",
    "now", "number", "october", "of", "oh", "ok", "okay", "on", "one", "only", "or", "order",
    "other", "our", "out", "over", "paypal", "perfect", "perhaps", "pharmacy", "phone",
    "please", "point", "probably", "ready", "really", "reference", "regarding", "ridiculous",
    "right", "sales", "samsung", "saturday", "see", "september", "service", "she", "should",
    "sir", "so", "some", "somebody", "someone", "something", "sorry", "spanish", "speaking",
    "still", "street", "sunday", "support", "sure", "sweetheart", "team", "technical",
    "terrible", "thank", "thanks", "that", "that's", "the", "their", "them", "then", "there",
    "they", "this", "thursday", "to", "today", "tomorrow", "too", "true", "trying", "tuesday",
    "two", "uh", "um", "unacceptable", "unknown", "up", "us", "very", "visa", "wait",
    "waiting", "was", "we", "wednesday", "welcome", "well", "went", "were", "what", "what's",
    "whatsapp", "when", "where", "which", "who", "why", "wifi", "will", "windows", "with",
    "wonderful", "working", "would", "wow", "wrong", "yeah", "year", "yep", "yes", "yesterday",
    "yet", "you", "you're", "your", "yup", "zero",
})  # fmt: skip
_ORGANISATION = frozenset({
    "airline", "airlines", "airways", "auto", "avenue", "bank", "broadband", "card", "center",
    "centre", "church", "claims", "clinic", "club", "college", "company", "department",
    "drive", "energy", "fiber", "fibre", "group", "hospital", "hotel", "hotels", "inc",
    "insurance", "lane", "llc", "ltd", "mobile", "motors", "pharmacy", "plus", "premium",
    "prime", "pro", "repairs", "road", "school", "security", "services", "shop", "society",
    "store", "street", "support", "team", "telecom", "university", "visa", "wireless",
})  # fmt: skip
_LOWER_STOP = NO_NAMES | {"calling", "phoning", "from", "with", "speaking", "and", "the"}


@cache
def first_names() -> frozenset[str]:
    """Return common first names in lower case (English-speaking countries, widely used)."""
    text = resources.files(__package__ or "").joinpath("first_names.txt").read_text("utf-8")
    return frozenset(text.split())


def is_cased(texts: Iterable[str]) -> bool:
    """Whether the texts use capitals, so that a lower-case word is no name."""
    letters = capitals = 0
    for text in texts:
        letters += sum(c.isalpha() for c in text)
        capitals += sum(c.isupper() for c in text)
    return capitals * 200 > letters


def find_names(text: str, *, asked: bool, cased: bool) -> list[Place]:
    """Return (start, end) of names that their surroundings give away.

    ``asked`` says that a name was just asked for, so that the answer is one.
    """
    plain = text.replace("’", "'")
    found: list[Place] = []
    if cased:
        for pattern in (_INTRODUCED, _ADDRESSED, _VOCATIVE, _SIGNED):
            sure = pattern is not _VOCATIVE
            found += _accepted(pattern.finditer(plain), sure=sure)
        if asked:
            found += _answer(plain)
    else:
        found += _lower_introduced(plain)
        found += _lower_known(plain)
        if asked:
            found += _lower_answer(plain)
    return found


def _accepted(matches: Iterable[re.Match[str]], *, sure: bool) -> list[Place]:
    accepted = []
    for match in matches:
        start, end = _trimmed(match["name"], match.start("name"))
        name = match.string[start:end]
        known = name.split(" ")[0].lower() in first_names() if name else False
        introduced = match.string[match.start() : match.start("name")].lower().strip()
        weak = introduced in {"it's", "it is", "i'm", "i am", "under", "called", "here's", "no",
                              "yes", "right", "okay", "there", "well", "now"}  # fmt: skip
        if _goes_on_as_company(match.string[end:]):
            continue
        if name and (known or (sure and not (weak and " " not in name and not _ends_there(match)))):
            accepted.append((start, end))
    return accepted


def _goes_on_as_company(rest: str) -> bool:
    """Whether a name is the start of a company's: "Harbour and Vale Bank card services"."""
    words = re.split(r"[,.!?]", rest, maxsplit=1)[0].lower().split()[:4]
    return any(word in _ORGANISATION for word in words)


def _ends_there(match: re.Match[str]) -> bool:
    rest = match.string[match.end("name") :].lstrip()
    return not rest or rest[0] in ",.!?"


def _trimmed(name: str, start: int) -> Place:
    """Drop words that can't be part of a name from both ends; empty when nothing is left."""
    words = [(m.group(), m.start() + start, m.end() + start) for m in re.finditer(r"\S+", name)]
    while words and words[0][0].lower() in NO_NAMES:
        words.pop(0)
    for at, (word, _, _) in enumerate(words):
        if word.lower() in NO_NAMES:
            words = words[:at]
            break
    if not words or any(word.lower() in _ORGANISATION for word, _, _ in words):
        return (start, start)
    return (words[0][1], words[-1][2])


def is_name(name: str, *, before: str) -> bool:
    """Whether what a language model calls a person is likely to be one's name."""
    words = name.replace("’", "'").split()
    if not words or not all(w[0].isupper() for w in words if w[0].isalpha()):
        return False
    if any(w.lower().strip(".,'") in NO_NAMES | _ORGANISATION for w in words):
        return False
    if words[0].lower() in first_names():
        return True
    titled = bool(re.search(r"\b(?:mr|mrs|ms|miss|dr|doctor)\.?\s*$", before, re.IGNORECASE))
    return titled or (len(words) in {2, 3} and all(w.isalpha() for w in words))


def _answer(text: str) -> list[Place]:
    """Read the start of an answer as a name: "It's Castellano, and I was born …"."""
    lead = _LEAD_IN.match(text)
    at = lead.end() if lead else 0
    match = re.compile(_NAMES).match(text, at)
    if match is None:
        return []
    start, end = _trimmed(match.group(), match.start())
    return [(start, end)] if end > start else []


def _lower_introduced(text: str) -> list[Place]:
    return [
        place
        for match in _INTRODUCED_LOWER.finditer(text.lower())
        if (place := _lower_words(tokenise(match["name"]), match.start("name")))
    ]


def _lower_answer(text: str) -> list[Place]:
    lead = _LEAD_IN.match(text)
    at = lead.end() if lead else 0
    tokens = tokenise(text[at:])[:3]
    place = _lower_words(tokens, at)
    # A long first sentence is no bare name; then only a known first name counts.
    rest = tokenise(text[place[1] :])[:1] if place else []
    bare = len(tokenise(text[at:])) <= 5 or (bool(rest) and rest[0].lower in {",", "and", "."})
    known = bool(tokens) and tokens[0].lower in first_names()
    return [place] if place and (bare or known) else []


def _lower_words(tokens: Sequence[Token], offset: int) -> Place | None:
    taken: list[Token] = []
    for token in tokens:
        if not token.is_word or token.lower in _LOWER_STOP or is_number(token):
            break
        taken.append(token)
    return (taken[0].start + offset, taken[-1].end + offset) if taken else None


_LOWER_CUES = frozenset({
    "afternoon", "bye", "dear", "evening", "hello", "here's", "hey", "hi", "i'm", "is", "miss",
    "morning", "mr", "mrs", "named", "okay", "sorry", "thanks", "to", "with", "you",
})  # fmt: skip
COMMON_WORDS = frozenset({
    "amber", "art", "austin", "bill", "charlotte", "chase", "crystal", "daisy", "dawn", "dean",
    "don", "drew", "faith", "frank", "georgia", "glen", "grace", "grant", "holly", "hope",
    "iris", "ivy", "jack", "jay", "jean", "jordan", "joy", "kelly", "ken", "lee", "logan",
    "madison", "mark", "max", "may", "melody", "paige", "pat", "penny", "ray", "rob", "robin",
    "rose", "sue", "violet", "virginia", "will",
})  # fmt: skip


def _lower_known(text: str) -> list[Place]:
    """Find known first names in text without capitals, after words that introduce or address."""
    tokens = tokenise(text)
    found = []
    for at, token in enumerate(tokens):
        if token.lower not in first_names():
            continue
        cue = at > 0 and tokens[at - 1].lower in _LOWER_CUES
        if cue or (token.lower not in COMMON_WORDS and len(token.lower) > 3):
            found.append((token.start, token.end))
    return found
