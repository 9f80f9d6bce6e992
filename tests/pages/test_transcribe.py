"""The Transcribe page: options, first start, progress, and the finished call in place."""

from services.domain.calls import CallState, RunProgress, Stage
from services.domain.errors import NotAudio, ProviderUnavailable
from tests.pages.conftest import press, texts


def test_options_name_what_is_missing(staged, open_page):
    """A provider without its key is named with the variable to set, and not chosen."""
    page = open_page()
    provider = page.selectbox(key="new_provider")
    assert provider.value == "local"
    assert provider.options == ["This machine"]
    assert "Azure Speech (not configured: set AZURE_SPEECH_KEY)" in texts(page)
    assert page.toggle(key="new_redact").value is True
    assert page.selectbox(key="new_language").options[0] == "Detect automatically"


def test_first_start_offers_demo_calls(staged, open_page):
    """With no call stored, one click loads the demo and shows it being processed."""
    page = open_page()
    staged.desk.demo = lambda: [staged.add(source_name="demo.ogg", is_demo=True).id]
    press(page, "Load demo calls")
    assert "demo\\.ogg" in texts(page)
    assert "next in line" in texts(page)


def test_missing_demo_is_told(staged, open_page):
    """Without demo recordings the page stays usable."""
    page = press(open_page(), "Load demo calls")
    assert [t.value for t in page.toast]


def test_progress_in_words(staged, open_page):
    """Stage, percent and time left are told; a waiting call tells how many are ahead."""
    going = staged.add(source_name="going.wav")
    waiting = staged.add(source_name="waiting.wav")
    staged.desk.shown = {
        going.id: RunProgress(
            call_id=going.id,
            run=1,
            state=CallState.PROCESSING,
            stage=Stage.RECOGNISE,
            fraction=0.4,
            left_ms=42_000,
        ),
        waiting.id: RunProgress(
            call_id=waiting.id, run=1, state=CallState.WAITING, waiting_ahead=2
        ),
    }
    page = open_page(transcribe_batch=[going.id, waiting.id])
    assert "Recognising words · 40 % · about 40 s left" in texts(page)
    assert "Waiting, 2 calls ahead of it" in texts(page)
    press(page, "Cancel")
    assert staged.desk.asked == [("cancel", going.id)]


def test_after_a_reload_what_is_still_under_way_is_one_click_away(staged, open_page):
    """Only recordings that are not done yet are counted, and listed."""
    staged.add(source_name="going.wav", state=CallState.PROCESSING)
    staged.add(source_name="waiting.wav")
    staged.add_ready(source_name="done.wav")
    page = open_page()
    assert "2 recordings handed in before" in texts(page)
    press(page, "Show under Calls")
    assert page.session_state["calls_states"] == [CallState.WAITING, CallState.PROCESSING]
    listed = page.dataframe[0].value
    assert set(listed["file"]) == {"going.wav", "waiting.wav"}


def test_who_has_recordings_in_this_tab_is_led_nowhere_else(staged, open_page):
    """They stand below, with their progress."""
    going = staged.add(source_name="going.wav", state=CallState.PROCESSING)
    assert "handed in before" not in texts(open_page(transcribe_batch=[going.id]))


def test_failure_says_why_and_whether_a_retry_can_help(staged, open_page):
    """Only what a retry can help offers one."""
    bad = staged.add_failed(NotAudio(), source_name="notes.txt")
    page = open_page(transcribe_batch=[bad.id])
    assert "not an audio or video file" in texts(page).replace("\\", "")
    assert "Retry" not in [b.label for b in page.button]
    later = staged.add_failed(ProviderUnavailable(), source_name="later.wav")
    page = open_page(transcribe_batch=[later.id])
    press(page, "Retry")
    assert staged.desk.asked == [("retry", later.id)]


def test_no_worker_is_told(staged, open_page):
    """Recordings that nobody will process don't just wait."""
    staged.desk.alive = False
    page = open_page(transcribe_batch=[staged.add().id])
    assert "No worker is running" in texts(page)


def test_finished_call_opens_in_place_and_stays(staged, open_page):
    """A ready call opens by itself and is there again after a page switch."""
    call = staged.add_ready(agent_name="Dana")
    page = open_page(transcribe_batch=[call.id])
    assert "Dana" in [h.value for h in page.header]
    page.switch_page("../pages/live_call.py").run()
    page.switch_page("../pages/transcribe.py").run()
    assert "Dana" in [h.value for h in page.header]
    press(page, "Clear")
    assert "Dana" not in [h.value for h in page.header]


def test_deleted_call_leaves_the_list(staged, open_page):
    """A call that somebody deleted meanwhile doesn't break the page."""
    call = staged.add_ready()
    staged.calls.delete(call.org_id, call.id)
    page = open_page(transcribe_batch=[call.id], transcribe_shown=call.id)
    assert page.session_state["transcribe_batch"] == []


def test_each_batch_opens_its_first_finished_call(staged, open_page):
    """Also the second time, and while others still run; never one that was open before."""
    first = staged.add_ready(agent_name="Dana")
    page = open_page(transcribe_batch=[first.id])
    assert page.session_state["transcribe_shown"] == first.id
    press(page, "Clear")
    assert page.session_state["transcribe_shown"] is None
    running, second = staged.add(state=CallState.PROCESSING), staged.add_ready(agent_name="Eve")
    page.session_state["transcribe_batch"] = [running.id, first.id, second.id]
    page.run()
    assert page.session_state["transcribe_shown"] == second.id
    assert "Eve" in [h.value for h in page.header]


def test_what_is_open_stays_open(staged, open_page):
    """A call that becomes ready doesn't push away the one being read."""
    first = staged.add_ready(agent_name="Dana")
    page = open_page(transcribe_batch=[first.id])
    second = staged.add_ready(agent_name="Eve")
    page.session_state["transcribe_batch"] = [second.id, first.id]
    page.run()
    assert page.session_state["transcribe_shown"] == first.id
