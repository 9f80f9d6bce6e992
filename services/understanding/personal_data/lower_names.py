"""Finds people's names in text without capitals, as many recognisers write it."""

import re
from collections.abc import Sequence

from services.understanding.personal_data.name_words import COMMON_WORDS, NO_NAMES
from services.understanding.personal_data.tokens import Token, is_number, tokenise
from services.understanding.personal_data.word_lists import (
    brand_spans,
    first_names,
    places,
    surnames,
)

Place = tuple[int, int]

_NAME = r"[a-zà-öø-þ][a-zà-öø-þ'’-]+"
_NAMES = rf"{_NAME}(?: {_NAME}){{0,3}}"
_INTRODUCED = re.compile(
    r"\b(?:my (?:\w+ )?name(?:'s| is)?|the name(?:'s| is)|"
    r"(?:his|her|their) (?:\w+ )?name(?:'s| is)|"
    r"(?:first|last|sur|family|given|middle|maiden) ?name(?:'s| is)?|name is|in the name of|"
    r"under the name(?: of)?|(?:account|booking|reservation|policy)(?:'s| is) under|"
    r"mister|mr|mrs|ms)"
    rf" (?:uh |um |is )*(?P<name>{_NAMES})"
)
_TITLED = re.compile(
    r"(?<!i )(?<!i'll )(?<!don't )(?<!to )(?<!you )(?<!we )(?<!might )(?<!would )\b(?:miss) "
    rf"(?P<name>{_NAME})"
)
_SIGNED = re.compile(
    rf"\bthis is (?P<name>{_NAME}(?: {_NAME})?) "
    r"(?:calling|speaking|here|phoning|from (?:the|accounts|billing|customer|support))\b"
)
_GREETED = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)) "
    rf"(?P<name>{_NAME}) (?:this is|how are|it's|i'm|my name|i hope|you're through|welcome)\b"
)
_NAME_ON = re.compile(rf"\bname on (?:the|my|this|that) \w+(?: is|'s) (?P<name>{_NAMES})")
_LIKE_SURNAMES = re.compile(
    r"(?:mc|mac|o'|fitz)[a-z]{4,}|[a-z]{3,}(?:ez|ski|sky|wicz|ova|ov|enko|idis|poulos|oglu|berg|stein|"
    r"mann|worth|thwaite|combe|borough|sson|nsen)|[a-z]{2,}(?:lson|nson|rson|tson)"
)
_SPOKEN_TO = re.compile(
    rf"\b(?:speaking|spoke|talking|talked|through) (?:with|to) (?P<name>{_NAMES})"
)
LEAD_IN = re.compile(
    r"^(?:\W|\b(?:yes|yeah|yep|sure|okay|ok|right|of course|certainly|it's|it is|that's|that is|"
    r"that would be|that'd be|this is|my|the|first|last|full|name|name's|is|i'm|so|um|uh|er|oh|"
    r"well|hi|hello|please|under|it'll be|it would be|should be|for|mr|mrs|miss|ms|doctor|"
    r"(?:mother|father|husband|wife|partner|son|daughter)(?:'s)?)\b)*",
    re.IGNORECASE,
)
_STOP = NO_NAMES | {
    "above", "begins", "below", "blank", "calling", "changed", "correct", "different", "empty",
    "misspelled", "missing", "optional", "required", "same", "spelt", "wrong",
    "being", "ends", "from", "here", "last", "phoning", "speaking", "spelled",
    "spelling", "starting", "starts", "thats", "tomorrow", "with", "manager", "people", "person",
}  # fmt: skip
_NO_ONE_FROM = frozenset({
    "away", "coming", "different", "directly", "far", "fresh", "one", "separate", "straight",
})  # fmt: skip
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "den", "der", "di", "el", "la", "van", "von"}
)
_CUES = frozenset({
    "afternoon", "bye", "dear", "evening", "hello", "here's", "hey", "hi", "i'm", "is", "miss",
    "morning", "mr", "mrs", "named", "okay", "sorry", "thanks", "to", "with", "you",
})  # fmt: skip
_LIKE_NO_SURNAMES = frozenset({"machine", "machines", "macaroni", "person", "iceberg", "network"})
_SAINTS = frozenset({"fort", "lake", "port", "saint", "san", "santa", "st"})
_TOWARDS = frozenset({"from", "in", "near", "of", "the", "to"})
_MOST_WORDS = 4


def find_lower_names(text: str, *, asked: bool) -> list[Place]:
    """Return (start, end) of names; ``asked`` says that a name was just asked for."""
    found = _introduced(text.lower())
    found += _known(text)
    if asked:
        found += _answer(text)
    return found


def _introduced(text: str) -> list[Place]:
    found = []
    for pattern in (_INTRODUCED, _TITLED, _SIGNED, _GREETED, _NAME_ON, _SPOKEN_TO):
        for match in pattern.finditer(text):
            place = _words(tokenise(match["name"]), match.start("name"))
            first = match["name"].split()[0]
            if place is None or (pattern is _SIGNED and first in _NO_ONE_FROM):
                continue
            if pattern is _SPOKEN_TO and first not in first_names():
                continue
            found.append(place)
    return found


def _answer(text: str) -> list[Place]:
    lead = LEAD_IN.match(text)
    at = lead.end() if lead else 0
    tokens = tokenise(text[at:])[:_MOST_WORDS]
    place = _words(tokens, at)
    # A long first sentence is no bare name; then only a known first name counts.
    rest = tokenise(text[place[1] :])[:1] if place else []
    bare = len(tokenise(text[at:])) <= 5 or (bool(rest) and rest[0].lower in {",", "and", "."})
    known = bool(tokens) and tokens[0].lower in first_names()
    return [place] if place and (bare or known) else []


def _words(tokens: Sequence[Token], offset: int) -> Place | None:
    taken: list[Token] = []
    for token in tokens:
        single = len(token.text) == 1
        if not token.is_word or single or token.lower in _STOP or is_number(token):
            break
        taken.append(token)
    while taken and taken[-1].lower in _PARTICLES:
        taken.pop()
    if not taken:
        return None
    return (taken[0].start + offset, taken[-1].end + offset)


def _known(text: str) -> list[Place]:
    """Find known first names, after words that introduce or address, with a surname after them."""
    tokens = tokenise(text)
    brands = brand_spans(text)
    found = []
    for at, token in enumerate(tokens):
        name = token.lower.removesuffix("'s")
        if name not in first_names() or any(a <= token.start < b for a, b in brands):
            continue
        before = tokens[at - 1].lower if at else ""
        if before in _SAINTS or (before in _TOWARDS and name in places()):
            continue
        cue = at > 0 and tokens[at - 1].lower in _CUES
        if cue or (name not in COMMON_WORDS and len(name) > 3):
            found.append((token.start, _end_of_name(tokens, at)))
    return found


def _end_of_name(tokens: Sequence[Token], at: int) -> int:
    """Return where a name that begins with a first name ends: surnames belong to it."""
    last, place = tokens[at], at + 1
    while place < len(tokens) and place - at <= _MOST_WORDS:
        word = tokens[place].lower.removesuffix("'s")
        like = _LIKE_SURNAMES.fullmatch(word) and word not in _LIKE_NO_SURNAMES
        if like or word in surnames() or (word in first_names() and word not in COMMON_WORDS):
            last = tokens[place]
        elif word not in _PARTICLES:
            break
        place += 1
    return last.end - (2 if last.lower.endswith("'s") else 0)
