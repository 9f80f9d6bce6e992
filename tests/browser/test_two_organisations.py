"""Two people of two organisations work side by side, and neither ever sees anything of the other's.

A real server, a sign-in service and real browsers; the calls come in by the API.
"""

import json
import time
import urllib.request
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.settings import Settings
from app.wiring.access import build_access_desks
from app.wiring.parts import master_key_of
from services.access.tokens import Purpose, TokenSigner
from services.domain.people import EVERY_CALL, LOCAL_USER, Role
from services.storage.database import open_engine
from services.storage.people_tables import SIGN_INS
from tests.browser import sound
from tests.browser.conftest import SHOWN_WITHIN_MS, free_port, serving
from tests.browser.recorded_calls import SCRIPTED
from tests.browser.test_signing_in import account, sign_in, sign_in_service, status_of

PROCESSED_WITHIN_S = 180
# What is only in the one organisation's call: its agent, its queue, its file.
MARKS = {
    "harbor": ("Agnes Harbor", "Harbor desk", "harbor call.wav"),
    "meadow": ("Boris Meadow", "Meadow desk", "meadow call.wav"),
}
PEOPLE = {"harbor": "hanna", "meadow": "mona"}


def asked(url, secret, path, **more):
    headers = {"Authorization": f"Bearer {secret}", **more.pop("headers", {})}
    request = urllib.request.Request(f"{url}/api/v1/{path}", headers=headers, **more)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def hand_in(url, secret, org, recording):
    agent, queue, name = MARKS[org]
    about = json.dumps({"name": name, "agent_name": agent, "queue": queue})
    headers = {"X-Partyline-Call": about, "Content-Type": "application/octet-stream"}
    return asked(url, secret, "calls", data=recording, headers=headers)["id"]


def wait_until_ready(url, secret, call_id):
    deadline = time.monotonic() + PROCESSED_WITHIN_S
    while (state := asked(url, secret, f"calls/{call_id}")["state"]) != "ready":
        assert state != "failed"
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture(scope="module")
def installation(tmp_path_factory, models):
    """A server of two organisations with a call each: its address, settings and the calls."""
    port, folder = free_port(), tmp_path_factory.mktemp("two-organisations") / "data"
    settings = Settings(data_dir=folder)
    folder.mkdir(parents=True)
    desk = build_access_desks(settings)[1]
    secrets = {
        org: desk.add_service(
            replace(LOCAL_USER, org_id=org), "Loads calls", Role.SUPERVISOR, EVERY_CALL
        ).secret
        for org in MARKS
    }
    accounts = [account(PEOPLE[org], org=org, role="supervisor") for org in MARKS]
    with sign_in_service(accounts) as issuer:
        given = {
            "PARTYLINE_OIDC_ISSUER": issuer,
            "PARTYLINE_OIDC_CLIENT_ID": "partyline",
            "PARTYLINE_OIDC_CLIENT_SECRET": "known to both",
            "PARTYLINE_OIDC_ROLE_CLAIM": "role",
            "PARTYLINE_OIDC_ORG_CLAIM": "org",
        }
        with serving(folder, models, port=port, **given, **SCRIPTED) as url:
            recording = folder.parent / "call.wav"
            sound.write(recording, np.sin(np.arange(16_000 * 20) / 20) / 4)
            # The very same recording: one organisation isn't told that another has it.
            calls = {org: hand_in(url, secrets[org], org, recording.read_bytes()) for org in MARKS}
            for org, call_id in calls.items():
                wait_until_ready(url, secrets[org], call_id)
            yield url, settings, calls


def link_of(settings, name, org, call_id):
    """The address of a call's sound as the pages would hand it out to somebody signed in."""
    person = next(
        p
        for p in build_access_desks(settings)[0].list(replace(LOCAL_USER, org_id=org))
        if p.name == name.title()
    )
    engine = open_engine(settings.database_url)
    with engine.connect() as connection:
        query = select(SIGN_INS.c.id).where(SIGN_INS.c.person_id == person.id)
        signed_in = connection.execute(query).scalar_one()
    engine.dispose()
    signer = TokenSigner(master_key_of(settings).derive("tokens"))
    given = {"user": person.user, "session": "s", "ttl_s": 600, "sign_in": signed_in}
    return f"/-/audio/{call_id}?token={signer.issue(Purpose.AUDIO, call_id, **given)}"


def shows_only(page, own, foreign, mark):
    """Wait for what is one's own, then look for anything of the other's in all that is there."""
    # Cells of a list are drawn; what is written of them is there for those who can't see it.
    expect(page.get_by_text(MARKS[own][mark]).first).to_be_attached()
    there = page.content()
    assert not [word for word in MARKS[foreign] if word in there]


def test_two_organisations_work_side_by_side(installation, chromium):
    url, settings, calls = installation
    contexts = {org: chromium.new_context() for org in MARKS}
    pages = {org: context.new_page() for org, context in contexts.items()}
    for org, page in pages.items():
        page.set_default_timeout(SHOWN_WITHIN_MS)
        sign_in(page, PEOPLE[org], f"{url}/calls")
        expect(page.get_by_role("heading", name="Calls")).to_be_visible()
    for org, foreign in (("harbor", "meadow"), ("meadow", "harbor")):
        page = pages[org]
        shows_only(page, org, foreign, 0)
        page.goto(f"{url}/search")
        box = page.get_by_role("searchbox")
        box.fill("bill")
        box.press("Enter")
        shows_only(page, org, foreign, 0)
        page.goto(f"{url}/analytics")
        shows_only(page, org, foreign, 0)
        page.goto(f"{url}/call?call={calls[org]}")
        shows_only(page, org, foreign, 0)
        page.goto(f"{url}/call?call={calls[foreign]}")
        expect(page.get_by_text("This call does not exist")).to_be_visible()
        assert not [word for word in MARKS[foreign] if word in page.content()]
        own = link_of(settings, PEOPLE[org], org, calls[org])
        others = link_of(settings, PEOPLE[org], org, calls[foreign])
        assert (status_of(url + own), status_of(url + others)) == (200, 404)
    for context in contexts.values():
        context.close()
