"""Addresses that would tell key and sound to strangers, and keys that can't be sent."""

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderNotConfigured
from services.domain.running import RunContext
from services.providers.assemblyai.access import AssemblyAIAccess, address_of, streaming_host_of
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.fallback import transcribe_in_turn
from services.providers.live import LiveFormat
from tests.unit.providers.assemblyai.sounds import KEY, provider, recording

OPTIONS = ProcessingOptions(language="en")


def never_pausing(_seconds):
    raise AssertionError("A wrong setting was tried again.")


@pytest.mark.parametrize("key", ["käy", "abc\n", " abc", "abc\r\nX-Other: 1"])
def test_a_key_that_can_not_be_sent_ends_it_at_once(key):
    with AssemblyAIEmulator() as emulator:
        made = provider(emulator, key=key)
        for work in (
            made.check,
            lambda: made.delete_copy("a"),
            lambda: made.transcribe(recording(2), OPTIONS, RunContext(), sleep=never_pausing),
            lambda: made.open_live(LiveFormat(), OPTIONS, lambda _event: None),
        ):
            with pytest.raises(ProviderNotConfigured, match="ASSEMBLYAI_API_KEY") as caught:
                work()
            assert key.strip() not in str(caught.value)
        assert emulator.count() == 0


def test_nobody_steps_in_for_a_key_that_can_not_be_sent():
    with AssemblyAIEmulator() as other:
        asked = [provider(other, key="käy"), provider(other)]
        with pytest.raises(ProviderNotConfigured):
            transcribe_in_turn(asked, recording(2), OPTIONS, RunContext())
        assert other.count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "http://me.example.com",
        "http://127.0.0.1.example.com",
        "http://app.localhost",
        "ws://127.0.0.1:1",
        "me.example.com",
        "https://key@me.example.com",
        "https://me.example.com?key=1",
        "https://[",
        "https://me.example.com:port",
    ],
)
def test_no_address_that_others_could_listen_on_is_asked(address):
    made = AssemblyAIProvider(AssemblyAIAccess(key=KEY, base_url=address))
    with pytest.raises(ProviderNotConfigured, match="ASSEMBLYAI_BASE_URL"):
        made.check()
    with pytest.raises(ProviderNotConfigured, match="ASSEMBLYAI_BASE_URL"):
        made.transcribe(recording(2), OPTIONS, RunContext(), sleep=never_pausing)


@pytest.mark.parametrize(
    "host",
    [
        "ws://me.example.com",
        "ws://127.0.0.1.example.com",
        "http://127.0.0.1:1",
        "key@me.example.com",
        "wss://me.example.com/v3",
        "me.example.com?x=1",
        "wss://[",
    ],
)
def test_no_host_that_others_could_listen_on_is_streamed_to(host):
    made = AssemblyAIProvider(AssemblyAIAccess(key=KEY, streaming_host=host))
    with pytest.raises(ProviderNotConfigured, match="ASSEMBLYAI_STREAMING_HOST"):
        made.open_live(LiveFormat(), OPTIONS, lambda _event: None)


def test_addresses_of_regions_and_of_this_machine_are_taken():
    own = AssemblyAIAccess(key=KEY)
    assert address_of(own) == "https://api.assemblyai.com"
    assert streaming_host_of(own) == "streaming.assemblyai.com"
    given = AssemblyAIAccess(
        key=KEY, base_url=" https://eu.example.com/ ", streaming_host="eu.example.com"
    )
    assert address_of(given) == "https://eu.example.com"
    assert streaming_host_of(given) == "wss://eu.example.com"
    here = AssemblyAIAccess(key=KEY, base_url="http://[::1]:1", streaming_host="ws://localhost:1")
    assert (address_of(here), streaming_host_of(here)) == ("http://[::1]:1", "ws://localhost:1")
