"""The main job from beginning to end: drop a recording, review the call, take it away."""

import re
import time
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import SHOWN_WITHIN_MS

DEMO = Path(__file__).resolve().parents[2] / "demo"
BILLING = next(DEMO.glob("*QUEUE_Billing*.ogg"))
PROCESSED_WITHIN_MS = 180_000


def lines(page):
    return page.locator("[data-line]")


def current_time(page):
    return page.evaluate(
        """() => {
            const found = [];
            const walk = (root) => root.querySelectorAll('*').forEach((one) => {
                if (one.tagName === 'AUDIO') found.push(one);
                if (one.shadowRoot) walk(one.shadowRoot);
            });
            walk(document);
            const kept = Object.values(window).flatMap((value) =>
                value instanceof Map ? [...value.values()] : []);
            const audio = found[0] ?? kept.map((one) => one?.audio).find(Boolean);
            return audio ? audio.currentTime : null;
        }"""
    )


def upload(page, *files):
    page.locator('input[type="file"]').set_input_files([str(f) for f in files])


def downloaded(page, file):
    """Return the subtitles of the call on the page; its menu of downloads is open."""
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("SRT")).first.click()
    download.value.save_as(file)
    return file.read_text()


def test_upload_review_rename_download_reload(fresh_server, open_page, tmp_path):
    page = open_page(fresh_server)
    expect(page.get_by_text("Drop recordings of calls here")).to_be_visible()
    upload(page, BILLING)

    # progress is shown with the stage in words, then the call opens in place
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=30_000)
    expect(lines(page).first).to_be_visible(timeout=PROCESSED_WITHIN_MS)
    expect(page.get_by_text("Nora Fields").first).to_be_visible()

    # switching pages loses nothing
    page.get_by_role("link", name="Calls").first.click()
    expect(page.get_by_role("heading", name="Calls")).to_be_visible()
    page.get_by_role("link", name="Transcribe").first.click()
    expect(lines(page).first).to_be_visible()

    # the call's own page: a click on a line moves the audio there
    page.get_by_role("link", name="Call", exact=True).first.click()
    expect(lines(page).nth(4)).to_be_visible()
    line = lines(page).nth(4)
    label = line.locator("button.time").get_attribute("aria-label")
    minutes, seconds = re.search(r"(\d+):(\d+)", label).groups()
    line.locator(".text").click()
    page.wait_for_timeout(400)
    wanted = int(minutes) * 60 + int(seconds)
    assert wanted - 1 <= current_time(page) <= wanted + 4

    # rename the customer
    page.get_by_role("group", name="Speakers").get_by_role("button", name="Customer").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Name shown in this call").fill("Daniel Price")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".person", has_text="Daniel Price")).to_be_visible()

    # the subtitles carry the name, as soon as it is stored
    page.get_by_role("button", name="Download").first.click()
    deadline = time.monotonic() + SHOWN_WITHIN_MS / 1_000
    while "Daniel Price: " not in (subtitles := downloaded(page, tmp_path / "call.srt")):
        assert "-->" in subtitles
        assert time.monotonic() < deadline, subtitles

    # all of it is there after a reload
    page.reload()
    expect(page.locator(".person", has_text="Daniel Price")).to_be_visible()
    expect(lines(page).first).to_be_visible()
    assert "call=" in page.url


def test_the_same_file_again_offers_the_call_that_is_there(stocked_server, open_page):
    page = open_page(stocked_server)
    upload(page, BILLING)
    expect(page.get_by_text(re.compile("already", re.IGNORECASE)).first).to_be_visible()


def test_a_bad_file_costs_one_clear_sentence_and_nothing_else(fresh_server, open_page, tmp_path):
    fake = tmp_path / "notes <b>bold<b> 📞.wav"
    fake.write_text("this is no sound at all, only words about one\n" * 50)
    empty = tmp_path / "empty.mp3"
    empty.write_bytes(b"")
    page = open_page(fresh_server)
    upload(page, fake, empty)
    expect(page.get_by_text("The file is empty.").first).to_be_visible(timeout=30_000)
    sentence = "This file is not an audio or video file that can be read."
    expect(page.get_by_text(sentence).first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("notes <b>bold<b>").first).to_be_visible()
    assert page.locator("b", has_text="bold").count() == 0
    expect(page.get_by_text("Drop recordings of calls here")).to_be_visible()


def test_demo_calls_are_one_click_away(fresh_server, open_page):
    page = open_page(fresh_server)
    page.get_by_role("button", name="Load demo calls").click()
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=30_000)
