"""Learning a voice in a process of its own, so that the one that asks stays free and light.

The child gets one line of JSON (where the voice is) and then the recording on its standard input,
and answers with one line of JSON. It knows neither database nor keys, and nothing that passes
touches a disk unencrypted.
"""

import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from services import telemetry
from services.domain.errors import EnrolmentTimeout, InternalFault, PartylineError, error_of
from services.domain.voices import Enrolment, EnrolmentRemark, Voiceprint, VoiceQuality
from services.storage.working_files import WorkingFile
from services.voices.enrolling import Enrolling, VoiceSource

TIMEOUT_S = 120.0
AT_ONCE = 2
BLOCK_BYTES = 1024 * 1024


class EnrolsInChild:
    """Learns voices by starting ``command`` for each; two run at once, others wait for them."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Run ``command`` in ``folder``; it answers as ``answer`` does."""
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def learn(self, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        """Return what a recording teaches.

        Raises what the child raises; EnrolmentTimeout when it takes too long, waiting included;
        InternalFault when it ends without an answer.
        """
        if not self._free.acquire(timeout=self._timeout_s):
            raise EnrolmentTimeout
        try:
            return self._ask(recording, source)
        finally:
            self._free.release()

    def _ask(self, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        late = threading.Event()
        with subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None

            def give_up() -> None:
                late.set()
                child.kill()

            timer = threading.Timer(self._timeout_s, give_up)
            timer.start()
            try:
                # A child that has refused the recording reads no further.
                with suppress(BrokenPipeError):
                    child.stdin.write(_question(source))
                    shutil.copyfileobj(recording, child.stdin, BLOCK_BYTES)
                with suppress(BrokenPipeError):
                    child.stdin.close()
                said = child.stdout.read()
            except BaseException:
                child.kill()
                raise
            finally:
                timer.cancel()
        if late.is_set():
            raise EnrolmentTimeout
        return _answered(said, child.returncode)


def answer(questions: BinaryIO, answers: BinaryIO, enrolling: Enrolling, folder: Path) -> None:
    """Answer one question from a stream, as the child does; the recording lies in ``folder``."""
    source = _source(questions.readline())

    def learn() -> Enrolment:
        with WorkingFile(folder) as recording:
            shutil.copyfileobj(questions, recording, BLOCK_BYTES)
            recording.seek(0)
            return enrolling.learn(recording, source)

    answers.write(_said(learn) + b"\n")
    answers.flush()


def _question(source: VoiceSource) -> bytes:
    return json.dumps(vars(source)).encode() + b"\n"


def _source(line: bytes) -> VoiceSource:
    form = json.loads(line)
    spans = form.pop("spans")
    return VoiceSource(**form, spans=None if spans is None else tuple((a, b) for a, b in spans))


def _said(learn: Callable[[], Enrolment]) -> bytes:
    said: dict[str, Any]
    try:
        learnt = learn()
    except PartylineError as error:
        said = {"error": error.code, "detail": error.detail}
    except Exception as error:
        telemetry.fault("enrolment.fault", error)
        said = {"error": InternalFault().code, "detail": None}
    else:
        said = {
            "voiceprint": base64.b64encode(learnt.voiceprint.packed).decode(),
            "quality": learnt.quality,
            "speech_ms": learnt.speech_ms,
            "remarks": learnt.remarks,
        }
    return json.dumps(said).encode()


def _answered(said: bytes, exit_code: int) -> Enrolment:
    try:
        form = json.loads(said)
    except ValueError:
        telemetry.warning("enrolment.unanswered", exit_code=exit_code)
        raise InternalFault from None
    if "error" in form:
        raise error_of(form["error"], form["detail"])
    return Enrolment(
        voiceprint=Voiceprint(packed=base64.b64decode(form["voiceprint"])),
        quality=VoiceQuality(form["quality"]),
        speech_ms=form["speech_ms"],
        remarks=tuple(EnrolmentRemark(remark) for remark in form["remarks"]),
    )
