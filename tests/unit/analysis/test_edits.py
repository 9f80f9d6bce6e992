"""A person's edits on a transcript, and on the next transcript of the same call."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.analysis.edits import apply_edits, carry_edits, merge_targets
from services.analysis.retiming import retimed_words
from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.speech import (
    PiiMention,
    PiiType,
    Speaker,
    SpeakerRole,
    Transcript,
    Word,
)
from tests.unit.analysis.rulers import draw

THREE = """
    agent    ####......####....
    customer .....####.........
    third    ..............####
"""


def _words(text: str, *, each_ms: int = 100) -> tuple[Word, ...]:
    return tuple(
        Word(text=token, start_ms=n * each_ms, end_ms=(n + 1) * each_ms, confidence=0.9)
        for n, token in enumerate(text.split())
    )


def test_names_and_roles_reach_the_speakers() -> None:
    edited = apply_edits(
        draw(THREE),
        CallEdits(names={"agent": " Nora ", "x": "?"}, roles={"third": SpeakerRole.AGENT}),
    )
    assert [s.label for s in edited.speakers] == ["Nora", "Customer", "Third"]
    assert edited.role_of("third") is SpeakerRole.AGENT
    assert edited.speakers[2].role_confidence is None


def test_a_merge_joins_spans_utterances_and_loudness() -> None:
    drawn = replace(
        draw(THREE),
        loudness_dbfs={"customer": (-30.0, None), "third": (None, None, -25.0), "agent": (-20.0,)},
    )
    merged = apply_edits(drawn, CallEdits(merges={"third": "customer"}))
    assert [s.id for s in merged.speakers] == ["agent", "customer"]
    assert {u.speaker for u in merged.utterances} == {"agent", "customer"}
    assert [(s.start_ms, s.end_ms) for s in merged.spans if s.speaker == "customer"] == [
        (2_500, 4_500),
        (7_000, 9_000),
    ]
    assert merged.loudness_dbfs == {"customer": (-30.0, None, -25.0), "agent": (-20.0,)}


def test_a_merge_over_channels_has_no_single_channel() -> None:
    drawn = draw(THREE)
    on_channels = replace(
        drawn, speakers=tuple(replace(s, channel=n) for n, s in enumerate(drawn.speakers))
    )
    merged = apply_edits(on_channels, CallEdits(merges={"third": "customer"}))
    assert [s.channel for s in merged.speakers] == [0, None]


def test_merges_follow_chains_and_ignore_circles() -> None:
    known = ["a", "b", "c"]
    assert merge_targets({"a": "b", "b": "c"}, known) == {"a": "c", "b": "c"}
    assert merge_targets({"a": "b", "b": "a"}, known) == {}
    assert merge_targets({"a": "a", "b": "gone", "gone": "a"}, known) == {}


def test_overlapping_spans_of_merged_speakers_are_united() -> None:
    drawn = draw("""
        one   ####....
        other ..####..
    """)
    merged = apply_edits(drawn, CallEdits(merges={"other": "one"}))
    assert [(s.start_ms, s.end_ms) for s in merged.spans] == [(0, 3_000)]


def test_a_corrected_line_keeps_the_times_of_its_words() -> None:
    drawn = draw("agent ####", {"agent.0": "the quick fox"})
    spoken = replace(
        drawn,
        utterances=(replace(drawn.utterances[0], words=_words("the quick fox")),),
    )
    correction = TextCorrection(
        utterance_id="agent.0", start_ms=0, end_ms=2_000, text="The quick brown fox!"
    )
    edited = apply_edits(spoken, CallEdits(corrections=(correction,)))
    utterance = edited.utterances[0]
    assert utterance.text == "The quick brown fox!"
    assert [w.text for w in utterance.words] == ["The", "quick", "brown", "fox!"]
    assert [(w.start_ms, w.end_ms) for w in utterance.words] == [
        (0, 100),
        (100, 150),
        (150, 200),
        (200, 300),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b c", "a x c", [(0, 100), (100, 200), (200, 300)]),
        ("a b c", "a c", [(0, 100), (200, 300)]),
        ("a b", "new a b", [(0, 75), (75, 100), (100, 200)]),
        ("four five", "45", [(0, 200)]),
        ("a b", "", []),
    ],
)
def test_retiming(before: str, after: str, expected: list[tuple[int, int]]) -> None:
    timed = retimed_words(_words(before), after)
    assert [w.text for w in timed] == after.split()
    assert [(w.start_ms, w.end_ms) for w in timed] == expected


def test_unchanged_words_keep_their_confidence_and_changed_ones_have_none() -> None:
    timed = retimed_words(_words("a b c"), "A, x c")
    assert [w.confidence for w in timed] == [0.9, None, 0.9]


def test_a_correction_elsewhere_in_time_is_not_applied() -> None:
    correction = TextCorrection(utterance_id="agent.0", start_ms=60_000, end_ms=61_000, text="no")
    drawn = draw("agent ####")
    assert apply_edits(drawn, CallEdits(corrections=(correction,))) == drawn


def test_placeholders_are_found_in_a_corrected_redacted_line() -> None:
    drawn = draw("agent ####", {"agent.0": "call me on [PHONE] then"})
    redacted = replace(
        drawn,
        redacted=True,
        utterances=(
            replace(
                drawn.utterances[0],
                pii=(PiiMention(type=PiiType.PHONE, start_char=11, end_char=18),),
            ),
        ),
    )
    correction = TextCorrection(
        utterance_id="agent.0", start_ms=0, end_ms=2_000, text="[PERSON] has [PHONE]"
    )
    edited = apply_edits(redacted, CallEdits(corrections=(correction,)))
    assert edited.utterances[0].pii == (
        PiiMention(type=PiiType.PERSON, start_char=0, end_char=8),
        PiiMention(type=PiiType.PHONE, start_char=13, end_char=20),
    )


def _renamed(drawn: Transcript, new_id: str, ids: dict[str, str]) -> Transcript:
    return replace(
        drawn,
        id=new_id,
        speakers=tuple(
            Speaker(id=ids[s.id], label=ids[s.id], role=SpeakerRole.UNKNOWN) for s in drawn.speakers
        ),
        spans=tuple(replace(s, speaker=ids[s.speaker]) for s in drawn.spans),
        utterances=tuple(
            replace(u, id=f"n{n}", speaker=ids[str(u.speaker)])
            for n, u in enumerate(drawn.utterances)
        ),
    )


def _comment(utterance_id: str, start_ms: int, end_ms: int) -> Comment:
    return Comment(
        id="c",
        utterance_id=utterance_id,
        start_ms=start_ms,
        end_ms=end_ms,
        text="Well done",
        author="Sam",
        made_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def test_edits_are_carried_by_overlap_and_time() -> None:
    old = replace(draw(THREE), id="old")
    new = _renamed(old, "new", {"agent": "s2", "customer": "s1", "third": "s3"})
    edits = CallEdits(
        transcript_id="old",
        version=4,
        names={"agent": "Nora"},
        roles={"customer": SpeakerRole.CUSTOMER},
        merges={"third": "customer"},
        corrections=(
            TextCorrection(utterance_id="customer.0", start_ms=2_500, end_ms=4_500, text="Yes"),
        ),
        comments=(_comment("agent.1", 5_000, 7_000),),
    )
    carried = carry_edits(edits, old, new)
    assert (carried.transcript_id, carried.version) == ("new", 4)
    assert carried.names == {"s2": "Nora"}
    assert carried.roles == {"s1": SpeakerRole.CUSTOMER}
    assert carried.merges == {"s3": "s1"}
    assert carried.corrections[0].utterance_id == "n1"
    assert carried.comments[0].utterance_id == "n2"


def test_what_cannot_be_matched_is_kept_unapplied_and_comes_back() -> None:
    old = replace(draw(THREE), id="old")
    new = replace(draw("customer ########################......"), id="new")
    edits = CallEdits(
        transcript_id="old",
        names={"third": "Lee"},
        corrections=(
            TextCorrection(utterance_id="agent.0", start_ms=0, end_ms=2_000, text="Hello"),
        ),
    )
    shifted = replace(
        new, spans=tuple(replace(s, start_ms=20_000, end_ms=30_000) for s in new.spans)
    )
    carried = carry_edits(edits, old, shifted)
    assert carried.names == {"old/third": "Lee"}
    assert carried.corrections[0].utterance_id == "old/agent.0"
    assert apply_edits(shifted, carried).utterances == shifted.utterances
    back = carry_edits(carried, shifted, old)
    assert back.names == {"third": "Lee"}
    assert back.corrections == edits.corrections


def test_speakers_who_are_one_in_the_new_transcript_need_no_merge() -> None:
    old = replace(draw(THREE), id="old")
    new = _renamed(old, "new", {"agent": "s1", "customer": "s2", "third": "s2"})
    edits = CallEdits(merges={"third": "customer"}, names={"third": "Wrong", "customer": "Right"})
    carried = carry_edits(edits, old, new)
    assert carried.merges == {}
    assert carried.names == {"s2": "Right"}
