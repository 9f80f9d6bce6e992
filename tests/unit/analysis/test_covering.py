"""What a redacted transcript wants covered in the sound."""

from dataclasses import replace

from services.analysis.covering import Margin, covered_stretches, mention_count
from services.domain.part import Part
from services.domain.speech import Utterance, Word
from tests import builders

#  0      1000     2000     3000     4000     5000
#  |--it--|--is----|  gap   |[CARD]--|--right-|
MARGIN = Margin(before_ms=300, after_ms=300, reach_ms=600)


def line(*words: tuple[str, int, int], speaker: str | None = "s1", number: int = 1) -> Utterance:
    timed = tuple(Word(text=text, start_ms=start, end_ms=end) for text, start, end in words)
    return Utterance(
        id=f"u{number}",
        speaker=speaker,
        start_ms=timed[0].start_ms,
        end_ms=timed[-1].end_ms,
        text=" ".join(text for text, _, _ in words),
        words=timed,
    )


def redacted(*lines: Utterance):
    return replace(builders.transcript(*lines, redacted=True), duration_ms=20_000)


def test_a_stretch_reaches_to_near_words_and_no_further_than_the_reach() -> None:
    made = redacted(
        line(("it", 0, 1000), ("is", 1000, 2000), ("[CARD],", 3000, 4000), ("right", 4450, 5000))
    )
    assert covered_stretches(made, MARGIN) == [(2400, 4450)]


def test_the_margin_goes_into_words_that_stand_close() -> None:
    made = redacted(line(("is", 1000, 3000), ("[CVV].", 3000, 4000), ("right", 4000, 5000)))
    assert covered_stretches(made, MARGIN) == [(2700, 4300)]


def test_every_mention_of_every_speaker_is_covered() -> None:
    made = redacted(
        line(("[PERSON]", 1000, 1500), ("and", 4000, 4100), ("[PERSON]'s", 8000, 8500)),
        line(("[PHONE]", 12_000, 13_000), speaker="s2", number=2),
        line(("[EMAIL]", 16_000, 17_000), speaker=None, number=3),
    )
    stretches = covered_stretches(made, MARGIN)
    assert mention_count(made) == 4
    for start, end in ((1000, 1500), (8000, 8500), (12_000, 13_000), (16_000, 17_000)):
        assert any(s <= start - 300 and end + 300 <= e for s, e in stretches)


def test_other_speakers_words_do_not_hold_a_stretch_back() -> None:
    made = redacted(
        line(("[CARD]", 3000, 4000)),
        line(("uh-huh", 4000, 4300), speaker="s2", number=2),
    )
    assert covered_stretches(made, MARGIN) == [(2400, 4600)]


def test_a_line_whose_words_do_not_tell_is_covered_whole() -> None:
    untimed = replace(line(("my", 5000, 5200), ("number", 5200, 9000)), text="my number is [PHONE]")
    assert covered_stretches(redacted(untimed), MARGIN) == [(4400, 9600)]
    wordless = replace(untimed, words=())
    assert covered_stretches(redacted(wordless), MARGIN) == [(4400, 9600)]
    one_of_two = replace(line(("[CVV]", 5000, 5200), ("or", 5200, 9000)), text="[CVV] or [CVV]")
    assert covered_stretches(redacted(one_of_two), MARGIN)[0][1] >= 9000


def test_what_was_not_transcribed_is_covered() -> None:
    made = replace(redacted(line(("hello", 6000, 6500))), part=Part(start_ms=5000, end_ms=9000))
    assert covered_stretches(made, MARGIN) == [(0, 5000), (9000, 20_000)]


def test_stretches_stay_within_the_recording() -> None:
    made = redacted(line(("[CARD]", 100, 500)), line(("[CARD]", 19_900, 20_000), number=2))
    assert covered_stretches(made, MARGIN) == [(0, 1100), (19_300, 20_000)]


def test_an_unredacted_transcript_covers_nothing() -> None:
    made = replace(redacted(line(("[CARD]", 100, 500))), redacted=False)
    assert covered_stretches(made, MARGIN) == []
