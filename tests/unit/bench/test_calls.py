"""The score of a call, of several calls, and the rows made from them."""

from dataclasses import replace

import pytest

from bench.scoring.calls import Score, pooled, score_call
from bench.scoring.rows import row_of, tables
from bench.scoring.truth import NO_SPEECH, Truth
from bench.scoring.words import WordErrors
from services.domain.metrics import Interruption
from services.domain.speech import SpeakerRole, Transcript
from tests.builders import transcript
from tests.unit.analysis.rulers import draw

# One character is 500 ms. The agent breaks in at 5 s; music from 9 to 12 s; then 4 s of nothing.
RULER = """
    customer  ############......................
    agent     ..........########........########
    hold      ..................mmmm............
"""


def truth_of(made: Transcript) -> Truth:
    """The truth that a transcript has no error against."""
    return Truth(
        utterances=made.utterances,
        spans=made.spans,
        interruptions=(Interruption(by="agent", start_ms=5_000, end_ms=9_000),),
        holds=tuple((h.start_ms, h.end_ms) for h in made.holds),
        dead_air=((11_000, 13_000),),
        dead_air_over_ms=1_500,
        roles={"agent": SpeakerRole.AGENT, "customer": SpeakerRole.CUSTOMER},
    )


def test_a_perfect_transcript() -> None:
    made = draw(RULER)
    score = score_call(made, truth_of(made), str.lower, peer_text="All of this is heard.")
    row = row_of("a.wav", "mono", score)
    perfect = {
        "wer": 0.0,
        "cpwer": 0.0,
        "der": 0.0,
        "der_collar": 0.0,
        "speaker_count_error": 0,
        "talk_share_error_points": 0.0,
        "overlap_error_ms": 0,
        "interruption_f1": 1.0,
        "hold_recall": 1.0,
        "dead_air_recall": 1.0,
        "roles_right": 2,
        "roles_wrong": 0,
        "roles_abstained": 0,
    }
    assert {key: row[key] for key in perfect} == perfect
    assert row["peer_wer"] == pytest.approx(11 / 15, abs=1e-6)
    assert row["overlap_true_ms"] == 1_000
    assert row["hold_true_s"] == 2.0


def test_dead_air_is_sought_with_the_threshold_of_the_truth() -> None:
    made = draw(RULER)
    longer = replace(truth_of(made), dead_air_over_ms=2_000)
    assert row_of("a", "mono", score_call(made, longer, str.lower))["dead_air_recall"] == 0.0


def test_partial_truth_gives_what_it_can() -> None:
    made = draw(RULER)
    row = row_of("a", "mono", score_call(made, Truth(spans=made.spans), str.lower))
    assert row["der"] == 0.0
    for unknown in ("wer", "peer_wer", "cpwer", "interruption_f1", "hold_recall", "roles_right"):
        assert row[unknown] is None
    row = row_of("a", "mono", score_call(made, Truth(utterances=made.utterances), str.lower))
    assert (row["wer"], row["der"], row["der_n"]) == (0.0, None, 0)


def test_words_out_of_sound_without_speech() -> None:
    made = replace(transcript(), duration_ms=60_000)
    words = sum(len(u.text.split()) for u in made.utterances)
    row = row_of("ring.wav", "mono", score_call(made, NO_SPEECH, str.lower))
    assert row["no_speech_words"] == words
    assert row["no_speech_words_per_hour"] == 60 * words
    assert row["der"] is None


def test_pooled_rates_are_of_sums_and_not_means_of_rates() -> None:
    short = WordErrors(words=10, substitutions=5, deletions=0, insertions=0)
    long = WordErrors(words=990, substitutions=5, deletions=0, insertions=0)
    row = row_of("all", "all", pooled([Score(words=short), Score(words=long), Score()]))
    assert row["wer"] == 0.01
    assert row["wer_n"] == 2
    assert row["cpwer"] is None


def test_tables_leave_out_questions_that_nobody_can_answer() -> None:
    made = draw(RULER)
    full = row_of("a.wav", "mono", score_call(made, truth_of(made), str.lower))
    voices = row_of("b.wav", "mono", score_call(made, Truth(spans=made.spans), str.lower))
    shown = tables([full, voices])
    words, speakers, moments = shown.split("\n\n")
    assert words.startswith("Words\n")
    assert "b.wav" not in words
    assert "b.wav" in speakers
    assert moments.startswith("Moments and roles\n")
    assert "b.wav" not in moments
    assert "no speech" not in shown
