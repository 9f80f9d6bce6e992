"""Finds spoken e-mail addresses: "j dot doe at example dot com", spelled, or split in two."""

from collections.abc import Mapping, Sequence

from services.understanding.personal_data.tokens import Token, is_number

_ENDINGS = frozenset({
    "com", "org", "net", "edu", "gov", "co", "uk", "io", "info", "biz", "us", "ca", "au", "de",
    "fr", "es", "it", "nl", "ie", "eu", "me", "app", "dev", "test", "example", "invalid", "pt",
    "br", "at", "ch", "be", "lu", "mx", "ar", "cl", "pe", "cat", "nz", "in", "za", "ng", "ke", "jp",
    "cn", "kr", "sg", "hk", "se", "no", "dk", "fi", "pl", "cz", "gr", "tr", "ru", "ua", "ro", "hu",
    "il", "ae", "mail", "tech", "online", "shop", "store", "cloud", "health", "coop", "xyz",
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
    "a", "address", "an", "and", "at", "be", "called", "check", "contact", "e-mail", "either",
    "email", "er", "everything", "find", "for", "goes", "got", "has", "have", "her", "here's",
    "his", "i", "in", "is", "it", "it's", "its", "just", "look", "lowercase", "mail", "me", "my",
    "no", "not", "of", "oh", "ok", "okay", "on", "online", "or", "our", "out", "page", "please",
    "reach", "right", "send", "sent", "shop", "site", "so", "someone", "store", "sure", "thank",
    "thanks", "that", "that'd", "that'll", "that's", "the", "their", "there's", "this", "to", "uh",
    "um", "us", "use", "using", "visit", "was", "website", "well", "would", "yeah", "yep", "yes",
    "you", "your",
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
_FEW = frozenset({
    "and", "at", "be", "is", "it", "it's", "ok", "okay", "so", "sure", "that", "that's", "to", "uh",
    "um", "well", "yeah", "yep", "yes",
})  # fmt: skip
"""What ends a name that may have any word in it: "pete the plumber at gmail dot com"."""
_SENTENCE_ENDS = frozenset(".?!:;,")
_ONE_WORD = (
    ("all", "one", "word"),
    ("all", "lowercase"),
    ("all", "lower", "case"),
    ("one", "word"),
)
_LED_TO_BY = frozenset({"is", "it's", "to", "use", "be", "email", "that's", "e-mail", "at", "mail"})
_LIKE_AT = frozenset({"act", "ad", "add", "app", "et", "hat", "that", "that's"})
_MAILBOXES = frozenset({
    "aol", "gmail", "gmx", "hotmail", "icloud", "live", "me", "msn", "outlook", "proton",
    "protonmail", "web", "yahoo", "ymail",
})  # fmt: skip
_LONGEST_DOMAIN = 7
_LONGEST_LOCAL = 26
_MOST_WORDS = 4
"""Words without dots or spelling between them that make one name, such as "big red barn"."""


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
        mailbox = any(token.lower in _MAILBOXES for token in tokens[at + 1 : end + 1])
        if asked and _is_all_there_is(tokens, at, end):
            stop = _FEW
        first = _local_start(tokens, at, stop, eager=asked or mailbox or at <= _MOST_WORDS)
        if first < at or asked or (at == 0 and end >= len(tokens) - 2):
            found.append((tokens[min(first, at)].start, tokens[end].end))
        at = end + 1
    if not found and asked:
        found += _misheard(tokens, stop) or _half(tokens, stop)
    return found


def _is_all_there_is(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether a short answer holds an address and nothing after it."""
    return at <= _MOST_WORDS + 2 and all(not t.is_word for t in tokens[end + 1 :])


def _is_at(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].lower in _ATS and at + 1 < len(tokens)


def _domain_end(tokens: Sequence[Token], first: int) -> int | None:
    """Return the last token of a domain that begins at ``first``, None when there is none."""
    end = None
    at = first
    while at < min(len(tokens), first + _LONGEST_DOMAIN + 4):
        token = tokens[at]
        if token.text == "," and _pauses_at_dot(tokens, at):
            at += 1
            continue
        before = at - 2 if tokens[at - 1].text == "," else at - 1
        dotted = before > first - 1 and tokens[before].lower in _DOTS
        if dotted and token.lower in _ENDINGS:
            end = at
            after = at + 2 if _pauses_at_dot(tokens, at + 1) else at + 1
            following = tokens[after].lower if after < len(tokens) else ""
            if following not in _DOTS:
                break
        elif token.text in "?!;:" or (not token.text[0].isalnum() and token.lower not in _JOINERS):
            break
        at += 1
    if end is None:
        return None
    # A full stop that ends the sentence is no dot of the address.
    return end


def _pauses_at_dot(tokens: Sequence[Token], at: int) -> bool:
    """Whether a comma stands beside a spoken "dot" or "at" rather than after a clause."""
    if not 0 < at < len(tokens) - 1 or tokens[at].text != ",":
        return False
    spoken = _DOTS - {"."} | _ATS
    return tokens[at - 1].lower in spoken or tokens[at + 1].lower in spoken


def _local_start(tokens: Sequence[Token], at: int, stop: frozenset[str], *, eager: bool) -> int:
    """Return the first token of the name before "at"; ``at`` itself when there is no name."""
    reader = _Local(tokens, stop)
    first = reader.start(at, eager=eager)
    while first < at and tokens[first].lower in _JOINERS | _ATS | {","}:
        first += 1
    return first


class _Local:
    """Reads the name before "at" from its end."""

    def __init__(self, tokens: Sequence[Token], stop: frozenset[str]) -> None:
        self._tokens = tokens
        self._stop = stop

    def start(self, at: int, *, eager: bool) -> int:
        first, loose, place = at, 0, at - 1
        nearest = at - 2 if at and self._tokens[at - 1].text == "," else at - 1
        while place >= 0 and at - place <= _LONGEST_LOCAL:
            aside = self._aside(place)
            if aside:
                place -= aside
                continue
            spelled_as = self._likeness(place)
            if spelled_as:
                first, place = place - spelled_as + 1, place - spelled_as
                continue
            if self._ends(place, at) or self._stops(place):
                break
            joined = self._is_joined(place)
            loose += not joined and place < nearest
            if loose and not eager and not self._is_led_to(place):
                break
            if loose >= _MOST_WORDS:
                break
            first, place = place, place - 1
        return first

    def _ends(self, place: int, at: int) -> bool:
        """Whether a sentence ends here, rather than a pause between spelled letters."""
        token = self._tokens[place]
        if token.text == ",":
            beside = (place - 1, place + 1)
            pauses = any(self._is_part(p) for p in beside if p >= 0) or place == at - 1
            return not (pauses and place > 0)
        if token.lower == "." and _blank_after(self._tokens, place):
            return not self._is_initial(place - 1)
        return token.text in _SENTENCE_ENDS and token.lower not in _JOINERS

    def _is_initial(self, place: int) -> bool:
        """Whether a capital stands alone: "J. Vander at example dot com"."""
        token = self._tokens[place] if place >= 0 else None
        return token is not None and len(token.text) == 1 and token.is_capitalised

    def _stops(self, place: int) -> bool:
        token = self._tokens[place]
        # Elsewhere most one-letter words are common ones, and letters only among letters.
        letter = _spelled(token) and len(token.text) == 1
        letter = letter and (self._stop is _STOP or self._is_joined(place))
        return token.lower in self._stop and not (letter and self._is_letter_here(place))

    def _is_letter_here(self, place: int) -> bool:
        """Whether "a" or "i" is a letter of the name: "a dot", "m a r k", not "in a"."""
        if self._tokens[place].lower not in {"a", "i"}:
            return True
        before = self._tokens[place - 1] if place else None
        after = self._tokens[place + 1].lower
        return (
            after in _JOINERS | _ATS | {","}
            or _spelled(self._tokens[place + 1])
            or (before is not None and _spelled(before))
        )

    def _is_joined(self, place: int) -> bool:
        after = place + 2 if self._tokens[place + 1].text == "," else place + 1
        return self._is_part(place) or (after < len(self._tokens) and self._is_part(after))

    def _is_part(self, place: int) -> bool:
        token = self._tokens[place]
        return token.lower in _JOINERS or _spelled(token)

    def _is_led_to(self, place: int) -> bool:
        """Whether a few words back stands what leads to an address: "it's", "send it to"."""
        for back in range(_MOST_WORDS):
            at = place - back
            if at < 0:
                return True
            if self._tokens[at].lower in _LED_TO_BY:
                return True
            if self._tokens[at].lower in self._stop or not self._tokens[at].is_word:
                return False
        return False

    def _aside(self, place: int) -> int:
        """Return how many tokens "all one word" takes that ends here."""
        for words in _ONE_WORD:
            start = place - len(words) + 1
            if start >= 0 and tuple(t.lower for t in self._tokens[start : place + 1]) == words:
                comma = start > 0 and self._tokens[start - 1].text == ","
                return len(words) + comma
        if self._tokens[place].text == "," and place and self._aside(place - 1):
            return 1
        return 0

    def _likeness(self, place: int) -> int:
        """Return how many tokens "j as in juliet" takes that ends here."""
        for words in (("as", "in"), ("for",), ("as",), ("like",)):
            letter = place - len(words) - 1
            if letter < 0:
                continue
            said = tuple(t.lower for t in self._tokens[letter + 1 : place])
            first = self._tokens[letter].lower
            if said == words and len(first) == 1 and self._tokens[place].lower.startswith(first):
                return place - letter + 1
        return 0


def _blank_after(tokens: Sequence[Token], place: int) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1].start > tokens[place].end


def _spelled(token: Token) -> bool:
    return (len(token.text) == 1 and token.text.isalnum()) or is_number(token)


def _misheard(tokens: Sequence[Token], stop: frozenset[str]) -> list[tuple[int, int]]:
    """Find an address whose "at" is heard as another word: "m.doe, that's example.com"."""
    for at in range(1, len(tokens) - 3):
        if tokens[at].lower in _LIKE_AT:
            end = _domain_end(tokens, at + 1)
            first = _local_start(tokens, at, stop, eager=True)
            if end is not None and first < at:
                return [(tokens[first].start, tokens[end].end)]
    return []


def _half(tokens: Sequence[Token], stop: frozenset[str]) -> list[tuple[int, int]]:
    """Find the part before "at" when the rest follows in another utterance."""
    for at in range(1, len(tokens) - 1):
        if tokens[at].lower in {"dot", "underscore", "hyphen"} and tokens[at + 1].text.isalnum():
            end = at + 1
            while end + 2 < len(tokens) and tokens[end + 1].lower in _JOINERS:
                end += 2
            return [(tokens[_local_start(tokens, at, stop, eager=False)].start, tokens[end].end)]
    return []
