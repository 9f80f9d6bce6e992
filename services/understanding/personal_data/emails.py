"""Finds spoken e-mail addresses: "j dot doe at example dot com", spelled, or split in two."""

import re
from collections.abc import Mapping, Sequence

from services.understanding.personal_data.tokens import Token

_ENDINGS = frozenset({
    "com", "org", "net", "edu", "gov", "co", "uk", "io", "info", "biz", "us", "ca", "au", "de",
    "fr", "es", "it", "nl", "ie", "eu", "me", "app", "dev", "test", "example", "invalid", "pt",
    "br", "at", "ch", "be", "lu", "mx", "ar", "cl", "pe", "cat",
})  # fmt: skip
_ATS = frozenset({
    "at", "@", "arroba", "arobase", "arrobas", "klammeraffe", "affenschwanz", "ät", "chiocciola",
    "chiocciolina",
})  # fmt: skip
_DOTS = frozenset({"dot", ".", "point", "period", "punto", "punkt", "ponto"})
_JOINERS = _DOTS - {"period"} | {
    "underscore", "_", "dash", "-", "hyphen", "minus", "plus", "+", "guion", "guión", "bajo",
    "baja", "tiret", "bas", "souligné", "moins", "bindestrich", "unterstrich", "trattino", "basso",
    "meno", "hífen", "sublinhado", "underline", "menos",
}  # fmt: skip
_STOP = frozenset({
    "a", "address", "an", "and", "at", "be", "called", "contact", "e-mail", "either", "email",
    "er", "for", "goes", "got", "has", "have", "her", "here's", "his", "i", "in", "is", "it",
    "it's", "its", "just", "mail", "me", "my", "no", "not", "of", "oh", "ok", "okay", "on",
    "or", "our", "please", "reach", "right", "send", "sent", "so", "sure", "thank", "thanks",
    "that", "that'd", "that'll", "that's", "the", "their", "there's", "this", "to", "uh", "um",
    "use", "using", "was", "well", "would", "yeah", "yep", "yes", "you", "your",
})  # fmt: skip


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_STOP_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "es": _words(
        "a correo de dirección el electrónico email en es escríbame la mail me mi para que "
        "sería sí su y"
    ),
    "fr": _words(
        "à adresse c'est de email en est et l'adresse la le ma mail moi mon oui pour votre"
    ),
    "de": _words(
        "adresse an die e-mail email e ich ist ja lautet mail mein meine mir und wäre ihre"
    ),
    "it": _words(
        "a di e è email il indirizzo l'indirizzo la mail mi mia mio posta sarebbe sì su"
    ),
    "pt": _words(
        "a de e é email endereço mail meu minha no o para que seria sim"
    ),
}  # fmt: skip
_SENTENCE_ENDS = frozenset(".?!:;,")
_LONGEST_DOMAIN = 7
_LONGEST_LOCAL = 12


def find_spoken_emails(
    tokens: Sequence[Token], text: str, *, asked: bool, language: str = "en"
) -> list[tuple[int, int]]:
    """Return (start, end) characters of e-mail addresses said in words.

    ``asked`` says that an e-mail address was just asked for: then halves count too.
    """
    stop = _STOP_ELSEWHERE.get(language, _STOP)
    found = []
    at = 0
    while at < len(tokens):
        end = _domain_end(tokens, at + 1) if _is_at(tokens, at) else None
        if end is None:
            at += 1
            continue
        first = _local_start(tokens, at, stop, eager=asked)
        if first < at or asked or at == 0:
            found.append((tokens[min(first, at)].start, tokens[end].end))
        at = end + 1
    if not found and asked:
        found += _half(tokens, stop)
    return found


def _is_at(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].lower in _ATS and at + 1 < len(tokens)


def _domain_end(tokens: Sequence[Token], first: int) -> int | None:
    """Return the last token of a domain that begins at ``first``, None when there is none."""
    end = None
    at = first
    while at < min(len(tokens), first + _LONGEST_DOMAIN + 4):
        token = tokens[at]
        dotted = at > first and tokens[at - 1].lower in _DOTS
        if dotted and token.lower in _ENDINGS:
            end = at
            following = tokens[at + 1].lower if at + 1 < len(tokens) else ""
            if following not in _DOTS:
                break
        elif token.text in "?!;:" or (not token.text[0].isalnum() and token.lower not in _JOINERS):
            break
        at += 1
    if end is None:
        return None
    # A full stop that ends the sentence is no dot of the address.
    return end


def _local_start(tokens: Sequence[Token], at: int, stop: frozenset[str], *, eager: bool) -> int:
    """Return the first token of the name before "at"; ``at`` itself when there is no name."""
    first = at
    for back in range(1, _LONGEST_LOCAL + 1):
        place = at - back
        if place < 0:
            break
        token = tokens[place]
        joined = token.lower in _JOINERS or tokens[place + 1].lower in _JOINERS
        ends_sentence = token.lower == "." and _blank_after(tokens, place)
        if ends_sentence or (token.text in _SENTENCE_ENDS and token.lower not in _JOINERS):
            break
        # Elsewhere most one-letter words are common ones, and letters only among letters.
        letter = _spelled(token) and (stop is _STOP or joined or _spelled(tokens[place + 1]))
        if token.lower in stop and not letter:
            break
        if not (joined or eager or back == 1 or _spelled(token) or _spelled(tokens[place + 1])):
            break
        first = place
    while first < at and tokens[first].lower in _JOINERS:
        first += 1
    return first


def _blank_after(tokens: Sequence[Token], place: int) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1].start > tokens[place].end


def _spelled(token: Token) -> bool:
    return len(token.text) == 1 and token.text.isalnum()


def _half(tokens: Sequence[Token], stop: frozenset[str]) -> list[tuple[int, int]]:
    """Find the part before "at" when the rest follows in another utterance."""
    for at in range(1, len(tokens) - 1):
        if tokens[at].lower in {"dot", "underscore", "hyphen"} and tokens[at + 1].text.isalnum():
            end = at + 1
            while end + 2 < len(tokens) and tokens[end + 1].lower in _JOINERS:
                end += 2
            return [(tokens[_local_start(tokens, at, stop, eager=False)].start, tokens[end].end)]
    return []


EMAIL_DOMAIN_ALONE = re.compile(r"^\W*at\b", re.IGNORECASE)
