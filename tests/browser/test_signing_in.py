"""People sign in with a sign-in service, a real server and a real browser."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from app.settings import Settings
from app.wiring.access import build_access_desks
from app.wiring.parts import master_key_of
from services.access.people import GivenAccess
from services.access.sign_ins import KNOWN_FOR_S
from services.access.tokens import Purpose, TokenSigner
from services.domain.people import LOCAL_USER, Reach, Role
from services.storage.database import open_engine, writing
from services.storage.people_tables import SIGN_INS
from tests.browser.axe import grave_findings
from tests.browser.conftest import (
    SHOWN_WITHIN_MS,
    START_WITHIN_S,
    answers,
    free_port,
    serving,
)


def account(name, **claims):
    address = {"email": f"{name}@example.com", "email_verified": True}
    return {"sub": name, "name": name.title(), **address, **claims}


ACCOUNTS = [
    account("nora"),
    account("eve"),
    account("tom", groups=["staff", "leads"], queues=["Billing"]),
    account("ida", groups=["it"]),
]


@contextmanager
def sign_in_service(accounts=None):
    """A sign-in service in a process of its own; yields its address."""
    port = free_port()
    known = ACCOUNTS if accounts is None else accounts
    told = [word for each in known for word in ("--user-claims", json.dumps(each))]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *told],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not answers(f"http://localhost:{port}/.well-known/openid-configuration"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def installation(tmp_path_factory, models):
    """The address of a server that people sign in to, and its settings."""
    port, folder = free_port(), tmp_path_factory.mktemp("signing-in") / "data"
    with sign_in_service() as issuer:
        given = {
            "PARTYLINE_OIDC_ISSUER": issuer,
            "PARTYLINE_OIDC_CLIENT_ID": "partyline",
            "PARTYLINE_OIDC_CLIENT_SECRET": "known to both",
            "PARTYLINE_OIDC_ROLE_CLAIM": "groups",
            "PARTYLINE_OIDC_ROLES": "leads=supervisor, it=admin",
            "PARTYLINE_OIDC_QUEUES_CLAIM": "queues",
        }
        with serving(folder, models, port=port, **given) as url:
            yield url, Settings(data_dir=folder)


@pytest.fixture(scope="module")
def url(installation):
    return installation[0]


@pytest.fixture(scope="module")
def settings(installation):
    return installation[1]


@pytest.fixture(scope="module")
def people(settings):
    return build_access_desks(settings)[0]


@pytest.fixture(scope="module")
def browser_of(chromium):
    """A browser of one's own, which knows nobody yet."""

    @contextmanager
    def opened(**look):
        context = chromium.new_context(**look)
        context.set_default_timeout(SHOWN_WITHIN_MS)
        yield context.new_page()
        context.close()

    return opened


def sign_in(page, name, address):
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/oauth2/authorize**")
    page.get_by_role("button", name=name).first.click()


def entrance(page):
    return page.get_by_role("button", name="Sign in")


def person_named(people, name):
    return next(person for person in people.list(LOCAL_USER) if person.name == name)


def test_a_link_opened_before_signing_in_is_opened_after_it(url, browser_of):
    with browser_of() as page:
        sign_in(page, "tom", f"{url}/call?call=some-call")
        expect(page.get_by_text("This call does not exist")).to_be_visible()
        assert page.url == f"{url}/call?call=some-call"

        cookies = {cookie["name"]: cookie for cookie in page.context.cookies(url)}
        who = cookies["_streamlit_user"]
        assert (who["httpOnly"], who["sameSite"]) == (True, "Lax")
        assert 0 < who["expires"] - time.time() <= 12 * 3600
        assert "known to both" not in str(cookies)

        page.goto(f"{url}/account")
        expect(page.get_by_text("Queues: Billing")).to_be_visible()
        expect(page.get_by_text("Supervisor.")).to_be_visible()
        # The page of people is for others.
        page.goto(f"{url}/people")
        expect(page.get_by_text("You don't have the right")).to_be_visible()


@pytest.mark.parametrize("look", [{}, {"viewport": {"width": 390, "height": 844}}])
def test_nothing_is_shown_to_whoever_has_not_signed_in(url, browser_of, look):
    with browser_of(**look) as page:
        page.goto(f"{url}/calls")
        expect(entrance(page)).to_be_visible()
        expect(page.get_by_role("link", name="Calls")).to_have_count(0)
        assert grave_findings(page) == []


