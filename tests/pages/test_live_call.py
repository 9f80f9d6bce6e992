"""The Live call page: honest about what isn't there yet."""

from tests.pages.conftest import press, texts


def test_says_what_works_today(staged, open_page):
    """Nothing pretends to listen; the one button leads to what works."""
    page = open_page("live_call")
    assert "no microphone is used" in texts(page)
    press(page, "Go to Transcribe")
    assert page.title[0].value == "Transcribe"
