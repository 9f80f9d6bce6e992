"""Calls one by one and in lists, without what was said in them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.calls import Call, Run
from services.domain.people import User
from services.domain.rules import Category
from services.storage.call_pages import CallPages, PlaceInList
from services.storage.call_rows import CallFilter, CallRow
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.runs import RunStore


class CallBrowsing:
    """Shows the calls that a person has to do with; others are as if they weren't there.

    Nothing said in a call is shown here, so it isn't written down who looks. Every method raises
    AccessDenied for whoever may see no calls, and StorageError.
    """

    def __init__(
        self,
        calls: CallStore,
        runs: RunStore,
        pages: CallPages,
        categories: CategoryStore,
        *,
        authority: Authority,
    ) -> None:
        """Read these stores."""
        self._calls = calls
        self._runs = runs
        self._pages = pages
        self._categories = categories
        self._authority = authority

    def get(self, user: User, call_id: str) -> Call:
        """Return a call. Raises NotFound."""
        self._authority.check(user, Act.CALL_VIEWED, call_id)
        return self._authority.reached(user, call_id)

    def newest_run(self, user: User, call_id: str) -> Run:
        """Return the newest run of a call. Raises NotFound."""
        return self._runs.get(user.org_id, call_id, self.get(user, call_id).run)

    def runs(self, user: User, call_id: str) -> Sequence[Run]:
        """Return all runs of a call, the oldest first. Raises NotFound."""
        self.get(user, call_id)
        return self._runs.list_for_call(user.org_id, call_id)

    def list(self, user: User, wanted: CallFilter | None = None) -> Sequence[CallRow]:
        """Return the calls that the filter lets through, in its order."""
        return self._calls.list(user.org_id, self._within(user, wanted))

    def count(self, user: User, wanted: CallFilter | None = None) -> int:
        """Return how many calls the filter lets through, whatever its limit and offset."""
        return self._calls.count(user.org_id, self._within(user, wanted))

    def page(
        self, user: User, wanted: CallFilter, after: PlaceInList | None, limit: int
    ) -> Sequence[CallRow]:
        """Return ``limit`` calls behind a place, those held last first; topics are left out."""
        return self._pages.page(user.org_id, self._within(user, wanted), after, limit)

    def has_any(self, user: User) -> bool:
        """Tell whether there is any call."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._calls.has_any(user.org_id, user.within)

    def agents(self, user: User) -> tuple[str, ...]:
        """Return the names of the agents of all calls, in order."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._calls.agents(user.org_id, user.within)

    def queues(self, user: User) -> tuple[str, ...]:
        """Return the names of the queues of all calls, in order."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._calls.queues(user.org_id, user.within)

    def categories(self, user: User, call_ids: Iterable[str]) -> dict[str, tuple[Category, ...]]:
        """Return the categories of those of these calls that have any, without their evidence."""
        self._authority.check(user, Act.CALL_VIEWED)
        reached = self._calls.among(user.org_id, call_ids, user.within)
        return self._categories.of_calls(user.org_id, reached)

    def _within(self, user: User, wanted: CallFilter | None) -> CallFilter:
        self._authority.check(user, Act.CALL_VIEWED)
        return replace(wanted or CallFilter(), within=user.within)
