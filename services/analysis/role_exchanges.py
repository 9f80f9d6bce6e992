"""Who asks for what a person is known by, and who gives it: evidence from the order of utterances.

Companies ask, their customers answer: with digits, spelled letters, an address, a date. What
matters is the pair, so it works for curt agents and for callers who state no problem.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from services.analysis.role_evidence import IDENTIFYING
from services.analysis.wording import count_words, is_question
from services.domain.speech import Utterance

TOLD = 0.9
"""A request for identification that is answered by digits, letters or an address."""
ANSWERED = 0.4
"""A request for identification that gets another short answer, such as a name."""
MOST = 3
_SHORT_WORDS = 6
_FEWEST_CHARACTERS = 3

_REQUEST = re.compile(
    rf"\b(?:(?:your|you|the|an?|and|what|which)\b (?:[\w']+ ){{0,4}}{IDENTIFYING}"
    r"|(?:su|votre|ihre?n?) (?:\w+ )?(?:n[úu]m[ée]ro|nombre|nom|dni|direcci[óo]n|adresse|"
    r"\w*nummer|name|geburtsdatum|fecha))",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:(?:can|could|may|might) i|(?:can|could|would) you|what|which|do you have|have you got|"
    r"got|i(?:'ll| just)? need|please|and (?:the|your|an?)|for security|puede|podr[íi]a|me "
    r"(?:da|facilita|indica|confirma)|pouvez|puis-je|avez|quel(?:le)?|k[öo]nnen|wie)\b",
    re.IGNORECASE,
)
# Customers ask for these to note them down, or whether the company has theirs.
_ASKED_BY_CUSTOMERS = re.compile(
    r"\b(?:my|our|mine|i should|to call|can i call|"
    r"(?:case|ticket|incident|complaint|confirmation) (?:number|reference|id))\b",
    re.IGNORECASE,
)
_CHARACTERS = re.compile(
    r"\d|(?<![\w'])[b-hj-z](?![\w'])|\b(?:a|i)(?= [a-z]\b)|"
    r"\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|"
    r"thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|first|second|third|fourth|fifth|sixth|"
    r"seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|twentieth|thirtieth|cero|uno|dos|tres|"
    r"cuatro|cinco|siete|ocho|nueve|z[ée]ro|un|deux|trois|quatre|cinq|sept|huit|neuf|null|eins|"
    r"zwei|drei|vier|f[üu]nf|sechs|sieben|acht|neun)\b",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"\[[A-Z]+\]|@|\b(?:at \w+ (?:\w+ )?dot|dot com|road|street|avenue|lane|drive|close|gardens|"
    r"january|february|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)

_PUTS_OFF = re.compile(
    r"^(?:yes|yeah|no|nope|sure|okay|ok|of course|fine|alright)\b", re.IGNORECASE
)


def exchange_evidence(utterances: Iterable[Utterance]) -> Mapping[str, float]:
    """Return each speaker's evidence from requests and answers, positive for agents, in log-odds.

    A request and the other speaker's next utterance make a pair; at most three of each kind
    count. Backchannels are left out.
    """
    told: dict[tuple[str, str], int] = {}
    answered: dict[tuple[str, str], int] = {}
    spoken = [u for u in utterances if u.speaker is not None and not u.is_backchannel]
    for request, answer in pairwise(spoken):
        if request.speaker == answer.speaker or not requests_identification(request.text):
            continue
        kind = told if tells_identification(answer.text) else answered
        if kind is told or _is_short_answer(answer.text):
            pair = (str(request.speaker), str(answer.speaker))
            kind[pair] = kind.get(pair, 0) + 1
    found: dict[str, float] = {}
    for weight, kind in ((TOLD, told), (ANSWERED, answered)):
        for (asker, teller), times in kind.items():
            found[asker] = found.get(asker, 0.0) + weight * min(MOST, times)
            found[teller] = found.get(teller, 0.0) - weight * min(MOST, times)
    return found


def requests_identification(text: str) -> bool:
    """Tell whether somebody asks for a name, number, address or the like of the other."""
    last = _last_sentence(text.replace("’", "'"))
    if not _REQUEST.search(last) or _ASKED_BY_CUSTOMERS.search(last):
        return False
    return is_question(last) or bool(_ASKING.search(last))


def tells_identification(text: str) -> bool:
    """Tell whether an answer gives digits, spelled letters, an address or a date."""
    if is_question(text):
        return False
    plain = text.replace("’", "'")
    characters = len(_CHARACTERS.findall(plain))
    return characters >= _FEWEST_CHARACTERS or bool(_TELLING.search(plain))


def _is_short_answer(text: str) -> bool:
    if is_question(text) or _PUTS_OFF.match(text):
        return False
    return 0 < count_words(text) <= _SHORT_WORDS


def _last_sentence(text: str) -> str:
    """Return the end of an utterance: the sentence that is answered."""
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", text.strip()) if s]
    return " ".join(sentences[-2:])
