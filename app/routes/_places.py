"""How many uploads one person may have under way at once, and all together."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.domain.errors import TooManyUploads
from services.domain.people import User

MOST_OF_ONE = 12
MOST_OF_ALL = 64


class UploadPlaces:
    """Places for uploads. Of one event loop only."""

    def __init__(self, *, of_one: int = MOST_OF_ONE, of_all: int = MOST_OF_ALL) -> None:
        """Let so many in."""
        self._of_one = of_one
        self._of_all = of_all
        self._taken: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def one(self, user: User) -> Iterator[None]:
        """Hold a place while the block lasts. Raises TooManyUploads when there is none."""
        person = (user.org_id, user.id)
        if self._taken[person] >= self._of_one or self._taken.total() >= self._of_all:
            raise TooManyUploads
        self._taken[person] += 1
        try:
            yield
        finally:
            self._taken[person] -= 1
            if not self._taken[person]:
                del self._taken[person]
