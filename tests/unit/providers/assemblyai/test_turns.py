"""Turns become lines: partial, final, cut by speaker, revised, over drops, with nobody's words."""

from dataclasses import replace
from itertools import pairwise

import pytest
from assemblyai.streaming.v3 import SpeakerRevisionEvent, TurnEvent

from services.domain.live import Final, LiveEvent, Partial, Revised, SpeakerTold
from services.domain.speech import Speaker, Word
from services.providers.assemblyai.turns import Turns

STEP_MS, WORD_MS = 500, 400


def turn(
    order: int,
    said: str,
    *,
    ended: bool = True,
    formatted: bool = True,
    label: str | None = "A",
    speakers: str | None = None,
    start_ms: int = 1_000,
    text: str | None = None,
) -> TurnEvent:
    """Return a message about a turn: a word every 500 ms, each 400 ms long.

    ``speakers`` has a letter for each word: ? is UNKNOWN, - none of its own.
    """
    words = said.split()
    letters = speakers or "-" * len(words)
    written = [
        {
            "text": word,
            "start": start_ms + n * STEP_MS,
            "end": start_ms + n * STEP_MS + WORD_MS,
            "confidence": 0.9,
            "word_is_final": ended or n < len(words) - 1,
            "speaker": {"-": None, "?": "UNKNOWN"}.get(letter, letter),
        }
        for n, (word, letter) in enumerate(zip(words, letters, strict=True))
    ]
    return TurnEvent.model_validate(
        {
            "type": "Turn",
            "turn_order": order,
            "turn_is_formatted": formatted,
            "end_of_turn": ended,
            "transcript": text if text is not None else " ".join(words),
            "end_of_turn_confidence": 0.9,
            "words": written,
            "speaker_label": label,
        }
    )


def revision(order: int, letters: str, *, label: str | None, start_ms: int = 1_000):
    words = [
        {
            "text": "x",
            "start": start_ms + n * STEP_MS,
            "end": start_ms + n * STEP_MS + WORD_MS,
            "confidence": 0.9,
            "word_is_final": True,
            "speaker": {"-": None, "?": "UNKNOWN"}.get(letter, letter),
        }
        for n, letter in enumerate(letters)
    ]
    one = {"turn_order": order, "speaker_label": label, "words": words}
    return SpeakerRevisionEvent.model_validate({"revisions": [one]}).revisions


def mixed(*, awaits_formatted: bool = True) -> Turns:
    turns = Turns(awaits_formatted=awaits_formatted)
    turns.begin(0)
    return turns


def lines(events: list[LiveEvent], kind: type) -> list[tuple[str, str | None, str]]:
    """Return id, speaker and text of the lines of one kind of event."""
    return [(e.line.id, e.line.speaker, e.line.text) for e in events if type(e) is kind]


