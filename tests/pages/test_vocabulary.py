"""The Vocabulary page, and words and part among the options of recordings."""

from dataclasses import replace

import pytest

from app import session
from components.file_drop import MOST_WORDS_BYTES
from services.domain.calls import ProcessingOptions
from services.domain.part import Part
from services.domain.people import LOCAL_USER, Role
from services.domain.vocabulary import Vocabulary
from tests.pages.conftest import as_read, press, texts
from tests.pages.samples import sample_transcript

TERMS, SPELLING = "vocabulary_{}_terms", "vocabulary_{}_spelling"


def kept(staged) -> Vocabulary:
    return staged.vocabulary.load(LOCAL_USER)


def save(page):
    return press(page, "Save")


def test_words_are_kept_and_there_again(staged, open_page):
    page = open_page("vocabulary")
    assert "There are no words yet" in page.info[0].value
    page.text_area(key=TERMS.format(0)).set_value("AcmeTel\n\n  CPAP \nacmetel")
    page.text_area(key=SPELLING.format(0)).set_value("see pap = CPAP")
    save(page)
    assert kept(staged).terms == ("AcmeTel", "CPAP")
    assert kept(staged).spelling == (("see pap", "CPAP"),)
    assert [t.value for t in page.toast] == [
        "Saved: 2 words and 1 spelling, for calls processed from now on."
    ]
    assert not page.info
    assert page.text_area(key=TERMS.format(1)).value == "AcmeTel\nCPAP"
    page.text_area(key=TERMS.format(1)).set_value("")
    save(page)
    assert kept(staged).terms == ()


@pytest.mark.parametrize(
    ("terms", "spelling", "sentence"),
    [
        ("x" * 61, "", "Word 1 is longer than 60 characters."),
        ("a\u0007b", "", "Word 1 holds characters that can't be written."),
        ("\n".join(f"w{n}" for n in range(201)), "", "more than 200 words"),
        ("", "acme tell", "Spelling 1 needs both sides"),
    ],
)
def test_what_cannot_be_kept_is_told_and_stays_typed(staged, open_page, terms, spelling, sentence):
    page = open_page("vocabulary")
    page.text_area(key=TERMS.format(0)).set_value(terms)
    page.text_area(key=SPELLING.format(0)).set_value(spelling)
    save(page)
    assert sentence in as_read(page)
    assert page.text_area(key=TERMS.format(0)).value == terms
    assert kept(staged) == Vocabulary()


def test_somebody_elses_change_is_not_lost(staged, open_page):
    page = open_page("vocabulary")
    staged.vocabulary.add(LOCAL_USER, ["Theirs"])
    page.text_area(key=TERMS.format(0)).set_value("Mine")
    save(page)
    assert "changed elsewhere" in texts(page)
    assert page.text_area(key=TERMS.format(0)).value == "Mine"
    assert kept(staged).terms == ("Theirs",)
    press(page, "Show it as it is now")
    assert page.text_area(key=TERMS.format(1)).value == "Theirs"


def test_the_page_opened_again_shows_what_is_kept_now(staged, open_page):
    page = open_page("vocabulary")
    page.switch_page("../pages/live_call.py").run()
    staged.vocabulary.add(LOCAL_USER, ["Theirs"])
    page.switch_page("../pages/vocabulary.py").run()
    assert page.text_area(key=TERMS.format(1)).value == "Theirs"


def test_a_viewer_reads_only(staged, open_page, monkeypatch):
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    monkeypatch.setattr(session, "current_user", lambda: viewer)
    page = open_page("vocabulary")
    assert page.text_area(key=TERMS.format(0)).disabled
    assert next(b for b in page.button if b.label == "Save").disabled


@pytest.fixture
def drops(monkeypatch):
    """Note what the drop zone of the Transcribe page would send."""
    seen: list[ProcessingOptions] = []

    def draw(_token, options, *_rest, **_limits):
        seen.append(options)

    monkeypatch.setattr("components.file_drop.draw_file_drop", draw)
    return seen


def test_words_and_part_go_with_a_recording(staged, open_page, drops):
    page = open_page()
    page.text_area(key="new_vocabulary").set_value("AcmeTel\nNora")
    page.text_area(key="new_spelling").set_value("acme tell = AcmeTel")
    page.toggle(key="new_fillers").set_value(False)
    page.text_input(key="new_from").set_value("1:00")
    page.text_input(key="new_to").set_value("3:30")
    page.run()
    assert not page.exception
    assert "Only what lies from 1:00 to 3:30 is transcribed." in texts(page)
    assert drops[-1] == ProcessingOptions(
        vocabulary=("AcmeTel", "Nora"),
        spelling=(("acme tell", "AcmeTel"),),
        keep_fillers=False,
        start_ms=60_000,
        end_ms=210_000,
    )


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("soon", "", "Write a time as minutes and seconds"),
        ("2:00", "1:00", "has to end after it starts"),
        ("1:00", "1:00.5", "at least one second"),
    ],
)
def test_an_impossible_part_is_told_before_anything_is_sent(
    staged, open_page, drops, start, end, sentence
):
    page = open_page()
    drops.clear()
    page.text_input(key="new_from").set_value(start)
    page.text_input(key="new_to").set_value(end)
    page.run()
    assert sentence in texts(page)
    assert "once the options above are put right" in texts(page)
    assert drops == []


def test_more_words_than_fit_beside_a_recording_are_told(staged, open_page):
    page = open_page()
    page.text_area(key="new_vocabulary").set_value(
        "\n".join(f"{n} {'w' * 50}" for n in range(MOST_WORDS_BYTES // 50))
    )
    page.run()
    assert "too many words for one recording" in texts(page)


def test_a_provider_that_takes_no_vocabulary_is_not_offered_any(staged, open_page, monkeypatch):
    capabilities = staged.providers.capabilities
    monkeypatch.setattr(
        staged.providers,
        "capabilities",
        lambda name: replace(capabilities(name), vocabulary=False),
    )
    page = open_page()
    assert "new_vocabulary" not in [area.key for area in page.text_area]
    assert "new_spelling" in [area.key for area in page.text_area]


def test_a_call_says_which_part_was_transcribed(staged, open_page):
    part = Part(start_ms=60_000, end_ms=210_000)
    call = staged.add_ready(replace(sample_transcript(), part=part))
    page = open_page("call", open_call=call.id)
    assert "Transcribed from 1:00 to 3:30" in texts(page)
