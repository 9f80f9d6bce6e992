"""The contract of all providers against AssemblyAI itself; costs about ten minutes of sound.

Run it with ASSEMBLYAI_API_KEY set, without ``-p tests.loopback_only``. All that it leaves at the
service is deleted there.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import PartylineError, ProviderRefusedKey
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.provider import AssemblyAIProvider
from tests.contract import test_provider as contract

KEY = os.environ.get("ASSEMBLYAI_API_KEY", "")
BASE_URL = os.environ.get("ASSEMBLYAI_BASE_URL")
DELETED_WITHIN_S = 120.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not KEY, reason="needs ASSEMBLYAI_API_KEY"),
]

# Two runs over the same sound need not give the same words at the service, as that one wants.
NOT_HERE = {"test_a_killed_run_goes_on_where_it_was"}

recording = contract.recording
reports = contract.reports
checkpoints = contract.checkpoints
transcript = contract.transcript
globals().update(
    {
        name: test
        for name, test in vars(contract).items()
        if name.startswith("test_") and name not in NOT_HERE
    }
)


class TidyProvider(AssemblyAIProvider):
    """Remembers what the service keeps."""

    def __init__(self, key: str) -> None:
        super().__init__(AssemblyAIAccess(key=key, base_url=BASE_URL))
        self.kept: list[str] = []

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        def note(reference: str) -> None:
            self.kept.append(reference)
            context.note_copy(reference)

        return super()._transcribe_impl(recording, options, replace(context, note_copy=note))


@pytest.fixture(scope="module")
def provider() -> Iterator[TidyProvider]:
    """Return the provider with the real service; what it leaves there is deleted."""
    made = TidyProvider(KEY)
    yield made
    deadline = time.monotonic() + DELETED_WITHIN_S
    for reference in made.kept:
        while True:
            try:
                made.delete_copy(reference)
                break
            except PartylineError as error:
                if not error.retryable or time.monotonic() > deadline:
                    raise
                time.sleep(3)


def test_the_key_is_good(provider: TidyProvider) -> None:
    provider.check()


def test_a_wrong_key_is_refused() -> None:
    with pytest.raises(ProviderRefusedKey):
        TidyProvider("0123456789abcdef").check()


def test_a_run_that_goes_on_is_not_paid_twice(provider: TidyProvider, recording: Recording) -> None:
    kept: dict[str, bytes] = {}
    options = ProcessingOptions(
        language="en",
        vocabulary=("Harbor Energy",),
        spelling=(("harbor energy", "HarborEnergy"),),
        provider_options=(("redaction", "yes"), ("multichannel", "off")),
    )
    first = provider.transcribe(recording, options, RunContext(checkpoints=kept))
    asked = len(provider.kept)
    again = provider.transcribe(recording, options, RunContext(checkpoints=kept))
    assert len(provider.kept) == asked
    assert replace(again, id="") == replace(first, id="")
    assert first.redacted
