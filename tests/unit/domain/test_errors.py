"""Every error is one clear sentence for a person, and says whether a retry can help."""

import pytest

from services.domain import errors


def tree(root=errors.PartylineError):
    for kind in root.__subclasses__():
        yield kind
        yield from tree(kind)


@pytest.mark.parametrize("kind", list(tree()), ids=lambda kind: kind.__name__)
def test_an_errors_docstring_is_a_sentence(kind):
    sentence = kind().user_message
    assert kind.__doc__, "the sentence would be the parent's"
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 160
    assert isinstance(kind.retryable, bool)


def test_a_detail_follows_as_a_second_sentence():
    error = errors.ProviderNotConfigured("Set AZURE_SPEECH_KEY.")
    assert str(error) == "This speech provider is not configured. Set AZURE_SPEECH_KEY."
    assert error.code == "ProviderNotConfigured"
