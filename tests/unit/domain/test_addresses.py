"""What counts as this machine, what can be read on the way, and which keys can be sent."""

import pytest

from services.domain.addresses import (
    can_be_sent,
    is_encrypted_or_here,
    is_on_this_machine,
    is_this_machine,
)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("LOCALHOST", True),
        ("[::1]", True),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("app.localhost", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_counts_as_this_machine(host, here):
    assert is_this_machine(host) is here
    assert is_on_this_machine(f"http://{host}:1/v1") is here
    assert is_encrypted_or_here(f"http://{host}:1/v1") is here
    assert is_encrypted_or_here(f"ws://{host}:1") is here


@pytest.mark.parametrize(
    "address", ["https://example.com", "wss://example.com/v3", "HTTPS://[::2]"]
)
def test_encrypted_may_go_anywhere(address):
    assert is_encrypted_or_here(address)


@pytest.mark.parametrize("address", ["", "https://", "ftp://127.0.0.1", "127.0.0.1", "https://["])
def test_what_is_no_such_address_may_go_nowhere(address):
    assert not is_encrypted_or_here(address)


@pytest.mark.parametrize("key", ["käy", "abc\n", " abc", "abc\t", "a\r\nX: 1", "\x7f"])
def test_keys_that_no_header_carries(key):
    assert not can_be_sent(key)
    assert can_be_sent("0123abc-_.")
