"""What the tables of sums and their indexes are called."""

from sqlalchemy import Table

from services.domain.together import Period

_WEEKLY = "_weekly"


def sums_name(rollup: str, who: str, period: Period) -> str:
    """Return the name of a table of sums."""
    return f"rollup_{rollup}_by_{who}" + (_WEEKLY if period is Period.WEEK else "")


def time_index(sums: Table) -> str:
    """Return the name of the index by time, or by agent and time; not every table has it."""
    period = Period.WEEK if sums.name.endswith(_WEEKLY) else Period.DAY
    return f"{_prefix(sums)}_{period}"


def few_days_index(sums: Table) -> str:
    """Return the name of the index in which all sums of one topic, rule or scorecard lie by day."""
    return f"{_prefix(sums)}_few_days"


def empty_index(sums: Table) -> str:
    """Return the name of the index of the sums with no row left in them."""
    return f"{_prefix(sums)}_empty"


def _prefix(sums: Table) -> str:
    return f"ix_{sums.name.replace('_by_', '_')}"
