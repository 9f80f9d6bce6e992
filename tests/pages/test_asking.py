"""Questions on the Ask page and about the call that is open, with the emulated language model."""

import time
from datetime import date

import pytest

from app import session
from emulators.language_model import Behaviour, LanguageModelEmulator
from services.understanding import model_transport
from services.understanding.answering import AnsweringModel
from services.understanding.language_model import LanguageModel, ModelAccess
from tests.pages.conftest import press, texts
from tests.pages.stand_ins import UntouchedLines

LINE = "I am sorry to hear that. Let me look at it."
# Text stands on the page with what could be Markdown escaped.
SAID = LINE.replace(".", "\\.")


@pytest.fixture
def emulator(monkeypatch):
    monkeypatch.setattr(model_transport, "FIRST_PAUSE_S", 0.01)
    with LanguageModelEmulator(Behaviour.GOOD) as running:
        yield running


@pytest.fixture
def configured(staged, emulator):
    """The pages, with the emulator as the language model."""
    return use(staged, emulator)


def use(staged, emulator, timeout_s=5.0):
    access = ModelAccess(base_url=emulator.address, model="emulated-1", timeout_s=timeout_s)
    staged.asked_model[:] = [AnsweringModel(LanguageModel(access), UntouchedLines())]
    return staged


def ask(page, question):
    page.chat_input[0].set_value(question)
    page.run()
    deadline = time.monotonic() + 20
    while any("Reading and answering" in m.value for m in page.markdown):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        page.run()
    assert not page.exception, page.exception
    return page


def test_without_a_model_the_page_says_what_to_set(staged, open_page):
    staged.add_ready()
    page = open_page("ask")
    assert "LLM_BASE_URL" in page.info[0].value
    assert not page.chat_input


def test_without_calls_it_offers_some(configured, open_page):
    assert any(b.label == "Load demo calls" for b in open_page("ask").button)


def test_an_answer_names_the_lines_of_all_calls(configured, open_page):
    call = configured.add_ready(agent_name="Dana")
    page = ask(open_page("ask"), "Was a *charge* taken off?")
    said = texts(page)
    assert SAID in said
    assert "\\*charge\\*" in said
    assert "Read 6 lines of 1 call" in said
    press(page, next(b.label for b in page.button if b.label.startswith("Dana, ")))
    assert page.session_state["open_call"] == call.id
    assert page.session_state["seek"].call_id == call.id


def test_what_no_call_says_is_told(configured, open_page):
    configured.add_ready(agent_name="Dana")
    page = open_page("ask")
    page.date_input(key="ask_days").set_value((date(2020, 1, 1), date(2020, 1, 2))).run()
    page = ask(page, "quadrillion")
    assert "No line of any call has words that bear on this question." in texts(page)


def test_the_open_call_answers_too(configured, open_page):
    call = configured.add_ready()
    page = ask(open_page("call", open_call=call.id), "What was done?")
    assert SAID in texts(page)
    cited = next(b for b in page.button if b.key == f"ask_{call.id}_0_0_0")
    cited.click()
    page.run()
    assert page.session_state["seek"].ms == staged_start(configured, call)
    ask(page, "and the fee?")
    assert len([m for m in page.chat_message if m.name == "user"]) == 2
    press(page, "New conversation")
    assert not page.chat_message


def staged_start(staged, call):
    lines = staged.transcripts.active(call.org_id, call.id).utterances
    return next(u.start_ms for u in lines if u.text == LINE)


def test_a_call_has_no_box_without_a_model(staged, open_page):
    page = open_page("call", open_call=staged.add_ready().id)
    assert "Ask this call" not in texts(page)
    assert not page.chat_input


def test_a_question_without_an_answer_stays_to_be_read(staged, open_page):
    call = staged.add_ready()
    with LanguageModelEmulator(Behaviour.INVENTED_QUOTES, Behaviour.FAULT) as emulator:
        use(staged, emulator)
        page = ask(open_page("call", open_call=call.id), "Why?")
        assert "The lines that were read don't tell." in texts(page)
        assert "1 sentence left out, because no line bears them out" in texts(page)
        page = ask(page, "Is it so?")
        assert "can't be reached at the moment" in page.warning[0].value
        assert "Is it so?" in page.warning[0].value


def test_stopping(staged, open_page):
    call = staged.add_ready()
    with LanguageModelEmulator(Behaviour.SLOW) as emulator:
        use(staged, emulator, timeout_s=60.0)
        page = open_page("call", open_call=call.id)
        page.chat_input[0].set_value("Why?")
        page.run()
        assert page.chat_input[0].disabled
        press(page, "Stop")
        pending = page.session_state["pending_questions"]
        deadline = time.monotonic() + 20
        while pending.get(call.id) and time.monotonic() < deadline:
            time.sleep(0.05)
            page.run()
        assert "Stopped." in page.warning[0].value
        assert not page.chat_input[0].disabled


def test_the_conversation_of_one_call_is_not_the_others(configured, open_page):
    first, second = configured.add_ready(), configured.add_ready()
    page = ask(open_page("call", open_call=first.id), "What was done?")
    page.session_state["open_call"] = second.id
    page.query_params["call"] = second.id
    page.run()
    assert not page.chat_message
    assert session.ALL_CALLS == ""
