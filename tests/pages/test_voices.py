"""The Voices page, and "Remember a voice" on the Call page."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from app import session
from components.call_review.payload import review_payload, shown_version
from components.known_voices.form import UPLOAD, Person
from components.known_voices.table import CHANGE_LABEL, voices_frame
from components.wording import plain
from pages import _review, _voices
from services.domain.errors import (
    AccessDenied,
    EditConflict,
    EnrolmentTimeout,
    PartylineError,
    SeveralVoices,
    TooLittleSpeech,
    VoiceNotFound,
)
from services.domain.people import LOCAL_USER, Role
from services.domain.speech import SpeakerRole
from services.domain.voices import REMARKS, EnrolmentRemark, KnownVoice, VoiceQuality
from services.voices.enrolling import VoiceSource
from tests.pages.conftest import choose, press, texts
from tests.pages.samples import ORG, sample_transcript


def remembered(staged, name: str = "Nora Fields", role: SpeakerRole = SpeakerRole.AGENT):
    return staged.voices.remember(LOCAL_USER, name, role, staged.enrolling.outcome)


def fill_in(page: AppTest, name: str = "Nora Fields") -> AppTest:
    """Name the person, tick the consent and hand a recording in."""
    page.text_input(key="voice_0_name").set_value(name)
    page.checkbox(key="voice_0_consent").check().run()
    page.audio_input[0].set_value(("audio.wav", b"sound", "audio/wav")).run()
    assert not page.exception, page.exception
    return page


def labels(page: AppTest) -> set[str]:
    return {b.label for b in page.button}


def alerts(page: AppTest) -> str:
    return " ".join(a.value for kind in ("success", "info", "warning", "error") for a in
                    getattr(page, kind))  # fmt: skip


def test_without_voices_it_says_so_and_how_to_add_one(staged, open_page):
    page = open_page("voices")
    assert "No voice is known yet" in texts(page)
    assert "Read this aloud" in texts(page)
    assert not page.dataframe


def test_who_may_not_change_voices_is_not_made_to_read_aloud(staged, open_page, monkeypatch):
    remembered(staged)
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    monkeypatch.setattr(session, "current_user", lambda: viewer)
    page = open_page("voices")
    assert "To look at only" in texts(page)
    assert "Read this aloud" not in texts(page)
    assert "Nora Fields" in page.dataframe[0].value["name"].tolist()


def test_nothing_is_recorded_before_consent(staged, open_page):
    """Neither microphone nor upload can be used before the sentence has been ticked."""
    page = open_page("voices")
    assert not page.audio_input
    assert "once the box above is ticked" in texts(page)
    page.checkbox(key="voice_0_consent").check().run()
    assert page.audio_input
    page.radio(key="voice_0_way").set_value(UPLOAD).run()
    assert page.file_uploader
    page.checkbox(key="voice_0_consent").uncheck().run()
    assert not page.file_uploader


def test_a_voice_is_added_in_three_steps(staged, open_page):
    page = fill_in(open_page("voices"))
    press(page, "Learn this voice")
    assert "Good: this voice can be recognised" in alerts(page)
    assert "43 s of speech were used" in alerts(page)
    assert staged.enrolling.sources == [VoiceSource(suffix=".wav")]
    press(page, "Remember this voice")
    [voice] = staged.voices.voices(LOCAL_USER)
    assert (voice.name, voice.role) == ("Nora Fields", SpeakerRole.AGENT)
    page.run()
    assert page.text_input(key="voice_1_name").value == ""
    assert list(page.dataframe[0].value["name"]) == ["Nora Fields"]
    assert "voice_learnt" not in page.session_state


def test_what_could_be_better_is_told(staged, open_page):
    remarks = (EnrolmentRemark.SHORT, EnrolmentRemark.NOISY)
    poor = replace(staged.enrolling.outcome, quality=VoiceQuality.POOR, remarks=remarks)
    staged.enrolling.outcome = poor
    page = press(fill_in(open_page("voices")), "Learn this voice")
    assert "Recording again is better" in alerts(page)
    assert all(REMARKS[remark] in texts(page) for remark in remarks)
    press(page, "Start again")
    assert staged.voices.voices(LOCAL_USER) == []
    assert page.text_input(key="voice_1_name").value == ""


@pytest.mark.parametrize(
    "error", [SeveralVoices(), TooLittleSpeech("There are 4.0 seconds."), EnrolmentTimeout()]
)
def test_a_refusal_is_told_and_can_be_mended(staged, open_page, error):
    good, staged.enrolling.outcome = staged.enrolling.outcome, error
    page = press(fill_in(open_page("voices")), "Learn this voice")
    assert error.user_message.split(":")[0] in alerts(page).replace("\\", "")
    assert "Remember this voice" not in labels(page)
    staged.enrolling.outcome = good
    press(page, "Learn this voice")
    assert "Remember this voice" in labels(page)


def test_another_recording_is_learnt_anew(staged, open_page):
    page = press(fill_in(open_page("voices")), "Learn this voice")
    page.audio_input[0].set_value(("audio.wav", b"another", "audio/wav")).run()
    assert "Learn this voice" in labels(page)
    assert "Remember this voice" not in labels(page)


def test_a_name_that_is_taken_is_told_and_nothing_is_lost(staged, open_page):
    remembered(staged)
    page = press(fill_in(open_page("voices")), "Learn this voice")
    press(page, "Remember this voice")
    assert "has this name already" in alerts(page)
    page.text_input(key="voice_0_name").set_value("Nora Price").run()
    press(page, "Remember this voice")
    assert len(staged.voices.voices(LOCAL_USER)) == 2


def test_the_name_is_asked_for_before_remembering(staged, open_page):
    page = press(fill_in(open_page("voices"), name=" "), "Learn this voice")
    assert "name in step 1 is still missing" in texts(page)
    assert next(b for b in page.button if b.label == "Remember this voice").disabled


def test_the_table_has_words_and_units():
    voice = KnownVoice(
        id="v",
        org_id=ORG,
        name="<b>Zoë</b>",
        role=SpeakerRole.UNKNOWN,
        created_at=datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
        speech_ms=61_000,
        quality=VoiceQuality.USABLE,
    )
    [row] = voices_frame([voice], "Europe/Berlin").to_dict("records")
    assert (row["change"], row["name"], row["quality"]) == (CHANGE_LABEL, "<b>Zoë</b>", "● Usable")
    assert (row["role"], row["speech"], row["since"].hour) == ("Role not known", "1 min 1 s", 10)


def changing(staged, monkeypatch, voice, act) -> list[str]:
    """Carry out an answer to the question about a voice; return what the person is told."""
    told: list[str] = []
    monkeypatch.setattr(_voices.session, "notify", told.append)
    monkeypatch.setattr(_voices, "ask_change", lambda _, save, delete: act(save, delete))
    _voices.change(voice)
    return told


def test_name_and_role_are_changed(staged, monkeypatch):
    voice = remembered(staged)
    act = lambda save, _: save("Nora Price", SpeakerRole.CUSTOMER)  # noqa: E731
    assert changing(staged, monkeypatch, voice, act) == []
    [changed] = staged.voices.voices(LOCAL_USER)
    assert (changed.name, changed.role) == ("Nora Price", SpeakerRole.CUSTOMER)


def test_a_voice_is_deleted_and_a_second_time_told(staged, monkeypatch):
    voice = remembered(staged)
    delete = lambda _, delete: delete()  # noqa: E731
    assert changing(staged, monkeypatch, voice, delete) == ["The voice was deleted."]
    assert staged.voices.voices(LOCAL_USER) == []
    assert changing(staged, monkeypatch, voice, delete) == [VoiceNotFound().user_message]


# --- on the Call page --------------------------------------------------------------------------


def ask_in_dialog() -> None:
    """Stand for the Call page: a dialog is a fragment, which AppTest can't rerun alone."""
    import streamlit as st

    from app import session
    from components.known_voices.dialogs import ask_remember
    from pages._voices import LearningFromCall

    call_id = st.session_state["open_call"]
    reviewed = session.services().review.load(session.current_user(), call_id)
    ask_remember(reviewed, LearningFromCall(call_id=call_id, version=reviewed.version))


