"""Notices of one provider: expected by a worker, taken in by a web process, met in the database."""

import secrets
from datetime import timedelta

from services.providers.notices import Expected
from services.storage.provider_notices import ProviderNoticeStore

HEADER = "X-Partyline-Notice"
PATH = "/webhooks"
# No recording takes a service so long; whoever expected it is gone.
GIVEN_UP_AFTER = timedelta(days=2)


class StoredNotices:
    """Expects notices of one provider at this installation's public address."""

    def __init__(self, store: ProviderNoticeStore, provider: str, public_url: str) -> None:
        """Keep them in this store; ``public_url`` is where services elsewhere reach the server."""
        self._store = store
        self._provider = provider
        self._address = f"{public_url.rstrip('/')}{PATH}/{provider}"

    def expect(self) -> Expected:
        """Expect one more notice, with a secret of its own. Raises StorageError."""
        token, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._store.expect(self._provider, token, secret)
        return Expected(token=token, url=f"{self._address}/{token}", header=HEADER, secret=secret)

    def arrived(self, token: str) -> bool:
        """Say whether the notice has come. Raises StorageError."""
        return self._store.has_arrived(token)

    def forget(self, token: str) -> None:
        """Expect it no more. Raises StorageError."""
        self._store.forget(token)
