"""What is summed over calls by day and by week, and the tables that keep the sums.

Each rollup has seven tables made from one list of columns: its sums by agent, by queue and by both,
of each day and of each week, and what has changed since these were last brought up to date.
Triggers write changes in the transaction that changes a call (``rollup_triggers``); whoever reads
adds them to the sums. So writers only ever append, and can neither wait for one another nor lose a
sum.

All sums are integers, so that they can be compared exactly: rates are kept in parts of ``SCALE``,
each rounded for its call. ``{r}`` in an expression stands for the row it reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, text

from services.domain.together import Period
from services.storage.models import CALL_FIGURES, CALLS, METADATA, PlainText
from services.storage.rollup_names import empty_index, few_days_index, sums_name, time_index
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.score_tables import CALL_ANSWERS, CALL_SCORES
from services.storage.topics import CALL_TOPICS

SCALE = 100_000
# A square of milliseconds would be too large for the sum of a million calls.
HANDLE_UNIT_MS = 100
AGENT, QUEUE, BOTH = "agent", "queue", "agent_and_queue"
# By whom there are sums, and the columns for that. Agents of one queue are read in a row.
WHO: Mapping[str, tuple[str, ...]] = {AGENT: (AGENT,), QUEUE: (QUEUE,), BOTH: (QUEUE, AGENT)}
# Stands for an agent or a queue that isn't known: a part of a key is never NULL.
UNKNOWN = ""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number of each call whose mean and spread are wanted: SQL that gives an integer or NULL.

    ``part`` and ``whole`` are summed too where the number is their ratio. It is in parts of SCALE
    unless it is ``counted``.
    """

    name: str
    value: str
    part: str | None = None
    whole: str | None = None

    def sums(self) -> Iterator[tuple[str, str]]:
        """Yield the columns of the measure and what each adds up."""
        yield f"{self.name}_n", f"CASE WHEN ({self.value}) IS NULL THEN 0 ELSE 1 END"
        yield f"{self.name}_sum", f"COALESCE({self.value}, 0)"
        yield f"{self.name}_squares", f"COALESCE(CAST({self.value} AS BIGINT) * ({self.value}), 0)"
        for kind, expression in (("part", self.part), ("whole", self.whole)):
            if expression is not None:
                known = f"CASE WHEN ({self.value}) IS NULL THEN 0 ELSE {expression} END"
                yield f"{self.name}_{kind}", known


def _rate(name: str, part: str, whole: str) -> Measure:
    """Return the measure part ÷ whole of two columns that are not negative, rounded."""
    part, whole = f"{{r}}{part}", f"{{r}}{whole}"
    rounded = f"({part} * {2 * SCALE} + {whole}) / (2 * {whole})"
    value = f"CASE WHEN {part} IS NOT NULL AND {whole} > 0 THEN {rounded} END"
    return Measure(name=name, value=value, part=part, whole=whole)


def _scaled(expression: str) -> str:
    return f"CAST(ROUND({expression} * {SCALE}) AS BIGINT)"


def _mood(name: str, total: str, count: str) -> Measure:
    """Return the measure of a mean sentiment, from the columns of its sum and its count."""
    total, count = f"{{r}}{total}", f"{{r}}{count}"
    value = f"CASE WHEN {count} > 0 THEN CAST(ROUND({total} * {SCALE} / {count}) AS BIGINT) END"
    return Measure(name=name, value=value, part=_scaled(total), whole=count)


