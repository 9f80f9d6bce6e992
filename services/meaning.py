"""Lines of calls that mean something like what was typed, whatever words they use.

The model knows English; calls in other languages, and calls from which personal data was not taken
out, are left aside.
"""

from collections.abc import Callable

from services.access.authority import Authority
from services.access.rights import readable
from services.domain.acts import Act
from services.domain.errors import InvalidRequest
from services.domain.marking import marks_in
from services.domain.people import User
from services.domain.searching import FoundPage, LineFilter, read_query
from services.storage.line_vectors import LineVectors
from services.storage.search import line_from_row
from services.understanding.closeness import Embedder

# How many calls are compared; more take longer than a person likes to wait.
MOST_CALLS = 2_000
MOST_FOUND = 100
# What is less alike has nothing to do with it.
LEAST_LIKENESS = 0.3
# How much more a line counts that holds the words as well.
WORDS_COUNT = 0.2
NO_WORD = "Type a few words that say what you are looking for."


class MeaningSearch:
    """Finds lines by what they mean, by the vectors that ``VectorMaker`` keeps ready."""

    def __init__(
        self, vectors: LineVectors, embedder: Callable[[], Embedder], *, authority: Authority
    ) -> None:
        """Search these vectors; the embedder, which made them too, is made when it is needed."""
        self._vectors = vectors
        self._authority = authority
        self.embedder = embedder

    def similar(self, user: User, typed: str, among: LineFilter | None = None) -> FoundPage:
        """Return the lines of the newest 2,000 calls that are most like what was typed.

        Lines that hold the words as well come before others that are as much alike. Raises
        AccessDenied, InvalidRequest for a query without words, WeightsMissing, WeightsDamaged,
        StorageError.
        """
        self._authority.allow(user, Act.CALLS_SEARCHED)
        wanted, among = read_query(typed), readable(user, among)
        if not wanted.groups:
            raise InvalidRequest(NO_WORD)
        (vector,) = self.embedder().embed([typed])
        closest, compared = self._vectors.closest(
            user.org_id, vector, among, MOST_CALLS, 4 * MOST_FOUND
        )
        alike = {(c, at): score for c, at, score in closest if score >= LEAST_LIKENESS}
        rows = self._vectors.rows(user.org_id, list(alike), among)
        scored = []
        for place, row in rows.items():
            marks = marks_in(row.text, row.words.split(), wanted)
            score = alike[place] + (WORDS_COUNT if marks else 0.0)
            scored.append((score, line_from_row(row, marks or ())))
        scored.sort(key=lambda one: -one[0])
        return FoundPage(lines=tuple(line for _, line in scored[:MOST_FOUND]), compared=compared)
