"""The Call page: what it shows, and what a person can change."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.call_review import intents as wish
from components.call_view.dialogs import rerun_key
from components.call_view.header import HeaderAct
from components.wording import plain
from pages import _review, _runs
from services.domain.calls import CallDetails, CallState, Consent, ProcessingOptions, SpeakerCount
from services.domain.errors import (
    InvalidRequest,
    NotFound,
    OriginalDropped,
    ProviderTimeout,
    StorageError,
)
from services.domain.findings import Finding, FindingKind
from services.domain.people import LOCAL_USER
from services.domain.sound import CallSound, Listening, Original
from services.domain.speech import SpeakerRole
from tests.pages.conftest import MAIN, as_read, choose, press, texts
from tests.pages.samples import ORG, sample_transcript


def test_without_a_call_it_leads_to_the_list(staged, open_page):
    """Nothing is open: the page says so and leads on."""
    page = open_page("call")
    assert "No call is open" in texts(page)


def test_shows_figures_with_units(staged, open_page):
    """Cards carry units and counts, panels their text."""
    call = staged.add_ready(agent_name="Dana", customer_ref="C-7", queue="Billing")
    page = open_page("call", open_call=call.id)
    assert page.title[0].value == "Dana with C\\-7"
    cards = {m.label: m.value for m in page.metric}
    assert set(cards) >= {"Talk : listen", "Sentiment", "Trend", "Nobody speaks", "Hold"}
    assert cards["Nobody speaks"].endswith(" %")
    assert "Each party has a channel of its own" in texts(page)
    assert "43 : 57 is often quoted" in texts(page)
    assert page.query_params["call"] == call.id


def test_how_everybody_was_told_of_the_recording_stands_there(staged, open_page):
    noted = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)
    call = staged.add_ready(consent=Consent.CONTRACT, consent_at=noted, consent_by="Vera *B*")
    said = as_read(open_page("call", open_call=call.id))
    told = "Recording was agreed by contract, noted by Vera *B* on 27 Nov 2026, 12:30"
    assert told in said
    assert "Recording was" not in as_read(open_page("call", open_call=staged.add_ready().id))


def test_a_provider_that_stood_in_is_named(staged, open_page):
    """Who was asked first, why they didn't do it, and who did."""
    said = "Azure Speech could not be reached; this machine transcribed the call instead."
    spoken = sample_transcript()
    told = replace(spoken, stages={**spoken.stages, "fallback": said})
    call = staged.add_ready(told)
    page = open_page("call", open_call=call.id)
    assert [note.value for note in page.info] == [plain(said)]
    assert f"Fallback: {plain(said)}" in texts(page)
    other = staged.add_ready()
    assert not open_page("call", open_call=other.id).info


def test_captions_of_a_live_call_are_called_so(staged, open_page):
    """While the recording is processed, when that came to nothing, and not afterwards."""
    captions = replace(sample_transcript(), provider="local live")
    call = staged.add_ready(captions)
    staged.runs.start(ORG, call.id, ProcessingOptions())
    (note,) = open_page("call", open_call=call.id).info
    assert note.value == (
        "These are the captions of the live call. The recording is being transcribed now and will "
        "replace them."
    )
    staged.runs.fail(call.id, 2, ProviderTimeout())
    (note,) = open_page("call", open_call=call.id).info
    assert "has not been transcribed: choose Process again" in note.value
    staged.add_transcript(staged.calls.get(ORG, call.id), sample_transcript(), run=3)
    assert not open_page("call", open_call=call.id).info


def test_what_was_not_recorded_is_told_with_its_time(staged, open_page):
    """A gap of a live call stands among what is said about the sound."""
    gap = Finding(
        kind=FindingKind.NOT_RECORDED, measured={"from_ms": 3_725_000.0, "missing_ms": 8_400.0}
    )
    call = staged.add_ready(findings=(gap,))
    page = open_page("call", open_call=call.id)
    assert "silence instead (from 1:02:05 on, 8.4 s missing)." in as_read(page)


def test_findings_say_what_was_done_with_figures_and_units(staged, open_page):
    """Every finding is a line of its own, with what was measured behind it."""
    leak = Finding(
        kind=FindingKind.LEAKAGE, channel=1, measured={"leak_db": -37.9, "delay_ms": 30.0}
    )
    call = staged.add_ready(
        findings=(
            Finding(kind=FindingKind.SEPARATE_CHANNELS, measured={"correlation": 0.03}),
            leak,
            leak,
        )
    )
    (caption,) = [
        c.value
        for c in open_page("call", open_call=call.id).caption
        if "About the sound" in c.value
    ]
    lines = [line for line in caption.splitlines() if line.startswith("- ")]
    assert lines == [
        "- Each party has a channel of its own, so the channel tells who speaks "
        "(likeness of the channels 0.03 of 1).",
        "- The other party is heard faintly on the right channel as well; that echo was left out "
        "of the transcript and the figures (echo at −38 dB against the voice, 30 ms later).",
    ]


