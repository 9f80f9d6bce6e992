"""The Live page: where sound comes from, how a call is begun, held and ended."""

import sys
import wave
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest

from app.session import LiveHere
from components import live_recorder
from components.live_recorder import (
    Discarded,
    FreshLink,
    Here,
    NoSocket,
    Rest,
    Start,
    Stopped,
    read_intent,
)
from components.live_view.intents import Landed, OpenCall, Speak, Stop, Summarise
from pages import _live, _live_begin
from services.domain.calls import Consent
from services.domain.errors import ProviderBusy
from services.domain.live_calls import LiveSource, LiveState
from services.live.recording.played import PlayedRecording
from services.providers.capabilities import Capabilities, OptionKind, ProviderOption, Readiness
from tests.pages.conftest import as_read as texts
from tests.pages.conftest import press

START = Start(attempt="a1", source=LiveSource.BROWSER, channels=1, device="Headset", consent=False)


@dataclass
class Browser:
    """What the pieces in the browser are told to do, and what they say has happened."""

    orders: list = field(default_factory=list)
    views: list = field(default_factory=list)
    intents: list = field(default_factory=list)
    view_intents: list = field(default_factory=list)

    def recorder(self, order):
        self.orders.append(order)
        return self.intents.pop(0) if self.intents else None

    def view(self, order):
        self.views.append(order)
        return self.view_intents.pop(0) if self.view_intents else None

    def says(self, page, intent):
        """Run the page with something having happened in the recorder."""
        self.intents.append(intent)
        page.run()
        assert not page.exception, page.exception
        return page

    def view_says(self, page, intent):
        """Run the page with something having been asked for in the view."""
        self.view_intents.append(intent)
        page.run()
        assert not page.exception, page.exception
        return page


@pytest.fixture
def browser(monkeypatch):
    pieces = Browser()
    for module in (_live, _live_begin):
        monkeypatch.setattr(module, "draw_live_recorder", pieces.recorder)
    monkeypatch.setattr(_live, "draw_live_view", pieces.view)
    return pieces


@pytest.fixture
def live(staged):
    """The local provider can do live calls, and another one with an option of its own."""
    staged.providers.put(
        Capabilities(
            name="local",
            title="This machine",
            live=True,
            live_channels=2,
            live_language_switch=True,
            language_detection=True,
            languages=("en", "es"),
            vocabulary=True,
            leaves_machine=False,
        )
    )
    staged.providers.put(
        Capabilities(
            name="cloud",
            title="Cloud Speech",
            recorded=False,
            live=True,
            languages=("en",),
            options=(
                ProviderOption(
                    name="formal",
                    title="Formal",
                    help="Formatted words.",
                    kind=OptionKind.TOGGLE,
                    default="yes",
                    recorded=False,
                    live=True,
                ),
                ProviderOption(name="batch", title="Batch only", help="No."),
            ),
        )
    )
    return staged.live


@pytest.fixture
def page(live, browser, open_page):
    return open_page("live_call")


def the_call(live):
    return next(iter(live.calls.values()))


# --- beginning --------------------------------------------------------------------------------


def test_it_offers_only_what_can_transcribe_live(page, live):
    """Providers for recordings alone are not there; what live calls take is loaded once."""
    assert page.selectbox(key="live_provider").options == ["This machine", "Cloud Speech"]
    page.run()
    assert live.warmed == 1


def test_without_a_live_provider_it_says_so(staged, browser, open_page):
    staged.providers.put(
        Capabilities(name="cloud", title="Cloud Speech", live=True),
        Readiness(ready=False, missing=("CLOUD_KEY",)),
    )
    page = open_page("live_call")
    assert "can transcribe a call while it is held" in texts(page)
    assert "not configured: set CLOUD_KEY" in texts(page)
    assert not browser.orders


def test_only_options_for_live_calls_are_drawn(page):
    page.selectbox(key="live_provider").set_value("cloud").run()
    assert [t.label for t in page.toggle if t.label in {"Formal", "Batch only"}] == ["Formal"]


def test_recording_begins_a_call_with_the_options(page, live, browser):
    """The call is in the address, and the recorder gets its socket's address."""
    page.toggle(key="live_redact").set_value(False).run()
    page.text_input(key="live_agent").set_value("Nora Fields").run()
    browser.says(page, START)
    call = the_call(live)
    assert (call.source, call.channels) == (LiveSource.BROWSER, 1)
    assert call.options.redact is False
    assert call.options.provider == "local"
    assert call.details.agent_name == "Nora Fields"
    assert call.name.startswith("Live call 2")
    assert page.query_params["live"] == call.id
    order = browser.orders[-1]
    assert (order.call_id, order.attempt) == (call.id, "a1")
    assert order.sound_url.startswith(f"/-/live/sound/{call.id}?token=")
    assert browser.views[-1].events_url.startswith(f"/-/live/events/{call.id}?token=")