def _flag(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


MEASURES = (
    Measure(name="handle", value=f"{{r}}duration_ms / {HANDLE_UNIT_MS}"),
    _rate("of_call", "agent_talk_ms", "duration_ms"),
    _rate("of_speech", "agent_talk_ms", "all_talk_ms"),
    _rate("non_talk", "non_talk_ms", "duration_ms"),
    _rate("dead_air", "dead_air_ms", "duration_ms"),
    _rate("hold", "hold_ms", "duration_ms"),
    Measure(name="agent_interruptions", value="{r}agent_interruptions"),
    Measure(name="customer_interruptions", value="{r}customer_interruptions"),
    _mood("sentiment", "customer_sentiment_sum", "customer_sentiment_count"),
    Measure(name="trend", value=_scaled("{r}sentiment_trend")),
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table whose rows add to a rollup. It has org_id, day, agent_name and queue of the call."""

    table: Table
    sums: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rollup:
    """Sums by day and whose calls they are; ``keys`` are what they are kept apart by too.

    ``entries`` counts the rows that are in a sum: with none left, it goes.
    """

    name: str
    keys: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def sums(self) -> tuple[str, ...]:
        """The columns that are added up."""
        return tuple(dict.fromkeys(name for source in self.sources for name in source.sums))

    def of(self, who: str, period: Period = Period.DAY) -> Table:
        """Return the table of the sums by ``AGENT``, by ``QUEUE`` or by ``BOTH``."""
        return METADATA.tables[sums_name(self.name, who, period)]

    @property
    def changes(self) -> Table:
        """The table of what has changed since."""
        return METADATA.tables[f"rollup_{self.name}_changes"]

    @property
    def sum_tables(self) -> tuple[Table, ...]:
        """The tables of the sums, those of days first."""
        return tuple(self.of(who, period) for period in Period for who in WHO)

    @property
    def tables(self) -> tuple[Table, ...]:
        """All seven."""
        return (*self.sum_tables, self.changes)


def _source(table: Table, **sums: str) -> Source:
    return Source(table=table, sums={**sums, "entries": "1"})


ROLLUPS = {
    rollup.name: rollup
    for rollup in (
        Rollup(
            name="calls",
            keys=(),
            sources=(
                _source(CALLS, calls="1", failed=_flag("{r}state = 'failed'")),
                _source(
                    CALL_FIGURES,
                    transcribed="1",
                    duration_ms="{r}duration_ms",
                    negative_utterances="{r}negative_utterances",
                    resolution_known=_flag("{r}resolved IS NOT NULL"),
                    resolved=_flag("{r}resolved"),
                    **{name: sql for measure in MEASURES for name, sql in measure.sums()},
                ),
                _source(RULE_FACTS, read_by_rules="1"),
            ),
        ),
        Rollup(
            name="topics",
            keys=("topic",),
            sources=(
                _source(
                    CALL_TOPICS,
                    calls="1",
                    firsts=_flag("{r}position = 0"),
                    duration_ms="{r}duration_ms",
                    **dict(_mood("sentiment", "sentiment_sum", "sentiment_count").sums()),
                ),
            ),
        ),
        Rollup(
            name="categories", keys=("rule_id",), sources=(_source(CALL_CATEGORIES, calls="1"),)
        ),
        Rollup(
            name="scores",
            keys=("scorecard_id", "scorecard_version"),
            sources=(
                _source(
                    CALL_SCORES,
                    calls="1",
                    auto_failed=_flag("{r}auto_failed"),
                    **dict(
                        Measure(
                            name="share",
                            value=_scaled("{r}share"),
                            part="{r}points",
                            whole="{r}possible",
                        ).sums()
                    ),
                ),
            ),
        ),
        Rollup(
            name="answers",
            keys=("scorecard_id", "question_id"),
            sources=(
                _source(
                    CALL_ANSWERS,
                    yes=_flag("{r}value = 'yes'"),
                    no=_flag("{r}value = 'no'"),
                    not_applicable=_flag("{r}value = 'not_applicable'"),
                    unanswered=_flag("{r}value IS NULL"),
                    good=_flag("{r}is_good"),
                    by_person=_flag("{r}by_person"),
                ),
            ),
        ),
    )
}


def _key_columns(keys: Sequence[str], *, primary: bool) -> list[Column[Any]]:
    return [
        Column(
            key,
            Integer if key.endswith("_version") else String(64),
            primary_key=primary,
            autoincrement=False,
            nullable=False,
        )
        for key in keys
    ]


def _sum_columns(rollup: Rollup) -> list[Column[Any]]:
    return [
        Column(name, BigInteger, nullable=False, server_default=text("0")) for name in rollup.sums
    ]


def _where_empty(made: Table) -> dict[str, Any]:
    empty = made.c.entries == 0
    return {"sqlite_where": empty, "postgresql_where": empty}


def _make_sums(rollup: Rollup, by: str, period: Period) -> None:
    """Make a table of sums, whose key is in the order in which it is read and grouped."""
    whose = [Column(name, PlainText, primary_key=True) for name in WHO[by]]
    at = Column(period.value, Date, primary_key=True)
    key: list[Column[Any]] = [at, *whose] if by == QUEUE else [*whose, at]
    week = [Column("week", Date, nullable=False)] if period is Period.DAY else []
    made = Table(
        sums_name(rollup.name, by, period),
        METADATA,
        Column("org_id", String(64), primary_key=True),
        *_key_columns(rollup.keys, primary=True),
        *key,
        *week,
        *_sum_columns(rollup),
        sqlite_with_rowid=False,
    )
    if rollup.keys and by != QUEUE:
        # Of what is kept apart by more, the sums of some agents are read by themselves.
        Index(time_index(made), made.c.org_id, *(made.c[who] for who in WHO[by]), at)
        if by == AGENT and period is Period.DAY:
            Index(few_days_index(made), made.c.org_id, made.c[rollup.keys[0]], at)
    elif rollup.keys or by != QUEUE:
        Index(time_index(made), made.c.org_id, at)
    Index(empty_index(made), made.c.org_id, **_where_empty(made))


def _make_tables(rollup: Rollup) -> None:
    for period in Period:
        for by in WHO:
            _make_sums(rollup, by, period)
    Table(
        f"rollup_{rollup.name}_changes",
        METADATA,
        Column(
            "row_id",
            BigInteger().with_variant(Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        Column("org_id", String(64), nullable=False),
        *_key_columns(rollup.keys, primary=False),
        Column(AGENT, PlainText, nullable=False),
        Column(QUEUE, PlainText, nullable=False),
        Column("day", Date, nullable=False),
        Column("week", Date, nullable=False),
        *_sum_columns(rollup),
    )


for _rollup in ROLLUPS.values():
    _make_tables(_rollup)
