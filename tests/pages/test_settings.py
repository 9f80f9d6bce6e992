"""The Settings page: what is set up, what is missing, and whether it would work."""

import threading

import pytest

from app.settings import Settings
from pages import _settings
from services.access.api_tokens import ApiTokens
from services.domain.errors import ProviderRefusedKey, ProviderTimeout
from services.domain.people import LOCAL_USER, Right, Role
from services.providers.capabilities import Capabilities, ProviderOption, Readiness
from services.providers.checking import check_provider
from tests.pages.conftest import as_read, press

SECRET = "a-key-that-nobody-may-see"


def test_it_says_what_is_ready_missing_and_possible(staged, open_page):
    """Plain words for each provider, and the names of settings only."""
    said = as_read(open_page("settings"))
    assert "**Not set up:** set AZURE\\_SPEECH\\_KEY." in said
    assert "The sound: stays on this machine" in said
    assert "Added on this machine: telling speakers apart" in said
    assert "Used unless somebody chooses otherwise." in said
    assert "Recordings go to **This machine** unless somebody chooses otherwise." in said


def test_limits_price_options_and_order(staged, open_page):
    """What is set about a provider stands there with its unit."""
    staged.providers.put(
        Capabilities(
            name="azure",
            title="Azure Speech",
            cost_per_hour=0.4,
            keeps_copies=True,
            options=(ProviderOption(name="model", title="Model", help=""),),
        )
    )
    staged.settings = Settings(
        PARTYLINE_AZURE_AT_ONCE=3,
        PARTYLINE_AZURE_PER_MINUTE=30,
        PARTYLINE_PROVIDER="azure",
        PARTYLINE_FALLBACK="local,nobody",
    )
    said = as_read(open_page("settings"))
    assert "At most: 3 calls at once, 30 begun a minute" in said
    assert "Price: about 0.40 per hour of sound, as set here" in said
    assert "Can be asked for: Model" in said
    assert "keeps a copy until the call is deleted here" in said
    assert "when it can't be reached, to **This machine**, then to **nobody**." in said
    assert "There is no speech provider called nobody." in said


def test_no_key_or_address_is_shown(staged, open_page):
    """Keys aren't shown, not even in part; of addresses only the host of the language model."""
    staged.settings = Settings(
        AZURE_SPEECH_KEY=SECRET,
        ASSEMBLYAI_API_KEY=SECRET,
        LLM_API_KEY=SECRET,
        LLM_BASE_URL=f"http://user:{SECRET}@models.internal:8080/v1",
        LLM_MODEL="small-model",
        DATABASE_URL=f"postgresql+psycopg://user:{SECRET}@db.internal/calls",
        STORAGE_URL=f"s3://bucket-{SECRET}",
    )
    page = open_page("settings")
    said = as_read(page)
    assert "**small-model** at models.internal." in said
    assert "Calls are kept in PostgreSQL" in said
    assert "Sound is kept in a bucket (s3), encrypted" in said
    assert not [line for line in str(page.main).splitlines() if SECRET[:8] in line]


def test_a_provider_s_own_language_model_is_named_by_its_host(staged, open_page):
    """A word in place of an address stands for one that is known."""
    staged.settings = Settings(
        ASSEMBLYAI_API_KEY=SECRET, LLM_BASE_URL="assemblyai", LLM_MODEL="small-model"
    )
    said = as_read(open_page("settings"))
    assert "**small-model** at " in said
    assert "can't be read" not in said


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (lambda: None, "It would take a call now. It took "),
        (ProviderRefusedKey(), "The speech service refused the key. It took "),
    ],
)
def test_a_check_ends_in_a_sentence_and_stays(staged, open_page, check, sentence):
    """Each outcome is told with the time it took, also after a page switch."""

    def answer():
        if isinstance(check, Exception):
            raise check

    staged.providers.checks["local"] = answer
    page = press(open_page("settings"), "Check :gray[This machine]")
    told = [str(e.value).replace("\\", "") for e in (*page.success, *page.error)]
    assert [t for t in told if t.startswith(sentence)]
    page.switch_page("../pages/live_call.py").run()
    page.switch_page("../pages/settings.py").run()
    assert len([*page.success, *page.error]) == 1


def test_a_check_that_hangs_ends(staged, open_page, monkeypatch):
    """The page waits no longer than it says."""
    released = threading.Event()
    staged.providers.checks["local"] = lambda: released.wait(20)
    monkeypatch.setattr(_settings, "check_provider", lambda p: check_provider(p, within_s=0.1))
    page = press(open_page("settings"), "Check :gray[This machine]")
    released.set()
    assert ProviderTimeout().user_message in page.error[0].value.replace("\\", "")


