"""Legal holds as people place and release them."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Protocol

from services.access.authority import Authority, FoundCalls, may_reach
from services.access.rights import check_reaches_all
from services.domain.acts import Act
from services.domain.errors import HoldNotFound, NotFound
from services.domain.ids import new_id
from services.domain.people import Right, User, Within
from services.domain.retention import Hold
from services.storage.holds import HoldStore


class HeldCalls(FoundCalls, Protocol):
    """Where calls are looked up, one or many."""

    def among(self, org_id: str, call_ids: Iterable[str], within: Within | None) -> list[str]:
        """Return those of these calls that are the organisation's and within."""


class HoldDesk:
    """Places, lists and releases holds."""

    def __init__(self, store: HoldStore, calls: HeldCalls, authority: Authority) -> None:
        """Work on this store; ``authority`` says who may."""
        self._store = store
        self._calls = calls
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
        check_reaches_all(user)
        hold = self._made(user, reason, customer_ref=customer_ref.strip())
        self._authority.allow(user, Act.HOLD_CHANGED, hold.id, change="placed on a customer")
        self._store.add(hold)
        return hold

    def release(self, user: User, hold_id: str) -> None:
        """Let what was held be deleted again. Raises HoldNotFound, AccessDenied."""
        try:
            hold = self._store.get(user.org_id, hold_id)
        except HoldNotFound:
            self._authority.refuse(user, Act.HOLD_CHANGED, hold_id)
            raise
        if hold.call_id is not None:
            try:
                self._authority.call(
                    user, hold.call_id, Act.HOLD_CHANGED, hold=hold_id, change="released"
                )
            except NotFound:
                # One on somebody else's call is as if there were none.
                raise HoldNotFound from None
        else:
            check_reaches_all(user)
            self._authority.allow(user, Act.HOLD_CHANGED, hold_id, change="released of a customer")
        self._store.release(user.org_id, hold_id)

    def all(self, user: User) -> list[Hold]:
        """Return the holds in a person's reach, the newest first. Raises AccessDenied."""
        if not user.may(Right.DELETE):
            # Only refusals of looking are written down as such.
            self._authority.allow(user, Act.HOLD_CHANGED)
        return [hold for hold in self._store.list(user.org_id) if self._is_theirs(user, hold)]

    def of_call(self, user: User, call_id: str) -> list[Hold]:
        """Return what holds a call in the person's reach. Raises NotFound."""
        self._authority.reached(user, call_id)
        return self._store.of_call(user.org_id, call_id)

    def held(self, user: User, call_ids: Collection[str]) -> frozenset[str]:
        """Return which of these calls, of those in the person's reach, are on hold.

        Raises AccessDenied for whoever may see no calls.
        """
        self._authority.check(user, Act.CALL_VIEWED)
        return self._store.held(user.org_id, self._calls.among(user.org_id, call_ids, user.within))

    def _is_theirs(self, user: User, hold: Hold) -> bool:
        if user.reach.all_calls:
            return True
        try:
            call = self._calls.get(user.org_id, hold.call_id) if hold.call_id else None
        except NotFound:
            return False
        return call is not None and may_reach(user, call)

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