def shape(events: list[LiveEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


# --- partial and final ------------------------------------------------------------------------


def test_a_turn_is_a_partial_while_it_goes_on_and_a_final_under_the_same_id() -> None:
    turns = mixed()
    first = turns.heard(turn(0, "hello", ended=False, formatted=False, text=""))
    second = turns.heard(turn(0, "hello there", ended=False, formatted=False, text="hello"))
    last = turns.heard(turn(0, "Hello there.", text="Hello there."))
    assert shape(first) == ["SpeakerTold", "Partial"]
    assert lines(first, Partial) == [("u1", "s1", "hello")]
    assert lines(second, Partial) == [("u1", "s1", "hello there")]
    assert lines(last, Final) == [("u1", "s1", "Hello there.")]


def test_a_line_has_the_places_and_the_confidence_of_its_words() -> None:
    (line,) = (e.line for e in mixed().heard(turn(0, "Hello there.")) if isinstance(e, Final))
    assert (line.start_ms, line.end_ms) == (1_000, 1_900)
    assert line.words == (
        Word(text="Hello", start_ms=1_000, end_ms=1_400, confidence=0.9),
        Word(text="there.", start_ms=1_500, end_ms=1_900, confidence=0.9),
    )
    assert line.confidence == 0.9
    assert line.channel is None


def test_a_finished_turn_waits_for_its_formatted_form() -> None:
    turns = mixed()
    plain = turns.heard(turn(0, "hello there", formatted=False))
    assert lines(plain, Partial) == [("u1", "s1", "hello there")]
    assert not lines(plain, Final)
    assert turns.has_pending
    assert lines(turns.heard(turn(0, "Hello there.")), Final) == [("u1", "s1", "Hello there.")]
    assert not turns.has_pending


def test_without_formatting_the_end_of_a_turn_is_final() -> None:
    told = mixed(awaits_formatted=False).heard(turn(0, "hello there", formatted=False))
    assert lines(told, Final) == [("u1", "s1", "hello there")]


def test_the_next_turn_ends_the_wait_and_a_late_form_revises() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello there", formatted=False))
    later = turns.heard(turn(1, "yes", ended=False, formatted=False, start_ms=4_000))
    assert lines(later, Final) == [("u1", "s1", "hello there")]
    assert lines(later, Partial) == [("u2", "s1", "yes")]
    late = turns.heard(turn(0, "Hello there.", text="Hello, there."))
    assert lines(late, Revised) == [("u1", "s1", "Hello, there.")]


def test_a_late_form_that_changes_nothing_says_nothing() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello", formatted=True))
    assert turns.heard(turn(0, "hello", formatted=True)) == []
    assert turns.heard(turn(0, "other", formatted=False)) == []


def test_settling_ends_the_wait() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello there", formatted=False))
    assert lines(turns.settle(), Final) == [("u1", "s1", "hello there")]
    assert turns.settle() == []


def test_the_end_of_the_call_makes_everything_final() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello there", formatted=False))
    assert lines(turns.close(), Final) == [("u1", "s1", "hello there")]
    turns.heard(turn(1, "one more", ended=False, formatted=False, start_ms=5_000))
    assert turns.is_open
    assert lines(turns.close(), Final) == [("u2", "s1", "one more")]
    assert not turns.is_open
    assert turns.close() == []


def test_a_turn_that_ends_without_words_keeps_what_was_heard() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello", ended=False, formatted=False, text=""))
    assert lines(turns.heard(turn(0, "")), Final) == [("u1", "s1", "hello")]
    assert turns.heard(turn(1, "")) == []
    assert turns.heard(turn(2, "", ended=False)) == []


def test_what_was_heard_is_known_by_its_end() -> None:
    turns = mixed()
    assert turns.heard_ms == 0
    turns.heard(turn(0, "hello there", ended=False, formatted=False))
    assert turns.heard_ms == 0
    turns.heard(turn(0, "hello there", formatted=False))
    assert turns.is_open
    assert turns.heard_ms == 0
    turns.heard(turn(0, "Hello there."))
    assert not turns.is_open
    assert turns.heard_ms == 1_900


# --- speakers ---------------------------------------------------------------------------------


def test_a_turn_is_cut_where_the_speaker_changes() -> None:
    told = mixed().heard(turn(0, "How are you? Fine, thanks.", speakers="AAABB"))
    assert shape(told) == ["SpeakerTold", "SpeakerTold", "Final", "Final"]
    assert lines(told, Final) == [("u1", "s1", "How are you?"), ("u1.2", "s2", "Fine, thanks.")]
    first, second = (e.line for e in told if isinstance(e, Final))
    assert (first.start_ms, first.end_ms) == (1_000, 2_400)
    assert (second.start_ms, second.end_ms) == (2_500, 3_400)


def test_speakers_are_introduced_once_in_the_order_in_which_they_speak() -> None:
    turns = mixed()
    told = turns.heard(turn(0, "One two", speakers="BA"))
    told += turns.heard(turn(1, "Three", label="B", start_ms=3_000))
    introduced = [(e.speaker.id, e.speaker.label) for e in told if isinstance(e, SpeakerTold)]
    assert introduced == [("s1", "Speaker 1"), ("s2", "Speaker 2")]
    assert lines(told, Final)[-1] == ("u2", "s1", "Three")


def test_a_word_without_a_label_has_the_turns() -> None:
    told = mixed().heard(turn(0, "Well yes of course", label="B", speakers="A-BA"))
    assert [(s, t) for _, s, t in lines(told, Final)] == [
        ("s1", "Well"),
        ("s2", "yes of"),
        ("s1", "course"),
    ]


@pytest.mark.parametrize("label", [None, "UNKNOWN"])
def test_a_turn_of_nobody_is_given_to_nobody(label: str | None) -> None:
    told = mixed().heard(turn(0, "Yeah.", label=label))
    assert lines(told, Final) == [("u1", None, "Yeah.")]
    assert not [e for e in told if isinstance(e, SpeakerTold)]


def test_unknown_words_in_a_turn_are_given_to_no_neighbour_and_no_further_speaker() -> None:
    told = mixed().heard(turn(0, "I will send right that today", speakers="AAA?AA"))
    assert [(s, t) for _, s, t in lines(told, Final)] == [
        ("s1", "I will send"),
        (None, "right"),
        ("s1", "that today"),
    ]


def test_a_words_own_label_goes_before_an_unknown_turn() -> None:
    told = mixed().heard(turn(0, "Yes sir", label="UNKNOWN", speakers="A-"))
    assert [(s, t) for _, s, t in lines(told, Final)] == [("s1", "Yes"), (None, "sir")]


def test_a_partial_is_one_line_however_many_speak() -> None:
    told = mixed().heard(
        turn(0, "hi there hello", ended=False, formatted=False, label=None, speakers="AB-")
    )
    assert lines(told, Partial) == [("u1", "s1", "hi there hello")]


def test_a_channel_of_its_own_has_one_speaker_whatever_the_labels() -> None:
    turns = Turns(
        awaits_formatted=True, prefix="c1.u", speaker=Speaker(id="s2", label="Speaker 2", channel=1)
    )
    turns.begin(0)
    told = turns.heard(turn(0, "One two", label=None, speakers="AB"))
    assert lines(told, Final) == [("c1.u1", "s2", "One two")]
    assert [e.line.channel for e in told if isinstance(e, Final)] == [1]
    assert told[0] == SpeakerTold(
        speaker=Speaker(id="s2", label="Speaker 2", channel=1), at_ms=1_000
    )


# --- revised speakers -------------------------------------------------------------------------


def test_a_revision_gives_an_earlier_line_to_another() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello there.", label="A", text="Hello there!"))
    told = turns.revised(revision(0, "BB", label="B"))
    assert shape(told) == ["SpeakerTold", "Revised"]
    assert lines(told, Revised) == [("u1", "s2", "Hello there!")]


def test_a_revision_may_cut_a_line() -> None:
    turns = mixed()
    turns.heard(turn(0, "How are you? Fine, thanks."))
    told = turns.revised(revision(0, "AAABB", label="A"))
    assert lines(told, Revised) == [("u1", "s1", "How are you?")]
    assert lines(told, Final) == [("u1.2", "s2", "Fine, thanks.")]
    again = turns.revised(revision(0, "AABBB", label="A"))
    assert lines(again, Revised) == [("u1", "s1", "How are")]
    assert lines(again, Final) == [("u1.3", "s2", "you?")]


def test_a_revision_never_joins_lines() -> None:
    turns = mixed()
    turns.heard(turn(0, "How are you? Fine, thanks.", speakers="AAABB"))
    told = turns.revised(revision(0, "AAAAA", label="A"))
    assert lines(told, Revised) == [("u1.2", "s1", "Fine, thanks.")]
    assert not lines(told, Final)


def test_a_revision_of_a_whole_turn_without_words() -> None:
    turns = mixed()
    turns.heard(turn(0, "Yeah.", label="UNKNOWN"))
    assert lines(turns.revised(revision(0, "", label="B")), Revised) == [("u1", "s1", "Yeah.")]
    assert lines(turns.revised(revision(0, "", label="UNKNOWN")), Revised) == [
        ("u1", None, "Yeah.")
    ]


def test_a_revised_word_without_a_label_has_the_revised_turns() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello there."))
    told = turns.revised(revision(0, "-?", label="B"))
    assert [(s, t) for _, s, t in lines(told, Revised) + lines(told, Final)] == [
        ("s2", "Hello"),
        (None, "there."),
    ]


def test_a_revision_that_changes_nothing_or_nothing_known_says_nothing() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello there."))
    assert turns.revised(revision(0, "AA", label="A")) == []
    assert turns.revised(revision(7, "BB", label="B")) == []
    assert turns.revised(revision(0, "BB", label="B", start_ms=90_000)) == []


def test_a_turn_that_waits_for_its_form_is_revised_before_it_is_final() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello there", formatted=False))
    told = turns.revised(revision(0, "BB", label="B"))
    assert lines(told, Partial) == [("u1", "s2", "hello there")]
    assert lines(turns.settle(), Final) == [("u1", "s2", "hello there")]


def test_a_late_form_of_a_cut_turn_goes_to_the_lines_of_its_moments() -> None:
    turns = mixed()
    turns.heard(turn(0, "how are you fine thanks", formatted=False, speakers="AAABB"))
    turns.settle()
    late = turns.heard(turn(0, "How are you? Fine, thanks.", speakers="AAABB"))
    assert lines(late, Revised) == [("u1", "s1", "How are you?"), ("u1.2", "s2", "Fine, thanks.")]


# --- drops ------------------------------------------------------------------------------------


def test_times_count_from_where_the_connections_sound_begins() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello."))
    turns.begin(10_000)
    (line,) = (e.line for e in turns.heard(turn(0, "Again.")) if isinstance(e, Final))
    assert line.id == "u2"
    assert (line.start_ms, line.end_ms) == (11_000, 11_400)
    assert turns.heard_ms == 11_400


def test_a_turn_heard_again_after_a_drop_keeps_its_line() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello my", ended=False, formatted=False))
    assert turns.begin(900) == []
    told = turns.heard(turn(0, "Hello, my name is", start_ms=100))
    assert lines(told, Final) == [("u1", "s1", "Hello, my name is")]
    assert lines(turns.heard(turn(1, "Nora.", start_ms=4_000)), Final) == [("u2", "s1", "Nora.")]


def test_a_turn_survives_two_drops_in_a_row() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello my", ended=False, formatted=False))
    turns.begin(900)
    turns.begin(900)
    assert lines(turns.heard(turn(0, "Hello, my name", start_ms=100)), Final)[0][0] == "u1"


def test_words_too_old_to_be_sent_again_are_final() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello my name is Nora", ended=False, formatted=False))
    told = turns.begin(2_000)
    assert lines(told, Final) == [("u1", "s1", "hello my")]
    assert turns.heard_ms == 1_900
    rest = turns.heard(turn(0, "Name is Nora.", start_ms=0))
    assert lines(rest, Final) == [("u2", "s1", "Name is Nora.")]


def test_a_form_that_a_drop_prevents_comes_over_the_next_connection() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello there", formatted=False))
    assert turns.begin(0) == []
    assert lines(turns.heard(turn(0, "Hello there.")), Final) == [("u1", "s1", "Hello there.")]


def test_a_form_that_cannot_come_any_more_is_not_waited_for_after_a_drop() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello there", formatted=False))
    assert lines(turns.begin(1_900), Final) == [("u1", "s1", "hello there")]


def test_what_is_not_heard_again_after_a_drop_stays_as_it_was() -> None:
    turns = mixed()
    turns.heard(turn(0, "hello my", ended=False, formatted=False))
    turns.begin(900)
    assert lines(turns.close(), Final) == [("u1", "s1", "hello my")]
    assert turns.close() == []


def test_voices_are_known_again_by_words_heard_over_both_connections() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello.", label="A"))
    turns.heard(turn(1, "yes I", ended=False, formatted=False, label="B", start_ms=3_000))
    turns.begin(2_900)
    told = turns.heard(turn(0, "Yes, I do.", label="A", start_ms=100))
    assert not [e for e in told if isinstance(e, SpeakerTold)]
    assert lines(told, Final) == [("u2", "s2", "Yes, I do.")]


def test_a_voice_that_nothing_connects_with_the_time_before_is_a_new_one() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello.", label="A"))
    turns.begin(30_000)
    told = turns.heard(turn(0, "Hello again.", label="A"))
    assert [e.speaker.id for e in told if isinstance(e, SpeakerTold)] == ["s2"]


def test_revisions_are_of_the_present_connection() -> None:
    turns = mixed()
    turns.heard(turn(0, "Hello."))
    turns.begin(10_000)
    assert turns.revised(revision(0, "B", label="B")) == []


def test_ids_never_repeat_and_every_partial_is_resolved() -> None:
    turns = mixed()
    events: list[LiveEvent] = []
    for n in range(6):
        start_ms = 1_000 + n * 3_000
        said = f"word{n} and more"
        events += turns.heard(turn(n, said, ended=False, formatted=False, start_ms=start_ms))
        events += turns.heard(turn(n, said, formatted=False, speakers="AAB", start_ms=start_ms))
        if n % 2:
            events += turns.heard(turn(n, said.title(), speakers="AAB", start_ms=start_ms))
    events += turns.close()
    finals = [e.line for e in events if isinstance(e, Final)]
    partials = {e.line.id for e in events if isinstance(e, Partial)}
    assert len({line.id for line in finals}) == len(finals) == 12
    assert partials <= {line.id for line in finals}
    assert all(a.start_ms <= b.start_ms for a, b in pairwise(finals))
    assert replace(finals[0], id="") != replace(finals[1], id="")