def test_only_who_may_change_things_may_check(staged, open_page, monkeypatch):
    """A viewer sees what is there and asks no service."""
    viewer = LOCAL_USER.__class__(id="v", name="V", org_id="local", role=Role.VIEWER)
    assert not viewer.may(Right.MANAGE_RULES)
    monkeypatch.setattr("app.session.current_user", lambda: viewer)
    page = open_page("settings")
    assert not [b for b in page.button if b.label.startswith("Check")]


def test_whether_programs_may_ask_is_said_without_the_token(staged, open_page):
    """The setting is named; of the token nothing is shown."""
    assert "The HTTP API is off: PARTYLINE_API_TOKEN is not set" in said_of(open_page)
    staged.api_tokens = ApiTokens(SECRET * 2, LOCAL_USER)
    page = open_page("settings")
    said = as_read(page).replace("\\", "")
    assert "Programs that bring a token may use the HTTP API" in said
    assert not [line for line in str(page.main).splitlines() if SECRET[:8] in line]


def said_of(open_page):
    return as_read(open_page("settings")).replace("\\", "")


def test_what_is_amiss_is_said(staged, open_page):
    """A missing worker and missing models are told in words."""
    staged.ready = {"database": True, "worker": False, "weights": False}
    said = as_read(open_page("settings"))
    assert "The database answers" in said
    assert "No worker is running on this machine" in said
    assert "A speech model of this machine is missing" in said
    assert "None. Summaries are made of the call's own sentences" in said.replace("**", "")


class TestTelephony:
    def test_what_is_missing_is_told_by_name(self, staged, open_page):
        said = as_read(open_page("settings")).replace("\\", "")
        assert "**Azure Communication Services** is not set up: set ACS_ENDPOINT" in said
        assert "**Twilio** is not set up: set TWILIO_AUTH_TOKEN." in said
        assert "set AUDIOHOOK_API_KEY and AUDIOHOOK_CLIENT_SECRET." in said
        assert "PARTYLINE_PUBLIC_URL, which is not set" in said

    def test_what_is_set_up_and_what_to_enter_elsewhere(self, staged, open_page):
        staged.phone.ready = Readiness(ready=True)
        staged.settings = Settings(
            PARTYLINE_PUBLIC_URL="https://calls.example.com/",
            TWILIO_AUTH_TOKEN=SECRET,
            AUDIOHOOK_API_KEY=SECRET,
            AUDIOHOOK_CLIENT_SECRET="c2VjcmV0IG9mIDE2IGJ5dGVz",
            ACS_EVENT_SECRET=SECRET,
            ACS_CALLER_NUMBER="+14255550100",
        )
        page = open_page("settings")
        said = as_read(page).replace("\\", "")
        for service in ("Azure Communication Services", "Twilio", "Genesys AudioHook"):
            assert f"**{service}** is set up." in said
        assert [code.value for code in page.code] == [
            "https://calls.example.com/acs/incoming?secret=…",
            "https://calls.example.com/acs/events",
            "wss://calls.example.com/acs/transcription",
            "wss://calls.example.com/twilio",
            "wss://calls.example.com/audiohook",
        ]
        whole = str(page.main)
        assert SECRET not in whole
        assert "c2VjcmV0" not in whole
        assert "+14255550100" not in whole

    def test_what_azure_can_not_do_as_it_is_set_up(self, staged, open_page):
        staged.phone.ready = Readiness(ready=True)
        said = as_read(open_page("settings")).replace("\\", "")
        assert "No number can be called from here: set ACS_CALLER_NUMBER" in said
        assert "Nobody can call here: set ACS_EVENT_SECRET" in said

    def test_calls_that_are_answered_by_rule_are_told(self, staged, open_page):
        staged.phone.ready = Readiness(ready=True)
        staged.settings = Settings(ACS_EVENT_SECRET=SECRET, ACS_ANSWER="rule")
        assert "answered at once by this server" in as_read(open_page("settings")).replace("\\", "")

    def test_an_address_of_this_machine_is_told_as_it_is(self, staged, open_page):
        staged.settings = Settings(PARTYLINE_PUBLIC_URL="http://127.0.0.1:8501")
        codes = [code.value for code in open_page("settings").code]
        assert "ws://127.0.0.1:8501/acs/transcription" in codes
