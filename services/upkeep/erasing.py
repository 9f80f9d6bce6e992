"""Erases a call, or all of one customer: calls, what is to become calls, copies elsewhere."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from services import telemetry
from services.access.authority import Authority
from services.access.rights import check_reaches_all
from services.domain.acts import Act
from services.domain.errors import InvalidRequest, NotFound, OnHold, UploadNotFound
from services.domain.live_calls import RunningCall
from services.domain.people import User
from services.ingest.uploads import Uploads
from services.jobs.desk import JobDesk
from services.jobs.removing import CallRemover
from services.live.recording.left_over import STRANGE_AFTER_S
from services.storage.audio_vault import AudioVault
from services.storage.customers import CustomerStore
from services.storage.holds import HoldStore
from services.storage.live_calls import LiveCallStore
from services.storage.removals import RemovalStore, hash_of_call
from services.storage.tapes import TapeStore

TAPES_KEPT_DAYS = int(STRANGE_AFTER_S / 86_400)


@dataclass(frozen=True, kw_only=True)
class CustomerTraces:
    """What there is of a customer: counts, ``copies`` at providers, calls being held now.

    ``uploads`` have not become calls yet. ``tapes_elsewhere`` are those of calls being held whose
    sound is on other machines: their processes let go of the calls within seconds, and delete
    the tapes once nothing has been written to them for so many days as TAPES_KEPT_DAYS says.
    """

    calls: int
    transcripts: int
    runs: int
    sound_files: int
    copies: int
    live_calls: int
    uploads: int
    tapes_elsewhere: int

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all is stored of the customer."""
        return not (self.calls or self.live_calls or self.uploads)


class Eraser:
    """Erases call by call, each as if a person deleted it; whoever is killed begins again.

    What was erased is kept as hashes, by which backups are kept from bringing it back.
    """

    def __init__(
        self,
        customers: CustomerStore,
        desk: JobDesk,
        vault: AudioVault,
        live_calls: LiveCallStore,
        tapes: TapeStore,
        uploads: Uploads,
        holds: HoldStore,
        removals: RemovalStore,
        remover: CallRemover,
        *,
        authority: Authority,
        delete_copies: Callable[[], object],
        tidy: Callable[[], object],
    ) -> None:
        """Work on these; ``delete_copies`` asks providers to delete what is due there.

        ``tidy`` has the database forget for good what was deleted from it.
        """
        self._customers = customers
        self._desk = desk
        self._vault = vault
        self._live_calls = live_calls
        self._tapes = tapes
        self._uploads = uploads
        self._holds = holds
        self._removals = removals
        self._remover = remover
        self._authority = authority
        self._delete_copies = delete_copies
        self._tidy = tidy

    def look(self, user: User, customer_ref: str) -> CustomerTraces:
        """Count what would be erased. Raises AccessDenied, InvalidRequest without a reference."""
        check_reaches_all(user)
        self._authority.allow(user, Act.CUSTOMER_ERASED, step="looked")
        return self._look(user, _checked(customer_ref))

    def erase(self, user: User, customer_ref: str) -> CustomerTraces:
        """Erase all of it; return what there was.

        Copies that a provider can't delete at once are asked for again until it has. Raises as
        ``look``, OnHold before anything is erased, and StorageError; then it can be asked for
        again.
        """
        ref = _checked(customer_ref)
        check_reaches_all(user)
        self._authority.allow(user, Act.CUSTOMER_ERASED, step="erased")
        if self._holds.of_customer(user.org_id, ref):
            raise OnHold
        before = self._look(user, ref)
        # First: what becomes a call a moment later would be among the stored ones.
        for upload in self._uploads.of_customer(user, ref):
            with suppress(UploadNotFound):
                self._uploads.give_up(user, upload.id)
            self._note(user, upload.id)
        for running in self._running(user, ref):
            with self._holds.free_customer(user.org_id, ref) as connection:
                self._live_calls.remove(running.id, connection=connection)
            self._tapes.delete(running.id)
            self._note(user, running.id)
        while call_ids := self._customers.calls(user.org_id, ref):
            for call_id in call_ids:
                self._delete(user, call_id)
        self._settle()
        telemetry.event(
            "customer.erased",
            calls=before.calls,
            live_calls=before.live_calls,
            uploads=before.uploads,
        )
        return before

    def erase_call(self, user: User, call_id: str) -> None:
        """Erase one call, also at its provider and from what the database still holds of it.

        Raises NotFound, AccessDenied, OnHold, StorageError; then it can be asked for again.
        """
        self._desk.delete(user, call_id)
        self._settle()

    def call_ids(self, user: User, customer_ref: str) -> list[str]:
        """Return the ids by which a customer's calls, held or stored, and uploads are known.

        Raises as ``look``.
        """
        ref = _checked(customer_ref)
        check_reaches_all(user)
        self._authority.allow(user, Act.CUSTOMER_ERASED, step="looked")
        return [
            *self._customers.calls(user.org_id, ref, limit=None),
            *(call.id for call in self._running(user, ref)),
            *(upload.id for upload in self._uploads.of_customer(user, ref)),
        ]

    def _look(self, user: User, ref: str) -> CustomerTraces:
        rows = self._customers.count(user.org_id, ref)
        ids = self._customers.calls(user.org_id, ref, limit=None)
        running = self._running(user, ref)
        here = set(self._tapes.ids())
        return CustomerTraces(
            calls=rows.calls,
            transcripts=rows.transcripts,
            runs=rows.runs,
            sound_files=sum(1 for call_id in ids for _ in self._vault.stored(call_id)),
            copies=rows.copies,
            live_calls=len(running),
            uploads=len(self._uploads.of_customer(user, ref)),
            tapes_elsewhere=sum(1 for call in running if _has_tape(call) and call.id not in here),
        )

    def _settle(self) -> None:
        # What somebody who was killed had begun with.
        self._remover.finish_all()
        self._delete_copies()
        self._tidy()

    def _note(self, user: User, call_id: str) -> None:
        self._removals.note_erased([hash_of_call(call_id)], user.org_id)

    def _delete(self, user: User, call_id: str) -> None:
        try:
            self._desk.delete(user, call_id)
        except NotFound:
            # Somebody else deleted it a moment ago.
            return

    def _running(self, user: User, customer_ref: str) -> list[RunningCall]:
        running = self._live_calls.running(user.org_id)
        return [call for call in running if call.details.customer_ref == customer_ref]


def _has_tape(call: RunningCall) -> bool:
    return call.phone is None or not call.phone.sends_words


def _checked(customer_ref: str) -> str:
    ref = customer_ref.strip()
    if not ref:
        raise InvalidRequest("Say whose calls: a customer reference.")
    return ref
