"""The Audit page: who did what, found by person, act and outcome, and led to the call."""

from dataclasses import replace
from datetime import UTC, datetime

from app import session
from components.audit_view import ACT_WORDS
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.errors import AccessDenied, StorageError
from services.domain.people import LOCAL_USER, Role
from tests.pages.conftest import as_read, press

WHEN = datetime(2026, 11, 27, 12, tzinfo=UTC)


def did(staged, act, subject=None, *, name="Nora Fields", outcome=Outcome.ALLOWED, **details):
    staged.audit_store.note(
        AuditEntry(
            org_id=LOCAL_USER.org_id,
            user_id="u1",
            name=name,
            role="viewer",
            act=act,
            outcome=outcome,
            at=WHEN,
            subject=subject,
            address="192.0.2.7",
            details=details,
        )
    )


def table(page):
    return page.dataframe[0].value


def test_what_was_done_is_told_in_plain_words(staged, open_page):
    there = staged.add_ready()
    did(staged, Act.CALL_EXPORTED, there.id, format="csv")
    did(staged, Act.CALL_DELETED, "gone", outcome=Outcome.REFUSED)
    page = open_page("audit")
    read, refused, exported = table(page).to_dict("records")
    # Reading it is written down as well, before it is read.
    assert (read["What"], read["Person"]) == ("Read the audit", "You")
    assert (refused["Outcome"], refused["What"]) == ("✕ Refused", "Deleted a call")
    assert refused["With"] == "gone"
    assert table(page)["Call"].isna().tolist() == [True, True, False]
    assert (exported["Outcome"], exported["Person"]) == ("✓ Allowed", "Nora Fields")
    assert exported["Call"] == f"call?call={there.id}"
    assert (exported["Details"], exported["From"]) == ("format csv", "192.0.2.7")
    assert "All 3 entries, newest first" in as_read(page)
    [file] = page.get("download_button")
    assert file.label == "Save as CSV"


def test_entries_are_filtered_and_shown_page_after_page(staged, open_page):
    staged.audit_store.add([entry_of(n) for n in range(60)])
    page = open_page("audit")
    assert (len(table(page)), "The newest 50 entries" in as_read(page)) == (50, True)
    page = press(page, "Show older entries")
    assert (len(table(page)), "All 61 entries" in as_read(page)) == (61, True)
    page.text_input(key="audit_subject").set_value("call-7").run()
    assert table(page)["With"].tolist() == ["call-7"]
    page.text_input(key="audit_who").set_value("nobody").run()
    assert "No entry fits these filters. Change or clear them." in as_read(page)


def entry_of(number):
    return AuditEntry(
        org_id=LOCAL_USER.org_id,
        user_id="u1",
        name="Nora Fields",
        role="viewer",
        act=Act.CALL_VIEWED,
        outcome=Outcome.ALLOWED,
        at=WHEN,
        subject=f"call-{number}",
    )


def test_it_is_not_for_everybody(staged, open_page, monkeypatch):
    reader = replace(LOCAL_USER, role=Role.SUPERVISOR)
    monkeypatch.setattr(session, "current_user", lambda: reader)
    page = open_page("audit")
    assert AccessDenied().user_message in as_read(page)
    assert len(page.dataframe) == 0


def test_what_can_t_be_read_is_told_in_one_sentence(staged, open_page, monkeypatch):
    def breaks(_user, _wanted):
        raise StorageError

    monkeypatch.setattr(staged.audit, "page", breaks)
    assert StorageError().user_message in as_read(open_page("audit"))


def test_every_act_has_words():
    assert set(ACT_WORDS) == set(Act)