def open_dialog(call) -> AppTest:
    page = AppTest.from_function(ask_in_dialog, default_timeout=20)
    page.session_state["open_call"] = call.id
    page.run()
    assert not page.exception, page.exception
    return page


def test_the_header_offers_it(staged, open_page, monkeypatch):
    asked = []
    monkeypatch.setattr(_review, "ask_remember", lambda reviewed, _: asked.append(reviewed.call.id))
    call = staged.add_ready()
    choose(open_page("call", open_call=call.id), "Remember a voice…")
    assert asked == [call.id]


def test_a_speaker_of_a_call_is_remembered_and_named(staged):
    call = staged.add_ready(agent_name="Dana")
    page = open_dialog(call)
    name = next(t for t in page.text_input if t.label == "Name")
    assert name.value == "Dana"
    name.set_value("Dana Hill")
    page.checkbox[0].check().run()
    press(page, "Learn this voice")
    assert staged.enrolling.sources[0].channel == 0
    press(page, "Remember this voice")
    [voice] = staged.voices.voices(LOCAL_USER)
    shown = staged.review.load(LOCAL_USER, call.id).transcript.speaker("s1")
    assert (shown.label, shown.voice_id, shown.voice_confidence) == ("Dana Hill", voice.id, None)
    staged.voices.rename(LOCAL_USER, voice.id, "Dana Price")
    assert staged.review.load(LOCAL_USER, call.id).transcript.speaker("s1").label == "Dana Price"


