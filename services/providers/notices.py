"""Being told by a service that its work is done, where this installation can be reached."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A notice that is expected: the service is to call ``url`` with ``header`` as ``secret``."""

    token: str
    url: str
    header: str
    secret: str = field(repr=False)


class ProviderNotices(Protocol):
    """The notices that services send to this installation."""

    def expect(self) -> Expected:
        """Make and remember a new secret, and return where it is expected."""

    def arrived(self, token: str) -> bool:
        """Say whether the notice has come, with its secret."""

    def forget(self, token: str) -> None:
        """Expect this notice no longer."""
