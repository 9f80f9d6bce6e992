"""Being told by a service that it is done, in place of asking it again and again."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A notice that a service is to send: to ``url``, with ``secret`` in the header ``header``."""

    token: str
    url: str
    header: str
    secret: str = field(repr=False)


class ProviderNotices(Protocol):
    """Where a service can tell that it is done, and whether it has."""

    def expect(self) -> Expected:
        """Expect one more notice, with a secret of its own."""

    def arrived(self, token: str) -> bool:
        """Say whether the notice has come."""

    def forget(self, token: str) -> None:
        """Expect it no more."""
