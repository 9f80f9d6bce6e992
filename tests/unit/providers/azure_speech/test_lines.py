"""What the service tells, as lines in milliseconds of the recording."""

import json

from services.providers.azure_speech.lines import Line, after, line_of
from services.providers.azure_speech.session import (
    Heard,
)

MS = 10_000


def heard(*, offset=1_000, duration=2_000, speaker="Guest-1", text="One two.", told=None):
    words = [
        {"Word": "one", "Offset": offset * MS, "Duration": 900 * MS},
        {"Word": "two", "Offset": (offset + 1_000) * MS, "Duration": 900 * MS},
    ]
    body = {
        "Offset": offset * MS,
        "Channel": 1,
        "NBest": [{"Confidence": 0.91234, "Words": words}],
        "PrimaryLanguage": {"Language": "nb-NO", "Confidence": "High"},
    }
    return Heard(
        is_final=True,
        offset=offset * MS,
        duration=duration * MS,
        speaker=speaker,
        text=text,
        json=json.dumps(body if told is None else told),
    )


def test_a_line_in_our_units():
    line = line_of(heard(), base_ms=0, until_ms=10_000)
    assert (line.start_ms, line.end_ms, line.text, line.voice) == (
        1000,
        3000,
        "One two.",
        "Guest-1",
    )
    assert (line.channel, line.confidence, line.language) == (1, 0.912, "no")
    assert [(w.text, w.start_ms, w.end_ms) for w in line.words] == [
        ("One", 1000, 1900),
        ("two.", 2000, 2900),
    ]


def test_a_session_that_starts_later_moves_line_and_words():
    line = line_of(heard(), base_ms=5_000, until_ms=20_000)
    assert (line.start_ms, line.words[0].start_ms) == (6_000, 6_000)


def test_words_of_a_later_connection_are_moved_as_the_line_was():
    told = json.loads(heard().json)
    later = Heard(
        is_final=True,
        offset=8_000 * MS,
        duration=2_000 * MS,
        speaker="Guest-1",
        text="One two.",
        json=json.dumps(told),
    )
    line = line_of(later, base_ms=0, until_ms=20_000)
    assert [w.start_ms for w in line.words] == [8_000, 9_000]


def test_what_is_not_told_stays_unknown():
    line = line_of(heard(told={}, speaker="Unknown"), base_ms=0, until_ms=10_000)
    assert (line.voice, line.channel, line.confidence, line.language) == (None,) * 4
    assert line.words == ()
    for odd in ("not json", "[]"):
        strange = Heard(is_final=True, offset=0, duration=MS, speaker="", text="Yes.", json=odd)
        assert line_of(strange, base_ms=0, until_ms=10_000).text == "Yes."


def test_nothing_said_is_no_line_and_nothing_lies_beyond_the_end():
    assert line_of(heard(text=" "), base_ms=0, until_ms=10_000) is None
    assert line_of(heard(), base_ms=0, until_ms=1_000) is None
    line = line_of(heard(), base_ms=0, until_ms=2_500)
    assert line.end_ms == 2_500
    assert line.words[-1].end_ms == 2_500


def test_a_line_outlives_the_process():
    line = line_of(heard(), base_ms=0, until_ms=10_000)
    assert Line.from_bytes(line.to_bytes()) == line


def test_what_comes_after_a_place():
    line = line_of(heard(), base_ms=0, until_ms=10_000)
    assert after(line, 500) is line
    assert after(line, 1_950).text == "two."
    assert after(line, 1_950).start_ms == 2_000
    assert after(line, 2_950) is None
    untimed = Line(start_ms=1_000, end_ms=3_000, text="One two.")
    assert after(untimed, 1_500) is untimed
    assert after(untimed, 2_500) is None
