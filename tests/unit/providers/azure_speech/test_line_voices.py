"""Voices keep their names when a new session goes on with a broken one."""

from services.providers.azure_speech.line_voices import (
    FARTHEST_BACK_MS,
    Voices,
    place_to_go_on,
)
from services.providers.azure_speech.lines import Line


def line(start_ms, end_ms, voice):
    return Line(start_ms=start_ms, end_ms=end_ms, text="Yes.", voice=voice)


#   0        4        8        12       16       20 s
#   A------  B------  A------  B------  A------
EARLIER = [
    line(0, 3_500, "A"),
    line(4_000, 7_500, "B"),
    line(8_000, 11_500, "A"),
    line(12_000, 15_500, "B"),
    line(16_000, 19_500, "A"),
]


def test_it_goes_back_until_everybody_has_spoken_enough():
    assert place_to_go_on([]) == 0
    # A has 7 s from 8 s on, B only from 4 s on.
    assert place_to_go_on(EARLIER) == 4_000


def test_it_does_not_go_back_for_ever():
    silent_since = [*EARLIER, *(line(n * 1000, n * 1000 + 900, "A") for n in range(20, 400))]
    place = place_to_go_on(silent_since)
    assert silent_since[-1].end_ms - FARTHEST_BACK_MS <= place < silent_since[-1].end_ms - 60_000


def test_who_speaks_where_somebody_spoke_before_is_the_same():
    voices = Voices(EARLIER, ())
    voices.hear_again(line(12_000, 15_500, "Guest-1"))
    voices.hear_again(line(16_000, 19_500, "Guest-2"))
    assert voices.named(line(20_000, 21_000, "Guest-1")).voice == "B"
    assert voices.named(line(21_000, 22_000, "Guest-2")).voice == "A"


def test_two_voices_never_become_one():
    voices = Voices(EARLIER, ())
    voices.hear_again(line(16_000, 19_500, "Guest-1"))
    voices.hear_again(line(16_000, 17_000, "Guest-2"))
    names = {voices.named(line(20_000, 21_000, f"Guest-{n}")).voice for n in (1, 2)}
    assert len(names) == 2


def test_somebody_new_is_nobody_known():
    earlier = [line(0, 3_000, "Guest-1")]
    assert Voices(earlier, ()).named(line(4_000, 5_000, "Guest-1")).voice == "Guest-1.2"
    assert Voices((), ()).named(line(0, 1_000, "Guest-1")).voice == "Guest-1"
    assert Voices(earlier, ()).named(line(4_000, 5_000, None)).voice is None


def test_participants_are_known_in_every_session():
    voices = Voices([line(0, 3_000, "anna")], {"anna"})
    voices.hear_again(line(0, 3_000, "Guest-1"))
    assert voices.named(line(4_000, 5_000, "anna")).voice == "anna"
    assert voices.named(line(5_000, 6_000, "Guest-1")).voice == "Guest-1"
