"""From a recording to what it teaches about a voice."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from services import pipeline
from services.audio.channels import channel_to_hear
from services.audio.decode import Decode, decode
from services.audio.pcm import ChannelPcm
from services.audio.recording import PcmReader
from services.domain.intervals import Interval
from services.domain.running import RunContext
from services.domain.voices import Enrolment
from services.engine.speakers.enrolment import Enroller
from services.storage.working_files import WorkingFile


@dataclass(frozen=True, kw_only=True)
class VoiceSource:
    """Where in a recording the voice is.

    ``suffix`` is the ending of the file's name (".wav"). With ``spans`` the voice is heard alone
    in these places of ``channel`` (None: the mix); without, somebody speaks alone throughout.
    """

    suffix: str = ""
    channel: int | None = None
    spans: tuple[Interval, ...] | None = None


class Enrolling(Protocol):
    """Learns voices from recordings."""

    def learn(self, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        """Return what a seekable recording teaches. Raises BadAudio, EnrolmentRefused."""


class EnrolsHere:
    """Learns voices in this process."""

    def __init__(
        self,
        enroller: Callable[[], Enroller],
        *,
        working_folder: Path,
        max_duration_ms: int,
        decode: Decode = decode,
    ) -> None:
        """Take what gives the models when they are needed, and where decoded sound may lie."""
        self._enroller = enroller
        self._working_folder = working_folder
        self._max_duration_ms = max_duration_ms
        self._decode = decode

    def learn(self, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        """Return what a recording teaches about the voice in it.

        Decoded sound lies encrypted in a working file meanwhile. Raises BadAudio,
        EnrolmentRefused, EngineError.
        """
        with WorkingFile(self._working_folder) as pcm_file:
            prepared = pipeline.prepare(
                recording,
                pcm_file,
                RunContext(),
                max_duration_ms=self._max_duration_ms,
                open_source=lambda: recording,
                source_name=f"recording{source.suffix}",
                decode=self._decode,
            )
            facts = prepared.facts
            channel = source.channel
            if channel is None:
                channel = channel_to_hear(facts.findings, prepared.pcm.channels)
            return self._enroller().learn(
                _one_channel(prepared.pcm, channel),
                facts.findings,
                source_rate=facts.sample_rate,
                spans=source.spans,
            )


def _one_channel(pcm: PcmReader, channel: int | None) -> PcmReader:
    return pcm if channel is None or pcm.channels == 1 else ChannelPcm(pcm, channel)
