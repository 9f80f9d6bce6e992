"""Notices that services elsewhere were asked to send, and which of them have come.

Of the secret that a notice has to bring along only a hash is kept. It is random and as long as a
key, so that nobody finds it by trying words.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Engine, delete, insert, select, update

from services.domain.errors import InvalidToken, NotFound
from services.storage.database import reading, writing
from services.storage.provider_tables import PROVIDER_NOTICES

_N = PROVIDER_NOTICES.c


class ProviderNoticeStore:
    """Keeps expected notices. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def expect(self, provider: str, token: str, secret: str) -> None:
        """Expect a notice of a provider under this token, bringing this secret."""
        row = {
            "token": token,
            "provider": provider,
            "secret_hash": _hash(secret),
            "made_at": datetime.now(UTC),
        }
        with writing(self._engine) as connection:
            connection.execute(insert(PROVIDER_NOTICES).values(row))

    def check(self, provider: str, token: str, secret: str) -> None:
        """Raise NotFound for a notice that nobody expects, InvalidToken for a wrong secret."""
        self._has_arrived(provider, token, secret)

    def arrive(self, provider: str, token: str, secret: str) -> None:
        """Note that an expected notice has come; a second time changes nothing.

        Raises as ``check``.
        """
        if not self._has_arrived(provider, token, secret):
            change = update(PROVIDER_NOTICES).where(_is(provider, token))
            with writing(self._engine) as connection:
                connection.execute(change.values(arrived_at=datetime.now(UTC)))

    def _has_arrived(self, provider: str, token: str, secret: str) -> bool:
        query = select(_N.secret_hash, _N.arrived_at).where(_is(provider, token))
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound
        if not hmac.compare_digest(row.secret_hash, _hash(secret)):
            raise InvalidToken
        return row.arrived_at is not None

    def has_arrived(self, token: str) -> bool:
        """Say whether the notice under this token has come."""
        query = select(_N.arrived_at).where(_N.token == token)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is not None

    def forget(self, token: str) -> None:
        """Expect the notice under this token no more."""
        with writing(self._engine) as connection:
            connection.execute(delete(PROVIDER_NOTICES).where(_N.token == token))

    def forget_older(self, age: timedelta) -> int:
        """Expect no more what was expected so long ago; return how many there were."""
        old = delete(PROVIDER_NOTICES).where(_N.made_at < datetime.now(UTC) - age)
        with writing(self._engine) as connection:
            return connection.execute(old).rowcount


def _is(provider: str, token: str) -> ColumnElement[bool]:
    return (_N.token == token) & (_N.provider == provider)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
