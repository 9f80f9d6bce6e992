"""Numbers from 0 to 99 as other languages say them, each as the words it takes."""

from collections.abc import Iterator, Mapping
from functools import cache

NumberWords = Mapping[tuple[str, ...], str]

_DIGITS: Mapping[str, str] = {
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
}
_ALSO: Mapping[str, Mapping[str, str]] = {
    "es": {"una": "1"},
    "fr": {"zero": "0"},
    "de": {"zwo": "2", "fuenf": "5"},
    "it": {},
    "pt": {"duas": "2", "tres": "3", "meia": "6"},
}
_TEENS: Mapping[str, str] = {
    "es": "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "fr": "dix onze douze treize quatorze quinze seize dix·sept dix·huit dix·neuf",
    "de": "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "it": "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "pt": "dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove",
}
_TENS: Mapping[str, str] = {
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_AND: Mapping[str, str] = {"es": "y", "fr": "et", "it": "", "pt": "e"}
_TWENTIES_ES = (
    "veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
REPEATS_ELSEWHERE: Mapping[str, int] = {
    "doble": 2, "double": 2, "doppel": 2, "zweimal": 2, "doppio": 2, "doppia": 2, "duplo": 2,
    "triple": 3, "dreimal": 3, "triplo": 3, "tripla": 3,
}  # fmt: skip
LONGEST_NUMBER = 4
"""Words of the longest number: "quatre vingt dix sept"."""


@cache
def number_words(language: str) -> NumberWords:
    """Return the words of a language's numbers with their digits; empty where not known.

    Hyphens are left out: "trente-quatre" is two words.
    """
    if language not in _DIGITS:
        return {}
    words: dict[tuple[str, ...], str] = {}
    for number, said in enumerate(_DIGITS[language].split()):
        words[(said,)] = str(number)
    for said, digit in _ALSO[language].items():
        words[(said,)] = digit
    for number, said in enumerate(_TEENS[language].split(), start=10):
        words[tuple(said.split("·"))] = str(number)
    for number, said in enumerate(_TENS[language].split(), start=2):
        words[(said,)] = f"{number}0"
        words.update(_with_units(language, said, number))
    words.update(_irregular(language))
    return words


def _with_units(language: str, tens: str, number: int) -> Iterator[tuple[tuple[str, ...], str]]:
    for unit, said in enumerate(_DIGITS[language].split()[1:], start=1):
        digits = f"{number}{unit}"
        if language == "de":
            yield (f"{'ein' if unit == 1 else said}und{tens}",), digits
        elif language == "it":
            stem = tens[:-1] if said[0] in "uo" else tens
            yield (stem + ("tré" if unit == 3 else said),), digits
            yield (stem + said,), digits
        elif language == "fr":
            yield ((tens, "et", "un") if unit == 1 else (tens, said)), digits
        else:
            yield (tens, _AND[language], said), digits


def _irregular(language: str) -> Mapping[tuple[str, ...], str]:
    if language == "es":
        return {(said,): f"2{n}" for n, said in enumerate(_TWENTIES_ES.split(), start=1)}
    if language == "de":
        return {("zwoelf",): "12", ("dreissig",): "30"}
    if language != "fr":
        return {}
    words: dict[tuple[str, ...], str] = {("quatre", "vingts"): "80", ("quatre", "vingt"): "80"}
    below_twenty = [*_DIGITS["fr"].split(), *_TEENS["fr"].split()]
    for unit in range(1, 20):
        said = tuple(below_twenty[unit].split("·"))
        words[("quatre", "vingt", *said)] = str(80 + unit)
        if unit >= 10:
            joined = ("et", *said) if unit == 11 else said
            words[("soixante", *joined)] = str(60 + unit)
    return words
