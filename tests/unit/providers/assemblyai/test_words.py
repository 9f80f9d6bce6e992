"""Words follow the text, and placeholders of the service become ours."""

import pytest

from services.domain.speech import Word
from services.providers.assemblyai.words import with_our_placeholders, words_of


def words(text, step=100):
    return tuple(
        Word(text=one, start_ms=n * step, end_ms=n * step + 80, confidence=0.9)
        for n, one in enumerate(text.split())
    )


def texts(made):
    return [word.text for word in made]


def test_words_that_make_up_the_text_stay_as_they_are():
    told = words("So it is.")
    assert words_of("So it is.", told) == told


def test_a_text_without_words_has_none():
    assert words_of("So it is.", ()) == ()


def test_words_that_were_forgotten_in_redaction_do_not_come_through():
    made = words_of("this is [PERSON_NAME]. How", words("this is Nora Fields. How"))
    assert texts(made) == ["this", "is", "[PERSON_NAME].", "How"]
    assert (made[2].start_ms, made[2].end_ms, made[2].confidence) == (200, 380, None)
    assert (made[3].start_ms, made[3].confidence) == (400, 0.9)


def test_a_text_of_more_words_shares_their_time():
    made = words_of("call 5 5 5 now", words("call 555 now"))
    assert [(w.text, w.start_ms, w.end_ms) for w in made[1:4]] == [
        ("5", 100, 126),
        ("5", 126, 153),
        ("5", 153, 180),
    ]


def test_words_that_only_the_text_has_stand_at_the_one_before():
    made = words_of("yes of course", words("yes"))
    assert texts(made) == ["yes", "of", "course"]
    assert all(w.end_ms <= 80 for w in made)


def test_words_that_only_the_words_have_are_dropped():
    assert texts(words_of("yes please", words("yes um please"))) == ["yes", "please"]


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        ("is [PERSON_NAME].", "is [PERSON]."),
        ("[CREDIT_CARD_NUMBER] or [CREDIT_CARD_CVV]", "[CARD] or [CVV]"),
        ("in [LOCATION_CITY], she", "in [OTHER], she"),
        ("[PERSON_NAME]'s dog", "[PERSON]'s dog"),
        ("press [ENTER] now", "press [ENTER] now"),
        ("[PHONE] stays", "[PHONE] stays"),
        ("[PERSON_NAME] [PERSON_NAME] said", "[PERSON] said"),
        ("[PERSON_NAME], [PERSON_NAME] said", "[PERSON], [PERSON] said"),
        ("[PERSON_NAME] [PHONE_NUMBER]", "[PERSON] [PHONE]"),
    ],
)
def test_names_of_kinds_become_ours(told, ours):
    assert " ".join(texts(with_our_placeholders(words(told), signs=False))) == ours


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        ("is #### ######.", "is [OTHER]."),
        ("#, she", "[OTHER], she"),
        ("it's ###-###-####, yes", "it's [OTHER], yes"),
        ("####'s dog", "[OTHER]'s dog"),
        ("####@#####.### or", "[OTHER] or"),
    ],
)
def test_signs_become_ours_where_they_were_asked_for(told, ours):
    assert " ".join(texts(with_our_placeholders(words(told), signs=True))) == ours


def test_signs_are_left_alone_where_they_mean_something_else():
    assert texts(with_our_placeholders(words("number #1 and C#"), signs=False)) == [
        "number",
        "#1",
        "and",
        "C#",
    ]


def test_a_run_of_placeholders_takes_the_time_of_all():
    (made,) = with_our_placeholders(words("[PERSON_NAME] [PERSON_NAME]"), signs=False)
    assert (made.start_ms, made.end_ms) == (0, 180)
