"""The recorder in a real browser, with a microphone that plays a known sound, against a double.

The double speaks the protocol of docs/live-sockets.md and loses connections as the tests ask.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings
from tests.browser.conftest import (
    BROWSER_FLAGS,
    ROOT,
    SHOWN_WITHIN_MS,
    START_WITHIN_S,
    answers,
    environment,
    free_port,
)
from tests.browser.recorded_calls import KEEP_WHAT_IS_HEARD, heard_by
from tests.browser.sound import TRIED_AGAIN, NotAlike

RATE, MICROPHONE_RATE = 16_000, 48_000
VIEWPORT = {"width": 1280, "height": 800}
MICROPHONE_S = 90
LIKE = 0.97
"""How alike a second of what arrived is to the same second of what was played, at least."""

pytestmark = TRIED_AGAIN


class Double:
    """What a test asks of the double."""

    def __init__(self, url):
        self.url = url

    def mode(self, name):
        urllib.request.urlopen(f"{self.url}/double/mode?is={name}", timeout=10).close()

    @property
    def told(self):
        with urllib.request.urlopen(f"{self.url}/double/told", timeout=10) as reply:
            return json.load(reply)

    def sound(self, channels=1):
        with urllib.request.urlopen(f"{self.url}/double/sound", timeout=10) as reply:
            return np.frombuffer(reply.read(), "<i2").astype(float).reshape(-1, channels)

    def wait_until(self, holds, within_s=30):
        deadline = time.monotonic() + within_s
        while not holds(told := self.told):
            assert time.monotonic() < deadline, {k: v for k, v in told.items() if k != "packets"}
            time.sleep(0.1)
        return told


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Noise that never repeats, as samples at 16 kHz and as the file the microphone plays.

    It lies so low that a delay of less than a sample leaves it alike.
    """
    random = np.random.default_rng(7)
    noise = random.standard_normal(MICROPHONE_S * RATE)
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / RATE)
    spectrum[(hz < 200) | (hz > 1_500)] = 0
    sound = np.fft.irfft(spectrum, len(noise))
    sound *= 6_000 / np.abs(sound).std() / 3
    spread = np.fft.irfft(np.fft.rfft(sound), len(sound) * 3) * 3
    path = tmp_path_factory.mktemp("microphone") / "played.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        file.writeframes(spread.clip(-32_000, 32_000).astype("<i2").tobytes())
    return sound, path


@pytest.fixture(scope="module")
def double(tmp_path_factory):
    folder = tmp_path_factory.mktemp("double")
    port = free_port()
    with (folder / "double.log").open("wb") as log:
        command = ["-m", "uvicorn", "tests.browser.sound_double:app", "--port", str(port)]
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment(folder / "data", folder),
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + START_WITHIN_S
            while not answers(f"http://localhost:{port}/readyz"):
                assert process.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < deadline, Path(log.name).read_text()
                time.sleep(0.2)
            yield Double(f"http://localhost:{port}")
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def hearing_browser(chromium, played):
    """A browser whose microphone plays the sound from the moment it is opened."""
    flags = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={played[1]}%noloop",
    ]
    path = os.environ.get("PARTYLINE_CHROMIUM") or shutil.which("chromium")
    browser = chromium.browser_type.launch(executable_path=path, args=[*BROWSER_FLAGS, *flags])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def windows(hearing_browser):
    """One window for all tests, so that a page is loaded but once; each test has its own tab."""
    context = hearing_browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def recorder(double, windows):
    """Open the recorder's page; the double is up before and after."""
    opened = []

    def open_it(address="live_call", browser=None, **window):
        context = windows
        if browser is not None:
            context = browser.new_context(viewport=VIEWPORT, **window)
            opened.append(context)
        page = context.new_page()
        opened.append(page)
        page.set_default_timeout(SHOWN_WITHIN_MS)
        page.add_init_script(KEEP_WHAT_IS_HEARD)
        page.goto(f"{double.url}/{address}")
        expect(button(page, "Record")).to_be_visible()
        return page

    yield open_it
    double.mode("up")
    for one in reversed(opened):
        one.close()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def record(page, double, *, for_ms=2_000):
    before = _calls(double)
    button(page, "Record").click()
    expect(button(page, "Pause")).to_be_visible()
    double.wait_until(lambda told: told["id"] != before and told["frames"] >= for_ms * 16)


