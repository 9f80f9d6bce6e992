"""Requests for identification and the answers to them."""

import pytest

from services.analysis.role_exchanges import (
    exchange_evidence,
    requests_identification,
    tells_identification,
)
from tests.unit.analysis.role_dialogues import as_transcript


@pytest.mark.parametrize(
    "text",
    [
        "What's your date of birth?",
        "Okay. And the postcode we delivered to?",
        "can i take your order number please",
        "Do you have your booking reference there?",
        "¿Me puede decir su número de cliente?",
        "Können Sie mir bitte Ihre Kundennummer nennen?",
        "Vous avez votre numéro de commande ?",
    ],
)
def test_requests(text: str) -> None:
    assert requests_identification(text)


@pytest.mark.parametrize(
    "text",
    [
        "Do you have my phone number?",
        "Can you give me a case number?",
        "I gave you the account number already.",
        "What time are you open?",
        "",
    ],
)
def test_what_is_no_request(text: str) -> None:
    assert not requests_identification(text)


@pytest.mark.parametrize(
    "text",
    [
        "It's four four seven one.",
        "4471",
        "O K A F O R",
        "a b c nine",
        "Third of May, nineteen eighty.",
        "jo dot bell at example dot com",
        "Twelve Orchard Street.",
        "[ACCOUNT]",
        "Sí, es el cuatro cinco siete.",
    ],
)
def test_answers(text: str) -> None:
    assert tells_identification(text)


@pytest.mark.parametrize(
    "text",
    [
        "It's with my wife, both of us moved last month.",
        "I don't know, it's somewhere in a drawer.",
        "I'm not sure I'd want that.",
        "Is it four four seven one?",
        "",
    ],
)
def test_what_is_no_answer(text: str) -> None:
    assert not tells_identification(text)


def test_asking_speaks_for_an_agent_as_much_as_telling_for_a_customer() -> None:
    call = as_transcript(
        [
            ("left", "What's your postcode?"),
            ("right", "L S six, three Q A."),
            ("left", "And your surname?"),
            ("right", "Okafor."),
        ]
    )
    evidence = exchange_evidence(call.utterances)
    assert evidence["left"] == pytest.approx(1.3)
    assert evidence["right"] == pytest.approx(-1.3)
    assert exchange_evidence(call.utterances[1:3]) == {}
