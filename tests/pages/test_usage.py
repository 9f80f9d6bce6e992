"""The Usage page: space, growth, minutes and cost."""

from dataclasses import replace

import pytest

from app import session
from app.settings import Settings
from services.domain.errors import StorageError
from services.domain.people import LOCAL_USER, Role
from tests.contract.places import put
from tests.pages.conftest import as_read, press
from tests.pages.samples import sample_transcript


def test_nothing_yet(staged, open_page):
    said = as_read(open_page("usage"))
    assert "No call of the last twelve months is stored." in said
    assert "Nothing has been transcribed in the last twelve months." in said
    assert "Database (transcripts, figures, jobs)" in said


def test_minutes_and_cost_stand_beside_their_provider(staged, open_page):
    staged.settings = Settings(PARTYLINE_CURRENCY="EUR")
    staged.add_ready()
    staged.add_ready(replace(sample_transcript(), provider="azure"))
    page = open_page("usage")
    growth, minutes = (frame.value for frame in page.dataframe)
    assert growth["Calls"].sum() == 2
    assert sorted(minutes["By"]) == ["Azure Speech", "This machine"]
    by = dict(zip(minutes["By"], minutes["Cost (EUR)"], strict=True))
    assert by == {"Azure Speech": "not set", "This machine": "0.00"}
    assert "No price is set for Azure Speech" in as_read(page)


def test_sound_is_measured_when_asked_for(staged, open_page, monkeypatch):
    call = staged.add_ready()
    put(staged.sound, f"calls/{call.id}/original", bytes(2_000))
    put(staged.sound, "calls/nobody/original", bytes(1_000))
    page = open_page("usage")
    assert "3.0 kB" not in as_read(page)
    page = press(page, "Measure the recordings")
    said = as_read(page)
    assert "**3.0 kB** in 2 files" in said
    assert "Without a call: 1 file, 1.0 kB." in said

    def breaks(_user):
        raise StorageError

    monkeypatch.setattr(staged.usage, "sound", breaks)
    assert StorageError().user_message in as_read(press(page, "Measure again"))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPERVISOR])
def test_what_all_take_together_is_shown_to_operators_only(staged, open_page, monkeypatch, role):
    staged.add_ready()
    reader = replace(LOCAL_USER, role=role)
    monkeypatch.setattr(session, "current_user", lambda: reader)
    page = open_page("usage")
    said = as_read(page)
    assert not [b for b in page.button if b.label.startswith("Measure")]
    assert "Database (transcripts, figures, jobs)" not in said
    assert "this installation" not in said
    assert page.dataframe[0].value["Calls"].sum() == 1
