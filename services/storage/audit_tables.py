"""The tables of the audit. Nothing in them refers to other tables: entries outlive their calls.

Triggers refuse whatever would change an entry, so that no mistake of ours can. Who has the database
can drop them; what they then do is found by the chain of hashes.
"""

from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, String, Table, Text

from services.storage.models import METADATA, PlainText

_ID = String(64)
_NAME = String(64)

AUDIT_ENTRIES = Table(
    "audit_entries",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_id", PlainText, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("role", _NAME, nullable=False),
    Column("act", _NAME, nullable=False),
    Column("outcome", _NAME, nullable=False),
    Column("subject", PlainText),
    Column("address", PlainText),
    Column("details", Text, nullable=False),
    Column("previous", _ID, nullable=False),
    Column("hash", _ID, nullable=False),
    Index("ix_audit_entries_subjects", "org_id", "subject", "sequence"),
    Index("ix_audit_entries_times", "org_id", "at_ms"),
)

AUDIT_HEADS = Table(
    "audit_heads",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", _ID, nullable=False),
    Column("cut_through", BigInteger, nullable=False),
    Column("seal", _ID, nullable=False),
    Column("key_id", _NAME, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
)

_KEPT = "entries of the audit are kept as they are"
_CUT = "COALESCE((SELECT cut_through FROM audit_heads h WHERE h.org_id = old.org_id), 0)"
_BACK = (
    "new.org_id <> old.org_id OR new.sequence < old.sequence OR new.cut_through < old.cut_through"
)

# REPLACE deletes without telling triggers of deletion, so that a second row is refused before.
_SQLITE = {
    "audit_entries_unchanged": "BEFORE UPDATE ON audit_entries",
    "audit_entries_stay": f"BEFORE DELETE ON audit_entries WHEN old.sequence > {_CUT}",
    "audit_entries_once": (
        "BEFORE INSERT ON audit_entries WHEN EXISTS (SELECT 1 FROM audit_entries e "
        "WHERE e.org_id = new.org_id AND e.sequence = new.sequence)"
    ),
    "audit_heads_stay": "BEFORE DELETE ON audit_heads",
    "audit_heads_forward": f"BEFORE UPDATE ON audit_heads WHEN {_BACK}",
}
_POSTGRESQL = (
    f"""CREATE FUNCTION audit_entries_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN IF old.sequence <= {_CUT} THEN RETURN old; END IF; END IF;
        RAISE EXCEPTION '{_KEPT}'; END $$""",
    f"""CREATE FUNCTION audit_heads_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'UPDATE' THEN IF NOT ({_BACK}) THEN RETURN new; END IF; END IF;
        RAISE EXCEPTION '{_KEPT}'; END $$""",
    "CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE OR DELETE ON audit_entries "
    "FOR EACH ROW EXECUTE FUNCTION audit_entries_kept()",
    "CREATE TRIGGER audit_heads_unchanged BEFORE UPDATE OR DELETE ON audit_heads "
    "FOR EACH ROW EXECUTE FUNCTION audit_heads_kept()",
    "CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON audit_entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_kept()",
    "CREATE TRIGGER audit_heads_stay BEFORE TRUNCATE ON audit_heads "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_heads_kept()",
)


def make_audit_triggers(connection: Connection) -> None:
    """Make the triggers that refuse to change what has been written."""
    if connection.dialect.name != "sqlite":
        for statement in _POSTGRESQL:
            connection.exec_driver_sql(statement)
        return
    for name, when in _SQLITE.items():
        refused = f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} {refused}")
