"""What a provider is asked for, as it is written on the command line."""

import pytest

from services.domain.errors import InvalidRequest
from services.providers.wishes import read_provider_options


def test_options_are_read_from_names_and_values() -> None:
    given = ["model=a", " prompt = a=b ", "empty="]
    assert read_provider_options(given) == (("model", "a"), ("prompt", "a=b"), ("empty", ""))


@pytest.mark.parametrize("given", [["model"], ["=a"], ["model=a", "model=b"], [""]])
def test_what_is_no_option_is_refused(given) -> None:
    with pytest.raises(InvalidRequest):
        read_provider_options(given)
