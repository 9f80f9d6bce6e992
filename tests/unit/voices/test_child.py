"""Learning a voice in another process: what passes between the two, and what can go wrong."""

import io
import json
import os
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from services.domain.errors import (
    EnrolmentTimeout,
    InternalFault,
    NotAudio,
    TooLittleSpeech,
)
from services.domain.voices import Enrolment, EnrolmentRemark, Voiceprint, VoiceQuality
from services.voices.child import EnrolsInChild, answer
from services.voices.enrolling import VoiceSource

ROOT = Path(__file__).parents[3]
LEARNT = Enrolment(
    voiceprint=Voiceprint(packed=bytes(range(256)) * 4),
    quality=VoiceQuality.USABLE,
    speech_ms=21_000,
    remarks=(EnrolmentRemark.SHORT, EnrolmentRemark.NARROWBAND),
)
SOURCE = VoiceSource(suffix=".wav", channel=1, spans=((0, 4_000), (5_000, 22_000)))


class Learns:
    """Answers what it is told and notes what it was given."""

    def __init__(self, outcome) -> None:
        self.outcome = outcome

    def learn(self, recording, source):
        self.heard = recording.read(), source
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def child(tmp_path, body: str, **options) -> EnrolsInChild:
    """A child that runs this Python, which sees the streams ``questions`` and ``answers``."""
    head = "import sys, time\nquestions, answers = sys.stdin.buffer, sys.stdout.buffer\n"
    script = tmp_path / "child.py"
    script.write_text(head + textwrap.dedent(body))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return EnrolsInChild(
        [sys.executable, str(script)], folder=tmp_path, environment=environment, **options
    )


def answered_in_memory(outcome, sound: bytes = b"sound") -> tuple[Learns, dict]:
    learns, answers = Learns(outcome), io.BytesIO()
    question = json.dumps(vars(SOURCE)).encode() + b"\n" + sound
    answer(io.BytesIO(question), answers, learns, Path("/tmp"))
    return learns, json.loads(answers.getvalue())


def test_question_and_recording_arrive_whole(tmp_path):
    learns, _ = answered_in_memory(LEARNT, b"\n{}\n" * 1_000)
    assert learns.heard == (b"\n{}\n" * 1_000, SOURCE)


ECHO = """
    from pathlib import Path
    from services.voices.child import answer
    from tests.unit.voices.test_child import LEARNT, Learns
    answer(questions, answers, Learns(LEARNT), Path(sys.argv[0]).parent)
"""


def test_what_was_learnt_comes_back_whole(tmp_path):
    assert child(tmp_path, ECHO).learn(io.BytesIO(b"x" * 3_000_000), SOURCE) == LEARNT
    assert [p.name for p in tmp_path.iterdir()] == ["child.py"]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (TooLittleSpeech("There are 4.0 seconds."), TooLittleSpeech("There are 4.0 seconds.")),
        (NotAudio(), NotAudio()),
        (RuntimeError("what was said"), InternalFault()),
    ],
)
def test_refusals_come_back_as_they_were_raised(tmp_path, raised, told):
    _, form = answered_in_memory(raised)
    assert "what was said" not in json.dumps(form)
    speaking = child(tmp_path, f"questions.read(); answers.write({json.dumps(form).encode()!r})")
    with pytest.raises(type(told)) as caught:
        speaking.learn(io.BytesIO(b""), SOURCE)
    assert caught.value.user_message == told.user_message


def test_a_child_that_reads_no_further_is_heard_nevertheless(tmp_path):
    refusing = child(tmp_path, """answers.write(b'{"error": "NotAudio", "detail": null}')""")
    with pytest.raises(NotAudio):
        refusing.learn(io.BytesIO(b"x" * 5_000_000), SOURCE)


@pytest.mark.parametrize("body", ["sys.exit(3)", "answers.write(b'no JSON')"])
def test_a_child_without_an_answer_is_a_fault(tmp_path, body):
    with pytest.raises(InternalFault):
        child(tmp_path, body).learn(io.BytesIO(b"sound"), SOURCE)


@pytest.mark.parametrize("body", ["time.sleep(60)", "questions.read(); time.sleep(60)"])
def test_a_child_that_hangs_is_ended(tmp_path, body):
    began = time.monotonic()
    with pytest.raises(EnrolmentTimeout):
        child(tmp_path, body, timeout_s=1.5).learn(io.BytesIO(b"x" * 5_000_000), SOURCE)
    assert time.monotonic() - began < 30


def test_two_run_at_once_and_a_third_waits_in_vain(tmp_path):
    busy = child(tmp_path, "time.sleep(60)", timeout_s=2.0)
    refused = []

    def ask():
        with pytest.raises(EnrolmentTimeout):
            busy.learn(io.BytesIO(b""), SOURCE)
        refused.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 3
