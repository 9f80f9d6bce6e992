"""Searching the words of all calls, for people."""

from services.domain.people import User
from services.domain.searching import FoundLine, LineFilter, WordQuery, read_query
from services.storage.search import SearchIndex

MOST_FOUND = 500


class SearchService:
    """Looks for words in the lines of an organisation's calls."""

    def __init__(self, index: SearchIndex) -> None:
        """Search this index."""
        self._index = index

    def search(
        self, user: User, typed: str, among: LineFilter | None = None, limit: int = 50
    ) -> list[FoundLine]:
        """Return the newest lines with all words and "quoted phrases" that were typed."""
        return self._index.newest(user.org_id, read_query(typed), among, min(limit, MOST_FOUND))

    def closest(
        self, user: User, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the lines that fit a query best, of those that came in last."""
        return self._index.best(user.org_id, wanted, among, min(limit, MOST_FOUND))

    def latest(
        self, user: User, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the newest lines, whatever they say."""
        return self._index.latest(user.org_id, among, min(limit, MOST_FOUND))
