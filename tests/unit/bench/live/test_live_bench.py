"""The bench of live calls itself, with the script's truth: what it plays, counts and compares."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bench.live.benching import LiveBench, drifted, most_kept
from bench.live.holding import Room
from bench.live.sound import Playable, chunks_of_takes, in_a_row
from bench.scoring.spoken import SpokenWord, bare_words
from bench.scoring.truth import Truth
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderRefusedKey, ProviderUnavailable
from services.providers.scripted import ScriptedProvider
from services.providers.scripted.live import LiveFaults
from services.providers.scripted.provider import _utterances
from tests.unit.live import stand_ins
from tests.unit.live.stand_ins import TextModels

CALL_MS = 12_000
SPEED = 40.0


def scripted(channels=2, duration_ms=CALL_MS):
    """Silence of a call, and the script as its truth."""
    lines = tuple(_utterances(duration_ms, separate=True))
    words = [
        SpokenWord(text=text, utterance=n, speaker=str(line.speaker), end_ms=word.end_ms)
        for n, line in enumerate(lines)
        for word, text in zip(line.words, bare_words(line.text), strict=True)
    ]
    return Playable(
        name="script",
        samples=np.zeros((duration_ms * 16, channels), np.int16),
        truth=Truth(utterances=lines),
        words=words,
    )


def room(**more):
    options = ProcessingOptions(language="en", redact=False)
    return Room(
        provider=ScriptedProvider(**more), models=TextModels(), options=options, speed=SPEED
    )


def bench(playables=None, **more):
    return LiveBench(room(**more), playables or [scripted()], str)


@pytest.mark.parametrize("channels", [1, 2])
def test_all_of_the_script_is_matched(channels):
    row = bench([scripted(channels)]).at_once(1)
    assert row["words_matched"] == row["words"] > 20
    assert row["utterances_matched"] == row["utterances"] == 3
    assert (row["caption_wer"], row["wer_at_end"], row["changed_of_shown"]) == (0.0, 0.0, 0.0)
    assert row["confused_at_final"] == row["confused_at_end"] == 0.0
    assert 0 <= row["final_p50_s"] < 0.5
    json.dumps(row)


def test_calls_held_at_once_are_counted_together():
    row = bench().at_once(3)
    assert (row["calls_at_once"], row["words"]) == (3, 3 * len(scripted().words))
    assert row["words_matched"] == row["words"]
    assert row["sound_s"] == 3 * CALL_MS / 1000


def test_a_late_line_counts_as_late():
    late = scripted()
    moved = [
        SpokenWord(text=w.text, utterance=w.utterance, speaker=w.speaker, end_ms=w.end_ms - 2_000)
        for w in late.words
    ]
    row = bench([Playable(name="", samples=late.samples, truth=late.truth, words=moved)]).at_once(1)
    # two seconds of the call pass in a fortieth of them
    assert row["word_p50_s"] >= 2.0 / SPEED


def test_redacted_last_words_count_with_their_line(monkeypatch):
    monkeypatch.setattr(stand_ins, "SECRET", "help you today?")
    redacting = replace(room(), options=ProcessingOptions(language="en"))
    row = LiveBench(redacting, [scripted(2, 4_000)], str).at_once(1)
    assert row["words_matched"] == row["words"] - 3
    assert row["utterances_matched"] == row["utterances"] == 1


def test_a_call_that_breaks_off_is_counted():
    faults = LiveFaults(fails_with=ProviderUnavailable, after_ms=6_000)
    row = bench(live_faults=faults).at_once(2)
    assert row["broken_calls"] == 2
    assert 0 < row["words_matched"] < row["words"]


def test_a_call_that_cannot_begin_is_refused():
    with pytest.raises(ProviderRefusedKey):
        bench(fails_with=ProviderRefusedKey).at_once(1)
    assert list(bench(fails_with=ProviderRefusedKey).until_late(1)) == []


def test_confused_speakers_are_seen_at_first_and_gone_at_last():
    row = bench([scripted(1, 40_000)], live_faults=LiveFaults(revises_speakers=True)).at_once(1)
    # at first every line has the other speaker, which is as good a name for him
    assert row["confused_at_final"] == 0.0
    assert 0.0 < row["confused_at_end"] < 0.3


def test_a_long_call_is_looked_at_by_ten_minutes():
    long_ms = 21 * 60_000
    quick = Room(
        provider=ScriptedProvider(),
        models=TextModels(),
        options=ProcessingOptions(language="en", redact=False),
        speed=10_000.0,
    )
    *windows, last = LiveBench(quick, [scripted(1, 300_000)], str).drift(long_ms, 1)
    assert [row["from_min"] for row in windows] == [0, 10, 20]
    assert all(row["words"] for row in windows)
    assert "final_p95_s_drift_percent" in last


def test_takes_lie_back_to_back_with_their_pauses():
    one, two = scripted(1, 10_010), scripted(1, 5_000)
    takes = in_a_row([one, two], 1, 25_000)
    assert [(t.playable.duration_ms, t.offset_ms) for t in takes] == [
        (5_000, 0),
        (10_010, 6_000),
        (5_000, 17_010),
        (10_010, 23_010),
    ]
    chunks = list(chunks_of_takes(takes))
    assert {len(c) for c in chunks[:-1]} == {50 * 16 * 2}
    assert sum(map(len, chunks)) == takes[-1].end_ms * 16 * 2


def test_a_cut_recording_ends_with_the_last_utterance_that_fits():
    cut = scripted(1, 40_000).cut(14)
    ends = [u.end_ms for u in cut.truth.utterances]
    assert max(ends) <= 14_000
    assert cut.duration_ms == max(ends) + 2_200
    assert {w.utterance for w in cut.words} == set(range(len(ends)))


def test_drift_compares_the_last_with_the_first():
    first = dict.fromkeys(("final_p50_s", "final_p95_s", "word_p50_s", "word_p95_s"), 1.0)
    assert drifted([first, {**first, "final_p95_s": 1.1}])["final_p95_s_drift_percent"] == 10.0


def test_the_most_that_are_kept():
    rows = [
        {"calls_at_once": n, "final_p95_s": p95, "broken_calls": 0}
        for n, p95 in ((1, 0.9), (2, 1.5), (3, 1.51))
    ]
    assert most_kept(rows) == 2
    assert most_kept([{"calls_at_once": 1, "final_p95_s": None, "broken_calls": 0}]) == 0
