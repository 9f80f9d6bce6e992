"""Finds people's names by the way they are introduced, addressed and asked for."""

import re
from collections.abc import Iterable

from services.understanding.personal_data.lower_names import LEAD_IN, find_lower_names
from services.understanding.personal_data.name_words import (
    AFTER_NO_NAME,
    COMMON_WORDS,
    NO_NAMES,
    ORGANISATION,
)
from services.understanding.personal_data.tokens import just_before
from services.understanding.personal_data.word_lists import (
    brand_spans,
    first_names,
    places,
    surnames,
)

Place = tuple[int, int]

_NAME = r"[A-ZÀ-ÖØ-Þ][^\W\d_]*(?:['’-](?!s\b)[A-Z]?[^\W\d_]+)*"
_NAMES = (
    rf"{_NAME}(?: (?:(?:de|van|von|der|den|la|al|el|bin|ibn|o|y|da|di)\s){{0,2}}{_NAME}){{0,3}}"
)
_INTRODUCED = re.compile(
    r"\b(?i:my (?:\w+ )?name(?:'s| is)|(?:the|his|her|their) (?:\w+ )?name(?:'s| is)|name is|"
    r"(?:first|last|sur|family|given) ?name(?: is|'s)?|in the name of|"
    r"name on (?:the|my|this|that) \w+(?: is|'s)|(?:patient|holder|"
    r"passenger|cardholder|caller|guest|"
    r"beneficiary|tenant|landlord|owner)(?:'s name)? is|"
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
    r"goodbye|take care|sorry|(?:best |kind |warm )?regards|sincerely|yours|"
    r"safe travels|dear|okay|ok|alright|right|sure|listen|look|please|"
    rf"there|no|yes|well|now|perfect|great|lovely|wonderful|cheers)[,.!?]? (?P<name>{_NAMES})"
    r"(?=[,.!?]|$| (?:and|you|i|for|from|here|this|thanks|thank)\b)"
)
_VOCATIVE = re.compile(
    rf"(?:^|[.!?] )(?P<name>{_NAME})(?=, (?:thank|please|i|we|you|are|can|could))"
)
_TOLD = re.compile(
    r"\b(?i:tell|told|ask(?:ed)?|emailed|texted|met|attn|attention|contact|from|by|for|with|and|"
    rf"that|about|see|saw|called|remember|owe|gave|give)[ :]+(?P<name>{_NAMES})"
)
_LABELLED = re.compile(
    r"\b(?i:from|to|name|customer|caller|agent|attn|contact|patient|passenger|guest|holder): ?"
    rf"(?P<name>{_NAMES})"
)
_GOES_ON = re.compile(rf", (?P<name>{_NAME})(?=[,.]|$| and\b)")
_IS_THERE = re.compile(
    rf"\b(?i:is|was|has|did|does|will|can|could) (?P<name>{_NAMES}) "
    r"(?:available|there|in|around|home|back|call|called|say|said|come|coming|free)\b"
)
_SIGNED = re.compile(rf"\b(?P<name>{_NAMES}) (?i:speaking|here|calling|on the line)\b")
_ANY_NAME = re.compile(rf"(?<![\w@.])(?P<name>{_NAMES})")
_SAINT = re.compile(r"\b(?:San|Santa|St\.?|Saint|Fort|Port|Lake|Mount)\s$")
_TITLED = re.compile(r"\b(?:mr|mrs|ms|miss|dr|doctor|mister)\.?\s*$", re.IGNORECASE)
_OF_A_THING = re.compile(
    r"\b(?:calling|trialling|using|use|trying|try|from|at|of|the|a|an|my|our|your|on|via|to|new|old|"
    r"with|choosing|contacting|buy|bought|have|had|watched|love)\s$",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:tell|told|ask|asked|spoke to|spoke with|met|named|called)\s$", re.IGNORECASE
)


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
        for pattern in (_INTRODUCED, _ADDRESSED, _LABELLED, _IS_THERE, _VOCATIVE, _SIGNED, _TOLD):
            sure = pattern not in {_VOCATIVE, _TOLD}
            found += _accepted(pattern.finditer(plain), sure=sure)
        found += _known(plain)
        if asked:
            found += _answer(plain)
    else:
        found += find_lower_names(plain, asked=asked)
    return found


def is_brand(text: str, start: int, end: int) -> bool:
    """Whether a name is the one of a product or a company: "Jo Malone", "Alexa"."""
    return any(at <= start and end <= stop for at, stop in brand_spans(text))


