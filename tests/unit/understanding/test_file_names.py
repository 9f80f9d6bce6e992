"""Names of recordings of redacted calls."""

from dataclasses import replace

from services.domain.speech import Word
from services.understanding.file_names import names_taken_out, safe_name
from tests import builders


class Finds:
    """Finds what the test says in typed text."""

    def __init__(self, **found: str) -> None:
        self.found = found

    def redact_line(self, transcript, utterance_id, text):
        return self.redact_comment(transcript, utterance_id, text)

    def redact_comment(self, transcript, utterance_id, text):
        for kind, value in self.found.items():
            text = text.replace(value, f"[{kind}]")
        return text


BEFORE = builders.transcript(builders.utterance(1, "s2", 0, "I am Jane Weiss, hello"))
REDACTED = replace(
    BEFORE,
    redacted=True,
    utterances=(
        replace(
            BEFORE.utterances[0],
            text="I am [PERSON], hello",
            words=(
                *BEFORE.utterances[0].words[:2],
                Word(text="[PERSON],", start_ms=800, end_ms=1550),
                BEFORE.utterances[0].words[-1],
            ),
        ),
    ),
)


def test_who_is_named_in_the_call_is_not_named_by_the_file() -> None:
    assert names_taken_out(BEFORE, REDACTED) == {"jane", "weiss"}
    for name, safe in (
        ("call of jane weiss.wav", "call of [PERSON].wav"),
        ("weiss_refund.mp3", "[PERSON] refund.mp3"),
        ("JaneWeiss.mp3", "[PERSON].mp3"),
        ("about me.wav", "about me.wav"),
        ("AGENT_Jane-Fields_weiss.ogg", "AGENT_Jane-Fields [PERSON].ogg"),
    ):
        assert safe_name(Finds(), BEFORE, REDACTED, name) == safe


def test_a_name_found_by_half_goes_whole() -> None:
    nobody = builders.transcript()
    found = safe_name(Finds(PERSON="Tyler"), nobody, nobody, "call with Tyler Okafor 2.wav")
    assert found == "call with [PERSON] 2.wav"


def test_what_is_no_person_is_left_to_the_patterns() -> None:
    nobody = builders.transcript()
    name = "claim HX-204 of 2026-11-12 4000056655665556.wav"
    found = safe_name(Finds(POLICY="HX 204"), nobody, nobody, name)
    assert found == "claim HX-204 of 2026-11-12 [CARD].wav"
