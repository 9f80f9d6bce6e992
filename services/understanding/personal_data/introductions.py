"""Finds names in languages without a language model: where people introduce themselves.

"Me llamo …", "Mein Name ist …", "Madame …": a name that nothing introduces is not found here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.understanding.personal_data.tokens import Token, tokenise
from services.understanding.personal_data.word_lists import first_names

Place = tuple[int, int]

PARTICLES = frozenset({
    "da", "das", "de", "degli", "dei", "del", "della", "der", "den", "di", "do", "dos", "du", "e",
    "el", "i", "la", "las", "le", "los", "van", "vom", "von", "y", "zu", "zum", "-", "'", "’",
})  # fmt: skip
_MOST_CAPITALISED = 5
_MOST_LOWER = 3


@dataclass(frozen=True, kw_only=True)
class _Introductions:
    """The cues of one language.

    ``sure`` is always followed by a name, in whatever letters; ``likely`` by a name when it has a
    capital. ``stop`` ends a name that is written in small letters. ``nouns`` says that all nouns
    have capitals, so that one capital makes no name.
    """

    sure: str
    likely: str
    stop: frozenset[str]
    nouns: bool = False


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_LANGUAGES: Mapping[str, _Introductions] = {
    "es": _Introductions(
        sure=r"me llamo|(?:mi|su) nombre(?: completo)? es|(?:mi|su) apellido es|mis apellidos son|"
             r"a nombre de|de parte de",
        likely=r"soy|le habla|habla|le atiende|le saluda|señora?|señorita|don|doña|sra?\.?",
        stop=_words(
            "a al buenas buenos con correcto cliente de desde dígame dos e el ella en es está "
            "estoy gracias hola la le lo llamo me mi muchas no o para pero por porque que "
            "quería quiero sí su tengo un una y ya yo"
        ),
    ),
    "fr": _Introductions(
        sure=r"je m'appelle|(?:mon|votre) nom(?: complet| de famille)? (?:est|c'est)|"
             r"(?:mon|votre) prénom (?:est|c'est)|au nom de",
        likely=r"je suis|c'est|ici|monsieur|madame|mademoiselle|m\.|mme\.?",
        stop=_words(
            "à alors au avec bien bonjour bonsoir c'est ça correct dans de depuis des du elle "
            "en est et euh il j'ai j'appelle je la le les ma mais merci mon ne non ou oui par "
            "pas pour que qui suis un une voilà votre"
        ),
    ),
    "de": _Introductions(
        sure=r"(?:mein|ihr) (?:\w+ )?name (?:ist|lautet|war)|ich heiße|ich heisse|auf den namen|"
             r"(?:mein|ihr) (?:vor|nach)name (?:ist|lautet)",
        likely=r"hier ist|hier spricht|hier|ich bin|am apparat|spreche ich mit|herrn?|frau",
        stop=_words(
            "aber am an auf aus bei das den der die ein eine er es falsch für guten habe "
            "hallo hier ich im in ist ja mein mit nein nicht noch oder richtig sie so und von "
            "was wie wir wollte"
        ),
        nouns=True,
    ),
    "it": _Introductions(
        sure=r"mi chiamo|il (?:mio|suo) (?:nome|cognome)(?: completo)? è|a nome di|"
             r"(?:mio|suo) (?:nome|cognome) è",
        likely=r"sono|parla|qui|signora?|signorina|signore|dottore?|dottoressa|sig\.?",
        stop=_words(
            "a al buongiorno che chiamo ci come con corretto da dal di e ecco ed grazie ho i "
            "il in io la le lo ma mi mia mio no non o per perché sbagliato se sì sono suo un "
            "una volevo vorrei"
        ),
    ),
    "pt": _Introductions(
        sure=r"(?:me )?chamo-me|me chamo|(?:o )?(?:meu|seu) (?:nome|sobrenome|apelido)"
             r"(?: completo)? é|em nome d[eoa]",
        likely=r"sou|aqui é|aqui fala|fala|quem fala é|senhora?|dona|doutora?|sra?\.?",
        stop=_words(
            "a ao as boa bom certo com correto da de do e ela ele em errado está estou eu "
            "falo liguei mas me meu não no o obrigada obrigado oi olá os para porque pra que "
            "quero queria sim sou tenho um uma"
        ),
    ),
}  # fmt: skip
INTRODUCED_LANGUAGES = frozenset(_LANGUAGES)
_CUES = {
    language: re.compile(
        rf"\b(?:(?P<sure>{words.sure})|(?P<likely>{words.likely}))(?:[,:]? |, ?|$)", re.IGNORECASE
    )
    for language, words in _LANGUAGES.items()
}
_DOUBTFUL = frozenset({"c'est", "fala", "habla", "ici", "parla", "qui"})
_TITLES = frozenset({
    "don", "doña", "dottor", "dottore", "dottoressa", "doutor", "doutora", "dr", "frau", "herr",
    "herrn", "la", "madame", "mademoiselle", "monsieur", "o", "señor", "señora", "señorita",
    "senhor", "senhora", "signor", "signora", "signore", "signorina",
})  # fmt: skip


def find_introduced(text: str, language: str, *, cased: bool) -> list[Place]:
    """Return (start, end) of the names people are introduced with; none in unknown languages.

    ``cased`` says that the call is written with capitals.
    """
    words = _LANGUAGES.get(language)
    if words is None:
        return []
    plain = text.replace("’", "'")
    found = []
    for cue in _CUES[language].finditer(plain):
        tokens = _without_titles(tokenise(plain[cue.end() :]))
        taken = _capitalised(tokens)
        sure = cue["sure"] is not None
        titled = cue.group().strip(" ,.:").lower() in _TITLES
        doubtful = not sure and not titled and (words.nouns or cue["likely"].lower() in _DOUBTFUL)
        if doubtful and not _is_full_name(taken):
            continue
        if not taken and (sure or (titled and not cased)):
            taken = _in_small_letters(tokens, words.stop)
        if taken:
            found.append((cue.end() + taken[0].start, cue.end() + taken[-1].end))
    return found


def _without_titles(tokens: Sequence[Token]) -> Sequence[Token]:
    """Drop a title before the name, but not the name: "Señora …", "o senhor …"."""
    at = 0
    while at + 1 < len(tokens) and tokens[at].lower in _TITLES:
        at += 1
        if tokens[at].lower == ".":
            at += 1
    return tokens[at:]


def _capitalised(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the name that these tokens begin with: capitals, with particles between them."""
    last, capitals = -1, 0
    for at, token in enumerate(tokens):
        if token.is_word and token.is_capitalised and capitals < _MOST_CAPITALISED:
            last, capitals = at, capitals + 1
        elif token.lower not in PARTICLES or at - last > 2:
            break
    if not capitals or not (tokens[0].is_capitalised or tokens[0].lower in PARTICLES):
        return []
    return tokens[: last + 1]


def _is_full_name(taken: Sequence[Token]) -> bool:
    return len(taken) >= 2 or any(token.lower in first_names() for token in taken)


def _in_small_letters(tokens: Sequence[Token], stop: frozenset[str]) -> Sequence[Token]:
    taken: list[Token] = []
    for token in tokens[:_MOST_LOWER]:
        if not token.is_word or token.lower in stop:
            break
        taken.append(token)
    return taken
