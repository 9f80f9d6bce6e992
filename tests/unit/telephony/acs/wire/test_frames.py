"""Frames of a transcription: documented shapes, other spellings, and what can't be read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.speech import SentimentLabel
from services.telephony.acs.wire.frames import (
    LineFrame,
    OtherFrame,
    TranscriptionBegan,
    parse_frame,
)
from services.telephony.acs.wire.times import LONGEST_CALL_MS, TICKS_PER_MS, Moment, moment_of
from services.telephony.told import Unreadable
from tests.unit.telephony.acs.frames import line, metadata


def data(**fields):
    return json.dumps({"kind": "TranscriptionData", "transcriptionData": fields})


def test_the_first_frame_tells_the_call_and_what_was_asked_for():
    frame = parse_frame(
        metadata(
            locale="en-US",
            locales=["en-US", "es-ES"],
            enableSentimentAnalysis=True,
            piiRedactionOptions={"enable": True, "redactionType": "maskWithCharacter"},
        )
    )
    assert frame == TranscriptionBegan(
        connection_id="c",
        correlation_id="k",
        subscription_id="s",
        locale="en-US",
        locales=("en-US", "es-ES"),
        sentiment=True,
        redaction=True,
    )


def test_a_final_line_is_read_whole():
    frame = parse_frame(
        line(
            "Hello everyone.",
            21_248,
            22_208,
            sentimentAnalysisResult={"sentiment": "negative"},
            languageIdentified="es-ES",
        )
    )
    assert isinstance(frame, LineFrame)
    assert frame.is_final
    assert frame.at == Moment(ms=21_248)
    assert frame.duration_ms == 960
    assert [(w.text, w.at.ms, w.duration_ms) for w in frame.words] == [
        ("Hello", 21_248, 480),
        ("everyone.", 21_728, 480),
    ]
    assert frame.sentiment is SentimentLabel.NEGATIVE
    assert frame.language == "es-ES"
    assert frame.confidence == 0.9


@pytest.mark.parametrize("name", ["resultStatus", "resultState", "RESULTSTATE"])
@pytest.mark.parametrize("state", ["Final", "final", "FINAL"])
def test_the_state_is_found_whatever_its_spelling(name, state):
    assert parse_frame(data(text="Yes.", **{name: state})).is_final


def test_everything_but_the_state_may_be_missing():
    frame = parse_frame(data(resultStatus="Intermediate"))
    assert frame == LineFrame(text="", is_final=False)


def test_other_types_count_as_absent():
    frame = parse_frame(
        data(
            text="Yes.",
            resultStatus="Final",
            words=[7, {"text": "yes"}, {"text": "yes", "offset": 5 * TICKS_PER_MS}, {"offset": 1}],
            confidence="much",
            duration=True,
            sentimentAnalysisResult={"sentiment": "mixed"},
            participantRawID=7,
            extra={"of": "tomorrow"},
        )
    )
    assert [(w.text, w.at.ms, w.duration_ms) for w in frame.words] == [("yes", 5, None)]
    assert (frame.confidence, frame.duration_ms) == (None, None)
    assert (frame.sentiment, frame.participant) == (None, None)


def test_renamed_fields_are_understood():
    frame = parse_frame(
        data(
            Text="Yes.",
            resultState="final",
            offsetInTicks=TICKS_PER_MS,
            durationInTicks=2 * TICKS_PER_MS,
            participant={"rawId": "4:+1"},
            sentiment="Positive",
        )
    )
    assert (frame.text, frame.at, frame.duration_ms) == ("Yes.", Moment(ms=1), 2)
    assert (frame.participant, frame.sentiment) == ("4:+1", SentimentLabel.POSITIVE)


@pytest.mark.parametrize("kind", ["AudioData", "AudioMetadata", "DtmfData", "SomethingNew"])
def test_other_frames_are_nothing_for_us(kind):
    assert parse_frame(json.dumps({"kind": kind})) == OtherFrame()


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "not json",
        "[]",
        "7",
        "null",
        "{}",
        '{"kind": "TranscriptionData"}',
        '{"kind": "TranscriptionData", "transcriptionData": []}',
        '{"kind": "TranscriptionData", "transcriptionData": {"text": "no state"}}',
        '{"kind": "TranscriptionData", "transcriptionData": {"text": "a", "resultStatus": "Odd"}}',
        '{"kind": "TranscriptionData", "transcriptionData": {"offset": NaN}}',
        b"\xff\xfe\x00",
        "[" * 100_000,
        '{"kind":' * 50_000,
        "9" * 10_000,
        data(text="a", resultStatus="Final", offset=-5),
        data(text="a", resultStatus="Final", offset=10**30),
    ],
)
def test_what_cannot_be_read_says_so_without_its_text(sent):
    with pytest.raises(Unreadable) as raised:
        parse_frame(sent)
    assert str(raised.value) == ""
    assert raised.value.__cause__ is None


def test_characters_that_nothing_takes_are_left_out():
    sent = data(text="a\x00b\ud800 c", resultStatus="Final")
    assert "\\ud800" in sent
    assert parse_frame(sent).text == "a b c"


def test_a_frame_shows_neither_words_nor_numbers_in_a_log():
    shown = repr(parse_frame(line("A secret.", 0, 500, who="4:+14255550123")))
    assert "secret" not in shown
    assert "4255550123" not in shown


def test_moments():
    assert moment_of(0) == Moment(ms=0)
    assert moment_of(LONGEST_CALL_MS * TICKS_PER_MS) == Moment(ms=LONGEST_CALL_MS)
    assert moment_of(LONGEST_CALL_MS * TICKS_PER_MS + 1) is None
    # The service's own example; counted from the end of 9999, later moments are smaller.
    inverted, later = moment_of(2_516_998_782_481_234_400), moment_of(2_516_998_782_471_234_400)
    assert inverted is not None
    assert later is not None
    assert inverted.is_dated
    assert later.ms - inverted.ms == 1_000
    # The same moment from the year 1 on.
    upright = moment_of(3_155_378_975_999_999_999 - 2_516_998_782_481_234_400)
    assert upright == inverted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["text", "offset", "duration", "words", "participantRawID", "resultStatus", "confidence"]
)


@settings(deadline=None)
@given(st.dictionaries(FIELDS, JSON), st.sampled_from(["Final", "intermediate", 3]))
def test_no_frame_whatever_does_more_than_be_unreadable(fields, state):
    sent = json.dumps(
        {"kind": "TranscriptionData", "transcriptionData": {"resultStatus": state, **fields}}
    )
    try:
        frame = parse_frame(sent)
    except Unreadable:
        return
    assert isinstance(frame, LineFrame)
