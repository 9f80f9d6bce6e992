"""What reads and checks the audit, put together from the settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.settings import Settings
from app.wiring.parts import master_key_of
from services.access.authority import Authority
from services.auditing.desk import AuditDesk
from services.auditing.verifying import ChainVerifier
from services.domain.errors import NothingToKeep
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.calls import CallStore
from services.storage.database import database_exists, open_engine
from services.storage.schema import migrate


@dataclass(frozen=True, kw_only=True)
class AuditTools:
    """The audit as commands use it."""

    desk: AuditDesk
    reader: AuditReader
    verifier: ChainVerifier


@contextmanager
def audit_tools(settings: Settings) -> Iterator[AuditTools]:
    """Give what works with the audit of this installation.

    Raises NothingToKeep without a database, WrongKey, StorageError.
    """
    if not database_exists(settings.database_url):
        raise NothingToKeep
    engine = open_engine(settings.database_url)
    try:
        migrate(engine)
        key = master_key_of(settings)
        reader, store = AuditReader(engine), AuditStore(engine, key)
        yield AuditTools(
            desk=AuditDesk(reader, store, Authority(CallStore(engine), store)),
            reader=reader,
            verifier=ChainVerifier(reader, key),
        )
    finally:
        engine.dispose()