def _calls(double):
    try:
        return double.told["id"]
    except OSError:
        return None


def stop(page, double):
    button(page, "Stop").click()
    told = double.wait_until(lambda told: told["stopped"])
    expect(page.get_by_text("Last intent: Stopped")).to_be_visible()
    assert told["told"][-1] == {"type": "stop", "frames": told["frames"]}
    return told


def lags(sound, heard, second=RATE):
    """Return for each second that was heard how far its place in the sound is off, and how alike.

    Whatever is lost or added shows as a step in the lags.
    """
    size = 1 << (len(sound) + second).bit_length()
    spectrum = np.fft.rfft(sound, size)
    found = []
    for at in range(second // 2, len(heard) - second, second):
        piece = heard[at : at + second]
        place = int(np.argmax(np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)))
        other = sound[place : place + second]
        if len(other) < second or not piece.any():
            found.append((None, 0.0))
            continue
        alike = np.dot(other, piece) / np.linalg.norm(other) / np.linalg.norm(piece)
        found.append((place - at, float(alike)))
    return found


def assert_nothing_lost(page, double):
    """Assert that all is stored that this page's audio thread has given out since it was loaded."""
    assert np.array_equal(double.sound()[:, 0], heard_by(page))


def assert_whole(sound, heard):
    """Assert that this is a stretch of what the microphone was given, without a seam."""
    found = lags(sound, heard)
    assert found
    off = [lag for lag, _ in found if lag is not None]
    if min(alike for _, alike in found) <= LIKE or max(off) - min(off) > 2:
        raise NotAlike(found)


def test_what_is_said_arrives_whole_in_numbered_chunks(recorder, double, played):
    page = recorder()
    record(page, double, for_ms=3_000)
    told = stop(page, double)
    firsts = np.cumsum([0, *(frames for _, frames in told["packets"])])
    assert [first for first, _ in told["packets"]] == list(firsts[:-1])
    assert firsts[-1] == told["frames"]
    assert {frames for _, frames in told["packets"][:-1]} == {1_600}
    assert_whole(played[0], double.sound()[:, 0])


def test_sound_is_kept_while_the_call_is_being_opened(recorder, double, played):
    """Recording begins with the click, not with the answer to it."""
    page = recorder()
    record(page, double)
    stop(page, double)
    first_lag = lags(played[0], double.sound()[:, 0])[0][0]
    assert first_lag < RATE // 5, "the first word is there"


def test_a_page_switch_loses_nothing_and_shows_that_it_records(recorder, double):
    page = recorder()
    record(page, double)
    page.get_by_role("link", name="Other").click()
    expect(page.get_by_text("Another page")).to_be_visible()
    pill = page.get_by_role("button", name="Recording")
    expect(pill).to_be_visible()
    assert grave_findings(page) == []
    page.wait_for_timeout(1_500)
    pill.click()
    expect(button(page, "Stop")).to_be_visible()
    expect(pill).to_have_count(0)
    page.get_by_role("button", name="Rerun").click()
    page.wait_for_timeout(700)
    told = stop(page, double)
    assert told["connections"] == 1
    assert_nothing_lost(page, double)


@pytest.mark.parametrize("how", ["down", "deaf"])
def test_a_network_that_is_gone_for_seconds_loses_nothing(recorder, double, how):
    """Broken off, or silent without a word: both are noticed, told, and made up for."""
    page = recorder()
    record(page, double)
    double.mode(how)
    expect(page.get_by_text("Not connected; what is said is kept here")).to_be_visible()
    expect(page.get_by_text(" kept of 2:30")).to_be_visible()
    # A silent one counts as lost after 6 seconds only.
    page.wait_for_timeout(2_500 if how == "down" else 6_000)
    double.mode("up")
    expect(page.get_by_text("Not connected")).to_have_count(0)
    told = stop(page, double)
    assert told["connections"] >= 2
    assert [one["type"] for one in told["told"]] == ["stop"]
    assert_nothing_lost(page, double)


def test_ended_while_the_network_is_gone_the_rest_is_sent_later(recorder, double):
    page = recorder()
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("Not connected")).to_be_visible()
    page.wait_for_timeout(1_500)
    button(page, "Stop").click()
    expect(page.get_by_text("The call is over. Not connected")).to_be_visible()
    page.wait_for_timeout(1_000)
    assert not double.told["stopped"]
    double.mode("up")
    double.wait_until(lambda told: told["stopped"])
    expect(page.get_by_text("Last intent: Stopped")).to_be_visible()
    assert_nothing_lost(page, double)


