"""Rows written by earlier versions stay readable."""

import json
from dataclasses import replace

from services.domain.calls import ProcessingOptions
from services.domain.edits import CallEdits
from services.storage.forms import (
    pack_edits,
    pack_options,
    pack_transcript,
    unpack_edits,
    unpack_options,
    unpack_transcript,
)
from tests.builders import transcript


def test_speakers_of_a_time_without_known_voices_are_read():
    spoken = transcript()
    row = json.loads(pack_transcript(spoken))
    row["speakers"] = [speaker[:5] for speaker in row["speakers"]]
    read = unpack_transcript(
        json.dumps(row),
        transcript_id=spoken.id,
        provider=spoken.provider,
        language=spoken.language,
        redacted=spoken.redacted,
        utterances=spoken.utterances,
    )
    assert read == spoken


def test_edits_of_a_time_without_known_voices_are_read():
    edits = CallEdits(names={"s1": "Dana"}, voices={"s2": "v1"})
    row = json.loads(pack_edits(edits))
    del row["voices"]
    assert unpack_edits(json.dumps(row), 0) == replace(edits, voices={})


def test_a_transcript_from_before_there_were_parts_is_a_whole_one() -> None:
    written = transcript(transcript_id="t")
    form = json.loads(pack_transcript(written))
    del form["part"], form["without_fillers"]
    read = unpack_transcript(
        json.dumps(form),
        transcript_id="t",
        provider=written.provider,
        language=written.language,
        redacted=written.redacted,
        utterances=written.utterances,
    )
    assert read == written
    assert read.part is None
    assert read.covered == (0, written.duration_ms)
    assert not read.without_fillers


def test_options_from_before_there_were_words_and_parts() -> None:
    form = json.loads(pack_options(ProcessingOptions()))
    for name in ("spelling", "keep_fillers", "start_ms", "end_ms", "vocabulary"):
        del form[name]
    assert unpack_options(json.dumps(form)) == ProcessingOptions()