def _accepted(matches: Iterable[re.Match[str]], *, sure: bool) -> list[Place]:
    accepted = []
    for match in matches:
        start, end = _trimmed(match["name"], match.start("name"))
        name = match.string[start:end]
        known = bool(name) and _is_known(name.split(" ")[0].lower())
        introduced = match.string[match.start() : match.start("name")].lower().strip()
        if introduced in {"called", "named"} and not known and " " not in name:
            continue
        weak = introduced in {"it's", "it is", "i'm", "i am", "under", "called", "here's", "no",
                              "yes", "right", "okay", "there", "well", "now"}  # fmt: skip
        if _goes_on_as_company(match.string[end:]):
            continue
        if _is_of_a_town(name):
            continue
        if not sure and (is_brand(match.string, start, end) or name.lower() in places()):
            continue
        if name and (known or (sure and not (weak and " " not in name and not _ends_there(match)))):
            accepted.append((start, end))
    return accepted


def _is_unheard_of(word: str) -> bool:
    """Whether a single word that a language model takes for a person can be trusted to be one."""
    bare = word.replace("'", "").replace("-", "")
    return (
        len(bare) > 3
        and bare.isalpha()
        and not bare.isupper()
        and (word.lower() not in COMMON_WORDS)
    )


def _is_of_a_town(name: str) -> bool:
    """Whether a name is that of a branch: "Hilton London"."""
    words = name.lower().split()
    return (
        len(words) > 1
        and words[-1] in places()
        and words[-1] not in surnames()
        and words[0] not in first_names()
    )


def _is_known(word: str) -> bool:
    return word in first_names() or (word in surnames() and word not in COMMON_WORDS)


def _goes_on_as_company(rest: str) -> bool:
    """Whether a name is the start of a company's: "Harbour and Vale Bank card services"."""
    words = re.split(r"[,.!?]", rest, maxsplit=1)[0].lower().split()[:4]
    return any(word in ORGANISATION for word in words)


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
    if not words or any(word.lower() in ORGANISATION for word, _, _ in words):
        return (start, start)
    return (words[0][1], words[-1][2])


def is_name(text: str, start: int, end: int) -> bool:
    """Whether what a language model calls a person is likely to be one's name."""
    name, before = text[start:end], just_before(text, start)
    titled = bool(_TITLED.search(before))
    if is_brand(text, start, end) and not titled:
        return False
    words = name.replace("’", "'").split()
    if not words or not all(w[0].isupper() for w in words if w[0].isalpha()):
        return False
    if any(w.lower().strip(".,'") in NO_NAMES | ORGANISATION for w in words):
        return False
    following = re.match(r"\W*(\w+)", text[end:])
    of_a_place = following is not None and following[1].lower() in AFTER_NO_NAME
    if words[0].lower() in first_names():
        opens = not before.strip() or before.rstrip()[-1] in ".!?"
        if len(words) == 1 and opens and words[0].lower() in COMMON_WORDS:
            return False
        town = words[0].lower() in places() and words[-1].lower() not in surnames()
        return not of_a_place and not (town and not titled)
    if len(words) == 1 and words[0].lower() in surnames():
        return words[0].lower() not in places() and words[0].lower() not in COMMON_WORDS
    if _is_of_a_town(name) and not titled:
        return False
    if len(words) == 1 and _is_unheard_of(words[0]) and not _OF_A_THING.search(before):
        return not of_a_place and words[0].lower() not in places()
    told = len(words) == 1 and bool(_TELLS.search(before))
    plain = all(w.replace("'", "").replace("-", "").isalpha() for w in words)
    return titled or told or (len(words) in {2, 3} and plain and not of_a_place)


def _known(text: str) -> list[Place]:
    """Find widely used first names wherever they stand, with the surname after them."""
    found = []
    for match in _ANY_NAME.finditer(text):
        start, end = _trimmed(match["name"], match.start("name"))
        words = text[start:end].lower().split()
        if not words or words[0] not in first_names() or is_brand(text, start, end):
            continue
        alone = len(words) == 1
        doubtful = words[0] in COMMON_WORDS or words[0] in places() or len(words[0]) <= 3
        if alone and (doubtful or _SAINT.search(just_before(text, start))):
            continue
        if not alone and words[0] in places() and words[-1] not in surnames():
            continue
        following = re.match(r"\W*(\w+)", text[end:])
        if following and following[1].lower() in AFTER_NO_NAME:
            continue
        if not _goes_on_as_company(text[end:]):
            found.append((start, end))
    return found


def _answer(text: str) -> list[Place]:
    """Read the start of an answer as a name: "It's Castellano, and I was born …"."""
    lead = LEAD_IN.match(text)
    at = lead.end() if lead else 0
    match = re.compile(_NAMES).match(text, at)
    if match is None:
        return []
    start, end = _trimmed(match.group(), match.start())
    if end <= start:
        return []
    # A recogniser hears a pause inside a name: "Ed, Castellano, and I was born …".
    rest = _GOES_ON.match(text, end)
    further = _trimmed(rest["name"], rest.start("name")) if rest else (end, end)
    return [(start, end)] + ([further] if further[1] > further[0] else [])
