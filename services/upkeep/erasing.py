"""Erases everything of one customer: stored calls, calls being held, copies at providers."""

from collections.abc import Callable
from dataclasses import dataclass

from services import telemetry
from services.access.rights import check_may_change
from services.domain.errors import InvalidRequest, NotFound
from services.domain.live_calls import RunningCall
from services.domain.people import User
from services.jobs.desk import JobDesk
from services.storage.audio_vault import AudioVault
from services.storage.customers import CustomerStore
from services.storage.live_calls import LiveCallStore
from services.storage.tapes import TapeStore


@dataclass(frozen=True, kw_only=True)
class CustomerTraces:
    """What there is of a customer: counts, ``copies`` at providers, calls being held now."""

    calls: int
    transcripts: int
    runs: int
    sound_files: int
    copies: int
    live_calls: int

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all is stored of the customer."""
        return not (self.calls or self.live_calls)


class CustomerEraser:
    """Erases call by call, each as if a person deleted it; whoever is killed begins again."""

    def __init__(
        self,
        customers: CustomerStore,
        desk: JobDesk,
        vault: AudioVault,
        live_calls: LiveCallStore,
        tapes: TapeStore,
        *,
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
        self._delete_copies = delete_copies
        self._tidy = tidy

    def look(self, user: User, customer_ref: str) -> CustomerTraces:
        """Count what would be erased. Raises AccessDenied, InvalidRequest without a reference."""
        check_may_change(user)
        ref = _checked(customer_ref)
        rows = self._customers.count(user.org_id, ref)
        ids = self._customers.calls(user.org_id, ref, limit=None)
        return CustomerTraces(
            calls=rows.calls,
            transcripts=rows.transcripts,
            runs=rows.runs,
            sound_files=sum(1 for call_id in ids for _ in self._vault.stored(call_id)),
            copies=rows.copies,
            live_calls=len(self._running(user, ref)),
        )

    def erase(self, user: User, customer_ref: str) -> CustomerTraces:
        """Erase all of it; return what there was.

        Copies that a provider can't delete at once are asked for again until it has. Raises as
        ``look``, and StorageError; then it can be asked for again.
        """
        ref = _checked(customer_ref)
        before = self.look(user, ref)
        # First: a call that is over a moment later would be among the stored ones.
        for running in self._running(user, ref):
            self._live_calls.remove(running.id)
            self._tapes.delete(running.id)
        while call_ids := self._customers.calls(user.org_id, ref):
            for call_id in call_ids:
                self._delete(user, call_id)
        self._delete_copies()
        self._tidy()
        telemetry.event("customer.erased", calls=before.calls, live_calls=before.live_calls)
        return before

    def _delete(self, user: User, call_id: str) -> None:
        try:
            self._desk.delete(user, call_id)
        except NotFound:
            # Somebody else deleted it a moment ago.
            return

    def _running(self, user: User, customer_ref: str) -> list[RunningCall]:
        running = self._live_calls.running(user.org_id)
        return [call for call in running if call.details.customer_ref == customer_ref]


def _checked(customer_ref: str) -> str:
    ref = customer_ref.strip()
    if not ref:
        raise InvalidRequest("Say whose calls: a customer reference.")
    return ref