def test_address_opens_a_moment(staged):
    """``?call=…&t=…`` opens the call there, once: a rerun doesn't jump back."""
    call = staged.add_ready()
    page = AppTest.from_file(str(MAIN), default_timeout=20)
    page.run()
    page.switch_page("../pages/call.py")
    page.query_params["call"] = call.id
    page.query_params["t"] = "4200"
    page.run()
    jump = page.session_state["seek"]
    assert (jump.ms, jump.play) == (4200, False)
    page.run()
    assert page.session_state["seek"] == jump


def test_unknown_call_is_told(staged, open_page):
    """A deleted call's link ends in a sentence."""
    assert "has been deleted" in texts(open_page("call", open_call="gone"))


def test_failed_call_offers_a_retry(staged, open_page):
    """A call without a transcript says why, and what can be done."""
    call = staged.add_failed(ProviderTimeout())
    page = open_page("call", open_call=call.id)
    assert "did not answer in time" in texts(page)
    press(page, "Retry")
    assert staged.desk.asked == [("retry", call.id)]


def test_call_under_way_is_told(staged, open_page):
    """A call that is being processed says so and offers no retry."""
    page = open_page("call", open_call=staged.add(state=CallState.PROCESSING).id)
    assert "Recognising words · 40 % · about 40 s left" in [p.text for p in page.progress]
    assert "Retry" not in [b.label for b in page.button]
    press(page, "Cancel")
    assert [act for act, _ in staged.desk.asked] == ["cancel"]


def test_a_call_that_can_not_be_read_costs_a_sentence(staged, open_page, monkeypatch):
    """A fault of the storage is told on the page."""
    call = staged.add_ready()

    def broken(*_):
        raise StorageError

    monkeypatch.setattr(staged.review, "load", broken)
    assert StorageError().user_message in texts(open_page("call", open_call=call.id))


@pytest.mark.parametrize("state", [CallState.CANCELLED, CallState.FAILED])
def test_a_call_without_a_transcript_can_be_deleted(staged, open_page, monkeypatch, state):
    """Failed and cancelled calls offer it; one that is gone by then is told."""
    failed = state is CallState.FAILED
    call = staged.add_failed(ProviderTimeout()) if failed else staged.add(state=state)
    page = open_page("call", open_call=call.id)
    staged.desk.refused = {call.id: NotFound()}
    press(page, "Retry")
    assert NotFound().user_message in [t.value for t in page.toast]
    monkeypatch.setattr(_runs, "ask_delete", lambda count, on_yes: on_yes())
    press(page, "Delete this call…")
    page.run()
    assert "1 call deleted." in [t.value for t in page.toast]
    assert page.session_state["open_call"] is None


def test_failed_rerun_is_told_beside_the_transcript(staged, open_page):
    """The transcript of an earlier run stays, and the page says what became of the last one."""
    call = staged.add_ready()
    staged.runs.start(ORG, call.id, ProcessingOptions())
    staged.runs.fail(call.id, 2, ProviderTimeout())
    page = open_page("call", open_call=call.id)
    assert "The last run failed" in texts(page)
    assert page.metric


def test_markup_in_names_is_shown_as_text(staged, open_page):
    """What comes from calls and file names is never rendered as Markdown or HTML."""
    call = staged.add_ready(agent_name="**bold** <b>x</b> :red[y]")
    page = open_page("call", open_call=call.id)
    assert page.title[0].value == "\\*\\*bold\\*\\* \\<b\\>x\\<\\/b\\> \\:red\\[y\\]"


def test_mark_as_reviewed_and_back(staged, open_page):
    """The mark is stored with the name, and can be taken away."""
    call = staged.add_ready()
    page = press(open_page("call", open_call=call.id), "Mark as reviewed")
    assert staged.calls.get(ORG, call.id).reviewed_by == "You"
    press(page, "Not reviewed after all")
    assert staged.calls.get(ORG, call.id).reviewed_at is None


def test_details_can_be_changed(staged, open_page, monkeypatch):
    """Agent, queue and reference are edited, and the agent's name labels the speaker."""
    call = staged.add_ready()
    page = press(open_page("call", open_call=call.id), "Details…")
    assert {"Agent", "Queue", "Customer reference"} <= {t.label for t in page.text_input}

    def answer(call, on_save):
        on_save(CallDetails(agent_name="Nora Fields"))
        st.rerun()

    monkeypatch.setattr(_review, "ask_details", answer)
    press(page, "Details…")
    assert staged.calls.get(ORG, call.id).details.agent_name == "Nora Fields"
    assert "Nora Fields" in page.title[0].value


