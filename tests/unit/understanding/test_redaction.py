"""Personal data in written and spoken forms, alone and in conversation."""

from dataclasses import replace

import pytest

from services.domain.speech import (
    PiiMention,
    PiiType,
    Statement,
    Summary,
    Transcript,
    Utterance,
    Word,
)
from services.understanding.redaction import (
    Redactor,
    beside_placeholders,
    with_placeholders,
)


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


def _conversation(*lines: tuple[str, str]) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(
            id=f"u{n}", speaker=speaker, start_ms=n * 1_000, end_ms=n * 1_000 + 900, text=text
        )
        for n, (speaker, text) in enumerate(lines)
    )


def _redacted(redactor: Redactor, *lines: tuple[str, str], language: str = "en") -> list[str]:
    utterances = _conversation(*lines)
    found = redactor.find(utterances, language)
    return [
        with_placeholders(u.text, mentions).text
        for u, mentions in zip(utterances, found, strict=True)
    ]


ALONE = [
    ("My number is 312-555-0142.", "My number is [PHONE]."),
    ("call me on (312) 555-0142 please", "call me on [PHONE] please"),
    ("It's +44 7700 900123, thanks.", "It's [PHONE], thanks."),
    ("my phone number is oh seven seven double oh nine hundred four six one",
     "my phone number is [PHONE]"),
    ("my number is five five five zero one four two", "my number is [PHONE]"),
    ("The card is 4111 1111 1111 1111.", "The card is [CARD]."),
    ("the card number is four one one one one one one one one one one one one "
     "one one one", "the card number is [CARD]"),
    ("It's four triple one, four ones, double one double one, one one one one.", None),
    ("the three digits on the back are eight one four", "the three digits on the back are [CVV]"),
    ("CVV 123", "CVV [CVV]"),
    ("My social is 123-45-6789.", "My social is [SSN]."),
    ("my social security number is nine eight seven six five four three two one",
     "my social security number is [SSN]"),
    ("the last four of my social are four three two oh", "the last four of my social are [SSN]"),
    ("Email me at jane.doe+bills@example.co.uk.", "Email me at [EMAIL]."),
    ("it's j dot doe at example dot com", "it's [EMAIL]"),
    ("my email is jane underscore smith nineteen at g mail dot com okay",
     "my email is [EMAIL] okay"),
    ("send it to m a r k at example dot org", "send it to [EMAIL]"),
    ("The IBAN is GB29 NWBK 6016 1331 9268 19.", "The IBAN is [IBAN]."),
    ("my iban is D E eight nine three seven zero four zero zero four four zero "
     "five three two zero one three zero zero zero", "my iban is [IBAN]"),
    ("my account number is six six oh one nine", "my account number is [ACCOUNT]"),
    ("Account AC-2231-99 please", "Account [ACCOUNT] please"),
    ("the policy number is P as in papa, L, four four oh nine", "the policy number is [POLICY]"),
    ("my booking reference is X K J nine two two", "my booking reference is [BOOKING]"),
    ("Confirmation code QX7R2B.", "Confirmation code [BOOKING]."),
    ("I live at 24 Larch Road, Leeds.", "I live at [ADDRESS]."),
    ("It's twenty two Quarry Lane, Ludlow.", "It's [ADDRESS]."),
    ("my address is four hundred twelve maple avenue", "my address is [ADDRESS]"),
    ("The postcode is SW1A 2AA.", "The postcode is [ADDRESS]."),
    ("my zip code is nine oh two one oh", "my zip code is [ADDRESS]"),
    ("I was born on the ninth of June, nineteen eighty four.", "I was born on [DOB]."),
    ("My date of birth is 12/11/1979.", "My date of birth is [DOB]."),
    ("date of birth is march third nineteen ninety", "date of birth is [DOB]"),
    ("My name is Oluwaseun Adeyemi.", "My name is [PERSON]."),
    ("my name is oluwaseun adeyemi", "my name is [PERSON]"),
    ("Thanks, Helen. All the best.", "Thanks, [PERSON]. All the best."),
    ("Good morning, this is Ben speaking.", "Good morning, this is [PERSON] speaking."),
    ("Mr. Lindqvist, are you there?", "Mr. [PERSON], are you there?"),
    ("hi this is renee how can i help", "hi this is [PERSON] how can i help"),
    ("My last name is Tian, that's T-I-A-N.", "My last name is [PERSON], that's [PERSON]."),
    ("four one one one", "[ACCOUNT]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ALONE)
def test_personal_data_in_one_text(redactor: Redactor, text: str, expected: str | None) -> None:
    redacted = redactor.redact_text(text)
    if expected is not None:
        assert redacted == expected
    else:
        assert "[" in redacted


HARMLESS = [
    "Thank you for calling Bluefern Mobile, how can I help you today?",
    "It's a hundred and thirty one dollars, it's normally forty eight.",
    "I've waited forty five minutes and nobody came.",
    "The total is $1,249.99 plus tax.",
    "It lands at eight twenty and leaves at 6:15 a.m.",
    "We moved here in 2019 and upgraded in nineteen ninety eight.",
    "I have two accounts with you and three phones.",
    "One moment please, let me check that for you.",
    "There are one or two things I can try.",
    "This is ridiculous, I want to speak to a manager.",
    "I'm sorry about that, it should take five to seven business days.",
    "I went to Canada for one weekend.",
    "Is there anything else I can help you with?",
    "No, no, no, that's not right.",
    "You get five hundred megabits for 45 dollars a month.",
    "It's a ten minute drive from the store.",
    "On the one hand I like it, on the other hand it broke twice.",
    "I called on Monday and again on Thursday at four thirty.",
    "Can you look at it? I'll hold.",
    "My wife and I have been customers for twenty two years.",
    "Okay, so press one for sales, two for support.",
    "The router has four green lights and one red light.",
    "That's perfect, have a lovely evening.",
    "oh no i am so sorry to hear that",
    "we can offer you twenty percent off for six months",
    "i was on hold for an hour and a half",
    "the windows update failed again at ninety nine percent",
    "I have a T-mobile plan and a wi-fi router.",
    "I'd like to upgrade to the Galaxy, please.",
    "Well, Amazon delivered it in two days.",
    "Please turn the router off and on again and wait thirty seconds.",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_texts_are_left_alone(redactor: Redactor, text: str) -> None:
    assert redactor.redact_text(text) == text


def test_an_answer_is_understood_by_its_question(redactor: Redactor) -> None:
    assert _redacted(
        redactor,
        ("a", "Could I have your date of birth, please?"),
        ("c", "Third of the eleventh, seventy nine."),
        ("a", "And who am I speaking to?"),
        ("c", "Gemma Thackeray."),
        ("a", "Thanks, Gemma. And your account number?"),
        ("c", "It's P F, double eight, three one."),
        ("a", "Lovely. So that will be forty five dollars, Gemma."),
    ) == [
        "Could I have your date of birth, please?",
        "[DOB].",
        "And who am I speaking to?",
        "[PERSON].",
        "Thanks, [PERSON]. And your account number?",
        "It's [ACCOUNT].",
        "Lovely. So that will be forty five dollars, [PERSON].",
    ]


def test_a_number_goes_on_in_the_next_utterance(redactor: Redactor) -> None:
    assert _redacted(
        redactor,
        ("a", "Could you read me the long number on the card?"),
        ("c", "Four zero zero zero, zero five"),
        ("a", "Okay."),
        ("c", "six six, five five"),
        ("a", "Yes."),
        ("c", "five six."),
        ("a", "And the security code?"),
        ("c", "Eight one four."),
    )[1::2] == ["[CARD]", "[CARD]", "[CARD].", "[CVV]."]


def test_an_address_is_split_by_the_at(redactor: Redactor) -> None:
    assert _redacted(
        redactor,
        ("a", "What's your e-mail address?"),
        ("c", "It's j dot doe"),
        ("a", "Yes?"),
        ("c", "at example dot com."),
    ) == ["What's your e-mail address?", "It's [EMAIL]", "Yes?", "[EMAIL]."]


def test_other_languages_use_patterns(redactor: Redactor) -> None:
    assert _redacted(
        redactor,
        ("c", "Mi número es seis uno dos, cinco cinco cinco, cero uno."),
        ("c", "Escriba a ana@example.es, por favor."),
        ("c", "Tengo dos preguntas."),
        language="es-ES",
    ) == [
        "Mi número es [ACCOUNT].",
        "Escriba a [EMAIL], por favor.",
        "Tengo dos preguntas.",
    ]
    assert "only when introduced" in redactor.stage("es")
    assert "names are not recognised" in redactor.stage("nl")
    assert "spacy" in redactor.stage("en-GB")


ELSEWHERE = [
    ("es", "me llamo Juan Pérez García", "me llamo [PERSON]"),
    ("es", "hola, me llamo juan pérez y llamo por mi factura",
     "hola, me llamo [PERSON] y llamo por mi factura"),
    ("es", "Mi nombre es María del Carmen Ruiz, buenos días.",
     "Mi nombre es [PERSON], buenos días."),
    ("es", "Gracias, señora Ortega.", "Gracias, señora [PERSON]."),
    ("es", "Soy cliente desde hace años.", "Soy cliente desde hace años."),
    ("es", "juan arroba gmail punto com", "[EMAIL]"),
    ("es", "mi correo es juan punto perez arroba gmail punto com, gracias",
     "mi correo es [EMAIL], gracias"),
    ("es", "El punto es que a las dos no había nadie.",
     "El punto es que a las dos no había nadie."),
    ("fr", "Je m'appelle Élodie Lefèvre.", "Je m'appelle [PERSON]."),
    ("fr", "Je m’appelle Élodie.", "Je m’appelle [PERSON]."),
    ("fr", "Merci, madame Dupont.", "Merci, madame [PERSON]."),
    ("fr", "C'est Orange qui appelle.", "C'est Orange qui appelle."),
    ("fr", "paul tiret martin arobase orange point fr", "[EMAIL]"),
    ("fr", "zéro six un deux trois quatre cinq six sept huit", "[PHONE]"),
    ("de", "Mein Name ist Hans Müller", "Mein Name ist [PERSON]"),
    ("de", "Ich heiße Sabine von der Heide und rufe wegen der Rechnung an.",
     "Ich heiße [PERSON] und rufe wegen der Rechnung an."),
    ("de", "Guten Tag, hier ist Jonas Weber.", "Guten Tag, hier ist [PERSON]."),
    ("de", "Ich bin Kunde bei Ihnen.", "Ich bin Kunde bei Ihnen."),
    ("de", "hans punkt müller klammeraffe web punkt de", "[EMAIL]"),
    ("de", "hans at web punkt de", "[EMAIL]"),
    ("de", "null eins sieben sechs, zwei drei vier", "[PHONE]"),
    ("it", "Mi chiamo Giulia De Santis.", "Mi chiamo [PERSON]."),
    ("it", "giulia chiocciola libero punto it", "[EMAIL]"),
    ("it", "tre quattro sette uno due due", "[ACCOUNT]"),
    ("pt", "O meu nome é João da Silva.", "O meu nome é [PERSON]."),
    ("pt", "joao arroba sapo ponto pt", "[EMAIL]"),
    ("pt", "nove um dois três quatro cinco", "[ACCOUNT]"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "expected"), ELSEWHERE)
def test_introductions_and_spoken_addresses_in_other_languages(
    redactor: Redactor, language: str, text: str, expected: str
) -> None:
    assert redactor.redact_text(text, language) == expected


def test_a_name_introduced_once_is_known_in_the_whole_call(redactor: Redactor) -> None:
    assert _redacted(
        redactor,
        ("a", "Gracias, Pérez."),
        ("c", "Me llamo Juan Pérez."),
        language="es",
    ) == ["Gracias, [PERSON].", "Me llamo [PERSON]."]


def test_a_typed_line_goes_on_with_what_was_taken_out_before_it(redactor: Redactor) -> None:
    lines = _conversation(
        ("a", "Could you read me the long number on the card?"),
        ("c", "Four zero zero zero, zero five"),
        ("a", "Okay."),
        ("c", "six six"),
    )
    clean = redactor.redact(replace(_transcript("x"), utterances=lines))
    assert [u.text for u in clean.utterances][1::2] == ["[CARD]", "[CARD]"]
    assert redactor.redact_line(clean, "u3", "six seven") == "[CARD]"
    assert redactor.redact_line(clean, "unknown", "It's 312 555 0142.") == "It's [PHONE]."
    assert redactor.redact_comment(clean, "u2", "Polite, and clear.") == "Polite, and clear."


def _transcript(text: str, *, with_words: bool = True) -> Transcript:
    words = tuple(
        Word(text=token, start_ms=n * 100, end_ms=n * 100 + 90, confidence=0.8)
        for n, token in enumerate(text.split())
    )
    return Transcript(
        id="t",
        provider="p",
        duration_ms=10_000,
        speakers=(),
        utterances=(
            Utterance(
                id="u", speaker=None, start_ms=0, end_ms=9_000, text=text,
                words=words if with_words else (),
            ),
        ),
        spans=(),
        language="en",
        stages={"recognition": "x"},
        summary=Summary(reason=Statement(text=text, utterances=("u",))),
    )  # fmt: skip


def test_words_summary_and_positions_are_redacted_too(redactor: Redactor) -> None:
    redacted = redactor.redact(_transcript("Sure, it's 312 555 0142, and thanks."))
    utterance = redacted.utterances[0]
    assert utterance.text == "Sure, it's [PHONE], and thanks."
    assert [w.text for w in utterance.words] == ["Sure,", "it's", "[PHONE],", "and", "thanks."]
    phone = utterance.words[2]
    assert (phone.start_ms, phone.end_ms, phone.confidence) == (200, 490, None)
    assert utterance.pii == (PiiMention(type=PiiType.PHONE, start_char=11, end_char=18),)
    assert redacted.redacted
    assert redacted.summary is not None
    assert redacted.summary.reason == Statement(
        text="Sure, it's [PHONE], and thanks.", utterances=("u",)
    )
    assert set(redacted.stages) == {"recognition", "personal_data"}


def test_words_that_dont_fit_the_text_are_rebuilt_without_a_leak(redactor: Redactor) -> None:
    transcript = _transcript("My number is 312-555-0142.")
    odd = Word(text="3125550142", start_ms=0, end_ms=900)
    utterance = transcript.utterances[0]
    broken = replace(transcript, utterances=(replace(utterance, words=(odd,)),))
    words = redactor.redact(broken).utterances[0].words
    assert "[PHONE]." in [w.text for w in words]
    assert not any(c.isdigit() for w in words for c in w.text)


def test_marking_keeps_the_text(redactor: Redactor) -> None:
    transcript = _transcript("My number is 312-555-0142.")
    marked = redactor.mark(transcript)
    mention = marked.utterances[0].pii[0]
    assert marked.utterances[0].text[mention.start_char : mention.end_char] == "312-555-0142"
    assert not marked.redacted


def test_redacting_twice_changes_nothing(redactor: Redactor) -> None:
    once = redactor.redact_text("I'm at 24 Larch Road and my number is 312-555-0142.")
    assert redactor.redact_text(once) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The account is $739-286.", "The account is $[ACCOUNT]."),
        ("My account number is $7392 86", "My account number is $[ACCOUNT]"),
        ("The account balance is $12,500.", "The account balance is $12,500."),
        ("I paid $1,250.50 on my account.", "I paid $1,250.50 on my account."),
    ],
)
def test_digits_that_a_recogniser_took_for_money(text: str, expected: str) -> None:
    assert Redactor().redact_text(text) == expected


REDACTED_LINES = (
    ("s1", "Thank you for calling, this is [PERSON]. What is your phone number?"),
    ("s2", "Sure, it's [PHONE], and I am [PERSON] [PERSON], born [DOB]."),
    ("s1", "Thanks [PERSON]. And the address and the card?"),
    ("s2", "[ADDRESS], [ADDRESS]. The card is [CARD], the code is [CVV]."),
    ("s1", "So account [ACCOUNT], booking [BOOKING], mail [EMAIL]; is that right?"),
    ("s2", "Yes. [IBAN] and [POLICY] and [SSN]"),
)


def test_what_is_redacted_already_is_left_alone(redactor):
    """Every placeholder stays, is marked where it stands, and nothing is put inside of one."""
    before = Transcript(
        id="t",
        provider="example",
        duration_ms=10_000,
        speakers=(),
        utterances=_conversation(*REDACTED_LINES),
        spans=(),
        language="en",
        redacted=True,
    )
    once = redactor.redact(before)
    assert [u.text for u in once.utterances] == [text for _, text in REDACTED_LINES]
    for u in once.utterances:
        marked = [u.text[m.start_char : m.end_char] for m in u.pii]
        assert marked == [f"[{m.type}]" for m in u.pii]
        assert len(marked) == u.text.count("[")
    assert redactor.redact(once) == once


def test_what_is_found_across_a_placeholder_is_taken_out_around_it():
    text = "lives at 12 [PERSON] Street, ok"
    found = PiiMention(type=PiiType.ADDRESS, start_char=9, end_char=text.index(","))
    mentions = beside_placeholders(text, [found])
    assert with_placeholders(text, mentions).text == "lives at [ADDRESS] [PERSON] [ADDRESS], ok"
    only = PiiMention(type=PiiType.PERSON, start_char=12, end_char=20)
    assert with_placeholders(text, beside_placeholders(text, [only])).text == text


def test_redacted_words_keep_their_times_when_read_again(redactor):
    words = tuple(
        Word(text=w, start_ms=n * 300, end_ms=n * 300 + 200, confidence=None)
        for n, w in enumerate(["my", "number", "is", "[PHONE],", "thanks"])
    )
    line = Utterance(
        id="u1",
        speaker=None,
        start_ms=0,
        end_ms=1_500,
        text="my number is [PHONE], thanks",
        words=words,
    )
    before = Transcript(
        id="t",
        provider="example",
        duration_ms=2_000,
        speakers=(),
        utterances=(line,),
        spans=(),
        language="en",
        redacted=True,
    )
    (after,) = redactor.redact(before).utterances
    assert after.words == words
    assert after.pii == (PiiMention(type=PiiType.PHONE, start_char=13, end_char=20),)