def test_the_sound_of_a_tab_is_offered_where_two_channels_are_taken(page, browser):
    assert browser.orders[-1].can_share_tab
    page.selectbox(key="live_provider").set_value("cloud").run()
    assert not browser.orders[-1].can_share_tab


def test_a_refusal_is_one_sentence_and_the_recorder_lets_go(page, live, browser):
    live.refusal = ProviderBusy()
    browser.says(page, START)
    assert ProviderBusy().user_message in texts(page)
    assert (browser.orders[-1].attempt, browser.orders[-1].refused) == ("a1", True)
    assert not live.calls
    live.refusal = None
    browser.says(page, START)
    assert ProviderBusy().user_message not in texts(page)
    assert live.calls


def test_consent_can_be_required(page, live, browser, staged):
    """What the browser says is not taken on trust alone: the page looks, too."""
    staged.settings = staged.settings.model_copy(update={"consent_required": True})
    page.run()
    assert browser.orders[-1].consent_required
    browser.says(page, START)
    assert not live.calls
    assert "Tick the box" in texts(page)
    page.button_group(key="live_consent_way").set_value(Consent.CONTRACT).run()
    browser.says(page, replace(START, consent=True))
    [begun] = live.calls.values()
    assert begun.details.consent is Consent.CONTRACT


def test_the_server_s_microphone_waits_for_consent_where_it_is_required(
    page, live, monkeypatch, staged
):
    pyaudio = SimpleNamespace(PyAudio=FakeAudio, paInt16=8)
    monkeypatch.setitem(sys.modules, "pyaudio", pyaudio)
    staged.settings = staged.settings.model_copy(
        update={"consent_required": True, "consent_notice": "Say *that* first."}
    )
    page.radio(key="live_source").set_value(LiveSource.MICROPHONE).run()
    assert page.checkbox(key="live_consent").label == r"Say \*that\* first\."
    assert "Tick the box" in texts(page)
    switch = "Listen to the server's microphone"
    assert not [b for b in page.button if b.label == switch]
    page.checkbox(key="live_consent").set_value(True).run()
    assert [b for b in page.button if b.label == switch]


def test_calling_it_off_begins_nothing(page, live, browser):
    browser.says(page, Discarded())
    assert not live.calls


# --- while it is held -------------------------------------------------------------------------


@pytest.fixture
def held(page, live, browser):
    """A call that is recorded in this window."""
    browser.says(page, START)
    return the_call(live)


def test_a_page_switch_and_back_finds_the_call(page, held, browser):
    page.switch_page("../pages/calls.py").run()
    page.switch_page("../pages/live_call.py").run()
    assert browser.orders[-1].call_id == held.id
    assert page.query_params["live"] == held.id


def test_a_reload_finds_the_call_by_the_address(page, held, browser):
    page.session_state["live"] = LiveHere()
    page.query_params["live"] = held.id
    page.run()
    assert browser.orders[-1].call_id == held.id
    assert browser.orders[-1].attempt is None


def test_a_new_session_learns_what_the_window_records(page, held, browser):
    page.session_state["live"] = LiveHere()
    page.query_params.clear()
    browser.says(page, Here(call_id=held.id))
    assert browser.orders[-1].call_id == held.id


def test_stop_ends_the_call(page, held, live, browser):
    browser.says(page, Stopped(call_id=held.id))
    assert live.asked == [("stop", held.id, "complete")]
    assert "The call has ended" in "".join(i.value for i in page.info)


def test_without_sockets_the_whole_recording_is_taken_in(page, held, live, browser):
    browser.says(page, NoSocket(call_id=held.id))
    assert live.asked == [("stop", held.id, "complete")]
    assert "refuses WebSockets" in texts(page)
    assert "live" not in page.query_params
    press(page, "Try again to send it while it is recorded")
    assert "refuses WebSockets" not in texts(page)


def test_a_new_token_is_handed_out(page, held, browser):
    page.session_state["tokens"] = {
        key: ("spent", at) for key, (_, at) in page.session_state["tokens"].items()
    }
    browser.says(page, FreshLink())
    assert "spent" not in browser.orders[-1].sound_url


