"""The store of rules: what an organisation changed about those shipped, and its own."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from services.domain.errors import RulesChanged
from services.storage.database import reading, writing
from services.storage.rows import upsert
from services.storage.rule_tables import CALL_CATEGORIES, RULE_BOOKS, RULES

_R = RULES.c


@dataclass(frozen=True, kw_only=True)
class StoredRule:
    """A rule as it is kept: ``body`` is its YAML; ``version`` 0 has not been kept yet."""

    id: str
    body: str
    enabled: bool = True
    position: int = 0
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class StoredBook:
    """All that an organisation keeps of rules; ``version`` counts its changes."""

    version: int = 0
    rules: tuple[StoredRule, ...] = ()


class RuleStore:
    """Keeps rules. Raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def book(self, org_id: str) -> StoredBook:
        """Return the organisation's rules in their order."""
        with reading(self._engine) as connection:
            return read_book(connection, org_id)

    def save(self, org_id: str, rules: Iterable[StoredRule]) -> StoredBook:
        """Keep rules, each made from the version that it names; all of them or none.

        What a rule that is switched off had given calls goes at once. Raises RulesChanged when
        another version has been kept in the meantime.
        """
        with writing(self._engine) as connection:
            count_change(connection, org_id)
            for rule in rules:
                self._save(connection, org_id, rule)
            return read_book(connection, org_id)

    def remove(self, org_id: str, rule_id: str, *, based_on: int) -> StoredBook:
        """Forget a rule, and what it had given calls. Raises RulesChanged."""
        mine = (_R.org_id == org_id, _R.id == rule_id)
        with writing(self._engine) as connection:
            count_change(connection, org_id)
            gone = connection.execute(delete(RULES).where(*mine, _R.version == based_on))
            if not gone.rowcount:
                raise RulesChanged
            forget_categories(connection, org_id, [rule_id])
            return read_book(connection, org_id)

    def _save(self, connection: Connection, org_id: str, rule: StoredRule) -> None:
        row = {
            "position": rule.position or self._next_position(connection, org_id),
            "enabled": rule.enabled,
            "body": rule.body,
            "version": rule.version + 1,
            "changed_at": datetime.now(UTC),
        }
        known = (_R.org_id == org_id, _R.id == rule.id, _R.version == rule.version)
        if rule.version:
            found = connection.execute(update(RULES).where(*known).values(row)).rowcount
        else:
            try:
                query = RULES.insert().values(org_id=org_id, id=rule.id, **row)
                found = connection.execute(query).rowcount
            except IntegrityError:
                raise RulesChanged from None
        if not found:
            raise RulesChanged
        if not rule.enabled:
            forget_categories(connection, org_id, [rule.id])

    def _next_position(self, connection: Connection, org_id: str) -> int:
        query = select(func.max(_R.position)).where(_R.org_id == org_id)
        return int(connection.execute(query).scalar() or 0) + 1


def read_book(connection: Connection, org_id: str) -> StoredBook:
    """Return the organisation's rules in their order."""
    version = select(RULE_BOOKS.c.version).where(RULE_BOOKS.c.org_id == org_id)
    query = select(_R.id, _R.body, _R.enabled, _R.position, _R.version)
    query = query.where(_R.org_id == org_id).order_by(_R.position, _R.id)
    return StoredBook(
        version=connection.execute(version).scalar() or 0,
        rules=tuple(
            StoredRule(id=i, body=body, enabled=enabled, position=position, version=v)
            for i, body, enabled, position, v in connection.execute(query)
        ),
    )


def hold_book(connection: Connection, org_id: str, *, alone: bool = False) -> int:
    """Keep the rules from being changed until the transaction ends; return their version.

    ``alone`` waits also for everybody who writes categories, and keeps them waiting.
    """
    made = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    query = select(RULE_BOOKS.c.version).where(RULE_BOOKS.c.org_id == org_id)
    query = query.with_for_update(read=not alone)
    version = connection.execute(query).scalar()
    if version is None:
        first = made(RULE_BOOKS).values(org_id=org_id, version=0).on_conflict_do_nothing()
        connection.execute(first)
        version = connection.execute(query).scalar_one()
    return int(version)


def count_change(connection: Connection, org_id: str) -> None:
    """Count a change of the rules, as soon as nobody writes categories by them any more."""
    version = hold_book(connection, org_id, alone=True)
    row = {"org_id": org_id, "version": version + 1}
    upsert(connection, RULE_BOOKS, row, key=("org_id",))


def forget_categories(connection: Connection, org_id: str, rule_ids: Collection[str]) -> None:
    """Take from all calls what rules had given them."""
    table = CALL_CATEGORIES
    mine = (table.c.org_id == org_id, table.c.rule_id.in_(rule_ids))
    connection.execute(delete(table).where(*mine))
