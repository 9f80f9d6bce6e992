"""Which word is which, when it was seen, and how often it changed."""

from bench.live.matching import Changes, Sightings, changes, matched
from bench.live.versions import REFINED, Version, as_captioned, at_first, at_last
from services.live.telling.events import Kind

PARTIAL, FINAL, REVISED = Kind.PARTIAL, Kind.FINAL, Kind.REVISED


def version(kind, text, told_ms, line="u1", start_ms=0, end_ms=2_000, **more):
    return Version(
        kind=kind,
        line=line,
        text=text,
        start_ms=start_ms,
        end_ms=end_ms,
        told_ms=told_ms,
        words=tuple(text.split()),
        **more,
    )


def test_numbers_match_by_their_normal_form():
    def normalise(text):
        return text.replace("forty two dollars", "$42")

    true = ["it", "is", "forty", "two", "dollars", "now"]
    heard = ["it", "is", "$42", "now"]
    assert matched(true, heard, normalise) == {0: 0, 1: 1, 4: 2, 5: 3}


def test_other_words_do_not_match():
    assert matched(["a", "b", "c"], ["a", "x", "c"], str) == {0: 0, 2: 2}


def test_words_are_seen_with_the_first_wording_that_has_them():
    told = [
        version(PARTIAL, "hello", 300),
        version(PARTIAL, "hello their", 600),
        version(PARTIAL, "hello there my", 900),
        version(FINAL, "hello there my friend", 1_500),
    ]
    seen = Sightings(told).first_seen(told[-1])
    assert [s.any_ms for s in seen] == [300, 900, 900, 1_500]
    assert {s.finished_ms for s in seen} == {1_500}


def test_a_line_that_was_part_of_another_was_seen_there():
    told = [
        version(PARTIAL, "yes of course I do thank you", 1_000),
        version(FINAL, "yes of course", 1_500),
        version(FINAL, "I do thank you", 1_500, line="u2", start_ms=1_000),
    ]
    seen = Sightings(told).first_seen(told[2])
    assert [s.any_ms for s in seen] == [1_000] * 4
    assert {s.finished_ms for s in seen} == {1_500}


def test_chance_words_of_the_other_channel_or_another_time_do_not_count():
    told = [
        version(PARTIAL, "I do thank you", 100, line="x", channel=1),
        version(PARTIAL, "I do thank you", 200, line="y", start_ms=9_000, end_ms=9_500, channel=0),
        version(PARTIAL, "thank you", 300, line="z", channel=0),
        version(FINAL, "I do thank you", 1_500, channel=0),
    ]
    assert [s.any_ms for s in Sightings(told).first_seen(told[-1])] == [1_500] * 4


def test_changes_count_words_that_were_shown_and_went_away():
    told = [
        version(PARTIAL, "I scream", 1),
        version(PARTIAL, "ice cream for", 2),
        version(FINAL, "ice cream for you", 3),
    ]
    # "I" and "scream" went; "ice cream for" and "you" came to stay
    assert changes(told) == Changes(shown=6, changed=2)


def test_captions_stand_as_they_were_before_they_were_refined():
    told = [
        version(PARTIAL, "a", 1),
        version(FINAL, "a bee", 2),
        version(FINAL, "see", 3, line="u2", start_ms=3_000),
        version(REVISED, "a be", 4),
        version(REVISED, "to be", 5, stage=REFINED),
        version(REVISED, "to bee", 6),
    ]
    assert [v.text for v in as_captioned(told)] == ["a be", "see"]
    assert [v.text for v in at_first(told)] == ["a bee", "see"]
    assert [v.text for v in at_last(told)] == ["to bee", "see"]
