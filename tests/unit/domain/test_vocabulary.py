"""What may be in a vocabulary, and what a run is told of it."""

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.domain.vocabulary import (
    Vocabulary,
    clean_spelling,
    clean_terms,
    read_spelling,
    with_vocabulary,
)


def test_terms_are_trimmed_and_kept_once_in_their_order():
    given = ["  AcmeTel ", "", "Nora   Fields", "acmetel", "  ", "CPAP"]
    assert clean_terms(given) == ("AcmeTel", "Nora Fields", "CPAP")


@pytest.mark.parametrize(
    "term", ["x" * 60, "日本", "می\u200cخواهم", "C++", "e\u0301clair", "R2\u00a0D2"]
)
def test_terms_of_all_kinds(term):
    assert len(clean_terms([term])) == 1


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (["ok", "x" * 61], "Word 2 is longer than 60 characters."),
        (["a\x00b"], "can't be written"),
        (["a\nb"], "can't be written"),
        (["a\u202eb"], "can't be written"),
        (["--"], "neither a letter nor a digit"),
        ([f"w{n}" for n in range(201)], "more than 200 words"),
    ],
)
def test_terms_that_are_refused(terms, sentence):
    with pytest.raises(InvalidRequest) as refused:
        clean_terms(terms)
    assert sentence in refused.value.detail
    assert "\n" not in refused.value.user_message


def test_two_hundred_terms_fit_and_doubles_do_not_count():
    assert len(clean_terms([f"w{n % 200}" for n in range(400)])) == 200


def test_spellings_are_trimmed_and_kept_once():
    pairs = [(" acme tell", "AcmeTel "), ("Acme  Tell", "AcmeTel"), ("see pap", "CPAP")]
    assert clean_spelling(pairs) == (("acme tell", "AcmeTel"), ("see pap", "CPAP"))


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("acme tell", "")], "needs both sides"),
        ([("", "AcmeTel")], "needs both sides"),
        ([("a", "B"), ("A", "C")], "Spelling 2 contradicts one before it."),
        ([("x" * 61, "y")], "longer than 60"),
        ([("x", "y\x07z")], "can't be written"),
        ([(f"w{n}", "x") for n in range(201)], "more than 200"),
    ],
)
def test_spellings_that_are_refused(pairs, sentence):
    with pytest.raises(InvalidRequest) as refused:
        clean_spelling(pairs)
    assert sentence in refused.value.detail


def test_spellings_as_lines():
    assert read_spelling(["acme tell = AcmeTel", "", "e equals=E = mc"]) == (
        ("acme tell", "AcmeTel"),
        ("e equals", "E = mc"),
    )
    with pytest.raises(InvalidRequest):
        read_spelling(["acme tell"])


def test_a_run_is_told_its_own_words_first():
    options = ProcessingOptions(vocabulary=("Nora", "ACMETEL"), spelling=(("acme", "Acme!"),))
    of_org = Vocabulary(
        terms=("AcmeTel", "CPAP"), spelling=(("Acme", "ACME"), ("see pap", "CPAP")), version=3
    )
    told = with_vocabulary(options, of_org)
    assert told.vocabulary == ("Nora", "ACMETEL", "CPAP")
    assert told.spelling == (("acme", "Acme!"), ("see pap", "CPAP"))
    assert with_vocabulary(options, Vocabulary()) == options
