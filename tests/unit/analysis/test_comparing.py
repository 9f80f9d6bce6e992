"""Two transcripts beside each other: every word once, and no more errors than there must be."""

from collections import Counter
from dataclasses import replace

import jiwer
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analysis.comparing import compare
from services.domain.comparing import Passage, WordKind
from services.domain.folding import folded_words
from services.domain.speech import Transcript
from tests.pages.samples import sample_transcript

WORDS = st.sampled_from(["bill", "Fee,", "call", "e-mail", "I'm", "—", "café", "wrong."])
LINES = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2"]),
        st.lists(WORDS, min_size=1, max_size=7).map(" ".join),
        st.just(0.0),
    ),
    max_size=8,
)


def said(*lines: tuple[str, str]) -> Transcript:
    return sample_transcript([(speaker, text, 0.0) for speaker, text in lines])


def by_channel(transcript: Transcript) -> Transcript:
    """The same with each speaker on a channel."""
    lines = [replace(u, channel=int(u.speaker == "s2")) for u in transcript.utterances]
    return replace(transcript, utterances=tuple(lines))


def pieces(passages: tuple[Passage, ...]) -> list[tuple[str, str]]:
    return [(piece.kind.value, piece.text) for p in passages for piece in p.pieces]


def spoken(passages: list[Passage]) -> Counter[str]:
    return Counter(w for p in passages for piece in p.pieces for w in piece.text.split())


@settings(max_examples=150, deadline=None)
@given(LINES, LINES)
def test_every_word_stands_in_a_row_once_and_errors_are_fewest(ours, theirs) -> None:
    reference, other = sample_transcript(ours), sample_transcript(theirs)
    found = compare(reference, other)
    assert spoken([r.reference for r in found.rows if r.reference]) == Counter(
        word for _, text, _ in ours for word in text.split()
    )
    assert spoken([p for r in found.rows for p in r.other]) == Counter(
        word for _, text, _ in theirs for word in text.split()
    )
    counts = found.counts
    true, heard = (
        " ".join(w for _, text, _ in lines for w in folded_words(text)) for lines in (ours, theirs)
    )
    assert counts.words == len(true.split())
    assert counts.heard == len(heard.split())
    assert counts.same <= counts.words
    if true:
        fewest = jiwer.process_words(true, heard)
        assert counts.errors == fewest.substitutions + fewest.deletions + fewest.insertions
        assert counts.rate == fewest.wer
    else:
        assert counts.rate is None


@settings(max_examples=50, deadline=None)
@given(LINES)
def test_a_transcript_is_like_itself(lines) -> None:
    transcript = sample_transcript(lines)
    for one in (transcript, by_channel(transcript)):
        found = compare(one, one)
        assert found.counts.errors == found.counts.other_speaker == 0
        assert all(row.alike for row in found.rows)


def test_case_accents_and_punctuation_make_no_difference() -> None:
    found = compare(said(("s1", "Café, I’m OK.")), said(("s1", "cafe im ok")))
    assert found.counts.errors == 0
    assert found.rows[0].alike


def test_each_kind_of_difference_is_counted_and_marked() -> None:
    reference = said(("s1", "the bill is wrong again"), ("s2", "let me see now"))
    other = said(("s1", "the bell is wrong"), ("s2", "please let me see now"))
    found = compare(reference, other)
    assert (found.counts.changed, found.counts.missing, found.counts.added) == (2, 0, 0)
    # "again" and "please" were paired for want of anything better; each stands in its own line
    assert pieces((found.rows[0].reference, *found.rows[0].other)) == [
        ("same", "the"),
        ("changed", "bill"),
        ("same", "is wrong"),
        ("changed", "again"),
        ("same", "the"),
        ("changed", "bell"),
        ("same", "is wrong"),
    ]
    assert pieces(found.rows[1].other) == [("changed", "please"), ("same", "let me see now")]