def test_what_was_learnt_is_not_taken_for_whom_the_call_shows_now(staged):
    """After the speakers were changed the same id may be somebody else: asked and learnt anew."""
    call = staged.add_ready()
    page = open_dialog(call)
    page.checkbox[0].check().run()
    press(page, "Learn this voice")
    assert "Remember this voice" in labels(page)
    staged.review.merge(LOCAL_USER, call.id, "s2", "s1")
    page.run()
    assert "Remember this voice" not in labels(page)
    assert "Learn this voice" in labels(page)
    assert not page.checkbox[0].value
    page.checkbox[0].check().run()
    press(page, "Learn this voice")
    assert len(staged.enrolling.sources) == 2
    assert "Remember this voice" in labels(page)


def test_a_dialog_that_shows_an_older_call_stores_nothing(staged, monkeypatch):
    call = staged.add_ready()
    told: list[str] = []
    monkeypatch.setattr(_voices.session, "services", lambda: staged)
    monkeypatch.setattr(_voices.session, "current_user", lambda: LOCAL_USER)
    monkeypatch.setattr(_voices.st, "error", lambda said, **_: told.append(said))
    shown = staged.review.load(LOCAL_USER, call.id)
    learning = _voices.LearningFromCall(call_id=call.id, version=shown.version)
    staged.review.swap_roles(LOCAL_USER, call.id)
    [agent, _] = shown.transcript.speakers
    person = Person(name="Dana", role=SpeakerRole.AGENT, agreed=True)
    assert learning.learn(agent) is None
    assert not learning.remember(agent, person, staged.enrolling.outcome)
    assert told == [plain(EditConflict().user_message)] * 2
    assert staged.voices.voices(LOCAL_USER) == []


@pytest.mark.parametrize("error", [SeveralVoices(), AccessDenied()])
def test_a_speaker_that_can_not_be_learnt_is_told(staged, error: PartylineError):
    staged.enrolling.outcome = error
    page = open_dialog(staged.add_ready())
    page.checkbox[0].check().run()
    press(page, "Learn this voice")
    assert error.user_message.split(":")[0] in alerts(page).replace("\\", "")


def test_the_player_gets_names_with_how_sure_they_are(staged):
    voice = remembered(staged)
    spoken = sample_transcript()
    agent, customer = spoken.speakers
    agent = replace(agent, voice_id=voice.id, voice_confidence=0.87)
    call = staged.add_ready(replace(spoken, speakers=(agent, customer)))
    shown = staged.review.load(LOCAL_USER, call.id)
    assert review_payload(shown)["speakers"] == [
        ["s1", "Nora Fields", "agent", 87],
        ["s2", "Customer", "customer", -1],
    ]
    staged.voices.delete(LOCAL_USER, voice.id)
    after = staged.review.load(LOCAL_USER, call.id)
    assert review_payload(after)["speakers"][0] == ["s1", "Agent", "agent", -1]
    assert shown_version(after) != shown_version(shown)
