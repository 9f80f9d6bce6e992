"""What findings say to a person: what it means, what was done, and the figures with units."""

import pytest

from services.domain.findings import FIGURES, SENTENCES, Finding, FindingKind


@pytest.mark.parametrize("kind", list(FindingKind))
@pytest.mark.parametrize("channel", [None, 0, 1])
def test_every_finding_is_one_plain_sentence(kind: FindingKind, channel: int | None) -> None:
    sentence = Finding(kind=kind, channel=channel).sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert ("the right channel" in sentence) is (channel == 1 and "{channel}" in SENTENCES[kind])


@pytest.mark.parametrize(
    ("kind", "measured", "figures"),
    [
        (
            FindingKind.SEPARATE_CHANNELS,
            {"correlation": 0.0312},
            "likeness of the channels 0.03 of 1",
        ),
        (
            FindingKind.SAME_VOICE_ON_BOTH,
            {"correlation": 0.998, "gain_db": -6.02, "delay_ms": 20.0},
            "likeness of the channels 1.00 of 1, the right one −6.0 dB against the left, "
            "the right one 20 ms later",
        ),
        (
            FindingKind.SAME_VOICE_ON_BOTH,
            {"correlation": 1.0, "gain_db": 0.0, "delay_ms": 0.0},
            "likeness of the channels 1.00 of 1",
        ),
        (
            FindingKind.LEAKAGE,
            {"leak_db": -37.9, "delay_ms": 30.0},
            "echo at −38 dB against the voice, 30 ms later",
        ),
        (
            FindingKind.LEAKAGE,
            {"leak_db": -20.0, "delay_ms": -0.0},
            "echo at −20 dB against the voice",
        ),
        (FindingKind.SILENT_CHANNEL, {"level_dbfs": -100.0}, "loud parts at −100 dBFS"),
        (FindingKind.CLIPPING, {"clipped_share": 0.0123}, "1.2 % of the samples at the limit"),
        (FindingKind.NARROWBAND, {"above_4khz_db": -61.2}, "−61 dB above 4 kHz against below"),
        (FindingKind.MANY_CHANNELS, {"channels": 6.0}, "6 channels"),
        (FindingKind.TRUNCATED, {"missing_ms": 4_200.0, "bad_packets": 0.0}, "4.2 s missing"),
        (
            FindingKind.NOT_RECORDED,
            {"from_ms": 62_999.0, "missing_ms": 12_340.0},
            "from 1:02 on, 12.3 s missing",
        ),
        (
            FindingKind.NOT_RECORDED,
            {"from_ms": 0.0, "missing_ms": 600.0},
            "from 0:00 on, 0.6 s missing",
        ),
        (FindingKind.SOUND_LOST, {"from_ms": 36_000_000.0}, "from 10:00:00 on"),
        (FindingKind.BROKEN_OFF, {}, ""),
        (FindingKind.NO_SPEECH, {}, ""),
        (FindingKind.NO_SPEECH, {"something_new": 3.0}, ""),
    ],
)
def test_figures_carry_their_units(
    kind: FindingKind, measured: dict[str, float], figures: str
) -> None:
    assert Finding(kind=kind, measured=measured).figures == figures


def test_every_figure_has_words() -> None:
    assert all("{" in words for words in FIGURES.values())


def test_figures_stand_before_the_full_stop() -> None:
    quiet = Finding(kind=FindingKind.LOW_LEVEL, measured={"level_dbfs": -51.0})
    assert quiet.sentence_with_figures == (
        "The recording is very quiet, so words may be missing (loud parts at −51 dBFS)."
    )
    nothing = Finding(kind=FindingKind.NO_SPEECH)
    assert nothing.sentence_with_figures == nothing.sentence
