"""Deletes every day what has been kept long enough, and says what would be next."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial

from services import telemetry
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import (
    NotFound,
    OnHold,
    PartylineError,
    StillInWork,
    VoiceNotFound,
)
from services.domain.people import Role, User
from services.domain.retention import (
    Cutoffs,
    Kept,
    RetentionCounts,
    RetentionPeriod,
    RetentionRun,
)
from services.jobs.removing import CallRemover
from services.storage.audio_vault import AudioVault
from services.storage.known_voices import KnownVoiceStore
from services.storage.retention import RetentionStore, count_one

AT_ONCE = 100
EVERY = timedelta(hours=24)
ALONE = "retention"

Alone = Callable[[str], AbstractContextManager[bool]]


class RetentionDesk:
    """What people ask of retention.

    Methods raise AccessDenied to who may not operate, unless they say otherwise.
    """

    def __init__(self, store: RetentionStore, authority: Authority) -> None:
        """Work on this store; ``authority`` says who may."""
        self._store = store
        self._authority = authority

    def periods(self, user: User) -> list[RetentionPeriod]:
        """Return what is set for the organisation."""
        self._authority.allow(user, Act.OPERATION_SEEN, ALONE)
        return self._store.periods(user.org_id)

    def runs(self, user: User) -> list[RetentionRun]:
        """Return the last runs, the newest first."""
        self._authority.allow(user, Act.OPERATION_SEEN, ALONE)
        return self._store.runs(user.org_id)

    def preview(self, user: User) -> RetentionCounts:
        """Count what the next run would delete if it began now."""
        self._authority.allow(user, Act.OPERATION_SEEN, ALONE)
        cutoffs = self._store.cutoffs(user.org_id, datetime.now(UTC))
        return self._store.count_due(user.org_id, cutoffs)

    def lapsed(self, user: User, call_id: str) -> dict[Kept, datetime]:
        """Return what of a call in a person's reach was deleted in time, and when.

        Everybody who reaches it may know. Raises NotFound.
        """
        self._authority.reached(user, call_id)
        return self._store.lapsed(user.org_id, call_id)

    def set(self, user: User, period: RetentionPeriod) -> None:
        """Set how long something stays. Raises InvalidRequest."""
        period.check()
        days = "for ever" if period.days is None else period.days
        self._authority.allow(
            user, Act.RETENTION_CHANGED, period.kind, days=days, queue=period.queue or "all"
        )
        self._store.set(user.org_id, period, by=user.name)

    def unset(self, user: User, kind: Kept, queue: str | None) -> None:
        """Take a period away."""
        self._authority.allow(
            user, Act.RETENTION_CHANGED, kind, days="not set", queue=queue or "all"
        )
        self._store.unset(user.org_id, kind, queue)


class RetentionKeeper:
    """Carries out what is due; killed anywhere it goes on there and counts nothing twice."""

    def __init__(
        self,
        store: RetentionStore,
        remover: CallRemover,
        vault: AudioVault,
        voices: KnownVoiceStore,
        authority: Authority,
        alone: Alone,
        *,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Work on these; ``alone`` keeps others, on all hosts, from doing the same meanwhile.

        Leaves off once ``stopping()``.
        """
        self._store = store
        self._remover = remover
        self._vault = vault
        self._voices = voices
        self._authority = authority
        self._alone = alone
        self._stopping = stopping

    def run_due(self) -> int:
        """Run for every organisation whose last run was a day ago; return how much was deleted.

        What keeps one of them from it doesn't keep the others.
        """
        deleted = 0
        for org_id in self._store.organisations():
            last = self._store.runs(org_id, limit=1)
            is_due = not last or last[0].finished_at is None
            if is_due or last[0].began_at < datetime.now(UTC) - EVERY:
                try:
                    run = self.run(org_id)
                except PartylineError as error:
                    telemetry.fault("retention.fault", error)
                    continue
                deleted += _total(run.counts) if run else 0
        return deleted

    def run(self, org_id: str) -> RetentionRun | None:
        """Delete all that is due now; return the run, None while another process is at it."""
        with self._alone(ALONE) as is_alone:
            if not is_alone:
                return None
            return self._run(org_id)

    def _run(self, org_id: str) -> RetentionRun:
        self._remover.finish_all()
        run = self._store.begin_run(org_id)
        # Once: a period that is changed meanwhile is the next run's, which notes what it would do.
        cutoffs = self._store.cutoffs(org_id, datetime.now(UTC))
        before = self._store.count_due(org_id, cutoffs)
        if not before.is_nothing:
            # First of all: nothing is deleted that the audit doesn't know of.
            self._authority.note(
                _keeper_of(org_id), Act.RETENTION_CARRIED_OUT, run.id, **_told(before)
            )
        for kind in (Kept.CALL, Kept.AUDIO, Kept.TEXT, Kept.VOICEPRINTS):
            for subject in self._due(org_id, kind, cutoffs[kind]):
                self._delete(org_id, kind, subject, run.id)
        if self._stopping():
            return run
        done = self._store.end_run(run.id, held=before.held)
        telemetry.event("retention.run", deleted=_total(done.counts), held=before.held)
        return done

    def _due(self, org_id: str, kind: Kept, cutoffs: Cutoffs) -> Iterator[str]:
        """Yield what is due; each once, also what could not be deleted."""
        seen: set[str] = set()
        while not self._stopping():
            found = self._store.due(org_id, kind, cutoffs, AT_ONCE + len(seen))
            new = [subject for subject in found if subject not in seen]
            if not new:
                return
            for subject in new:
                if self._stopping():
                    return
                yield subject
            # What could not be deleted would be found again, for ever.
            still = set(self._store.due(org_id, kind, cutoffs, AT_ONCE + len(seen)))
            seen |= still & set(new)

    def _delete(self, org_id: str, kind: Kept, subject: str, run_id: str) -> None:
        """Delete one thing that is due; its own entry in the audit comes first."""
        act = Act.CALL_DELETED if kind is Kept.CALL else Act.RETENTION_CARRIED_OUT
        self._authority.note(_keeper_of(org_id), act, subject, kind=kind, run=run_id)
        try:
            match kind:
                case Kept.CALL:
                    self._remover.remove(
                        org_id, subject, also=partial(count_one, run_id=run_id, kind=kind)
                    )
                case Kept.AUDIO:
                    fresh = self._vault.new_key(subject)
                    self._store.begin_audio(org_id, subject, fresh, run_id)
                    self._remover.finish(subject)
                case Kept.TEXT:
                    self._store.delete_text(org_id, subject, run_id)
                case Kept.VOICEPRINTS:
                    self._voices.delete(
                        org_id, subject, also=partial(count_one, run_id=run_id, kind=kind)
                    )
        except (NotFound, OnHold, StillInWork, VoiceNotFound):
            # Deleted, put on hold or processed again a moment ago.
            return


def _keeper_of(org_id: str) -> User:
    return User(id="retention", name="Retention", org_id=org_id, role=Role.ADMIN)


def _told(counts: RetentionCounts) -> dict[str, int]:
    return dict(vars(counts))


def _total(counts: RetentionCounts) -> int:
    return counts.calls + counts.audio + counts.text + counts.voiceprints