def test_delete_from_the_page(staged, open_page, monkeypatch):
    """Deleting asks first and leaves no open call."""
    call = staged.add_ready()
    page = choose(open_page("call", open_call=call.id), "Delete this call…")
    assert "This can't be undone" in texts(page)
    assert staged.desk.asked == []
    monkeypatch.setattr(_review, "ask_delete", lambda count, on_yes: (on_yes(), st.rerun()))
    choose(page, "Delete this call…")
    assert staged.desk.asked == [("delete", call.id)]
    assert "No call is open" in texts(page)


@pytest.fixture
def asked_to_relabel(open_page, monkeypatch):
    """Open the question about a call, which stays open; give the beginning of its keys too."""

    def ask(call) -> tuple[AppTest, str]:
        monkeypatch.setattr(_review, "draw_header", lambda *_, **__: HeaderAct.RELABEL)
        page = open_page("call", open_call=call.id)
        return page, f"relabel_{rerun_key([(call.id, call.run)])}"

    return ask


def test_speakers_can_be_told_apart_again(staged, open_page, asked_to_relabel):
    """The button asks, saying what stays and what is made anew; the answer starts the run."""
    call = staged.add_ready()
    page = choose(open_page("call", open_call=call.id), "Tell speakers apart again…")
    assert "The words and their times stay" in texts(page)
    assert staged.desk.asked == []
    page, key = asked_to_relabel(call)
    assert page.selectbox(key=f"{key}_speakers").value == "Find out"
    page.button(key=f"{key}_yes").click().run()
    assert not page.exception
    assert staged.desk.relabelled == {call.id: SpeakerCount()}
    assert "Processing has begun" in page.toast[0].value


def test_the_number_of_speakers_can_be_given_exactly_or_by_bounds(staged, asked_to_relabel):
    """Each way has one control; the ends of the range are open."""
    call = staged.add_ready()
    page, key = asked_to_relabel(call)
    page.selectbox(key=f"{key}_speakers").select("Exactly so many").run()
    page.select_slider(key=f"{key}_speakers_exactly").set_value(3).run()
    page.button(key=f"{key}_yes").click().run()
    assert staged.desk.relabelled[call.id] == SpeakerCount(exactly=3)

    page, key = asked_to_relabel(call)
    page.selectbox(key=f"{key}_speakers").select("Between two numbers").run()
    bounds = page.select_slider(key=f"{key}_speakers_bounds")
    assert bounds.value == (2, 4)
    bounds.set_range(2, 10).run()
    page.button(key=f"{key}_yes").click().run()
    assert staged.desk.relabelled[call.id] == SpeakerCount(least=2)


def test_a_call_whose_sound_is_gone_says_so(staged, asked_to_relabel):
    """There is nothing to choose then, only the reason."""
    call = staged.add_ready()
    staged.desk.without_sound.add(call.id)
    page, key = asked_to_relabel(call)
    assert "The sound of this call is not stored any more" in texts(page)
    assert key not in str([b.key for b in page.button])


def test_relabelling_that_is_refused_is_told(staged, asked_to_relabel):
    """As while another run is under way."""
    call = staged.add_ready()
    page, key = asked_to_relabel(call)
    staged.desk.refused[call.id] = InvalidRequest("The call is being processed already.")
    page.button(key=f"{key}_yes").click().run()
    assert "being processed already" in page.toast[0].value


def test_call_without_words_draws(staged, open_page):
    """Silence makes a page too."""
    silent = replace(sample_transcript(()), summary=None, loudness_dbfs={})
    page = open_page("call", open_call=staged.add_ready(silent).id)
    assert "Nobody speaks in this call" in texts(page)
    assert "No sentiment is known" in texts(page)


def test_a_call_of_which_all_words_are_missing_is_not_taken_for_silence(staged, open_page):
    silent = replace(sample_transcript(()), summary=None, loudness_dbfs={})
    gap = Finding(
        kind=FindingKind.NOT_TRANSCRIBED, measured={"from_ms": 2_000.0, "missing_ms": 8_400.0}
    )
    call = staged.add_ready(silent, findings=(Finding(kind=FindingKind.NO_RECORDING), gap))
    page = open_page("call", open_call=call.id)
    assert "Nobody speaks in this call" not in texts(page)
    assert "There are no words of this call." in texts(page)
    assert "is not in the call (from 0:02 on, 8.4 s missing)." in as_read(page)


@pytest.fixture
def quiet(monkeypatch):
    """Notices and reloads that are asked for outside of a page."""
    told: list[str] = []
    monkeypatch.setattr(_review.session, "notify", told.append)
    monkeypatch.setattr(_review.session, "request_reload", lambda call_id: told.append("reload"))
    return told