def test_whoever_nobody_gave_access_is_told_so_and_can_leave(url, browser_of):
    with browser_of(color_scheme="dark") as page:
        sign_in(page, "eve", f"{url}/calls")
        expect(page.get_by_text("nobody has given you access yet")).to_be_visible()
        expect(page.get_by_text("Eve").first).to_be_visible()
        assert grave_findings(page) == []
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/end_session**")
        page.goto(url)
        expect(entrance(page)).to_be_visible()


def test_whom_somebody_added_has_what_they_were_given_until_it_is_taken(url, browser_of, people):
    reach = Reach(queues=frozenset({"Sales"}))
    people.add(LOCAL_USER, GivenAccess(role=Role.VIEWER, reach=reach), email="nora@example.com")
    with browser_of() as page:
        sign_in(page, "nora", f"{url}/account")
        expect(page.get_by_text("Queues: Sales")).to_be_visible()
        nora = person_named(people, "Nora")
        people.change(LOCAL_USER, nora.id, GivenAccess(role=Role.SUPERVISOR))
        page.reload()
        expect(page.get_by_text("All calls")).to_be_visible()
        people.disable(LOCAL_USER, nora.id)
        page.reload()
        expect(entrance(page)).to_be_visible()
        sign_in(page, "nora", f"{url}/account")
        expect(page.get_by_text("your access has been switched off")).to_be_visible()


def test_without_doing_anything_for_a_while_one_signs_in_again(url, browser_of, settings, people):
    with browser_of() as page:
        sign_in(page, "tom", f"{url}/vocabulary")
        expect(page.get_by_text("Words to listen for").first).to_be_visible()
        tom = person_named(people, "Tom")
        engine = open_engine(settings.database_url)
        with writing(engine) as connection:
            theirs = update(SIGN_INS).where(SIGN_INS.c.person_id == tom.id)
            connection.execute(theirs.values(seen_at=datetime.now(UTC) - timedelta(hours=9)))
        engine.dispose()
        page.get_by_role("link", name="Calls").first.click()
        expect(page.get_by_text("Please sign in again")).to_be_visible()
        assert grave_findings(page) == []
        # The cookie is still there and worth nothing.
        page.goto(f"{url}/vocabulary")
        expect(entrance(page)).to_be_visible()
        sign_in(page, "tom", f"{url}/vocabulary")
        expect(page.get_by_text("Words to listen for").first).to_be_visible()


def status_of(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_signing_out_everywhere_ends_other_browsers_and_their_links(
    url, browser_of, settings, people
):
    with browser_of() as here, browser_of() as there:
        sign_in(here, "ida", f"{url}/account")
        expect(here.get_by_text("Administrator.")).to_be_visible()
        sign_in(there, "ida", f"{url}/vocabulary")
        expect(there.get_by_text("Words to listen for").first).to_be_visible()

        ida = person_named(people, "Ida").user
        engine = open_engine(settings.database_url)
        with engine.connect() as connection:
            query = select(SIGN_INS.c.id).where(SIGN_INS.c.person_id == ida.id)
            sign_ins = connection.execute(query).scalars().all()
        engine.dispose()
        signer = TokenSigner(master_key_of(settings).derive("tokens"))
        links = [
            signer.issue(
                Purpose.AUDIO, "none", user=ida, session="s", ttl_s=600, sign_in=sign_in_id
            )
            for sign_in_id in sign_ins
        ]
        assert len(links) == 2
        addresses = [f"{url}/-/audio/none?token={link}" for link in links]
        assert [status_of(address) for address in addresses] == [404, 404]

        here.get_by_role("button", name="Sign out everywhere").click()
        here.wait_for_url("**/end_session**")
        there.get_by_role("link", name="Calls").first.click()
        expect(entrance(there)).to_be_visible()
        deadline = time.monotonic() + 2 * KNOWN_FOR_S
        while [status_of(address) for address in addresses] != [401, 401]:
            assert time.monotonic() < deadline
        here.goto(f"{url}/account")
        expect(entrance(here)).to_be_visible()


def test_people_are_managed_on_their_page(url, browser_of, people):
    with browser_of() as page:
        sign_in(page, "ida", f"{url}/people")
        expect(page.get_by_role("heading", name="Add a person")).to_be_visible()
        page.get_by_role("textbox", name="E-mail address").fill("new@example.com")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("Added. They may come in")).to_be_visible()
        assert person_named(people, "new@example.com").role is Role.VIEWER
        page.get_by_role("textbox", name="What it is for").fill("Nightly export")
        page.get_by_role("button", name="Make a token").click()
        expect(page.get_by_text("Copy it now")).to_be_visible()
        expect(page.get_by_test_id("stToast")).to_have_count(0)
        assert grave_findings(page) == []
        page.get_by_role("button", name="I have it").click()
        expect(page.get_by_text("Copy it now")).to_have_count(0)
