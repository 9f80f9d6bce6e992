"""Personal data as recognisers write it, and read back by the other party."""

import pytest

from services.domain.speech import PiiType, Utterance
from services.understanding.personal_data.heard import awaited_tokens
from services.understanding.personal_data.known_names import KnownNames, differ_little
from services.understanding.personal_data.overlaps import Candidate
from services.understanding.personal_data.readbacks import Readbacks
from services.understanding.personal_data.subjects import Subject
from services.understanding.redaction import Redactor, with_placeholders

REDACTOR = Redactor()


def _redacted(*lines: str) -> list[str]:
    """Redact lines of an agent and a customer in turn."""
    call = [
        Utterance(id=str(n), speaker="ab"[n % 2], start_ms=n, end_ms=n + 1, text=text)
        for n, text in enumerate(lines)
    ]
    found = REDACTOR.find(call)
    return [with_placeholders(u.text, own).text for u, own in zip(call, found, strict=True)]


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [
        ("Could you read me the long number?", "It's 4,00, 0,566.", PiiType.CARD),
        ("And the account number?", "8,831,064.", PiiType.ACCOUNT),
        ("What is your phone number?", "It's 4,045,550,113.", PiiType.PHONE),
        ("And the card number?", "won one, one, one", PiiType.CARD),
        (
            "May I have your confirmation code?",
            "KS and Kilo 7, X as an X-ray, 2-9.",
            PiiType.BOOKING,
        ),
        ("May I have your confirmation code?", "XSN X-Ray 29B as in Bravo.", PiiType.BOOKING),
        ("What's the booking code?", "H, as in hotel, 3 3, P, as in papa, 9.", PiiType.BOOKING),
        ("What's the booking code?", "Bees in Bravo, 4, 4, tea for Tango", PiiType.BOOKING),
        ("Could I have the IBAN, please?", "GB29, NWBK, 6,016.", PiiType.IBAN),
        ("And your email?", "m.abernathy, that's example.com", PiiType.EMAIL),
        ("And your email?", "J. Vander Meer at Example.com", PiiType.EMAIL),
        ("And the postcode?", "SY8, 1AA.", PiiType.ADDRESS),
        ("And the first line of the address?", "Flat 4-61 Albion Terrace", PiiType.ADDRESS),
    ],
)
def test_an_answer_is_understood_by_its_question(question: str, answer: str, kind: PiiType) -> None:
    _, clean = _redacted(question, answer)
    assert f"[{kind}]" in clean
    around = clean.replace(f"[{kind}]", "").lower().replace("it's", "")
    assert not any(c.isalnum() for c in around)


@pytest.mark.parametrize(
    "answer",
    [
        "The bill was $4,500 and I paid 1,200.",
        "I spent 2,300 dollars on it.",
        "It's for two to four people.",
        "How long is the wait? Is it 20 to 25 minutes?",
        "I have a BS in biology.",
    ],
)
def test_amounts_stay_though_a_number_was_asked_for(answer: str) -> None:
    assert _redacted("Can I have your account number?", answer)[1] == answer


def test_numbers_are_read_loosely_only_where_one_is_awaited() -> None:
    text = "It's 4,00, 0,566."
    assert [t.text for t in awaited_tokens(text, [])][1:4] == ["4", ",", "00"]
    assert "0,566" in [t.text for t in awaited_tokens(text, [])]
    assert "0,566" not in [t.text for t in awaited_tokens(text, [Subject.CARD])]
    assert "0,566" in [t.text for t in awaited_tokens(text, [Subject.EMAIL])]


def test_the_one_that_is_meant_is_no_number() -> None:
    clean = _redacted("And the claim number?", "CL-044912.", "CL-044912?", "Yes, that's the one.")
    assert clean[1:] == ["[ACCOUNT].", "[ACCOUNT]?", "Yes, that's the one."]


def test_what_the_other_party_reads_back_is_covered() -> None:
    clean = _redacted(
        "Can I have your name, address and account number?",
        "Tom Hollander, 14 Rowan Close, and it's 8831064.",
        "Thank you.",
        "Sure.",
        "So Mr Holender, the van comes to Rowan Close, and 064 are the last digits.",
        "Yes.",
        "Bye, Tom. Hollender's file is closed.",
    )
    assert clean[4] == (
        "So Mr [PERSON], the van comes to [ADDRESS], and [ACCOUNT] are the last digits."
    )
    assert clean[6] == "Bye, [PERSON]. [PERSON]'s file is closed."


@pytest.mark.parametrize(
    ("one", "other", "most", "little"),
    [
        ("holender", "hollander", 2, True),
        ("marcus", "markus", 1, True),
        ("holender", "hollander", 1, False),
        ("abcdef", "abcdef", 0, True),
        ("abcdefgh", "abcd", 2, False),
        ("", "ab", 2, True),
    ],
)
def test_words_that_differ_little(one: str, other: str, most: int, little: bool) -> None:
    assert differ_little(one, other, most) is little
    assert differ_little(other, one, most) is little


def test_a_misspelt_name_has_its_initial_and_its_capital_and_is_no_everyday_word() -> None:
    names = KnownNames(cased=True)
    names.learn("Marcus Hollander", [Candidate(Subject.PERSON, 0, 16)])
    assert [(c.start, c.end) for c in names.find("So Holender called")] == [(3, 11)]
    for text in ("So holender called", "So Bollander called", "Market prices", "So Holler called"):
        assert names.find(text) == []
    names.learn("the hollandes are flowers", [])
    assert names.find("So Hollandes bloom") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ends in 0142", ["0142"]),
        ("142 it is", ["142"]),
        ("the 555 0142 line", ["555 0142"]),
        ("it is 312 dollars", []),
        ("142 dollars", []),
        ("error 0142", []),
        ("since 2016", []),
        ("on Rowan Close", ["Rowan Close"]),
    ],
)
def test_parts_of_a_number_are_known_again(text: str, found: list[str]) -> None:
    known = Readbacks()
    told = "312-555-0142 and 14 Rowan Close"
    known.learn(told, [Candidate(Subject.PHONE, 0, 12), Candidate(Subject.ADDRESS, 17, 31)], ["en"])
    assert [text[c.start : c.end] for c in known.find(text, ["en"])] == found