def test_after_a_reload_nothing_said_before_is_lost_and_the_gap_is_told(recorder, double, played):
    """Even what had not been sent yet: the network was gone when the page was loaded anew."""
    page = recorder()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("Not connected")).to_be_visible()
    page.wait_for_timeout(3_000)
    sent = double.told["frames"]
    page.reload()
    assert asked == ["beforeunload"]
    expect(button(page, "Go on with this call")).to_be_visible()
    double.mode("up")
    double.wait_until(lambda told: told["frames"] >= sent + 2_500 * 16)
    before = all_that_comes(page, double)
    assert_whole(played[0], double.sound()[:, 0])
    button(page, "Go on with this call").click()
    expect(button(page, "Pause")).to_be_visible()
    told = double.wait_until(lambda told: gaps_of(told))
    # On a busy machine the silence alone may be longer than all else.
    silent_ms = gaps_of(told)[0]["ms"]
    told = double.wait_until(lambda told: told["frames"] > before + (silent_ms + 4_000) * 16)
    gaps = gaps_of(told)
    assert len(gaps) == 1
    assert 1_500 < gaps[0]["ms"] < 30_000
    stop(page, double)
    heard = double.sound()[:, 0]
    silence = heard[before : before + gaps[0]["ms"] * 16]
    assert not silence.any()
    # The microphone of the test begins its sound anew with the page.
    assert_whole(played[0], heard[before + len(silence) :])
    kept = page.evaluate("Object.keys(sessionStorage)")
    assert not [name for name in kept if name.startswith("partyline.sound.")]


def test_a_silence_is_put_in_once_though_its_answer_went_to_the_page_before(
    recorder, double, played
):
    """Room for four seconds is full when the network is back, so that a silence is asked for."""
    page = recorder("live_call?room=4000")
    page.on("dialog", lambda dialog: dialog.accept())
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("what is said now is not recorded until")).to_be_visible()
    page.wait_for_timeout(2_000)
    double.mode("gap_unanswered")
    double.wait_until(lambda told: gaps_of(told))
    page.wait_for_timeout(500)
    page.reload()
    expect(button(page, "Go on with this call")).to_be_visible()
    double.mode("up")
    page.wait_for_timeout(4_000)
    assert len(gaps_of(double.told)) == 1
    button(page, "Go on with this call").click()
    told = double.wait_until(lambda told: len(gaps_of(told)) == 2)
    double.wait_until(lambda now: now["frames"] > told["frames"] + 2_000 * 16)
    told = stop(page, double)
    silent = np.flatnonzero(double.sound()[:, 0] == 0)
    asked = sum(gap["ms"] for gap in gaps_of(told)) * 16
    assert asked <= len(silent) < asked + RATE // 2


def all_that_comes(page, double):
    """Return how many frames there are once no more come."""
    frames = -1
    while frames != (now := double.told["frames"]):
        frames = now
        page.wait_for_timeout(1_000)
    return frames


def gaps_of(told):
    return [one for one in told["told"] if one["type"] == "gap"]


def test_a_pause_pressed_while_the_network_is_gone_is_a_pause_afterwards(recorder, double, played):
    """What was said before it comes before it."""
    page = recorder()
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("Not connected; what is said is kept here")).to_be_visible()
    page.wait_for_timeout(2_000)
    button(page, "Pause").click()
    expect(button(page, "Resume")).to_be_visible()
    frames = double.told["frames"]
    double.mode("up")
    double.wait_until(lambda told: told["frames"] > frames + 2 * RATE)
    double.wait_until(lambda told: told["state"] == "paused")
    page.wait_for_timeout(1_500)
    assert double.told["state"] == "paused"
    expect(page.get_by_text("A call that pauses for 2 hours is ended.")).to_be_visible()
    button(page, "Resume").click()
    double.wait_until(lambda told: told["state"] == "recording")
    stop(page, double)


def test_a_server_that_asks_to_come_again_gets_it_all_later(recorder, double):
    page = recorder()
    record(page, double)
    double.mode("later")
    expect(page.get_by_text("Not connected; what is said is kept here")).to_be_visible()
    page.wait_for_timeout(13_000)
    double.mode("up")
    expect(page.get_by_text("Not connected")).to_have_count(0)
    stop(page, double)
    assert_nothing_lost(page, double)


