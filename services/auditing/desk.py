"""What people ask of the audit. That they did is written down in it as well."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.audit_trail import AuditPage, AuditQuery, KeptEntry
from services.domain.errors import AccessDenied
from services.domain.people import Right, User
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader

ROWS_AT_ONCE = 1_000
EXPORT = "export"


class AuditDesk:
    """Shows the audit of their organisation to those who may read it.

    Every method raises AccessDenied for others, and StorageError.
    """

    def __init__(self, reader: AuditReader, store: AuditStore, authority: Authority) -> None:
        """Read and write here, and ask there who may."""
        self._reader = reader
        self._store = store
        self._authority = authority

    def page(self, user: User, wanted: AuditQuery) -> AuditPage:
        """Return the newest entries that are wanted."""
        self._authority.allow(user, Act.AUDIT_READ)
        return self._reader.page(user.org_id, wanted)

    def export(self, user: User, wanted: AuditQuery) -> Iterator[KeptEntry]:
        """Return all entries that are wanted, the newest first, but not more than its limit.

        Few of them are in memory at a time. Whether it is allowed is said at once.
        """
        self._authority.allow(user, Act.AUDIT_READ, EXPORT)
        return self._exported(user.org_id, wanted)

    def cut(self, user: User, before: datetime) -> int:
        """Cut entries older than this; return how many. What was cut up to is written down."""
        self._authority.allow(user, Act.AUDIT_CUT)
        return self._store.cut(user, before)

    def resume(self, user: User) -> bool:
        """Let the audit go on though its end was changed; False where nothing keeps it from that.

        Only those who may operate the installation can. Raises WrongKey.
        """
        if not user.may(Right.OPERATE):
            raise AccessDenied
        # Nothing can be written down before; that it went on is.
        return self._store.resume(user)

    def _exported(self, org_id: str, wanted: AuditQuery) -> Iterator[KeptEntry]:
        left, before = wanted.limit, wanted.before
        while left > 0:
            some = replace(wanted, before=before, limit=min(left, ROWS_AT_ONCE))
            page = self._reader.page(org_id, some)
            yield from page.entries
            left, before = left - len(page.entries), page.before
            if before is None:
                return
