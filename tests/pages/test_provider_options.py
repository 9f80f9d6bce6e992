"""What a provider can be asked for, and who is asked instead, in the forms that start runs."""

from dataclasses import replace

import pytest

from components import file_drop
from components.call_view.dialogs import rerun_key
from components.calls_table import CallsAct, CallsIntent
from components.options_form import differing, with_changes
from services.domain.calls import CallDetails, ProcessingOptions
from services.providers.capabilities import Capabilities, OptionKind, ProviderOption, Readiness
from tests.pages.conftest import as_read, texts
from tests.pages.samples import ORG

OPTIONS = (
    ProviderOption(
        name="model",
        title="Model",
        help="Which model.",
        choices=(("fast", "Fast"), ("best", "Best")),
    ),
    ProviderOption(
        name="punctuate",
        title="Punctuation",
        help="Commas.",
        kind=OptionKind.TOGGLE,
        default="yes",
    ),
    ProviderOption(name="profanity", title="Mask swearing", help="***", kind=OptionKind.TOGGLE),
    ProviderOption(
        name="threshold",
        title="Threshold",
        help="From 0 to 1.",
        kind=OptionKind.NUMBER,
        least=0,
        most=1,
    ),
    ProviderOption(name="prompt", title="Context", help="About the call.", kind=OptionKind.TEXT),
    ProviderOption(
        name="captions",
        title="Captions",
        help="While it is held.",
        kind=OptionKind.TOGGLE,
        recorded=False,
        live=True,
    ),
)
CLOUD = Capabilities(
    name="cloud",
    title="Cloud Speech",
    languages=("de", "en", "en-GB", "xx"),
    cost_per_hour=0.4,
    options=OPTIONS,
)
SECOND = Capabilities(name="second", title="Second Speech", language_detection=True)


@pytest.fixture
def handed_over(staged, monkeypatch):
    """What the upload form would send with the next recording."""
    seen = []

    def draw(token, options, details, known, **_):
        seen.append(options)

    monkeypatch.setattr("components.file_drop.draw_file_drop", draw)
    staged.providers.put(CLOUD)
    staged.providers.put(SECOND)
    return seen


def choose_cloud(page):
    return page.selectbox(key="new_provider").select("cloud").run()


def test_every_kind_of_option_is_drawn_and_handed_over(handed_over, open_page):
    """Options appear with the provider that has them; only what was changed is asked for."""
    page = choose_cloud(open_page())
    assert "More from Cloud Speech" in [e.label for e in page.expander]
    assert handed_over[-1].provider_options == ()
    assert page.selectbox(key="new_cloud_model").options == [
        "As the provider does it",
        "Fast",
        "Best",
    ]
    page.selectbox(key="new_cloud_model").select("best")
    page.toggle(key="new_cloud_punctuate").set_value(False)
    page.selectbox(key="new_cloud_profanity").select("no")
    page.number_input(key="new_cloud_threshold").set_value(0.35)
    page.text_input(key="new_cloud_prompt").set_value("  a bill   is disputed ")
    page.run()
    assert dict(handed_over[-1].provider_options) == {
        "model": "best",
        "punctuate": "no",
        "profanity": "no",
        "threshold": "0.35",
        "prompt": "a bill is disputed",
    }
    # live options have no place at a recording
    assert not any("captions" in str(t.key) for t in page.toggle)
    page.selectbox(key="new_provider").select("local").run()
    assert (handed_over[-1].provider, handed_over[-1].provider_options) == ("local", ())


def test_price_languages_and_where_the_sound_goes(handed_over, open_page):
    """What leaves the machine and what that costs stands beside the choice."""
    page = choose_cloud(open_page())
    assert page.selectbox(key="new_language").options == [
        "English",
        "German",
        "English (GB)",
        "xx",
    ]
    assert "sent to this provider. That costs about 0.40 per hour of sound" in as_read(page)
    assert "If need be" not in texts(page)
    page.selectbox(key="new_provider").select("local").run()
    assert "sent to" not in texts(page)
    page.multiselect(key="new_fallback_local").select("cloud").run()
    said = as_read(page)
    assert "If need be, the sound is sent to Cloud Speech. That costs about 0.40" in said


def test_who_is_asked_instead_keeps_its_order(handed_over, open_page):
    """Only ready providers other than the first are offered, in the order they were chosen."""
    page = choose_cloud(open_page())
    instead = page.multiselect(key="new_fallback_cloud")
    assert instead.options == ["This machine", "Second Speech"]
    assert handed_over[-1].fallback == ()
    instead.set_value(["second", "local"]).run()
    assert handed_over[-1].fallback == ("second", "local")