def test_what_a_power_failure_took_from_the_server_is_a_silence(recorder, double, played):
    page = recorder()
    record(page, double, for_ms=3_000)
    urllib.request.urlopen(f"{double.url}/double/forget?frames=8000", timeout=10).close()
    told = double.wait_until(lambda told: gaps_of(told))
    lost = double.told["frames"]
    double.wait_until(lambda told: told["frames"] > lost + 3 * RATE)
    told = stop(page, double)
    (gap,) = gaps_of(told)
    assert 300 <= gap["ms"] <= 500
    found = [one for one in lags(played[0], double.sound()[:, 0]) if one[1] > LIKE]
    if max(lag for lag, _ in found) - min(lag for lag, _ in found) > 2:
        raise NotAlike(found)


def cut_off_and_over(page, double):
    """The network is gone for a while, in which the call is ended elsewhere."""
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("Not connected; what is said is kept here")).to_be_visible()
    page.wait_for_timeout(2_000)
    double.mode("over")
    expect(page.get_by_text("could not be sent before")).to_be_visible()
    return double.told


@pytest.mark.parametrize("reloaded", [False, True])
def test_what_could_not_be_sent_becomes_a_call_of_its_own(recorder, double, played, reloaded):
    page = recorder()
    page.on("dialog", lambda dialog: dialog.accept())
    before = cut_off_and_over(page, double)
    assert grave_findings(page) == []
    expect(page.get_by_text("Last intent: Rest")).to_be_visible()
    if reloaded:
        page.reload()
    double.mode("up")
    button(page, "Keep it as a new call").click()
    told = double.wait_until(lambda told: told["id"] != before["id"] and told["stopped"])
    expect(page.get_by_text("Last intent: Stopped")).to_be_visible()
    assert told["frames"] >= 2 * RATE
    assert_whole(played[0], double.sound()[:, 0])
    expect(button(page, "Record")).to_be_visible()
    assert not page.evaluate("Object.keys(sessionStorage).filter((k) => k.includes('sound'))")


def test_what_could_not_be_sent_is_discarded_when_somebody_says_so(recorder, double):
    page = recorder()
    answers = [lambda dialog: dialog.dismiss(), lambda dialog: dialog.accept()]
    page.on("dialog", lambda dialog: answers.pop(0)(dialog))
    cut_off_and_over(page, double)
    button(page, "Discard it").click()
    expect(page.get_by_text("could not be sent before")).to_be_visible()
    button(page, "Discard it").click()
    expect(button(page, "Record")).to_be_visible()
    assert page.evaluate("window.partylineRecordings.size") == 0


def test_what_is_left_and_cannot_be_opened_is_still_there(recorder, double):
    page = recorder("live_call?refuse=rest")
    cut_off_and_over(page, double)
    button(page, "Keep it as a new call").click()
    expect(page.get_by_text("Last intent: Start")).to_be_visible()
    expect(button(page, "Keep it as a new call")).to_be_visible()
    expect(page.get_by_text("could not be sent before")).to_be_visible()


def test_a_call_that_is_ended_after_a_reload_is_sent_before(recorder, double, played):
    page = recorder()
    page.on("dialog", lambda dialog: dialog.accept())
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("Not connected; what is said is kept here")).to_be_visible()
    page.wait_for_timeout(3_000)
    sent = double.told["frames"]
    page.reload()
    button(page, "End this call").click()
    expect(page.get_by_text("The call is over. Not connected")).to_be_visible()
    double.mode("up")
    told = double.wait_until(lambda told: told["stopped"])
    assert told["frames"] >= sent + 2_500 * 16
    assert_whole(played[0], double.sound()[:, 0])


def test_a_short_refusal_at_the_beginning_costs_nothing(recorder, double):
    page = recorder()
    double.mode("refusing")
    button(page, "Record").click()
    expect(page.get_by_text("Not connected; what is said is kept here")).to_be_visible()
    page.wait_for_timeout(3_000)
    double.mode("up")
    expect(page.get_by_text("Not connected")).to_have_count(0)
    stop(page, double)
    heard = double.sound()[:, 0]
    assert len(heard) > 3 * RATE
    assert_nothing_lost(page, double)


