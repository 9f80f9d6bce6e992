"""What counts as a question, a filler, an acknowledgement."""

import pytest

from services.analysis.wording import (
    count_fillers,
    count_words,
    is_acknowledgement,
    is_question,
    is_unfinished,
    seizes_the_floor,
)


@pytest.mark.parametrize(
    "text",
    [
        "How can I help you today?",
        "can you give me the account number",
        "And what is your date of birth",
        "okay so how long will that take",
        'Did he say "now?"',
    ],
)
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    ["When I called last week nobody answered.", "What I mean is this.", "You can do it.", ""],
)
def test_statements(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Um, uh, I mean, it broke.", 3),
        ("uh-huh, mm-hmm", 0),
        ("Do you know the number? You know how it is.", 0),
        ("it was, you know, slow", 1),
        ("umbrella", 0),
    ],
)
def test_fillers(text: str, count: int) -> None:
    assert count_fillers(text) == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Uh-huh.", True),
        ("Right, okay.", True),
        ("Yeah, yeah.", True),
        ("Yes, sir.", True),
        ("Oh, good.", True),
        ("Yes, that's me.", True),
        ("That's me.", False),
        ("Okay, my number is five.", False),
        ("No.", False),
        ("", False),
    ],
)
def test_acknowledgements(text: str, expected: bool) -> None:
    assert is_acknowledgement(text) is expected


def test_words_and_placeholders() -> None:
    assert count_words("It's [PHONE], really.") == 3
    assert count_words("") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what happens is the", True),
        ("and then,", True),
        ("It goes to the.", True),
        ("That's what I pay for.", False),
        ("That's it.", False),
        ("", False),
    ],
)
def test_unfinished(text: str, expected: bool) -> None:
    assert is_unfinished(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wait, that's not it", True),
        ("No, no, hold on.", True),
        ("Sorry, can I just say", True),
        ("But I never ordered it.", True),
        ("No.", False),
        ("Waiting is fine.", False),
        ("", False),
    ],
)
def test_seizing_the_floor(text: str, expected: bool) -> None:
    assert seizes_the_floor(text) is expected