def test_a_written_word_of_two_parts_is_the_same_only_as_a_whole() -> None:
    found = compare(said(("s1", "an e-mail")), said(("s1", "an x-mail")))
    assert pieces((found.rows[0].reference,)) == [("same", "an"), ("changed", "e-mail")]


def test_a_line_that_only_one_has_stands_at_its_time() -> None:
    """
    ref    s1|--hello there you--|                       |--goodbye then my friend--|
    other  s1|--hello there you--|  |--xylophone zebra--||--goodbye then my friend--|
    """
    reference = said(("s1", "hello there you"), ("s1", "goodbye then my friend"))
    other = said(
        ("s1", "hello there you"), ("s2", "xylophone zebra"), ("s1", "goodbye then my friend")
    )
    rows = compare(reference, other).rows
    assert [row.reference is None for row in rows] == [False, True, False]
    assert pieces(rows[1].other) == [("added", "xylophone zebra")]
    back = compare(other, reference).rows
    assert [len(row.other) for row in back] == [1, 0, 1]


def test_one_line_split_in_two_stays_beside_the_whole() -> None:
    reference = said(("s1", "my bill is wrong and i want it changed"))
    other = said(("s1", "my bill is wrong"), ("s1", "and i want it changed"))
    (row,) = compare(reference, other).rows
    assert row.alike
    assert len(row.other) == 2
    assert [len(r.other) for r in compare(other, reference).rows] == [1, 1]


def test_channels_are_compared_by_themselves() -> None:
    """
    Lines that overlap begin in another order; on channels of their own that means nothing.
    """
    first = said(("s1", "one two three four"), ("s2", "five six"))
    second = said(("s2", "five six"), ("s1", "one two three four"))
    assert compare(first, second).counts.errors > 0
    found = compare(by_channel(first), by_channel(second))
    assert found.by_channel
    assert found.counts.errors == 0


def test_speakers_are_paired_by_their_words() -> None:
    """Other ids are no other speakers; a line given to the other one is."""
    reference = said(("s1", "a b c d e"), ("s2", "f g h i"), ("s1", "j k"))
    renamed = said(("s2", "a b c d e"), ("s1", "f g h i"), ("s2", "j k"))
    assert compare(reference, renamed).counts.other_speaker == 0
    moved = said(("s2", "a b c d e"), ("s1", "f g h i"), ("s1", "j k"))
    found = compare(reference, moved)
    assert found.counts.other_speaker == 2
    assert [row.other_speaker for row in found.rows] == [False, False, True]
    assert not found.rows[2].alike


def test_words_of_nobody_are_no_other_speaker_s_if_both_say_so() -> None:
    nobody = said(("s1", "a b c"))
    nobody = replace(nobody, utterances=tuple(replace(u, speaker=None) for u in nobody.utterances))
    assert compare(nobody, nobody).counts.other_speaker == 0
    assert compare(nobody, said(("s1", "a b c"))).counts.other_speaker == 3


def test_a_changed_word_places_a_line_only_near_its_time() -> None:
    reference = said(("s1", "apple"), ("s1", " ".join(["filler"] * 60)))
    other = replace(
        said(("s1", "pear")),
        utterances=(replace(said(("s1", "pear")).utterances[0], start_ms=90_000, end_ms=90_300),),
    )
    rows = compare(reference, other).rows
    assert [bool(row.other) for row in rows] == [False, False, True]
    assert rows[-1].reference is None
    assert rows[-1].other[0].pieces[0].kind is WordKind.CHANGED


def test_two_hours_are_compared_quickly() -> None:
    """A work of growing squares would take minutes here."""
    words = [f"w{n * 7919 % 3000}" for n in range(28_000)]
    lines = [(f"s{n % 2 + 1}", " ".join(words[n * 14 : n * 14 + 14])) for n in range(2_000)]
    other = [(s, t.replace("w1", "v1", 1)) for s, t in lines]
    found = compare(said(*lines), said(*other))
    assert len(found.rows) == 2_000
    assert found.counts.missing == found.counts.added == 0