def test_what_is_asked_for_in_the_view_is_done(page, held, live, browser):
    assert browser.views[-1].languages == ["en", "es"]
    assert not browser.views[-1].can_stop
    browser.view_says(page, Summarise())
    browser.view_says(page, Speak(language="es"))
    assert live.asked == [("summarise", held.id), ("speak", held.id, "es")]


def test_somebody_elses_call_is_only_read(page, held, live, browser):
    """The local user is an administrator: they may end it, but not record into it."""
    live.change(held.id, owner="somebody")
    before = len(browser.orders)
    page.run()
    assert len(browser.orders) == before
    assert browser.views[-1].can_stop
    browser.view_says(page, Stop())
    assert live.asked == [("stop", held.id)]


def test_calls_that_run_elsewhere_are_named(page, held, live, browser):
    page.session_state["live"] = LiveHere()
    page.query_params.clear()
    page.run()
    assert "Your calls that are running" in [h.value for h in page.header]
    press(page, "Go to it")
    assert browser.orders[-1].call_id == held.id


# --- after it ---------------------------------------------------------------------------------


@pytest.fixture
def ended(page, staged, held, live):
    """A call that has ended, and is among the calls already."""
    call = staged.add_ready()
    live.calls = {call.id: replace(held, id=call.id, state=LiveState.FINISHING)}
    page.query_params["live"] = call.id
    page.run()
    return call


def test_a_landed_call_can_be_opened(page, ended, live, browser):
    """What was said stays in sight for whoever read along; its view has the button."""
    live.land(ended.id)
    browser.view_says(page, Landed(call_id=ended.id))
    assert "among the calls now" in texts(page)
    assert browser.views[-1].read_only
    browser.view_says(page, OpenCall(call_id=ended.id))
    assert page.query_params["call"] == ended.id


def test_a_landed_call_can_be_opened_after_a_reload(page, ended, live, browser):
    live.land(ended.id)
    page.session_state["live"] = LiveHere()
    before = len(browser.views)
    page.run()
    press(page, "Open the call")
    assert page.query_params["call"] == ended.id
    assert len(browser.views) == before


def test_the_view_leads_to_the_call(page, ended, browser):
    browser.view_says(page, OpenCall(call_id=ended.id))
    assert page.query_params["call"] == ended.id


@pytest.mark.parametrize("is_landed", [False, True])
def test_what_could_not_be_sent_of_a_call_is_offered_where_calls_are_begun(
    page, ended, live, browser, is_landed
):
    if is_landed:
        live.land(ended.id)
        page.run()
    assert browser.orders[-1].over
    browser.says(page, Rest(call_id=ended.id))
    assert "live" not in page.query_params
    assert browser.orders[-1].call_id is None
    browser.says(page, START)
    assert browser.orders[-1].attempt == START.attempt


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_call_that_leaves_sound_here_ends_unless_another_window_records_it(
    page, held, live, browser, goes_on
):
    browser.says(page, Rest(call_id=held.id, goes_on=goes_on))
    assert live.asked == ([] if goes_on else [("stop", held.id, "complete")])
    assert browser.orders[-1].call_id is None


def test_another_call_can_be_begun(page, held, live):
    live.change(held.id, state=LiveState.FINISHING)
    page.run()
    press(page, "Begin another call")
    assert "live" not in page.query_params
    assert page.selectbox(key="live_provider").value == "local"


def test_a_call_that_is_gone_is_told(page, held, live):
    live.land(held.id)
    page.run()
    assert "does not exist" in texts(page)
    assert "live" not in page.query_params


# --- sound of the server ----------------------------------------------------------------------


class FakeAudio:
    """PyAudio with two microphones and a loudspeaker."""

    def __init__(self):
        self.opened = []

    def get_default_input_device_info(self):
        return {"index": 2}

    def get_device_count(self):
        return 3

    def get_device_info_by_index(self, number):
        names = ["Loudspeaker", "Webcam", "Headset"]
        return {"index": number, "name": names[number], "maxInputChannels": int(number > 0)}

    def open(self, **how):
        self.opened.append(how["input_device_index"])
        return SimpleNamespace(
            start_stream=lambda: None, read=lambda *_, **__: bytes(1_600), close=lambda: None
        )

    def terminate(self):
        pass


