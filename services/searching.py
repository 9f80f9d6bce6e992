"""Searching the words of all calls, for people."""

from services.access.authority import Authority
from services.access.rights import readable
from services.domain.acts import Act
from services.domain.errors import InvalidRequest
from services.domain.people import User
from services.domain.searching import (
    FoundCount,
    FoundLine,
    FoundPage,
    LineFilter,
    WordQuery,
    read_query,
)
from services.storage.search import NEWEST, SearchIndex

MOST_FOUND = 500
NO_WORD = "Name at least one word that a line must hold."


class SearchService:
    """Looks for words in the lines of those calls that a person has to do with and may read.

    Every method raises AccessDenied for whoever may see no calls.
    """

    def __init__(self, index: SearchIndex, *, authority: Authority) -> None:
        """Search this index."""
        self._index = index
        self._authority = authority

    def search(
        self, user: User, typed: str, among: LineFilter | None = None, limit: int = 50
    ) -> list[FoundLine]:
        """Return the newest lines with all words and "quoted phrases" that were typed.

        Raises InvalidRequest for a query that can't be looked for.
        """
        return list(self.page(user, typed, among, limit).lines)

    def page(
        self,
        user: User,
        typed: str,
        among: LineFilter | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> FoundPage:
        """Return lines newest first; ``after`` is the ``next_page`` of the page before.

        A call that is added or deleted meanwhile moves no line from one page to another. Raises
        InvalidRequest for a query that can't be looked for, or another ``after``.
        """
        wanted = _read(typed)
        below = None if after is None else _number(after)
        among = self._among(user, among)
        return self._index.page(user.org_id, wanted, among, min(limit, MOST_FOUND), below)

    def ranked(
        self, user: User, typed: str, among: LineFilter | None = None, limit: int = 50
    ) -> FoundPage:
        """Return the lines that fit best, of so many of the newest as ``compared`` says.

        Raises InvalidRequest for a query that can't be looked for.
        """
        wanted, among = _read(typed), self._among(user, among)
        return self._index.ranked(user.org_id, wanted, among, min(limit, MOST_FOUND))

    def count(self, user: User, typed: str, among: LineFilter | None = None) -> FoundCount:
        """Return how many lines a query finds, up to 1,000. Raises InvalidRequest."""
        return self._index.count(user.org_id, _read(typed), self._among(user, among))

    def closest(
        self, user: User, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the lines that fit a query best, of those that came in last."""
        among = self._among(user, among)
        return self._index.best(user.org_id, wanted, among, min(limit, MOST_FOUND))

    def latest(
        self, user: User, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the newest lines, whatever they say."""
        return self._index.latest(user.org_id, self._among(user, among), min(limit, MOST_FOUND))

    def _among(self, user: User, among: LineFilter | None) -> LineFilter:
        self._authority.allow(user, Act.CALLS_SEARCHED)
        return readable(user, among)


def _read(typed: str) -> WordQuery:
    wanted = read_query(typed)
    if not wanted.groups:
        raise InvalidRequest(NO_WORD)
    return wanted


def _number(after: str) -> int:
    try:
        number = int(after, 16)
    except ValueError:
        number = -1
    if not 0 <= number <= NEWEST:
        raise InvalidRequest("This is no place in a search.")
    return number
