"""What the live view is handed, what it may send back, and what its files keep to."""

import json
import re
from pathlib import Path

import pytest

from components import live_view, palette
from components.live_view import LiveViewOrder, draw_live_view, live_view_payload
from components.live_view import intents as wish
from services.domain.live import GapKind
from services.domain.live_calls import GOING_ON, LiveState

FOLDER = Path(live_view.__file__).parent


def script(name: str) -> str:
    """The text of one of the scripts."""
    return (FOLDER / "scripts" / name).read_text(encoding="utf-8")


def keys_of(name: str, constant: str) -> set[str]:
    """The keys of an object that a script writes down."""
    body = re.search(rf"const {constant} = \{{(.*?)\n?\}};", script(name), re.DOTALL)
    assert body, constant
    return set(re.findall(r"(?m)(?:^|[,{])\s*(\w+):", body[1]))


def order(**more) -> LiveViewOrder:
    """An order for a call with a link."""
    return LiveViewOrder(call_id="c1", events_url="/-/live/events/c1?token=t", **more)


def test_who_holds_the_call_may_end_summarise_and_switch():
    payload = json.loads(
        json.dumps(live_view_payload(order(languages=("en", "es"), language="es")))
    )
    assert payload == {
        "call": "c1",
        "events_url": "/-/live/events/c1?token=t",
        "can_stop": True,
        "can_summarise": True,
        "languages": [["en", "English"], ["es", "Spanish"]],
        "language": "es",
    }


def test_who_reads_along_may_only_read():
    payload = live_view_payload(order(languages=("en", "es"), read_only=True))
    assert (payload["can_stop"], payload["can_summarise"]) == (False, False)
    assert payload["languages"] == []


def test_stop_can_be_left_to_the_recorder():
    payload = live_view_payload(order(can_stop=False))
    assert (payload["can_stop"], payload["can_summarise"]) == (False, True)


def test_each_call_has_a_piece_of_its_own_and_the_answer_is_read(monkeypatch):
    drawn = []

    def mount(**given):
        drawn.append(given)
        return {"intent": {"kind": "speak", "language": "es", "sent": 1}}

    monkeypatch.setattr(live_view, "_mount", mount)
    assert draw_live_view(order()) == wish.Speak(language="es")
    assert drawn[0]["key"] == "live_view_c1"
    assert drawn[0]["data"] == live_view_payload(order())


@pytest.mark.parametrize(
    ("raw", "intent"),
    [
        ({"kind": "summarise"}, wish.Summarise()),
        ({"kind": "speak", "language": "es"}, wish.Speak(language="es")),
        ({"kind": "speak", "language": None}, wish.Speak(language=None)),
        ({"kind": "stop"}, wish.Stop()),
        ({"kind": "open_call", "call": "c2"}, wish.OpenCall(call_id="c2")),
        ({"kind": "landed", "call": "c2"}, wish.Landed(call_id="c2")),
        ({"kind": "landed", "call": None}, wish.Landed(call_id=None)),
        ({"kind": "open_call", "call": None}, None),
        ({"kind": "fresh_links"}, wish.FreshLinks()),
        ({"kind": "speak"}, None),
        ({"kind": "speak", "language": ""}, None),
        ({"kind": "speak", "language": 3}, None),
        ({"kind": "open_call", "call": ["c2"]}, None),
        ({"kind": "landed"}, None),
        ({"kind": "format_disk"}, None),
        ({"kind": ["stop"]}, None),
        ("stop", None),
        (None, None),
    ],
)
def test_what_the_browser_sends_is_checked(raw, intent):
    """Known wishes are read strictly; anything else counts as nothing."""
    assert wish.read_intent(raw) == intent


def test_text_never_becomes_markup():
    """No script uses a way that would read text as HTML or as a script."""
    for name in live_view.SCRIPTS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in text, (name, way)


def test_every_state_and_reason_has_words():
    assert keys_of("words.js", "STATE_WORDS") == set(LiveState)
    assert keys_of("words.js", "GAP_REASONS") >= set(GapKind) | {"not_recorded"}
    going_on = re.search(r"GOING_ON = new Set\((\[.*?\])\)", script("words.js"))
    assert going_on
    assert set(json.loads(going_on[1])) == set(GOING_ON)


def test_speakers_have_the_colours_of_the_charts():
    css = live_view._assets.css
    for name, colour in (("agent", palette.AGENT), ("customer", palette.CUSTOMER)):
        assert f"--solid-{name}: {colour.lower()};" in css
    for name in re.findall(
        r'"(\w+)"', re.search(r"OTHER_COLOURS = \[(.*?)\]", script("people.js"))[1]
    ):
        assert f".of-{name} {{" in css
        assert f"--solid-{name}: " in css


def test_the_parts_share_one_scope_without_treading_on_each_other():
    """The scripts travel as one: a name declared twice would keep the piece from being drawn."""
    declared = re.findall(
        r"(?m)^(?:const|let|class|function|async function) (\w+)", live_view._assets.js
    )
    assert len(declared) == len(set(declared))
    assert live_view._assets.js.count("export default") == 1
