"""Whoever gives commands acts for the installation's organisation."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.commands.console import operator
from app.commands.holds import add_hold
from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import NotFound, OnHold
from services.domain.people import LOCAL_USER

COMMANDS = Path(__file__).resolve().parents[3] / "app" / "commands"
ACME = replace(LOCAL_USER, org_id="acme")


def installation(folder: Path) -> Settings:
    return Settings(data_dir=folder, org="acme", scripted_provider=True)


def test_a_hold_by_command_keeps_a_call_of_the_installations_organisation(tmp_path, capsys):
    settings = installation(tmp_path)
    services = build_services(settings)
    with services.intake.begin(ACME, "call.wav") as incoming:
        incoming.write(b"sound of somebody")
        call_id = incoming.commit(
            ProcessingOptions(provider="scripted"), CallDetails(customer_ref="C-1")
        ).call_id
    assert add_hold(settings, call_id, None, "claim 17") == 0
    assert add_hold(settings, None, "C-1", "claim 17") == 0
    [on_customer, on_call] = services.keeping.holds.all(ACME)
    assert on_call.id in capsys.readouterr().out
    assert services.keeping.holds.all(LOCAL_USER) == []
    with pytest.raises(OnHold):
        services.desk.delete(ACME, call_id)
    services.keeping.holds.release(ACME, on_call.id)
    with pytest.raises(OnHold):
        services.desk.delete(ACME, call_id)
    services.keeping.holds.release(ACME, on_customer.id)
    services.desk.delete(ACME, call_id)
    services.close()
    with pytest.raises(NotFound):
        add_hold(replace_org(settings, "other"), call_id, None, "not theirs")


def replace_org(settings: Settings, org: str) -> Settings:
    return settings.model_copy(update={"org": org})


def test_the_operator_owner_of_phone_calls_and_local_person_are_of_one_organisation(tmp_path):
    settings = installation(tmp_path)
    assert operator(settings) == settings.local_user == settings.phone_owner == ACME
    assert operator(settings, "other").org_id == "other"
    phones = settings.model_copy(update={"phone_org": "lines"})
    assert (phones.phone_owner.org_id, phones.local_user.org_id) == ("lines", "acme")


def test_no_command_chooses_for_itself_who_acts():
    files = sorted(COMMANDS.glob("*.py"))
    assert files
    named = [file.name for file in files if "LOCAL_USER" in file.read_text("utf-8")]
    assert named == [], "take operator() of app/commands/console.py"