def test_alone_a_provider_has_nobody_behind_it(staged, open_page):
    """With one ready provider nobody is asked for a choice that can't be made."""
    assert not open_page().multiselect


def test_the_installation_says_how_recordings_are_usually_processed(handed_over, open_page, staged):
    """PARTYLINE_PROVIDER and PARTYLINE_FALLBACK are what the form begins with."""
    usual = {"provider": "cloud", "fallback": " second, local,gone"}
    staged.settings = staged.settings.model_copy(update=usual)
    open_page()
    assert handed_over[-1].provider == "cloud"
    assert handed_over[-1].fallback == ("second", "local")


def test_a_provider_for_live_calls_only_is_not_offered(handed_over, open_page, staged):
    """Recordings go to those that take recordings."""
    staged.providers.put(Capabilities(name="wire", title="Wire", recorded=False, live=True))
    page = open_page()
    assert "Wire" not in page.selectbox(key="new_provider").options
    assert "Wire" not in page.multiselect(key="new_fallback_local").options


def test_a_run_again_begins_with_what_its_call_was_asked_for(staged, open_page, monkeypatch):
    """The options of the last run are found again; what doesn't fit any more is usual again."""
    staged.providers.put(CLOUD)
    call = staged.add_ready()
    given = (("model", "best"), ("threshold", "7"), ("prompt", "bills"))
    staged.runs.start(
        ORG,
        call.id,
        ProcessingOptions(provider="cloud", fallback=("local",), provider_options=given),
    )
    staged.runs.finish(call.id, 2, call.active_transcript_id)
    wanted = CallsIntent(act=CallsAct.RERUN, call_ids=(call.id,))
    monkeypatch.setattr("components.calls_table.draw_calls_table", lambda *_, **__: wanted)
    page = open_page("calls")
    key = rerun_key([(call.id, 2)])
    assert page.selectbox(key=f"{key}_cloud_model").value == "best"
    assert page.number_input(key=f"{key}_cloud_threshold").value is None
    page.text_input(key=f"{key}_cloud_prompt").set_value("orders").run()
    page.button(key=f"{key}_yes").click().run()
    asked = staged.desk.options[call.id]
    assert asked.fallback == ("local",)
    assert dict(asked.provider_options) == {"model": "best", "prompt": "orders"}


def test_options_never_reach_calls_of_another_provider():
    """Of several calls, each keeps what its own provider was asked for, unless that changes."""
    cloud = ProcessingOptions(provider="cloud", provider_options=(("model", "best"),))
    here = ProcessingOptions(fallback=("cloud",))
    assert differing([cloud, here]) == [
        "speech provider",
        "who is asked if the provider can't be reached",
        "what the provider is asked for",
    ]
    fast = replace(cloud, provider_options=(("model", "fast"),))
    assert with_changes(here, cloud, fast) == here
    assert with_changes(cloud, cloud, fast) == fast
    moved = replace(here, provider="cloud", fallback=())
    assert with_changes(cloud, here, moved) == replace(cloud, fallback=())
    second = replace(cloud, provider="second", provider_options=())
    assert with_changes(here, cloud, second) == replace(here, provider="second")
    with_cloud = replace(here, fallback=("cloud", "second"))
    assert with_changes(cloud, here, with_cloud) == replace(cloud, fallback=("second",))


def test_the_drop_zone_sends_what_was_chosen(monkeypatch):
    """Names in order and values by name go into the header of every upload."""
    sent = []
    monkeypatch.setattr(file_drop, "_mount", lambda **given: sent.append(given["data"]) or {})
    options = ProcessingOptions(
        provider="cloud", fallback=("second", "local"), provider_options=(("model", "best"),)
    )
    file_drop.draw_file_drop("token", options, CallDetails(), [], max_bytes=10)
    assert sent[0]["options"]["fallback"] == ["second", "local"]
    assert sent[0]["options"]["provider_options"] == {"model": "best"}


def test_what_is_missing_is_named_and_never_chosen(staged, open_page):
    """A provider without its key is neither first nor behind another."""
    staged.providers.put(CLOUD, Readiness(ready=False, missing=("CLOUD_KEY",)))
    page = open_page()
    assert "Cloud Speech (not configured: set CLOUD_KEY)" in texts(page)
    assert not page.multiselect
