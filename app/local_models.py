"""The part of the composition root that runs on this machine's own models.

Making any of it loads nothing; models are loaded when they are first used.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import ROOT, Settings
from services.audio.apart.bounded import BoundedDecoder
from services.audio.apart.forking import Forking
from services.audio.apart.starting import Spawning, StartChild
from services.engine.speakers.recognition import VoiceListener
from services.pipeline import SpeakerLabeller
from services.voices.child import EnrolsInChild
from services.voices.enrolling import EnrolsHere

if TYPE_CHECKING:
    from services.engine.engine import EngineHolder

# All that a child process needs of the environment to run Python and its libraries.
CHILD_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH")
DECODER_COMMAND = (sys.executable, "-m", "app.decoder")
ENROLMENT_COMMAND = (sys.executable, "-m", "app.enrolment")


def shared_engine(settings: Settings) -> "EngineHolder":
    """Return the local engine, the same to everybody in this process."""
    return _engine(settings.models_dir, settings.whisper_model, settings.threads)


@cache
def _engine(models_dir: Path, whisper_model: str | None, threads: int) -> "EngineHolder":
    """Return the one engine of this process for these settings: its models take much memory."""
    from services.engine.engine import EngineHolder

    return EngineHolder(models_dir, whisper_model, threads)


def build_labeller(settings: Settings) -> SpeakerLabeller:
    """Return who tells speakers apart on this machine, with the local provider's models."""
    from services.engine.relabelling import LocalLabeller

    return LocalLabeller(shared_engine(settings))


def build_listener(settings: Settings) -> VoiceListener:
    """Return who hears how the speakers of a call sound."""
    return VoiceListener(lambda: shared_engine(settings).speakers())


def build_enrolling(settings: Settings) -> EnrolsHere:
    """Return what learns voices in this very process."""
    from services.engine.speakers.enrolment import Enroller
    from services.engine.voice_activity import VoiceActivity

    engine = shared_engine(settings)
    return EnrolsHere(
        lambda: Enroller(engine.speakers(), VoiceActivity()),
        working_folder=settings.working_folder,
        max_duration_ms=settings.max_duration_ms,
        decode=build_decoder(settings),
    )


def build_decoder(settings: Settings) -> BoundedDecoder:
    """Return what decodes recordings in processes of their own, which get no secrets at all."""
    return BoundedDecoder(_decoders(), limits=settings.decode_limits)


@cache
def _decoders() -> StartChild:
    """Return what starts decoders for all of this process."""
    environment = {name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ}
    # Idle threads of numeric libraries would each take address space, and outlive no fork.
    environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    if sys.platform == "linux":
        return Forking((*DECODER_COMMAND, "--forks"), folder=ROOT, environment=environment)
    return Spawning(DECODER_COMMAND, folder=ROOT, environment=environment)


def enrolling_in_child(settings: Settings) -> EnrolsInChild:
    """Return what learns voices in processes of their own, which get neither keys nor addresses."""
    environment = {name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ}
    environment |= {
        "PARTYLINE_DATA_DIR": str(settings.data_dir),
        "PARTYLINE_MAX_DURATION_MS": str(settings.max_duration_ms),
        "PARTYLINE_DECODE_MEMORY_BYTES": str(settings.decode_memory_bytes),
        "PARTYLINE_DECODE_TIME_MS": str(settings.decode_time_ms),
        "PARTYLINE_THREADS": str(settings.threads),
    }
    return EnrolsInChild(ENROLMENT_COMMAND, folder=ROOT, environment=environment)
