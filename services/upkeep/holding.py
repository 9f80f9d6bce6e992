"""Legal holds as people place and release them."""

from collections.abc import Collection
from datetime import UTC, datetime

from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.ids import new_id
from services.domain.people import User
from services.domain.retention import Hold
from services.storage.holds import HoldStore


class HoldDesk:
    """Places, lists and releases holds."""

    def __init__(self, store: HoldStore, authority: Authority) -> None:
        """Work on this store; ``authority`` says who may."""
        self._store = store
        self._authority = authority

    def hold_call(self, user: User, call_id: str, reason: str) -> Hold:
        """Keep a call from being deleted. Raises NotFound, AccessDenied, InvalidRequest."""
        hold = self._made(user, reason, call_id=call_id)
        self._authority.call(user, call_id, Act.HOLD_CHANGED, hold=hold.id, change="placed")
        self._store.add(hold)
        return hold

    def hold_customer(self, user: User, customer_ref: str, reason: str) -> Hold:
        """Keep everything of a customer, also what is still to come, from being deleted.

        Raises AccessDenied, InvalidRequest.
        """
        hold = self._made(user, reason, customer_ref=customer_ref.strip())
        self._authority.allow(user, Act.HOLD_CHANGED, hold.id, change="placed on a customer")
        self._store.add(hold)
        return hold

    def release(self, user: User, hold_id: str) -> None:
        """Let what was held be deleted again. Raises HoldNotFound, AccessDenied."""
        hold = self._store.get(user.org_id, hold_id)
        if hold.call_id is not None:
            self._authority.call(
                user, hold.call_id, Act.HOLD_CHANGED, hold=hold_id, change="released"
            )
        else:
            self._authority.allow(user, Act.HOLD_CHANGED, hold_id, change="released of a customer")
        self._store.release(user.org_id, hold_id)

    def all(self, user: User) -> list[Hold]:
        """Return all holds of the organisation, the newest first. Raises AccessDenied."""
        self._authority.allow(user, Act.HOLD_CHANGED, change="listed")
        return self._store.list(user.org_id)

    def of_call(self, user: User, call_id: str) -> list[Hold]:
        """Return what holds a call in the person's reach. Raises NotFound."""
        self._authority.reached(user, call_id)
        return self._store.of_call(user.org_id, call_id)

    def held(self, user: User, call_ids: Collection[str]) -> frozenset[str]:
        """Return which of these calls are on hold, for lists of calls they were shown in."""
        return self._store.held(user.org_id, call_ids)

    def _made(
        self,
        user: User,
        reason: str,
        *,
        call_id: str | None = None,
        customer_ref: str | None = None,
    ) -> Hold:
        hold = Hold(
            id=new_id(),
            org_id=user.org_id,
            reason=reason.strip(),
            placed_by=user.name,
            placed_at=datetime.now(UTC),
            call_id=call_id,
            customer_ref=customer_ref,
        )
        hold.check()
        return hold
