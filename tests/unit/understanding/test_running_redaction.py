"""Personal data in a call that is being held: nothing of it is shown, however early one looks."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.speech import PiiType
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.running_redaction import RunningRedaction
from tests.builders import utterance

FINDER = EntityFinder()
DEMO = Path(__file__).resolve().parents[3] / "demo"


@pytest.fixture
def call():
    return RunningRedaction(FINDER, "en")


def beginnings(line):
    """The line as it grows, word by word."""
    for count in range(1, len(line.words)):
        words = line.words[:count]
        yield replace(
            line, text=" ".join(w.text for w in words), words=words, end_ms=words[-1].end_ms
        )


def partials(call, line):
    shown = [call.partial(beginning) for beginning in beginnings(line)]
    return [one.text for one in shown if one is not None]


def said(call, number, speaker, text):
    """Say a line; return its partials and its final as shown."""
    line = utterance(number, speaker, number * 10_000, text)
    before = partials(call, line)
    return before, call.final(line)[0].text


@pytest.mark.parametrize(
    ("question", "answer", "secrets", "kind"),
    [
        (
            "Can I have the long number on your card?",
            "It's four one one one, two two two two, three three three three, nine nine nine one",
            "one two three nine",
            PiiType.CARD,
        ),
        (None, "My card number is 4111 1111 1111 1111 thanks", "4111 1111", PiiType.CARD),
        ("And your e-mail address?", "that is jane dot doe at example dot com", "jane doe example",
         PiiType.EMAIL),
        (None, "Send it to jane.doe@example.com please", "jane doe", PiiType.EMAIL),
        ("What's your date of birth?", "Uh, the ninth of June, nineteen eighty four",
         "ninth June four", PiiType.DOB),
        (None, "Hello, my name is Marcus Bellweather and I have a question", "Marcus Bellweather",
         PiiType.PERSON),
        ("What is your phone number?", "It's 555 0142 and then 77", "555 0142", PiiType.PHONE),
    ],
)  # fmt: skip
def test_what_is_taken_out_of_a_line_was_in_none_of_its_partials(
    call, question, answer, secrets, kind
):
    if question:
        said(call, 1, "s1", question)
    before, final = said(call, 2, "s2", answer)
    assert f"[{kind}]" in final
    for text in (*before, final):
        assert not set(secrets.split()) & set(re.findall(r"[\w]+", text))


def test_everything_else_is_shown_as_it_is_said(call):
    before, final = said(call, 1, "s1", "Good morning, how can I help you with this today?")
    assert final == "Good morning, how can I help you with this today?"
    assert before[0] == "Good"
    assert before[-1] == "Good morning, how can I help you with this"


def test_a_number_in_passing_is_shown_once_enough_follows_it(call):
    before, final = said(call, 1, "s2", "I waited for 3 weeks until somebody came here to look")
    assert before[2] == before[3] == "I waited for"
    assert before[-1].startswith("I waited for 3 weeks until")
    assert "3 weeks" in final


def test_words_of_a_partial_are_those_of_its_text(call):
    line = utterance(1, "s2", 0, "Hello, this is Marcus Bellweather, I have a question please")
    for beginning in beginnings(line):
        shown = call.partial(beginning)
        if shown is not None:
            assert " ".join(word.text for word in shown.words) == shown.text
            assert beginning.text.startswith(shown.text.split("[")[0])
            assert shown.words[-1].end_ms <= beginning.end_ms


def test_a_name_that_is_learnt_later_is_taken_out_of_earlier_lines(call):
    first = call.final(utterance(1, "s1", 0, "Bellweather is what I can see on the screen"))
    assert len(first) == 1
    told = call.final(utterance(2, "s2", 9_000, "Yes, my name is Marcus Bellweather"))
    assert "Bellweather" not in told[0].text
    if "Bellweather" in first[0].text:
        assert [line.id for line in told[1:]] == ["u1"]
    assert all("Bellweather" not in line.text for line in told)


def test_a_line_that_could_not_be_shown_costs_none_of_those_after_it(call, monkeypatch):
    mentions = call._scanner.mentions

    def failing(line_id):
        if line_id == "u1":
            raise ValueError("cannot be read")
        return mentions(line_id)

    monkeypatch.setattr(call._scanner, "mentions", failing)
    with pytest.raises(ValueError, match="cannot be read"):
        call.final(utterance(1, "s1", 0, "Bellweather is what I can see on the screen"))
    told = call.final(utterance(2, "s2", 9_000, "Yes, my name is Marcus Bellweather"))
    assert [line.text for line in told] == ["Yes, my name is [PERSON]"]


def test_a_number_is_known_when_it_is_read_back(call):
    said(call, 1, "s1", "What is your account number?")
    said(call, 2, "s2", "It's 8 8 4 2 7 1 9 3")
    _, final = said(call, 3, "s1", "So that was 8 8 4 2 7 1 9 3, is that right?")
    assert "[ACCOUNT]" in final


def test_a_line_that_is_worded_anew_is_read_anew(call):
    line = utterance(1, "s2", 0, "My name is quite long")
    assert call.final(line)[0].text == line.text
    again = utterance(1, "s2", 0, "My name is Marcus Bellweather")
    assert call.final(again)[0].text == "My name is [PERSON]"


def test_placeholders_of_the_provider_stay(call):
    line = utterance(1, "s2", 0, "My name is [PERSON] and I have a small question for you")
    assert call.final(line)[0].text == line.text
    assert call.final(line)[0].pii[0].type is PiiType.PERSON


def test_a_call_without_capitals_shows_no_name_either(call):
    said(call, 1, "s1", "can i take your name please")
    before, final = said(call, 2, "s2", "my name is marcus bellweather")
    assert "marcus" not in " ".join(before)
    assert "marcus" not in final


def test_partials_teach_nothing(call):
    list(partials(call, utterance(1, "s2", 0, "my name is Marcus Bellweather you know")))
    alone = RunningRedaction(FINDER, "en")
    line = utterance(2, "s1", 9_000, "So what can I do for you")
    assert call.final(line) == alone.final(line)


def test_other_languages_hold_numbers_back_by_their_own_words():
    call = RunningRedaction(FINDER, "de")
    said(call, 1, "s1", "Wie ist Ihre Kontonummer bitte?")
    before, final = said(call, 2, "s2", "Ja das ist vier sieben eins neun null drei zwei acht")
    assert {"vier", "sieben", "eins"}.isdisjoint(" ".join(before).split())
    assert before[2] == "Ja das ist"
    assert "[ACCOUNT]" in final


GERMAN_PHONE = "Meine Telefonnummer ist null eins sieben sechs vier vier drei zwei eins null"
GERMAN_BIRTH = "Mein Geburtsdatum ist der neunte Juni neunzehnhundertvierundachtzig"
SPANISH_PHONE = "Mi teléfono es seis uno dos tres cuatro cinco seis siete ocho"
SWITCHED_MS = 60_000
OTHERS = [
    ("de", GERMAN_PHONE, PiiType.PHONE, "null eins sieben sechs vier"),
    ("de", GERMAN_BIRTH, PiiType.DOB, "neunte Juni neunzehnhundertvierundachtzig"),
    ("es", SPANISH_PHONE, PiiType.PHONE, "seis uno dos tres cuatro"),
]


def hides(shown, kind, secrets):
    assert f"[{kind}]" in shown
    assert not set(secrets.split()) & set(re.findall(r"\w+", shown))
    return True


@pytest.mark.parametrize(("language", "text", "kind", "secrets"), OTHERS)
def test_a_finished_line_stays_covered_when_the_call_goes_on_in_another_language(
    language, text, kind, secrets
):
    call = RunningRedaction(FINDER, language)
    line = utterance(1, "s1", 1_000, text)
    assert hides(call.final(line)[0].text, kind, secrets)
    call.speak("en", SWITCHED_MS)
    assert hides(call.final(replace(line, speaker="s2"))[0].text, kind, secrets)
    reworded = utterance(1, "s1", 1_000, text.replace("Me", "Also, me").replace("Mi", "Sí, mi"))
    assert hides(call.final(reworded)[0].text, kind, secrets)
    call.speak("fr", SWITCHED_MS * 2)
    assert hides(call.final(line)[0].text, kind, secrets)


@pytest.mark.parametrize("is_seen_before", [True, False], ids=["partial before", "no partial"])
@pytest.mark.parametrize(("language", "text", "kind", "secrets"), OTHERS)
def test_a_line_that_is_being_said_at_the_switch_is_read_in_both_languages(
    language, text, kind, secrets, is_seen_before
):
    """By the partial that was shown before; without one, by when the line began."""
    call = RunningRedaction(FINDER, language)
    starts_ms = SWITCHED_MS + 500 if is_seen_before else SWITCHED_MS - 500
    line = utterance(1, "s1", starts_ms, text)
    *_, last = beginnings(line)
    if is_seen_before:
        call.partial(next(beginnings(line)))
    call.speak("en", SWITCHED_MS)
    shown = call.partial(last)
    assert shown is None or not set(secrets.split()) & set(shown.text.split())
    assert hides(call.final(line)[0].text, kind, secrets)
    english = utterance(2, "s1", starts_ms, "My name is Marcus Bellweather and my number is new")
    assert "Bellweather" not in call.final(english)[0].text


def test_a_number_that_was_read_back_before_the_switch_stays_covered():
    """Lines are shown anew when something is learnt; this one is covered by the other line alone.

    Without what was learnt, it says no more than five digits in a row.
    """
    call = RunningRedaction(FINDER, "de")
    said(call, 1, "s1", "Wie ist Ihre Kontonummer bitte?")
    said(call, 2, "s2", "Ja das ist vier sieben eins neun null drei zwei acht")
    _, repeated = said(call, 3, "s1", "Also neun null drei zwei acht, ja?")
    assert hides(repeated, PiiType.ACCOUNT, "neun null drei zwei acht")
    call.speak("en", SWITCHED_MS)
    told = call.final(utterance(9, "s2", SWITCHED_MS + 100, "My name is Marcus Bellweather"))
    assert [line.id for line in told] == ["u9"]
    assert call.final(utterance(3, "s1", 30_000, "Also neun null drei zwei acht, ja?"))[0].text == (
        repeated
    )
    _, again = said(call, 10, "s1", "So that ends in nine zero three two eight, is that right?")
    assert hides(again, PiiType.ACCOUNT, "nine zero three two eight")


def test_what_is_asked_in_one_language_is_awaited_in_the_other():
    call = RunningRedaction(FINDER, "de")
    question = utterance(1, "s1", SWITCHED_MS - 3_000, "Wie ist Ihre Kontonummer bitte?")
    call.partial(question)
    call.speak("en", SWITCHED_MS)
    call.final(question)
    answer = utterance(2, "s2", SWITCHED_MS + 1_000, "four seven one nine zero three two eight")
    assert hides(call.final(answer)[0].text, PiiType.ACCOUNT, "four seven one nine")


def test_a_language_that_was_only_assumed_has_no_say_in_the_first_line():
    call = RunningRedaction(FINDER, None)
    call.speak("de", 2_000)
    text = "Guten Tag Herr Miller, Chase Street"
    detected = call.final(utterance(1, "s1", 0, text))
    assert detected == RunningRedaction(FINDER, "de").final(utterance(1, "s1", 0, text))


@pytest.mark.parametrize(
    "truth", sorted(DEMO.glob("*.truth.json")), ids=lambda path: path.stem[:60]
)
def test_no_mention_of_a_whole_call_is_seen_in_a_partial(call, truth):
    """Every third word; a mention is seen where two words of it in a row are."""
    told = json.loads(truth.read_text("utf-8"))
    mentions = {}
    for m in told["pii"]:
        mentions.setdefault(m["utterance"], []).append((m["start_char"], m["end_char"]))
    checked = 0
    for spoken in told["utterances"]:
        line = utterance(spoken["id"], spoken["speaker"], spoken["start_ms"], spoken["text"])
        shown = [call.partial(b) for n, b in enumerate(beginnings(line)) if n % 3 == 0]
        shown.append(call.final(line)[0])
        for start, end in mentions.get(spoken["id"], ()):
            words = re.findall(r"\w+", spoken["text"][start:end])
            pairs = [r"\W+".join(words[n : n + 2]) for n in range(max(1, len(words) - 1))]
            seen = [p for p in pairs for one in shown if one and re.search(rf"\b{p}\b", one.text)]
            assert not seen
            checked += 1
    assert checked


def test_odd_texts_are_cut_somewhere_and_words_stay_with_the_text(call):
    """Marks, placeholders, digits and names in any order."""
    pieces = [
        *("(", "( 555", "+1", "[PERSON]", "Nora's", "Marcus,", "4111-", "@", "x@y.org", "—", "…"),
        *("four", "my name is", "O'Neill", "12:30", "é", "K", "as in kilo", "?", "A.B.", "hello"),
    ]
    chance = random.Random(7)
    for number in range(150):
        text = " ".join(chance.choices(pieces, k=chance.randint(1, 9)))
        line = utterance(number, "s1", number * 10_000, text)
        shown = call.partial(line)
        if shown is not None:
            assert shown.text == shown.text.strip()
            assert " ".join(word.text for word in shown.words) == shown.text
        call.final(line)
