"""A call's JSON read back: whoever wrote it, and whatever is wrong with it."""

import json
from dataclasses import replace

import pytest

from services.domain.errors import BadTranscript
from services.domain.speech import SpeakerRole
from services.exports.call_json import call_document, write_json
from services.exports.call_reading import read_json
from tests.unit.exports.fixtures import make_reviewed

LEAST = {"schema": "partyline.call/1", "utterances": [{"start_ms": 0, "end_ms": 9, "text": "Hi."}]}


def read(document: object):
    return read_json(json.dumps(document).encode())


def test_what_was_written_is_read_back():
    shown = make_reviewed()
    found = read_json(write_json(shown).encode())
    before, after = shown.transcript, found.transcript
    assert found.call_id == shown.call.id
    assert found.details == shown.call.details
    assert [replace(u, sentiment=None, is_backchannel=False) for u in before.utterances] == list(
        after.utterances
    )
    assert after.spans == before.spans
    assert (after.provider, after.language, after.redacted, after.duration_ms, after.stages) == (
        before.provider,
        before.language,
        before.redacted,
        before.duration_ms,
        before.stages,
    )
    assert [s.id for s in after.speakers] == [s.id for s in before.speakers]
    assert {s.role for s in after.speakers} <= {SpeakerRole.UNKNOWN}
    assert [c.text for c in found.comments] == [c.text for c in shown.edits.comments]


def test_the_least_that_is_a_transcript():
    found = read(LEAST).transcript
    (line,) = found.utterances
    assert (line.text, line.speaker, line.words, line.confidence) == ("Hi.", None, (), None)
    assert (found.provider, found.speakers, found.duration_ms) == ("unknown", (), 9)
    assert not found.redacted


def test_words_without_times_get_those_of_their_utterance():
    line = {
        "start_ms": 5,
        "end_ms": 50,
        "text": "Hi you",
        "words": [{"text": "Hi"}, {"text": "you", "start_ms": None, "end_ms": 9}],
    }
    (found,) = read({**LEAST, "utterances": [line]}).transcript.utterances
    assert [(w.text, w.start_ms, w.end_ms) for w in found.words] == [("Hi", 5, 50), ("you", 5, 50)]


def test_half_a_character_does_no_harm():
    line = {"start_ms": 0, "end_ms": 9, "text": "a \ud83d b"}
    (found,) = read({**LEAST, "utterances": [line]}).transcript.utterances
    assert found.text == "a ? b"


UTTERANCE = {"start_ms": 0, "end_ms": 9, "text": "Hi."}
PII = {"type": "PHONE", "start_char": 0, "end_char": 3}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "It is not JSON."),
        (b"WEBVTT", "It is not JSON."),
        (b"\xff\xfe", "It is not JSON."),
        (b"[" * 100_000, "It is not JSON."),
        (b'{"schema": "partyline.call/1", "a": NaN}', "It is not JSON."),
        (b"[]", "There is no object where the file should be."),
        (b"{}", "Its schema is not partyline.call/1."),
        (b'{"schema": "partyline.call/2"}', "Its schema is not partyline.call/1."),
    ],
)
def test_other_files_are_refused_in_one_sentence(content, sentence):
    with pytest.raises(BadTranscript, match=f" {sentence}$".replace(".", r"\.")):
        read_json(content)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"utterances": {}}, "In the file, utterances is not a list."),
        ({"utterances": ["Hi"]}, "There is no object where utterances[0] should be."),
        ({"utterances": [{**UTTERANCE, "start_ms": "0"}]}, "start_ms is not a whole number."),
        ({"utterances": [{**UTTERANCE, "start_ms": True}]}, "start_ms is not a whole number"),
        ({"utterances": [{**UTTERANCE, "start_ms": -1}]}, "start_ms is not a whole number from"),
        ({"utterances": [{**UTTERANCE, "start_ms": 1.5}]}, "start_ms is not a whole number."),
        ({"utterances": [{**UTTERANCE, "start_ms": 10}]}, "end_ms lies before start_ms."),
        ({"utterances": [UTTERANCE, {"start_ms": 0}]}, "In utterances[1], end_ms is missing."),
        ({"utterances": [{**UTTERANCE, "text": None}]}, "text is missing."),
        ({"utterances": [{**UTTERANCE, "confidence": 1.5}]}, "is not a number from 0 to 1."),
        ({"utterances": [{**UTTERANCE, "words": "Hi"}]}, "In utterances[0], words is not a list."),
        (
            {"utterances": [{**UTTERANCE, "words": [{"text": 7}]}]},
            "In utterances[0].words[0], text is not a text.",
        ),
        (
            {"utterances": [{**UTTERANCE, "pii": [{**PII, "end_char": 4}]}]},
            "In utterances[0].pii[0], end_char lies outside of the text.",
        ),
        ({"utterances": [{**UTTERANCE, "pii": [{**PII, "type": "X"}]}]}, "that is not known."),
        ({"call": []}, "There is no object where call should be."),
        ({"call": {"redacted": "no"}}, "In call, redacted is neither true nor false."),
        ({"call": {"started_at": "noon"}}, "In call, started_at is not a date with a time."),
        ({"call": {"direction": "up"}}, "In call, direction has a value that is not known."),
        ({"spans": [{"start_ms": 0, "end_ms": 1}]}, "In spans[0], speaker is missing."),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change, sentence):
    with pytest.raises(BadTranscript) as refused:
        read({**LEAST, **change})
    assert sentence in refused.value.user_message
    assert refused.value.user_message.startswith(BadTranscript().user_message)


def test_nothing_of_the_text_is_quoted():
    secret = "Jane Doe"
    document = call_document(make_reviewed())
    document["utterances"][0]["text"] = [secret]
    document["stages"][secret] = 7
    with pytest.raises(BadTranscript) as refused:
        read(document)
    assert secret not in refused.value.user_message