def test_while_paused_time_stands_still_and_muted_it_goes_on(recorder, double, played):
    page = recorder()
    record(page, double)
    button(page, "Pause").click()
    expect(button(page, "Resume")).to_be_visible()
    paused = double.wait_until(lambda told: any(one["type"] == "pause" for one in told["told"]))
    page.wait_for_timeout(1_500)
    assert double.told["frames"] == paused["frames"]
    button(page, "Resume").click()
    double.wait_until(lambda told: told["frames"] > paused["frames"] + RATE)
    button(page, "Mute").click()
    expect(page.get_by_text("your microphone is muted")).to_be_visible()
    page.wait_for_timeout(2_000)
    muted = double.told["frames"]
    button(page, "Unmute").click()
    double.wait_until(lambda told: told["frames"] > muted + RATE)
    told = stop(page, double)
    assert [one["type"] for one in told["told"]] == ["pause", "resume", "stop"]
    heard = double.sound()[:, 0]
    quiet = heard[muted - RATE : muted - RATE // 2]
    assert not quiet.any()
    assert heard[-RATE // 2 :].any()
    lag, later = (lags(played[0], heard)[n][0] for n in (0, -1))
    assert later - lag > 1.2 * RATE, "what was said during the pause is not there"


# Chromium without a head shares the microphone's own sound as that of any tab.
SHARED_TONE = """() => {
    const context = new AudioContext();
    const shared = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 5000 });
    tone.connect(shared);
    tone.start();
    navigator.mediaDevices.getDisplayMedia = async () => (window.shared = shared.stream);
}"""


def test_the_sound_of_a_tab_is_a_channel_of_its_own(recorder, double, played):
    page = recorder()
    page.evaluate(SHARED_TONE)
    page.get_by_label("Add the sound of a tab or screen").check()
    record(page, double, for_ms=3_000)
    expect(page.get_by_role("meter")).to_have_count(2)
    page.evaluate("window.shared.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.get_by_text("The tab or screen is not shared any more")).to_be_visible()
    told = stop(page, double)
    assert told["channels"] == 2
    heard = double.sound(2)
    assert_whole(played[0], heard[:, 0])
    spectrum = np.abs(np.fft.rfft(heard[RATE:, 1]))
    loudest = np.fft.rfftfreq(len(heard) - RATE, 1 / RATE)[int(np.argmax(spectrum))]
    assert abs(loudest - 5_000) < 5


def test_a_tab_that_shares_no_sound_is_told(recorder, double):
    page = recorder()
    page.evaluate(
        "() => { navigator.mediaDevices.getDisplayMedia = async () => new MediaStream(); }"
    )
    page.get_by_label("Add the sound of a tab or screen").check()
    button(page, "Record").click()
    expect(page.get_by_text("What was chosen shares no sound.")).to_be_visible()


def test_a_microphone_that_goes_away_is_told_and_replaced(recorder, double):
    """Silence is recorded meanwhile, so that the call's time stays right."""
    page = recorder()
    page.evaluate(
        """() => {
            const media = navigator.mediaDevices;
            const open = media.getUserMedia.bind(media);
            media.getUserMedia = async (what) => (window.microphone = await open(what));
        }"""
    )
    record(page, double)
    page.evaluate(
        """() => {
            const [track] = window.microphone.getTracks();
            track.stop();
            track.dispatchEvent(new Event("ended"));
        }"""
    )
    expect(page.get_by_text("The microphone gives no sound any more.")).to_be_visible()
    lost = double.told["frames"]
    double.wait_until(lambda told: told["frames"] > lost + 2 * RATE)
    page.get_by_label("Microphone", exact=True).select_option(index=1)
    expect(page.get_by_text("The microphone gives no sound any more.")).to_have_count(0)
    back = double.told["frames"]
    double.wait_until(lambda told: told["frames"] > back + 2 * RATE)
    stop(page, double)
    heard = double.sound()[:, 0]
    assert not heard[lost + RATE // 2 : lost + RATE].any()
    assert heard[back + RATE :].any()


def test_what_the_browser_can_keep_no_more_is_told_and_marked(recorder, double, played):
    """With room for four seconds in place of two and a half minutes."""
    page = recorder("live_call?room=4000")
    record(page, double)
    double.mode("down")
    expect(page.get_by_text("what is said now is not recorded until")).to_be_visible()
    page.wait_for_timeout(3_000)
    double.mode("up")
    expect(page.get_by_text("not connected", exact=False)).to_have_count(0)
    frames = double.told["frames"]
    double.wait_until(lambda told: told["frames"] > frames + 2 * RATE)
    told = stop(page, double)
    gaps = [one for one in told["told"] if one["type"] == "gap"]
    assert gaps
    assert sum(gap["ms"] for gap in gaps) > 2_000
    # With the silences the call is as long as it was: the last second lies where it was spoken.
    found = lags(played[0], double.sound()[:, 0])
    assert abs(found[-1][0] - found[0][0]) < RATE // 10


def test_where_sockets_are_refused_the_page_is_told(recorder, double):
    page = recorder()
    double.mode("refusing")
    button(page, "Record").click()
    expect(page.get_by_text("Last intent: NoSocket")).to_be_visible()
    expect(button(page, "Record")).to_be_visible()


def test_a_refused_call_is_let_go(recorder, double):
    page = recorder("live_call?refuse=1")
    button(page, "Record").click()
    expect(page.get_by_text("Last intent: Start")).to_be_visible()
    expect(button(page, "Record")).to_be_enabled()
    assert page.evaluate("window.partylineRecordings.size") == 0


def test_a_lost_session_finds_what_the_window_records(recorder, double):
    page = recorder()
    record(page, double)
    page.get_by_role("button", name="Lose the session").click()
    expect(page.get_by_text("Last intent: Here")).to_be_visible()
    expect(button(page, "Pause")).to_be_visible()
    stop(page, double)


def test_another_window_takes_over(recorder, double):
    page = recorder()
    record(page, double)
    second = page.context.new_page()
    second.goto(page.url)
    second.get_by_role("button", name="Go on with this call").click()
    expect(page.get_by_text("This call goes on in another window.")).to_be_visible()
    before = double.told["frames"]
    double.wait_until(lambda told: told["frames"] > before + RATE)
    stop(second, double)


def test_a_window_that_asks_for_consent_waits_for_it(recorder, double):
    page = recorder("live_call?consent=1")
    expect(button(page, "Record")).to_be_disabled()
    expect(page.get_by_text("Tick the box above to record.")).to_be_visible()
    page.get_by_label("Everybody on the call is told that it is recorded.").check()
    expect(button(page, "Record")).to_be_enabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(recorder, double, hearing_browser, scheme):
    page = recorder(browser=hearing_browser, color_scheme=scheme)
    assert grave_findings(page) == []
    record(page, double)
    assert grave_findings(page) == []
    double.mode("down")
    expect(page.get_by_text("Not connected")).to_be_visible()
    assert grave_findings(page) == []


def test_a_refused_microphone_is_one_sentence(recorder, double, chromium):
    """This browser has neither a microphone nor anybody who would allow one."""
    page = recorder(browser=chromium)
    button(page, "Record").click()
    expect(page.get_by_text("microphone").filter(has_text="try again").last).to_be_visible()
    expect(button(page, "Record")).to_be_enabled()


RESAMPLED = """([from, hz, text]) => {
    const Resampler = new Function(`${text}; return Resampler;`)();
    const resampler = new Resampler(from, 16000);
    const heard = [];
    for (let at = 0; at < from; at += 128) {
        const frames = Math.min(128, from - at);
        const tone = Float32Array.from({ length: frames },
            (_, n) => Math.sin((2 * Math.PI * hz * (at + n)) / from));
        heard.push(...resampler.push(tone));
    }
    heard.push(...resampler.flush());
    return heard;
}"""


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_other_rates_are_resampled_as_they_should(chromium, rate):
    """Within 1 % of the tone at the new rate; what can't be in it is not folded back."""
    text = (ROOT / "components" / "live_recorder" / "scripts" / "resampler.js").read_text()
    page = chromium.new_page()
    try:
        heard = np.array(page.evaluate(RESAMPLED, [rate, 1_000, text]))
        assert abs(len(heard) - RATE) <= 1
        inner = slice(800, RATE - 800)
        tone = np.sin(2 * np.pi * 1_000 * np.arange(len(heard)) / RATE)
        assert np.abs(heard - tone)[inner].max() < 0.01
        if rate > 2 * RATE:
            folded = np.array(page.evaluate(RESAMPLED, [rate, 11_000, text]))
            assert np.abs(folded[inner]).max() < 0.001
    finally:
        page.close()
