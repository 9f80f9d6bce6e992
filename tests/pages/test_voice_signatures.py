"""Azure voice signatures on the Voices page."""

import io
import wave

import pytest
from streamlit.testing.v1 import AppTest

from components.known_voices.signatures import DELETE, KEPT, MAKE, SENT_AND_AGREED
from services.domain.errors import PartylineError, ProviderRejected, SeveralVoices
from services.domain.people import LOCAL_USER
from services.domain.speech import SpeakerRole
from services.providers.azure_speech.signatures import RETIRED
from tests.pages.conftest import press, texts

TITLE = "Azure voice signatures"


def sound(seconds: int = 1) -> bytes:
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "none"))
        file.writeframes(bytes(range(200, 232)) * 1_000 * seconds)
    return sink.getvalue()


@pytest.fixture
def nora(staged):
    """A known voice, where Azure is set up."""
    staged.signing.is_configured = True
    learnt = staged.enrolling.outcome
    return staged.voices.remember(LOCAL_USER, "Nora *Fields*", SpeakerRole.AGENT, learnt)


def labels(page: AppTest) -> set[str]:
    return {b.label for b in page.button}


def hand_in(page: AppTest) -> AppTest:
    """Agree, and hand a recording in."""
    next(box for box in page.checkbox if box.label == SENT_AND_AGREED).check().run()
    page.audio_input[-1].set_value(("audio.wav", sound(), "audio/wav")).run()
    assert not page.exception, page.exception
    return page


def errors(page: AppTest) -> str:
    return " ".join(e.value for e in page.error).replace("\\", "")


def test_without_azure_nothing_is_said_of_it(staged, open_page):
    learnt = staged.enrolling.outcome
    staged.voices.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt)
    page = open_page("voices")
    assert TITLE not in texts(page)
    assert MAKE not in labels(page)


def test_without_known_voices_nothing_is_said_of_it(staged, open_page):
    staged.signing.is_configured = True
    assert TITLE not in texts(open_page("voices"))


def test_it_says_that_the_feature_is_retired_and_what_does_the_job(nora, open_page):
    page = open_page("voices")
    assert TITLE in texts(page)
    told = " ".join(i.value for i in page.info)
    assert "retired this feature of Azure Speech on 28 March 2025" in told
    assert "may refuse" in told
    assert "known voices are recognised on this machine" in told
    assert KEPT in texts(page)


def test_nothing_is_sent_before_the_person_agrees(staged, nora, open_page):
    page = open_page("voices")
    button = next(b for b in page.button if b.label == MAKE)
    assert button.disabled
    assert not page.audio_input
    hand_in(page)
    assert not next(b for b in page.button if b.label == MAKE).disabled
    assert staged.signing.samples == []


def test_a_signature_is_made_and_deleted(staged, nora, open_page):
    page = press(hand_in(open_page("voices")), MAKE)
    assert len(staged.signing.samples) == 1
    assert set(staged.signatures.made(LOCAL_USER)) == {nora.id}
    chosen = page.selectbox(key="sign_voice")
    assert "signature made" in chosen.options[0]
    assert not next(box for box in page.checkbox if box.label == SENT_AND_AGREED).value
    page = press(page, DELETE)
    assert staged.signatures.made(LOCAL_USER) == {}
    assert DELETE not in labels(page)


@pytest.mark.parametrize("error", [ProviderRejected(RETIRED), SeveralVoices()])
def test_a_refusal_is_told_and_nothing_is_kept(staged, nora, open_page, error: PartylineError):
    if isinstance(error, SeveralVoices):
        staged.enrolling.outcome = error
    else:
        staged.signing.outcome = error
    page = press(hand_in(open_page("voices")), MAKE)
    assert error.user_message[:60] in errors(page)
    assert staged.signatures.made(LOCAL_USER) == {}
    assert MAKE in labels(page)
