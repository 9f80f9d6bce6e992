"""What is stored of one customer: calls by the reference that people or systems gave them."""

from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from services.storage.database import reading
from services.storage.models import CALLS, RUNS, TRANSCRIPTS
from services.storage.provider_tables import PROVIDER_COPIES

MOST_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class CustomerRows:
    """How much of a customer there is in the database; ``copies`` lie at providers."""

    calls: int
    runs: int
    transcripts: int
    copies: int


class CustomerStore:
    """Finds what belongs to a customer. Raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def count(self, org_id: str, customer_ref: str) -> CustomerRows:
        """Count what there is of a customer of this organisation."""
        theirs = select(CALLS.c.id).where(
            CALLS.c.org_id == org_id, CALLS.c.customer_ref == customer_ref
        )
        with reading(self._engine) as connection:
            return CustomerRows(
                calls=connection.execute(
                    select(func.count()).select_from(theirs.subquery())
                ).scalar_one(),
                **{
                    name: connection.execute(
                        select(func.count()).select_from(table).where(table.c.call_id.in_(theirs))
                    ).scalar_one()
                    for name, table in _TABLES.items()
                },
            )

    def calls(self, org_id: str, customer_ref: str, limit: int | None = MOST_AT_ONCE) -> list[str]:
        """Return the ids of a customer's calls, so many at most."""
        query = (
            select(CALLS.c.id)
            .where(CALLS.c.org_id == org_id, CALLS.c.customer_ref == customer_ref)
            .order_by(CALLS.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())


_TABLES = {"runs": RUNS, "transcripts": TRANSCRIPTS, "copies": PROVIDER_COPIES}
