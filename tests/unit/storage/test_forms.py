"""Rows written by earlier versions stay readable."""

import json
from dataclasses import replace

from services.domain.edits import CallEdits
from services.storage.forms import pack_edits, pack_transcript, unpack_edits, unpack_transcript
from tests import builders


def test_speakers_of_a_time_without_known_voices_are_read():
    spoken = builders.transcript()
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
