"""The People page and the Account page, and the entrance before all pages."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from app import session
from app.session import process
from components.people.people_table import people_frame
from components.people.tokens import tokens_frame
from pages import _people
from services.access.people import GivenAccess
from services.domain.errors import AccessEnded, NoAccessYet, NotSignedIn
from services.domain.people import LOCAL_USER, Reach, Right, Role
from tests.pages.conftest import as_read, press, texts

CLAIMS = {"iss": "https://id.test", "sub": "nora", "name": "Nora [x](y)", "iat": 1}


def add(staged, email="nora@example.com", **access):
    given = GivenAccess(**{"role": Role.VIEWER, **access})
    return staged.people.add(LOCAL_USER, given, email=email, name="Nora *F*")


def test_where_nobody_signs_in_it_says_so(staged, open_page):
    assert "No sign-in is set up" in texts(open_page("people"))
    assert "No sign-in is set up" in texts(open_page("account"))


def test_a_person_is_added_and_stands_in_the_list(staged, open_page):
    page = open_page("people")
    page.text_input(key="new_person_0_email").set_value("nora@example.com")
    page.selectbox(key="new_person_0_role").set_value(Role.SUPERVISOR)
    press(page, "Add")
    [nora] = staged.people.list(LOCAL_USER)
    assert (nora.email, nora.role) == ("nora@example.com", Role.SUPERVISOR)
    assert page.text_input(key="new_person_1_email").value == ""
    assert len(page.dataframe) == 1


def test_what_cannot_be_added_is_told_and_stays_typed(staged, open_page):
    page = open_page("people")
    page.text_input(key="new_person_0_email").set_value("nora")
    press(page, "Add")
    assert "no e-mail address" in as_read(page)
    assert page.text_input(key="new_person_0_email").value == "nora"


def test_the_list_tells_what_was_given(staged):
    reach = Reach(queues=frozenset({"Sales", "Billing"}), agent_name="Nora")
    add(staged, reach=reach, beside=frozenset({Right.EXPORT}))
    row = people_frame(staged.people.list(LOCAL_USER), None).iloc[0]
    assert row["calls"] == "Queues: Billing, Sales; Calls of Nora"
    assert (row["beside"], row["state"], row["role"]) == ("Export", "○ Not here yet", "Viewer")


@pytest.mark.parametrize("act", ["save", "switch", "sign_out"])
def test_access_is_changed(staged, monkeypatch, act):
    nora = add(staged)
    said = []
    monkeypatch.setattr(session, "notify", said.append)

    def answer(_person, *, queues, on_save, on_switch, on_sign_out):
        wanted = GivenAccess(role=Role.SUPERVISOR)
        {"save": lambda: on_save(wanted), "switch": on_switch, "sign_out": on_sign_out}[act]()

    monkeypatch.setattr(_people, "ask_change", answer)
    _people.change(nora)
    [now] = staged.people.list(LOCAL_USER)
    changed = {
        "save": now.role is Role.SUPERVISOR,
        "switch": now.disabled_at is not None,
        "sign_out": now.signed_out_at is not None,
    }
    assert changed[act]
    assert len(said) == 1


def test_whoever_may_not_manage_people_sees_none(staged, open_page, monkeypatch):
    add(staged)
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    monkeypatch.setattr(session, "current_user", lambda: viewer)
    page = open_page("people")
    assert "You don't have the right" in as_read(page)
    assert not page.dataframe
    assert not page.text_input


@pytest.mark.parametrize(("name", "form"), [("account", "new_mine"), ("people", "new_service")])
def test_a_token_is_shown_once(staged, open_page, name, form):
    page = open_page(name)
    page.text_input(key=f"{form}_name").set_value("Nightly *export*")
    press(page, "Make a token")
    [secret] = [code.value for code in page.code]
    assert secret.startswith("ply_")
    assert "Nightly *export*" in as_read(page)
    press(page, "I have it")
    assert not page.code
    [token] = staged.token_desk.mine(LOCAL_USER) + staged.token_desk.others(LOCAL_USER)
    assert (token.person_id is None) == (name == "people")
    assert secret not in tokens_frame([token], None).to_string()


def test_the_account_says_until_when_tokens_count(staged, open_page, monkeypatch):
    sentence = "If you don't come here again, your tokens count until"
    assert sentence not in as_read(open_page("account"))
    monkeypatch.setattr(session, "has_login", lambda: True)
    sign_ins = SimpleNamespace(programs_until=datetime(2027, 1, 5, tzinfo=UTC))
    monkeypatch.setattr(staged, "sign_ins", sign_ins, raising=False)
    assert sentence in as_read(open_page("account"))


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (NotSignedIn, "You sign in with the account"),
        (NoAccessYet, "nobody has given you access yet"),
        (AccessEnded, "your access has been switched off"),
    ],
)
def test_whoever_may_not_come_in_sees_the_entrance_only(staged, open_page, monkeypatch, why, told):
    def refuse():
        raise why

    monkeypatch.setattr(session, "admit", refuse)
    monkeypatch.setattr(session, "claims", lambda: CLAIMS)
    page = open_page("transcribe")
    assert told in as_read(page)
    assert "[x](y)" not in texts(page)
    assert len(page.button) == 1
    assert not page.file_uploader


def test_a_page_that_runs_on_gives_way_once_signed_out(staged, monkeypatch):
    reruns = []
    monkeypatch.setattr(process, "has_login", lambda: True)
    monkeypatch.setattr(process.st, "rerun", lambda: reruns.append(1))
    assert process.current_user() is None
    assert reruns == [1]