@pytest.mark.parametrize(
    ("intent", "check"),
    [
        (
            wish.Rename(speaker="s2", name="Marcus"),
            lambda r: r.transcript.speaker("s2").label == "Marcus",
        ),
        (
            wish.SetRole(speaker="s2", role=SpeakerRole.UNKNOWN),
            lambda r: r.transcript.role_of("s2") is SpeakerRole.UNKNOWN,
        ),
        (wish.SwapRoles(), lambda r: r.transcript.role_of("s1") is SpeakerRole.CUSTOMER),
        (wish.Merge(speaker="s2", into="s1"), lambda r: len(r.transcript.speakers) == 1),
        (
            wish.Correct(utterance="u1", text="New text."),
            lambda r: r.transcript.utterances[1].text == "New text.",
        ),
        (
            wish.AddComment(utterance="u1", text="Well done"),
            lambda r: r.edits.comments[0].text == "Well done",
        ),
    ],
)
def test_intents_are_carried_out(staged, quiet, intent, check):
    """Every wish of the player reaches the stored edits."""
    call = staged.add_ready()
    _review._carry_out(call.id, intent)
    assert check(staged.review.load(LOCAL_USER, call.id))
    assert quiet == []


def test_refused_change_is_told_and_taken_back(staged, quiet):
    """A refusal is said, and the browser fetches what really is stored."""
    call = staged.add_ready()
    _review._carry_out(call.id, wish.Correct(utterance="nowhere", text="x"))
    assert quiet[0] == "reload"
    assert "not part of the call" in quiet[1]


class TestSound:
    """What the player is given to play, and what is said about it."""

    @pytest.fixture
    def given(self, monkeypatch):
        """Note the links that the player is given."""
        kept = []

        def draw(_call_id, _version, links, **_named):
            kept.append(links)

        monkeypatch.setattr(_review, "draw_call_review", draw)
        return kept

    @pytest.fixture
    def redacted(self, staged):
        """A redacted call in which one thing was found."""
        line = ("s2", "It's [CARD] I think.", 0.0)
        return staged.add_ready(replace(sample_transcript([line]), redacted=True))

    def test_of_a_redacted_call_is_covered_with_the_original_to_be_asked_for(
        self, staged, open_page, redacted, given
    ):
        """The tone is explained; the original is another link that nobody gets unasked."""
        open_page("call", open_call=redacted.id)
        assert given[-1].audio.startswith(f"/-/audio/{redacted.id}?token=")
        assert given[-1].note == "Personal data is covered by a tone (1 place)."
        assert given[-1].original is False
        page = open_page("call", open_call=redacted.id, hears_original=redacted.id)
        assert not page.exception
        assert given[-1].audio.startswith(f"/-/audio/{redacted.id}/original?token=")
        assert given[-1].original is True
        assert "You hear the original" in given[-1].note
        assert given[-1].sound != given[0].sound

    @pytest.mark.parametrize("original", [Original.NOT_ALLOWED, Original.DROPPED])
    def test_without_a_right_to_the_original_it_is_not_offered(
        self, staged, open_page, redacted, given, original
    ):
        """Not even to a session that had asked for it."""
        staged.desk.sounds[redacted.id] = CallSound(
            listening=Listening.COVERED, original=original, version="1"
        )
        open_page("call", open_call=redacted.id, hears_original=redacted.id)
        assert given[-1].original is None
        assert "/original" not in given[-1].audio

    def test_that_is_being_prepared_is_announced(self, staged, open_page, redacted, given):
        """There is nothing to play and nothing to download then."""
        staged.desk.sounds[redacted.id] = CallSound(
            listening=Listening.PREPARING, original=Original.KEPT, version="1"
        )
        page = open_page("call", open_call=redacted.id)
        assert given[-1].audio is None
        assert "being prepared" in given[-1].no_audio
        assert "personal data covered" not in texts(page)

    def test_of_other_calls_is_as_it_was(self, staged, open_page, given):
        """Nothing is said about it."""
        call = staged.add_ready()
        open_page("call", open_call=call.id)
        assert (given[-1].note, given[-1].original) == ("", None)

    def test_dropped_is_the_reason_for_no_further_run(
        self, staged, open_page, redacted, monkeypatch
    ):
        """All that needs the recording says so instead of asking."""
        staged.desk.sounds[redacted.id] = CallSound(
            listening=Listening.COVERED, original=Original.DROPPED, version="1"
        )
        monkeypatch.setattr(
            type(staged.desk), "why_no_run", lambda *_: OriginalDropped(), raising=True
        )
        for act in (HeaderAct.RERUN, HeaderAct.RELABEL):
            monkeypatch.setattr(_review, "draw_header", lambda *_, act=act, **__: act)
            page = open_page("call", open_call=redacted.id)
            assert "The original recording was dropped" in texts(page)
