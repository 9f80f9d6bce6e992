"""A phone call of which words alone were sent, read in a browser: nothing to play, all to read."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from app.settings import Settings
from app.wiring import build_services
from app.wiring.parts import master_key_of
from services.analysis.metrics import analyse
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.live.recording.landing import Landed, Landing
from services.storage.live_calls import LiveCallStore
from services.storage.phone_words import PhoneWordStore
from services.storage.tapes import TapeStore
from tests.browser.axe import grave_findings
from tests.browser.conftest import serving
from tests.builders import transcript

READ_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A data folder of its own."""
    return tmp_path_factory.mktemp("unrecorded") / "data"


@pytest.fixture(scope="module")
def served(data_dir, models):
    """A server with its worker."""
    with serving(data_dir, models) as url:
        yield url


@pytest.fixture(scope="module")
def call_id(served, data_dir):
    """A phone call that has landed by its words, as the server's own calls do."""
    settings = Settings(PARTYLINE_DATA_DIR=data_dir)
    services = build_services(settings)
    key, live = master_key_of(settings), LiveCallStore(services.engine)
    made = RunningCall(
        id=new_id(),
        org_id=LOCAL_USER.org_id,
        owner=LOCAL_USER.id,
        name="Phone call",
        source=LiveSource.PHONE,
        state=LiveState.FINISHING,
        options=ProcessingOptions(provider="acs", redact=False),
        details=CallDetails(agent_name="Nora Fields"),
        channels=1,
        began_at=datetime.now(UTC),
        heartbeat_at=datetime.now(UTC),
        process="test",
        phone=PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id="connection"),
    )
    live.add(made)
    landing = Landing(
        "test",
        engine=services.engine,
        live=live,
        tapes=TapeStore(settings.live_folder, key),
        vault=services.vault,
        calls=services.calls,
        runs=services.runs,
        transcripts=services.transcripts,
        queue=services.queue,
        providers=services.providers,
        words=PhoneWordStore(services.engine, key),
    )
    spoken = transcript()
    captions = AnalysedTranscript(transcript=spoken, analysis=analyse(spoken))
    assert landing.land_words(made.id, captions) is Landed.CALL
    services.close()
    return made.id


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_it_is_read_and_never_played(served, call_id, open_page, width, scheme):
    page = open_page(f"{served}/call?call={call_id}", width=width, scheme=scheme)
    expect(page.get_by_text("There is no recording of this call: the telephone")).to_be_visible()
    expect(page.locator("[data-line]").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden(timeout=READ_WITHIN_MS)
    expect(page.get_by_text("needs the recording").first).to_be_visible()
    for name in ("Play", "5 seconds back", "Sound off"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("combobox", name="Speed")).to_have_count(0)
    expect(page.get_by_text("Billing dispute").first).to_be_visible()
    assert grave_findings(page) == []


def test_a_place_is_found_by_keyboard_without_sound(served, call_id, open_page):
    page = open_page(f"{served}/call?call={call_id}")
    expect(page.locator("[data-line]").first).to_be_visible()
    expect(page.locator("[data-part=total]")).to_have_text("0:22")
    page.get_by_role("slider", name="Position").focus()
    page.keyboard.press("End")
    expect(page.locator("[data-part=now]")).to_have_text("0:22")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text("JSON (everything)").first).to_be_visible()
    expect(page.get_by_role("link", name="Sound")).to_have_count(0)
