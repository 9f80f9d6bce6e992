"""Who breaks into whose speech, drawn: one character is 100 ms."""

import pytest

from services.analysis.backchannels import mark_backchannels
from services.analysis.metrics import analyse
from tests.unit.analysis.rulers import draw

CASES = [
    pytest.param(
        """
        agent    ####################..............................
        customer ...............###################################
        """,
        {},
        [("customer", 1_500, 2_000)],
        id="wins: goes on for seconds after the other stopped",
    ),
    pytest.param(
        """
        agent    ##################################################
        customer ...............##############.....................
        """,
        {"customer.0": "But you told me it was free of charge."},
        [("customer", 1_500, 2_900)],
        id="beaten off: a second of both, then gives way",
    ),
    pytest.param(
        """
        agent    ##################################################
        customer ...............######.............................
        """,
        {"customer.0": "But you told"},
        [],
        id="beaten off at once: the other doesn't stop for it",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ..................################################
        """,
        {},
        [],
        id="a latch of 0.2 s",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ...............##############.....................
        """,
        {"agent.0": "It looks like it was never."},
        [("customer", 1_500, 2_000)],
        id="half a second early, and the recogniser ended the broken sentence with a full stop",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ...............##############.....................
        """,
        {"agent.0": "Do you have the card with you?", "customer.0": "Yes, it's right here."},
        [],
        id="an answer over the end of a question",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ...............######.............................
        """,
        {"agent.0": "That comes to ninety pounds.", "customer.0": "Ninety pounds?"},
        [],
        id="an echo of the last words",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ...............######.............................
        """,
        {"agent.0": "Then I'll cancel it now.", "customer.0": "Wait."},
        [("customer", 1_500, 2_000)],
        id="a short wait that stops the other",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ...............######.............................
        """,
        {"agent.0": "Then I'll cancel it now.", "customer.0": "No, no."},
        [("customer", 1_500, 2_000)],
        id="a short no no that stops the other",
    ),
    pytest.param(
        """
        agent    ##################################################
        customer ...............######.............................
        """,
        {"customer.0": "Wait."},
        [],
        id="a short wait that nobody heeds",
    ),
    pytest.param(
        """
        agent    ..########################........................
        customer .##############################...................
        """,
        {},
        [],
        id="both start at once",
    ),
    pytest.param(
        """
        agent    ##################################################
        customer ...............######.............................
        """,
        {"customer.0": "Yeah, right."},
        [],
        id="a backchannel inside",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ...............########...........................
        """,
        {"agent.0": "And that's why the", "customer.0": "Okay."},
        [("customer", 1_500, 2_000)],
        id="an okay that ends the other's sentence is none",
    ),
    pytest.param(
        """
        agent    #########.###########.........................###
        customer .........................####################....
        """,
        {},
        [],
        id="clean turns with a breath",
    ),
    pytest.param(
        """
        agent    ####################..............................
        customer ..............#####...............................
        third    ...............###################################
        """,
        {"agent.0": "That is all."},
        [("third", 1_500, 2_000)],
        id="of two who speak up, the one who takes the floor",
    ),
]


Expected = list[tuple[str, int, int]]


def _exchanged(
    ruler: str, texts: dict[str, str], expected: Expected
) -> tuple[str, dict[str, str], Expected]:
    other = {"agent": "customer", "customer": "agent", "third": "third"}
    rows = [row.split() for row in ruler.splitlines() if row.strip()]
    return (
        "\n".join(f"{other[name]} {drawn}" for name, drawn in rows),
        {f"{other[name]}.{n}": t for (name, n), t in ((k.split("."), t) for k, t in texts.items())},
        [(other[by], start, end) for by, start, end in expected],
    )


@pytest.mark.parametrize(("ruler", "texts", "expected"), CASES)
@pytest.mark.parametrize("swapped", [False, True], ids=["as drawn", "sides exchanged"])
def test_interruptions(
    ruler: str, texts: dict[str, str], expected: Expected, swapped: bool
) -> None:
    if swapped:
        ruler, texts, expected = _exchanged(ruler, texts, expected)
    analysis = analyse(mark_backchannels(draw(ruler, texts, step_ms=100)))
    assert [(i.by, i.start_ms, i.end_ms) for i in analysis.interruptions] == expected


def test_a_marked_backchannel_interrupts_nobody_however_long_both_speak() -> None:
    drawn = draw(
        """
        agent    ##################################################
        customer ...............bbbbbbbbbbbbbb.....................
        """,
        step_ms=100,
    )
    assert analyse(drawn).interruptions == ()
