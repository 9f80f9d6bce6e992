"""The schema's history: bringing a database to this version."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from services.domain.errors import DatabaseTooNew
from services.storage.database import writing

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
# A migration's file begins with its revision: these follow each other without gaps.
REVISION_DIGITS = 4

# Any number serves, as long as every Partyline process takes the same one.
MIGRATION_LOCK = 0x5041_5254


def migrate(engine: Engine) -> None:
    """Bring the schema to this version; safe to call always and from several processes at once.

    Raises DatabaseTooNew when a newer version of Partyline has been here.
    """
    known = known_revisions()
    with writing(engine) as connection:
        if connection.dialect.name != "sqlite":
            lock = text("SELECT pg_advisory_xact_lock(:lock)")
            connection.execute(lock, {"lock": MIGRATION_LOCK})
        found = found_revision(connection)
        if found is not None and found not in known:
            raise DatabaseTooNew
        if found != max(known):
            _upgrade(connection)


def known_revisions() -> frozenset[str]:
    """Return the revisions of the schema that this version can bring up to date."""
    scripts = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return frozenset(script.name[:REVISION_DIGITS] for script in scripts)


def found_revision(connection: Connection) -> str | None:
    """Return the revision of a database, None for one that has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def alembic_config() -> "Config":
    """Return where the migrations lie; a connection is for whoever runs them."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    # Not at the top: a process whose database is up to date needn't load every migration there is.
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
