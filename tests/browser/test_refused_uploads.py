"""Uploads that the server won't take: told at once, in its own words, and not tried again."""

from playwright.sync_api import expect

from tests.browser.conftest import serving
from tests.browser.test_main_job import upload

LIMIT = 200_000
SENTENCE = "The file is larger than the limit set for this installation."


def sent_uploads(page):
    """Return a list that grows with every upload the page sends."""
    sent = []
    page.on("request", lambda r: sent.append(r) if "/-/upload" in r.url else None)
    return sent


def test_a_file_that_is_too_large_is_never_sent(tmp_path, models, open_page):
    large = tmp_path / "large.wav"
    large.write_bytes(b"x" * (LIMIT + 1))
    with serving(tmp_path / "data", models, PARTYLINE_MAX_UPLOAD_BYTES=str(LIMIT)) as url:
        page = open_page(url)
        sent = sent_uploads(page)
        upload(page, large)
        expect(page.get_by_text(SENTENCE).first).to_be_visible()
        assert page.get_by_role("button", name="Retry: large.wav").count() == 0
        page.get_by_role("button", name="Remove: large.wav").click()
        expect(page.locator(".upload")).to_have_count(0)
        assert not sent


def test_an_answer_before_the_end_is_shown_and_nothing_is_sent_twice(tmp_path, models, open_page):
    """The server refuses 40 MB as they begin; the browser, which knows no limit, shows why."""
    large = tmp_path / "large.wav"
    large.write_bytes(b"x" * 40_000_000)
    with serving(tmp_path / "data", models, PARTYLINE_MAX_UPLOAD_BYTES=str(LIMIT)) as url:
        page = open_page(url)
        expect(page.get_by_text("Drop recordings of calls here")).to_be_visible()
        page.evaluate("window.partylineUploads.terms.limit = { bytes: Infinity }")
        sent = sent_uploads(page)
        upload(page, large)
        expect(page.get_by_text(SENTENCE).first).to_be_visible()
        page.wait_for_timeout(2_000)
        assert len(sent) == 1


def test_what_is_known_of_a_recording_stays_out_of_the_address(tmp_path, models, open_page):
    """Addresses are what proxies log."""
    sound = tmp_path / "Gespräch 📞 Kundin Müller.wav"
    sound.write_bytes(b"no sound at all")
    with serving(tmp_path / "data", models) as url:
        page = open_page(url)
        sent = sent_uploads(page)
        upload(page, sound)
        expect(page.get_by_text("Kundin Müller").first).to_be_visible()
        page.get_by_text("not an audio or video file").first.wait_for()
        assert [r.url for r in sent] == [f"{url}/-/upload"]
        expect(page.get_by_text("Gespräch 📞 Kundin Müller.wav").first).to_be_visible()