def test_absence_of_a_microphone_is_told(page, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    page.radio(key="live_source").set_value(LiveSource.MICROPHONE).run()
    assert "PyAudio is not installed here" in page.info[0].value


def test_the_servers_microphone_is_switched_on_and_off(page, live, monkeypatch):
    audio = FakeAudio()
    monkeypatch.setitem(sys.modules, "pyaudio", SimpleNamespace(PyAudio=lambda: audio, paInt16=8))
    page.radio(key="live_source").set_value(LiveSource.MICROPHONE).run()
    assert page.selectbox(key="live_device").options == ["Headset (usual one)", "Webcam"]
    page.selectbox(key="live_device").set_value(1).run()
    press(page, "Listen to the server's microphone")
    call = the_call(live)
    assert (call.source, call.channels, audio.opened) == (LiveSource.MICROPHONE, 1, [1])
    chunks, speed = live.played[call.id]
    assert (len(next(chunks)), speed) == (1_600, 0)
    page.switch_page("../pages/calls.py").run()
    page.switch_page("../pages/live_call.py").run()
    assert not live.asked, "the switch stays on"
    press(page, "Listen to the server's microphone")
    assert live.asked == [("stop", call.id, "complete")]
    chunks.close()


def test_after_a_reload_the_microphone_is_still_on(page, live, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", SimpleNamespace(PyAudio=FakeAudio, paInt16=8))
    page.radio(key="live_source").set_value(LiveSource.MICROPHONE).run()
    press(page, "Listen to the server's microphone")
    del page.session_state["live_microphone"]
    page.run()
    assert not live.asked


def test_a_refused_microphone_call_leaves_the_switch_off(page, live, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", SimpleNamespace(PyAudio=FakeAudio, paInt16=8))
    live.refusal = ProviderBusy()
    page.radio(key="live_source").set_value(LiveSource.MICROPHONE).run()
    press(page, "Listen to the server's microphone")
    assert ProviderBusy().user_message in texts(page)
    assert page.session_state["live_microphone"] is False


def test_a_demo_recording_is_played_as_live(page, live, staged, browser, tmp_path):
    """With the details that its name carries, each party alone, at the speed asked for."""
    path = tmp_path / "call_AGENT_Nora-Fields_QUEUE_Billing.wav"
    seconds = np.arange(16_000 * 2) / 16_000
    voices = [np.sin(2 * np.pi * hz * seconds) * (seconds % 1 < 0.5) for hz in (220, 330)]
    voices[1] = np.roll(voices[1], 8_000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.stack(voices, axis=1) * 9_000).astype("<i2").tobytes())
    staged.desk.demo_files = [path]
    staged.settings = staged.settings.model_copy(update={"data_dir": tmp_path})
    page.radio(key="live_source").set_value(LiveSource.RECORDING).run()
    assert page.selectbox(key="live_recording").options == [
        "Nora Fields, Billing",
        "A file of yours",
    ]
    page.selectbox(key="live_speed").set_value(4.0).run()
    press(page, "Play it as a live call")
    call = the_call(live)
    assert (call.source, call.details.agent_name) == (LiveSource.RECORDING, "Nora Fields")
    chunks, speed = live.played[call.id]
    assert isinstance(chunks, PlayedRecording)
    assert speed == 4.0
    assert call.channels == chunks.sound.channels == 2
    assert len(next(chunks)) == 800 * 2 * 2
    chunks.close()
    assert browser.views[-1].can_stop


def test_a_file_that_is_no_recording_is_told(page, live, staged, tmp_path):
    path = tmp_path / "notes.wav"
    path.write_text("no sound at all " * 100)
    staged.desk.demo_files = [path]
    staged.settings = staged.settings.model_copy(update={"data_dir": tmp_path})
    page.radio(key="live_source").set_value(LiveSource.RECORDING).run()
    press(page, "Play it as a live call")
    assert "not an audio or video file" in texts(page)
    assert not live.calls


# --- what the recorder sends ------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "stopped",
        {},
        {"kind": "stopped"},
        {"kind": "stopped", "call": 3},
        {"kind": "start", "nonce": "a", "source": "microphone", "channels": 1},
        {"kind": "start", "nonce": "a", "source": "browser", "channels": 2},
        {"kind": "start", "nonce": 1, "source": "browser", "channels": 1},
        {"kind": "what"},
    ],
)
def test_nonsense_from_the_browser_is_nothing(raw):
    assert read_intent(raw) is None


def test_a_start_is_read():
    raw = {
        "kind": "start",
        "nonce": "n",
        "source": "browser_and_tab",
        "channels": 2,
        "device": "x" * 900,
        "consent": "yes",
    }
    start = read_intent(raw)
    assert start == Start(
        attempt="n",
        source=LiveSource.BROWSER_AND_TAB,
        channels=2,
        device="x" * live_recorder.MOST_LABEL_CHARS,
        consent=False,
    )
