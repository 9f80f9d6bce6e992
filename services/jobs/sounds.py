"""Makes what people hear of calls, and takes away what they no longer may.

Of a redacted call people hear a rendition in which the personal data is covered. It is made before
the transcript is stored and bears the transcript's id: whoever finds the transcript active finds
its sound, whenever the worker dies. What earlier runs left, and what a kill left over or missing,
is put right by ``SoundKeeper``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path

from services import pipeline, telemetry
from services.analysis.covering import covered_stretches
from services.audio.covering import Cover, CoveredPcm
from services.audio.decode import Decode, decode
from services.audio.recording import PcmReader
from services.audio.render import render_playback
from services.audio.watched import WatchedPcm
from services.domain.calls import Stage
from services.domain.errors import Cancelled
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.storage.active import ActiveTranscript, ActiveTranscripts
from services.storage.audio_vault import AudioVault, Rendition, StoredSound
from services.storage.calls import CallStore
from services.storage.keys import WrappedKey
from services.storage.transcripts import TranscriptStore
from services.storage.working_files import WorkingFile

CALLS_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class SoundPolicy:
    """How this installation is set: what covers personal data, and whether originals are kept."""

    cover: Cover = Cover.BEEP
    keep_original: bool = True


def heard_pcm(pcm: PcmReader, transcript: Transcript, cover: Cover) -> PcmReader:
    """Return the sound as people may hear it with this transcript."""
    stretches = covered_stretches(transcript)
    return CoveredPcm(pcm, stretches, cover) if stretches else pcm


def rendition_of(transcript: Transcript | ActiveTranscript) -> tuple[Rendition, str | None]:
    """Return which rendition people hear with a transcript, and the transcript's id in its name."""
    if not transcript.redacted:
        return Rendition.PLAYBACK, None
    if isinstance(transcript, ActiveTranscript):
        return Rendition.REDACTED, transcript.transcript_id
    return Rendition.REDACTED, transcript.id


def write_heard(
    vault: AudioVault,
    call_id: str,
    key: WrappedKey,
    transcript: Transcript,
    pcm: PcmReader,
    cover: Cover,
    on_read: Callable[[float], None],
) -> None:
    """Store what people hear with this transcript, unless it is there already.

    ``on_read`` is told how far it is in 0..1; what it raises ends it. Raises DiskFull ….
    """
    rendition, transcript_id = rendition_of(transcript)
    if vault.has(call_id, rendition, transcript_id=transcript_id):
        return
    watched = WatchedPcm(heard_pcm(pcm, transcript, cover), on_read)
    with vault.write(call_id, rendition, key, transcript_id=transcript_id) as sink:
        render_playback(watched, sink)


class SoundKeeper:
    """Sees to it that every finished call has what people hear of it, and nothing beyond."""

    def __init__(
        self,
        calls: CallStore,
        transcripts: TranscriptStore,
        actives: ActiveTranscripts,
        vault: AudioVault,
        policy: SoundPolicy,
        *,
        working_folder: Path,
        max_duration_ms: int,
        stopping: Callable[[], bool],
        decode: Decode = decode,
    ) -> None:
        """Work on these stores until ``stopping()``."""
        self._calls = calls
        self._transcripts = transcripts
        self._actives = actives
        self._vault = vault
        self._policy = policy
        self._working_folder = working_folder
        self._max_duration_ms = max_duration_ms
        self._stopping = stopping
        self._decode = decode
        self._hopeless: set[str] = set()

    def sweep(self) -> None:
        """Look after every stored call once; one that fails doesn't keep the others."""
        of_calls = groupby(self._vault.stored(), attrgetter("call_id"))
        # Sound of a call that doesn't come together is looked at once more, which does no harm.
        each = ((call_id, list(sounds)) for call_id, sounds in of_calls)
        while page := dict(islice(each, CALLS_AT_ONCE)):
            for call_id, active in self._actives.of(page).items():
                if self._stopping():
                    return
                try:
                    self._look_after(active, page[call_id])
                except Cancelled:
                    return
                except Exception as error:
                    self._hopeless.add(active.transcript_id)
                    telemetry.fault("sound.fault", error)

    def tidy(self, call_id: str) -> None:
        """Take away what a call that has just been finished doesn't need any more."""
        stored = list(self._vault.stored(call_id))
        # Read after the list was made: what a run that begins now writes is not in the list.
        active = self._actives.of([call_id]).get(call_id)
        if active is not None:
            self._tidy(active, stored)

    def _look_after(self, active: ActiveTranscript, stored: list[StoredSound]) -> None:
        if not active.is_finished:
            return
        if not _is_stored(stored, *rendition_of(active)):
            has_original = _is_stored(stored, Rendition.ORIGINAL)
            if has_original and active.transcript_id not in self._hopeless:
                self._make(active)
                telemetry.event("sound.made_later", redacted=active.redacted)
                self.tidy(active.call_id)
            return
        self._tidy(active, stored)

    def _make(self, active: ActiveTranscript) -> None:
        """Decode the original and render what people hear with the active transcript."""
        org_id, call_id = active.org_id, active.call_id
        call, key = self._calls.get(org_id, call_id), self._calls.key(org_id, call_id)
        transcript = self._transcripts.get(org_id, call_id, active.transcript_id)
        context = RunContext(is_cancelled=self._stopping)
        open_source = partial(self._vault.open, call_id, Rendition.ORIGINAL, key)
        with open_source() as source, WorkingFile(self._working_folder) as pcm_file:
            recording = pipeline.prepare(
                source,
                pcm_file,
                context,
                max_duration_ms=self._max_duration_ms,
                open_source=open_source,
                source_name=call.source_name,
                decode=self._decode,
            )
            write_heard(
                self._vault,
                call_id,
                key,
                transcript,
                recording.pcm,
                self._policy.cover,
                lambda done: context.report(Stage.ANALYSE, done),
            )

    def _tidy(self, active: ActiveTranscript, stored: Iterable[StoredSound]) -> None:
        """Remove what isn't heard any more, unless what is to be heard is missing."""
        stored = list(stored)
        wanted, transcript_id = rendition_of(active)
        if not active.is_finished or not _is_stored(stored, wanted, transcript_id):
            return
        drops_original = (
            active.redacted
            and not self._policy.keep_original
            and not self._calls.is_held(active.org_id, active.call_id)
        )
        for sound in stored:
            is_heard = (sound.rendition, sound.transcript_id) == (wanted, transcript_id)
            is_kept = sound.rendition is Rendition.ORIGINAL and not drops_original
            if is_heard or is_kept:
                continue
            self._vault.remove(sound.call_id, sound.rendition, transcript_id=sound.transcript_id)
            telemetry.event("sound.removed", rendition=sound.rendition.value)


def _is_stored(
    stored: Iterable[StoredSound], rendition: Rendition, transcript_id: str | None = None
) -> bool:
    return any((s.rendition, s.transcript_id) == (rendition, transcript_id) for s in stored)
