"""A call of which a telephone service sent words alone, on the pages."""

from dataclasses import replace

import pytest

from components.call_view.header import MORE_WORDS, NEED_RECORDING
from components.call_view.timeline import timeline_text
from components.comparing.figures import figure_rows
from components.wording import NEEDS_RECORDING
from pages import _review
from services.domain.calls import Call
from services.domain.errors import DiskFull
from services.domain.findings import SENTENCES, Finding, FindingKind
from services.domain.people import LOCAL_USER
from tests.pages.conftest import as_read, press
from tests.pages.samples import ORG, sample_transcript
from tests.pages.staging import Staged

NO_RECORDING = Finding(kind=FindingKind.NO_RECORDING)
CAPTIONS = replace(sample_transcript(), provider="acs live", holds=(), loudness_dbfs={})


@pytest.fixture
def call(staged: Staged) -> Call:
    """A phone call that has landed by its words."""
    made = staged.add_ready(CAPTIONS, findings=(NO_RECORDING,), agent_name="Dana")
    facts = replace(made.audio, channels=0, sample_rate=0, codec="", container="")
    staged.calls.set_audio(made.id, facts)
    stored = staged.calls.get(ORG, made.id)
    assert not stored.has_recording
    return stored


def test_one_sentence_says_that_there_is_no_recording(call, open_page):
    page = open_page("call", open_call=call.id)
    assert [note.value for note in page.info] == [SENTENCES[FindingKind.NO_RECORDING]]
    assert "About the sound" not in as_read(page)
    assert "0 channels" not in as_read(page)
    assert "Sound: none; the telephone service sent words." in as_read(page)


def test_transcript_and_figures_from_words_are_there(call, staged, open_page):
    page = open_page("call", open_call=call.id)
    cards = {card.label: card.value for card in page.metric}
    assert cards["Nobody speaks"].endswith(" %")
    assert ":" in cards["Talk : listen"]
    assert cards["Sentiment"] != "–"
    reviewed = staged.review.load(LOCAL_USER, call.id)
    assert "speaks" in timeline_text(reviewed)
    assert len(reviewed.transcript.utterances) == len(CAPTIONS.utterances)


def test_what_is_heard_only_says_that_it_needs_the_recording(call, open_page):
    page = open_page("call", open_call=call.id)
    (hold,) = (card for card in page.metric if card.label == "Hold")
    assert (hold.value, hold.delta) == ("–", NEEDS_RECORDING)
    figures = page.dataframe[1].value
    assert dict(zip(figures["Figure"], figures["Value"], strict=True))["Hold"] == NEEDS_RECORDING
    assert "Hold: needs the recording." in as_read(page)
    assert "Grey: dead air, or a hold that nobody heard." in as_read(page)
    assert "Loudness is measured from a recording, and this call has none." in as_read(page)


def test_there_is_no_player_and_no_sound_to_download(call, open_page, monkeypatch):
    given = []
    monkeypatch.setattr(_review, "draw_call_review", lambda *seen, **_more: given.append(seen[2]))
    open_page("call", open_call=call.id)
    (links,) = given
    assert (links.audio, links.recorded) == (None, False)
    assert links.no_audio == "There is no recording of this call to listen to."


def test_what_needs_a_recording_is_not_offered(call, staged, open_page):
    page = open_page("call", open_call=call.id)
    offered = list(page.menu_button[0].options)
    assert offered == [words for act, words in MORE_WORDS.items() if act not in NEED_RECORDING]
    assert len(offered) < len(MORE_WORDS)
    other = staged.add_ready()
    assert list(open_page("call", open_call=other.id).menu_button[0].options) == list(
        MORE_WORDS.values()
    )


def test_comparing_says_why_there_is_nothing_to_compare(call, staged, open_page):
    page = open_page("call", open_call=call.id, **{f"call_tabs_{call.id}": "Compare"})
    assert "This call has one transcript. There is no recording of this call" in as_read(page)
    assert not any(button.key == "compare_rerun" for button in page.button)


def test_compared_with_what_was_heard_later_it_has_no_holds(call, staged):
    captions = staged.review.load(LOCAL_USER, call.id)
    heard = replace(captions, transcript=replace(captions.transcript, provider="local"))
    rows = {row[0]: row[1:] for row in figure_rows(captions, heard)}
    assert rows["Hold"] == (NEEDS_RECORDING, "0 s", "–")


def test_the_question_for_details_names_no_file_size(call, open_page):
    page = press(open_page("call", open_call=call.id), "Details…")
    assert "(there is no recording)" in as_read(page)


def test_a_reading_that_failed_is_told_beside_the_words(call, staged, open_page):
    staged.runs.start(ORG, call.id, staged.runs.get(ORG, call.id, 1).options)
    staged.runs.fail(call.id, 2, DiskFull())
    page = open_page("call", open_call=call.id)
    assert "The last run failed" in as_read(page)
    assert [card.label for card in page.metric]


def test_it_is_listed_with_its_length(call, open_page):
    page = open_page("calls")
    assert "0:40" in str(page.dataframe[0].value.to_dict())
