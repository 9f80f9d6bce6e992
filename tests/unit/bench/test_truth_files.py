"""Truth in JSON, STM and RTTM."""

import json
from pathlib import Path

import pytest

from bench.accuracy import DEMO
from bench.scoring.speakers import talk_ms
from bench.scoring.truth import BadTruth
from bench.scoring.truth_files import read_json, read_rttm, read_stm, truth_beside
from services.domain.metrics import Interruption
from services.domain.speech import Span, SpeakerRole

LINES = [
    {
        "speaker": "customer",
        "start_s": 2.5,
        "end_s": 4.0,
        "text": "No, wait.",
        "interrupts": True,
        "voiced": [[2.51, 3.0], [3.2, 4.0]],
    },
    {"speaker": "agent", "start_s": 0.25, "end_s": 3.0, "text": "Hello.", "interrupts": False},
]


class TestJson:
    def test_times_in_seconds(self) -> None:
        truth = read_json(
            json.dumps(
                {
                    "utterances": LINES,
                    "hold": [{"start_s": 5.0, "end_s": 9.5, "kind": "music"}],
                    "dead_air": [],
                }
            )
        )
        assert truth.utterances is not None
        assert [u.text for u in truth.utterances] == ["Hello.", "No, wait."]
        assert truth.spans == (
            Span(speaker="customer", start_ms=2_510, end_ms=3_000),
            Span(speaker="customer", start_ms=3_200, end_ms=4_000),
            Span(speaker="agent", start_ms=250, end_ms=3_000),
        )
        assert truth.interruptions == (Interruption(by="customer", start_ms=2_500, end_ms=4_000),)
        assert truth.holds == ((5_000, 9_500),)
        assert (truth.dead_air, truth.dead_air_over_ms) == ((), 3_000)
        assert truth.roles == {"agent": SpeakerRole.AGENT, "customer": SpeakerRole.CUSTOMER}

    def test_what_is_not_written_is_not_known(self) -> None:
        lines = [{"speaker": "Bob", "start_s": 0, "end_s": 1, "text": "Hi."}]
        truth = read_json(json.dumps({"utterances": lines}))
        assert truth.interruptions is None
        assert truth.holds is None
        assert truth.dead_air is None
        assert truth.roles == {}
        assert truth.spans == (Span(speaker="Bob", start_ms=0, end_ms=1_000),)

    def test_no_utterances_say_that_nobody_speaks(self) -> None:
        assert read_json('{"utterances": []}').is_without_speech
        assert not read_json(json.dumps({"utterances": LINES})).is_without_speech

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "not json",
            "null",
            "[]",
            "{}",
            '{"utterances": 3}',
            '{"utterances": [3]}',
            '{"utterances": [{"speaker": "a", "start_s": 1, "end_s": Infinity, "text": ""}]}',
            '{"utterances": [{"speaker": "a", "start_s": 1, "text": ""}]}',
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(BadTruth):
            read_json(text)

    def test_the_demo_calls_have_truth_in_milliseconds(self) -> None:
        files = sorted(DEMO.glob("*.truth.json"))
        assert len(files) == 4
        for file in files:
            truth = read_json(file.read_text("utf-8"))
            assert truth.spans
            assert set(talk_ms(truth.spans)) == {"agent", "customer"} == set(truth.roles)
        billing = next(read_json(f.read_text("utf-8")) for f in files if "Billing" in f.name)
        assert billing.holds == ((54_790, 66_790),)
        assert (billing.dead_air, billing.dead_air_over_ms) == (((77_400, 83_600),), 5_000)
        assert billing.interruptions is not None
        assert len(billing.interruptions) == 1


class TestLines:
    def test_stm_with_and_without_labels(self) -> None:
        truth = read_stm(
            ";; a comment\n"
            "call 1 Sheila 7.634 8.155 Hello there?\n"
            "\n"
            "call 1 Diane 6.68 7.16 <O,F> Hello?\n"
            "call 1 Diane 9.0 9.5\n"
        )
        assert truth.utterances is not None
        texts = [(u.speaker, u.start_ms, u.end_ms, u.text) for u in truth.utterances]
        assert texts == [
            ("Diane", 6_680, 7_160, "Hello?"),
            ("Sheila", 7_634, 8_155, "Hello there?"),
            ("Diane", 9_000, 9_500, ""),
        ]
        assert len(truth.spans or ()) == 3

    def test_rttm_keeps_speakers_only(self) -> None:
        text = (
            "SPKR-INFO call 1 <NA> <NA> <NA> unknown a <NA> <NA>\n"
            "SPEAKER call 1 6.690 0.430 <NA> <NA> a <NA> <NA>\n"
        )
        assert read_rttm(text) == (Span(speaker="a", start_ms=6_690, end_ms=7_120),)

    @pytest.mark.parametrize(
        ("read", "bad"),
        [
            (read_stm, "call 1 Diane six seven Hello?"),
            (read_stm, "call 1 Diane"),
            (read_stm, "call 1 Diane 0.0 inf Hello?"),
            (read_rttm, "SPEAKER call 1 6.690"),
            (read_rttm, "SPEAKER call 1 a b <NA> <NA> x"),
        ],
    )
    def test_a_broken_line_is_named(self, read, bad: str) -> None:
        with pytest.raises(BadTruth, match="Line 2 "):
            read(f"; first\n{bad}\n")


class TestBeside:
    def test_words_from_stm_and_voices_from_rttm(self, tmp_path: Path) -> None:
        (tmp_path / "a.stm").write_text("a 1 Diane 1.0 2.0 Hello\n")
        alone = truth_beside(tmp_path / "a")
        assert alone is not None
        assert alone.spans == (Span(speaker="Diane", start_ms=1_000, end_ms=2_000),)
        (tmp_path / "a.rttm").write_text("SPEAKER a 1 1.1 0.5 <NA> <NA> v1 <NA> <NA>\n")
        both = truth_beside(tmp_path / "a")
        assert both is not None
        assert both.spans == (Span(speaker="v1", start_ms=1_100, end_ms=1_600),)
        assert both.utterances == alone.utterances
        assert both.roles == {}

    def test_voices_alone_leave_words_unknown(self, tmp_path: Path) -> None:
        (tmp_path / "a.rttm").write_text("SPEAKER a 1 1.1 0.5 <NA> <NA> v1 <NA> <NA>\n")
        truth = truth_beside(tmp_path / "a")
        assert truth is not None
        assert truth.utterances is None

    def test_an_empty_rttm_says_that_nobody_speaks(self, tmp_path: Path) -> None:
        (tmp_path / "a.rttm").write_text("")
        truth = truth_beside(tmp_path / "a")
        assert truth is not None
        assert truth.is_without_speech

    def test_what_is_no_text_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.stm").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(BadTruth, match="UTF-8"):
            truth_beside(tmp_path / "a")

    def test_nothing_there(self, tmp_path: Path) -> None:
        assert truth_beside(tmp_path / "a") is None
