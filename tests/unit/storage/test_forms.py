"""Values as they were written by earlier versions."""

import json

from services.domain.calls import ProcessingOptions
from services.storage.forms import (
    pack_options,
    pack_transcript,
    unpack_options,
    unpack_transcript,
)
from tests.builders import transcript


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
