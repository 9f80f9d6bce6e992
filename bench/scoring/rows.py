"""Scores as rows of figures for JSON, and as tables for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.results import table
from bench.scoring.calls import Score
from bench.scoring.counted import rate
from bench.scoring.moments import Coverage
from bench.scoring.speakers import DiarizationErrors
from bench.scoring.words import WordErrors

Row = dict[str, Any]
DIGITS = 6
MS_PER_S = 1000
MS_PER_HOUR = 3_600_000
PERCENT = 100
LONGEST_NAME = 40


def row_of(name: str, kind: str, score: Score) -> Row:
    """Return all figures of a score. Rates are fractions; ``…_n`` counts the calls behind each.

    What the truth says nothing about is None.
    """
    return {
        "file": name,
        "kind": kind,
        **_words("wer", score.words),
        **_words("peer_wer", score.peer_words),
        **_words("cpwer", score.words_by_speaker),
        **_invented(score),
        **_diarization("der", score.diarization),
        **_diarization("der_collar", score.diarization_collar),
        **_parties(score),
        **_interruptions(score),
        **_coverage("hold", score.holds),
        **_coverage("dead_air", score.dead_air),
        "moments_n": max(
            (
                one.files
                for one in (score.interruptions, score.holds, score.dead_air, score.roles)
                if one
            ),
            default=0,
        ),
    }


def _words(name: str, errors: WordErrors | None) -> Row:
    return {
        name: _rounded(errors.rate) if errors else None,
        f"{name}_n": errors.files if errors else 0,
        f"{name}_words": errors.words if errors else None,
        f"{name}_substitutions": errors.substitutions if errors else None,
        f"{name}_deletions": errors.deletions if errors else None,
        f"{name}_insertions": errors.insertions if errors else None,
    }


def _invented(score: Score) -> Row:
    found = score.invented
    return {
        "no_speech_n": found.files if found else 0,
        "no_speech_s": _seconds(found.sound_ms) if found else None,
        "no_speech_words": found.words if found else None,
        "no_speech_words_per_hour": (
            _rounded(rate(found.words * MS_PER_HOUR, found.sound_ms)) if found else None
        ),
    }


def _diarization(name: str, errors: DiarizationErrors | None) -> Row:
    return {
        name: _rounded(errors.rate) if errors else None,
        f"{name}_n": errors.files if errors else 0,
        f"{name}_speech_s": _seconds(errors.speech_ms) if errors else None,
        f"{name}_confusion_s": _seconds(errors.confusion_ms) if errors else None,
        f"{name}_missed_s": _seconds(errors.missed_ms) if errors else None,
        f"{name}_false_alarm_s": _seconds(errors.false_alarm_ms) if errors else None,
    }


def _parties(score: Score) -> Row:
    speakers, share, overlap, roles = score.speakers, score.talk_share, score.overlap, score.roles
    return {
        "speakers_true": speakers.true if speakers else None,
        "speakers_heard": speakers.heard if speakers else None,
        "speaker_count_error": speakers.error if speakers else None,
        "talk_share_error_points": _rounded(share.mean_points) if share else None,
        "talk_share_worst_points": _rounded(share.worst_points) if share else None,
        "talk_share_n": share.files if share else 0,
        "overlap_true_ms": overlap.true_ms if overlap else None,
        "overlap_error_ms": overlap.error_ms if overlap else None,
        "overlap_off_ms": overlap.off_ms if overlap else None,
        "roles_right": roles.right if roles else None,
        "roles_wrong": roles.wrong if roles else None,
        "roles_abstained": roles.abstained if roles else None,
        "roles_n": roles.files if roles else 0,
    }


def _interruptions(score: Score) -> Row:
    found = score.interruptions
    return {
        "interruptions_n": found.files if found else 0,
        "interruptions_true": found.true if found else None,
        "interruptions_claimed": found.claimed if found else None,
        "interruptions_matched": found.matched if found else None,
        "interruption_precision": _rounded(found.precision) if found else None,
        "interruption_recall": _rounded(found.recall) if found else None,
        "interruption_f1": _rounded(found.f1) if found else None,
    }


def _coverage(name: str, found: Coverage | None) -> Row:
    return {
        f"{name}_n": found.files if found else 0,
        f"{name}_true_s": _seconds(found.true_ms) if found else None,
        f"{name}_recall": _rounded(found.recall) if found else None,
        f"{name}_extra_s": _seconds(found.claimed_ms - found.common_ms) if found else None,
    }


# --- tables -----------------------------------------------------------------------------------

# What is asked, the count of calls, and the columns: heading, figure, factor.
_TABLES: Sequence[tuple[str, str, Sequence[tuple[str, str, float]]]] = (
    (
        "Words",
        "wer_n",
        (
            ("true words", "wer_words", 1),
            ("WER %", "wer", PERCENT),
            ("peer's WER %", "peer_wer", PERCENT),
            ("cpWER %", "cpwer", PERCENT),
        ),
    ),
    (
        "Sound without speech",
        "no_speech_n",
        (
            ("sound s", "no_speech_s", 1),
            ("words", "no_speech_words", 1),
            ("words / hour", "no_speech_words_per_hour", 1),
        ),
    ),
    (
        "Speakers",
        "der_n",
        (
            ("speech s", "der_speech_s", 1),
            ("DER %", "der", PERCENT),
            ("DER ±0.25 s %", "der_collar", PERCENT),
            ("confusion s", "der_confusion_s", 1),
            ("missed s", "der_missed_s", 1),
            ("false alarm s", "der_false_alarm_s", 1),
            ("speakers off", "speaker_count_error", 1),
            ("talk share off, points", "talk_share_error_points", 1),
            ("worst", "talk_share_worst_points", 1),
            ("overlap ms", "overlap_true_ms", 1),
            ("error ms", "overlap_error_ms", 1),
        ),
    ),
    (
        "Moments and roles",
        "moments_n",
        (
            ("interruptions", "interruptions_true", 1),
            ("claimed", "interruptions_claimed", 1),
            ("precision", "interruption_precision", 1),
            ("recall", "interruption_recall", 1),
            ("F1", "interruption_f1", 1),
            ("hold s", "hold_true_s", 1),
            ("hold found %", "hold_recall", PERCENT),
            ("dead air s", "dead_air_true_s", 1),
            ("dead air found %", "dead_air_recall", PERCENT),
            ("roles right", "roles_right", 1),
            ("wrong", "roles_wrong", 1),
            ("abstained", "roles_abstained", 1),
        ),
    ),
)


def tables(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a table for each question, without calls that don't answer it."""
    shown = []
    for title, count, columns in _TABLES:
        known = [row for row in rows if row[count]]
        if known:
            lines = [_line(row, count, columns) for row in known]
            shown.append(f"{title}\n{table(lines)}")
    return "\n\n".join(shown)


def _line(row: Mapping[str, Any], count: str, columns: Sequence[tuple[str, str, float]]) -> Row:
    line: Row = {"file": _shortened(row["file"]), "n": row[count]}
    for heading, figure, factor in columns:
        value = row[figure]
        if figure == "peer_wer" and row["peer_wer_n"] != row["wer_n"]:
            value = None  # of other calls than the figure beside it
        line[heading] = value if value is None or factor == 1 else value * factor
    return line


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _seconds(time_ms: int) -> float:
    return time_ms / MS_PER_S
