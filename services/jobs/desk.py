"""What people can ask of a call's processing: again, differently, not any more, how far."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from services import telemetry
from services.access.authority import Authority
from services.audio.media_types import media_type_of
from services.domain.acts import Act
from services.domain.calls import (
    FINISHED_STATES,
    CallDetails,
    CallState,
    Priority,
    ProcessingOptions,
    Run,
    RunProgress,
    SpeakerCount,
)
from services.domain.errors import (
    AccessDenied,
    NoRecording,
    NotFound,
    NotReady,
    OriginalDropped,
    PartylineError,
    SoundGone,
    SoundNotReady,
)
from services.domain.part import part_of
from services.domain.people import Right, User
from services.domain.sound import CallSound, Listening, Original
from services.jobs.demo import recordings_in
from services.jobs.intake import Intake
from services.jobs.queue import JobQueue
from services.jobs.sounds import rendition_of
from services.jobs.workers import Workers
from services.storage.active import ActiveTranscript, ActiveTranscripts
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.runs import RunStore

RETRIED_STATES = frozenset({CallState.FAILED, CallState.CANCELLED})


class JobDesk:
    """Carries out what a person asks; every method checks that the call is theirs first.

    Raises NotFound for a call of another organisation, as for one that doesn't exist.
    """

    def __init__(
        self,
        calls: CallStore,
        runs: RunStore,
        actives: ActiveTranscripts,
        vault: AudioVault,
        queue: JobQueue,
        intake: Intake,
        *,
        authority: Authority,
        workers: Workers,
        demo_folder: Path,
        defaults: ProcessingOptions | None = None,
    ) -> None:
        """Work on these stores; look for demo recordings in this folder.

        Demo recordings are processed with the options of ``defaults``.
        """
        self._calls = calls
        self._runs = runs
        self._actives = actives
        self._vault = vault
        self._queue = queue
        self._intake = intake
        self._authority = authority
        self._workers = workers
        self._demo_folder = demo_folder
        self._defaults = defaults or ProcessingOptions()

    def retry(self, user: User, call_id: str) -> Run:
        """Process a failed or cancelled call again with the same options and priority.

        Of one without a recording its words are read once more. Raises InvalidRequest for others.
        """
        call = self._authority.reached(user, call_id, Act.CALL_PROCESSED)
        before = self._runs.get(user.org_id, call_id, call.run)
        options = before.options
        self._allow_run(user, call_id, options)
        if call.has_recording or call.active_transcript_id is None:
            if options.relabel_of is None:
                self._intake.check_options(options)
            self._check_can_start(user, call_id, options)
        return self._queued(user, call_id, options, priority=before.priority, after=RETRIED_STATES)

    def rerun(self, user: User, call_id: str, options: ProcessingOptions) -> Run:
        """Process a call once more with these options.

        Its transcript stays active until the new one is there. Raises InvalidRequest while a run
        is under way or when the recording has no such part, ProviderUnknown,
        ProviderNotConfigured, SoundGone, or AccessDenied for bringing back what was redacted to
        somebody who may not hear it. Redacting a call whose text is not takes that text away: it
        needs the right to edit calls, and raises OnHold for a call that is on hold.
        """
        options = replace(options, relabel_of=None)
        audio = self._authority.reached(user, call_id, Act.CALL_PROCESSED).audio
        self._allow_run(user, call_id, options)
        self._intake.check_options(options)
        if audio is not None:
            part_of(audio.duration_ms, options.start_ms, options.end_ms)
        return self._start(user, call_id, options)

    def relabel(self, user: User, call_id: str, speakers: SpeakerCount) -> Run:
        """Tell the speakers of the call's transcript apart anew, keeping its words.

        Whoever recognised them needs not be at hand. Raises NotReady without a transcript,
        SoundGone without the recording, InvalidRequest while a run is under way or for numbers
        that no call can have.
        """
        call = self._authority.reached(user, call_id, Act.CALL_PROCESSED)
        self._authority.check(user, Act.CALL_PROCESSED, call_id)
        if call.active_transcript_id is None:
            raise NotReady
        speakers.check()
        before = self._options_of(user, call_id, call.active_transcript_id)
        options = replace(speakers.put_into(before), relabel_of=call.active_transcript_id)
        self._allow_run(user, call_id, options)
        return self._start(user, call_id, options)

    def sound_of(self, user: User, call_id: str) -> CallSound:
        """Return what there is to hear of a call for this person. Raises NotFound."""
        call = self._authority.reached(user, call_id)
        active = self._actives.of([call_id]).get(call_id)
        listening, original = Listening.NOTHING, Original.GONE
        if not call.has_recording:
            version = f"{Listening.UNRECORDED}.{call.active_transcript_id}"
            return CallSound(listening=Listening.UNRECORDED, original=original, version=version)
        if active is not None and self._is_heard(active):
            listening = Listening.COVERED if active.redacted else Listening.WHOLE
        if self._vault.has(call_id, Rendition.ORIGINAL):
            original = Original.KEPT if user.may(Right.HEAR_ORIGINAL) else Original.NOT_ALLOWED
            if active is not None and listening is Listening.NOTHING:
                listening = Listening.PREPARING
        elif listening is Listening.COVERED:
            original = Original.DROPPED
        version = f"{listening}.{call.active_transcript_id}"
        return CallSound(listening=listening, original=original, version=version)

    def why_no_run(self, user: User, call_id: str) -> PartylineError | None:
        """Return what a further run would be refused with for want of the recording, if so.

        Raises NotFound.
        """
        sound = self.sound_of(user, call_id)
        if sound.can_be_processed:
            return None
        if sound.listening is Listening.UNRECORDED:
            return NoRecording()
        return OriginalDropped() if sound.original is Original.DROPPED else SoundGone()

    def _allow_run(self, user: User, call_id: str, options: ProcessingOptions) -> None:
        """Let a person process a call like this.

        Raises AccessDenied, and OnHold for what would take its unredacted text away.
        """
        self._authority.check(user, Act.CALL_PROCESSED, call_id)
        if options.redact and self._calls.has_unredacted(user.org_id, call_id):
            self._authority.check(user, Act.CALL_EDITED, call_id)
            self._calls.check_free(user.org_id, call_id)
        self._authority.allow(
            user,
            Act.CALL_PROCESSED,
            call_id,
            provider=options.provider,
            redact=int(options.redact),
        )

    def _check_stays_redacted(self, user: User, call_id: str, options: ProcessingOptions) -> None:
        """Raise AccessDenied for bringing back to a person what they may not hear."""
        active = self._actives.of([call_id]).get(call_id)
        brings_back = active is not None and active.redacted and not options.redact
        if brings_back and not user.may(Right.HEAR_ORIGINAL):
            raise AccessDenied

    def _is_heard(self, active: ActiveTranscript) -> bool:
        rendition, transcript_id = rendition_of(active)
        return self._vault.has(active.call_id, rendition, transcript_id=transcript_id)

    def _options_of(self, user: User, call_id: str, transcript_id: str) -> ProcessingOptions:
        """Return the options of the run that made a transcript.

        A run that was cancelled right after it had stored its own doesn't know it: then those of
        the newest are taken.
        """
        runs = self._runs.list_for_call(user.org_id, call_id)
        made = (run.options for run in runs if run.transcript_id == transcript_id)
        return next(made, runs[-1].options)

    def _start(self, user: User, call_id: str, options: ProcessingOptions) -> Run:
        self._check_can_start(user, call_id, options)
        return self._queued(user, call_id, options)

    def _check_can_start(self, user: User, call_id: str, options: ProcessingOptions) -> None:
        self._check_stays_redacted(user, call_id, options)
        refusal = self.why_no_run(user, call_id)
        if refusal is not None:
            raise refusal

    def _queued(
        self,
        user: User,
        call_id: str,
        options: ProcessingOptions,
        *,
        priority: Priority = Priority.SINGLE,
        after: frozenset[CallState] = FINISHED_STATES,
    ) -> Run:
        with self._calls.transaction() as connection:
            run = self._runs.start(
                user.org_id,
                call_id,
                options,
                queue=self._queue.queue_for(options),
                priority=priority,
                after=after,
                connection=connection,
            )
            self._queue.enqueue(connection, run)
        telemetry.event("run.requested", run=run.number, provider=options.provider)
        return run

    def cancel(self, user: User, call_id: str) -> None:
        """Stop processing a call: at once while it waits, else at the next window."""
        call = self._authority.call(user, call_id, Act.CALL_PROCESSED)
        if call.state in FINISHED_STATES:
            return
        self._runs.request_cancel(user.org_id, call_id, call.run)
        # Read only now: a run whose end was asked for doesn't go to wait in another queue any more.
        run = self._runs.get(user.org_id, call_id, call.run)
        if run.state is CallState.WAITING:
            self._runs.cancelled(call_id, run.number)
            self._queue.withdraw([run.workflow_id])
        telemetry.event("run.cancel_requested", run=run.number)

    def delete(self, user: User, call_id: str) -> None:
        """Delete a call with everything that belongs to it; a run under way ends.

        Raises NotFound, AccessDenied, OnHold.
        """
        call = self._authority.call(user, call_id, Act.CALL_DELETED)
        self._calls.check_free(user.org_id, call_id)
        # From now on the newest run goes to no further queue, so that all its jobs are known.
        self._runs.request_cancel(user.org_id, call_id, call.run)
        runs = self._runs.list_for_call(user.org_id, call_id)
        jobs = [job for run in runs for job in run.workflow_ids]
        # The row goes first: with it goes the key, and nobody can find what may be left over.
        self._calls.delete(user.org_id, call_id)
        self._queue.withdraw(jobs)
        self._vault.delete(call_id)
        self._queue.forget(jobs)
        # Until here a removal stands that others would carry out, should this process be killed.
        self._calls.removed(call_id)
        telemetry.event("call.deleted")

    def progress(self, user: User, call_ids: Sequence[str]) -> dict[str, RunProgress]:
        """Return how far the newest runs of these calls have come; strangers' are left out."""
        self._authority.check(user, Act.CALL_VIEWED)
        reached = self._calls.among(user.org_id, call_ids, user.within)
        return self._runs.progress(user.org_id, reached)

    def open_playback(self, user: User, call_id: str) -> tuple[BinaryIO, int]:
        """Return what the player plays, as a seekable file and its size in bytes.

        Of a redacted call that is the sound in which its personal data is covered, and nothing
        else. Raises NotFound, NotReady without a transcript, SoundNotReady while the sound for it
        has yet to be made, NoRecording, TextNotShown.
        """
        call = self._authority.permitted(user, call_id, Act.CALL_PLAYED)
        active = self._actives.of([call_id]).get(call_id)
        if not call.has_recording:
            raise NoRecording
        if active is None:
            raise NotReady
        self._authority.check_text(user, Act.CALL_PLAYED, call_id, redacted=active.redacted)
        self._authority.note(user, Act.CALL_PLAYED, call_id)
        rendition, transcript_id = rendition_of(active)
        key = self._calls.key(user.org_id, call.id)
        try:
            size = self._vault.size(call_id, rendition, transcript_id=transcript_id)
            file = self._vault.open(call_id, rendition, key, transcript_id=transcript_id)
        except NotFound:
            raise SoundNotReady from None
        return file, size

    def open_original(self, user: User, call_id: str) -> tuple[BinaryIO, int, str]:
        """Return the recording as it came in: a seekable file, its size, its media type.

        Raises NotFound, AccessDenied, OriginalDropped, NoRecording.
        """
        call = self._authority.call(user, call_id, Act.ORIGINAL_PLAYED)
        if not call.has_recording:
            raise NoRecording
        key = self._calls.key(user.org_id, call.id)
        try:
            size = self._vault.size(call_id, Rendition.ORIGINAL)
            file = self._vault.open(call_id, Rendition.ORIGINAL, key)
        except NotFound:
            raise OriginalDropped from None
        telemetry.event("original.opened", user=user.id)
        return file, size, media_type_of(call.audio.container if call.audio else "")

    def demo_recordings(self) -> list[Path]:
        """Return the demo recordings. Raises NotFound where there are none."""
        return recordings_in(self._demo_folder)

    def load_demo(self, user: User) -> list[str]:
        """Take in the demo recordings; return the calls' ids, also of those there already."""
        self._authority.check(user, Act.CALL_ADDED)
        return [
            self._intake.add_file(
                user, path, path.name, self._defaults, CallDetails(), is_demo=True
            ).call_id
            for path in recordings_in(self._demo_folder)
        ]

    def worker_alive(self) -> bool:
        """Say whether some worker has shown itself lately."""
        return self._workers.any_alive()
