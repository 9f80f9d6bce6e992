"""The store of calls' scores, of what reviewers answered instead, and of a model's answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, func, insert, select, update

from services.domain.calls import Call
from services.domain.errors import NotFound
from services.domain.scorecards import CallScore, ModelAnswer, Override
from services.storage.database import reading, writing
from services.storage.figures import day_of, week_of
from services.storage.models import CALL_FIGURES, CALLS
from services.storage.rows import upsert
from services.storage.score_forms import (
    pack_answers,
    pack_model_answer,
    unpack_answers,
    unpack_model_answer,
    value_of,
)
from services.storage.score_tables import (
    CALL_ANSWERS,
    CALL_SCORES,
    CALL_SCORINGS,
    MODEL_ANSWERS,
    SCORE_OVERRIDES,
    SCORING_STATE,
)

_O = SCORE_OVERRIDES.c
_STALE = ""


@dataclass(frozen=True, kw_only=True)
class KeptOverride:
    """An override of one of a call's scorecards; ``redacted``: its comment was read for that."""

    row_id: int
    scorecard_id: str
    override: Override
    redacted: bool


class ScoreStore:
    """Keeps scores. Every method raises StorageError, or DiskFull, when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    # --- scores ---------------------------------------------------------------------------------

    def write(
        self, connection: Connection, call: Call, scores: Iterable[CallScore], made_with: str
    ) -> None:
        """Make these the scores of a call; ``made_with`` names all that they were made with."""
        for table in (CALL_SCORES, CALL_ANSWERS):
            connection.execute(delete(table).where(table.c.call_id == call.id))
        day = day_of(call.held_at)
        for score in scores:
            row = {
                "call_id": call.id,
                "org_id": call.org_id,
                "scorecard_id": score.scorecard_id,
                "scorecard_version": score.version,
                "name": score.name,
                "points": score.points,
                "possible": score.possible,
                "share": score.share,
                "auto_failed": score.auto_failed,
                "answers": pack_answers(score.answers),
                "day": day,
                "week": week_of(day),
                "agent_name": call.details.agent_name,
                "queue": call.details.queue,
            }
            connection.execute(insert(CALL_SCORES), [row])
            connection.execute(insert(CALL_ANSWERS), _answer_rows(call, score))
        made = {"call_id": call.id, "org_id": call.org_id, "made_with": made_with}
        upsert(connection, CALL_SCORINGS, made, key=("call_id",))

    def of_call(self, org_id: str, call_id: str) -> tuple[CallScore, ...]:
        """Return a call's scores in order of the scorecards' names; none of an unknown call."""
        query = select(CALL_SCORES).where(
            CALL_SCORES.c.org_id == org_id, CALL_SCORES.c.call_id == call_id
        )
        query = query.order_by(CALL_SCORES.c.name, CALL_SCORES.c.scorecard_id)
        with reading(self._engine) as connection:
            return tuple(
                CallScore(
                    scorecard_id=row["scorecard_id"],
                    name=row["name"],
                    version=row["scorecard_version"],
                    answers=unpack_answers(row["answers"]),
                    points=row["points"],
                    possible=row["possible"],
                    share=row["share"],
                    auto_failed=row["auto_failed"],
                )
                for row in connection.execute(query).mappings()
            )

    def made_with(self, org_id: str, call_id: str) -> str | None:
        """Return with what a call was scored last, None when it never was."""
        query = select(CALL_SCORINGS.c.made_with).where(
            CALL_SCORINGS.c.org_id == org_id, CALL_SCORINGS.c.call_id == call_id
        )
        with reading(self._engine) as connection:
            return connection.execute(query).scalar()

    # --- scoring anew ---------------------------------------------------------------------------

    def organisations(self) -> list[str]:
        """Return the organisations that have calls with a transcript."""
        with reading(self._engine) as connection:
            query = select(CALL_FIGURES.c.org_id).distinct().order_by(CALL_FIGURES.c.org_id)
            return list(connection.execute(query).scalars())

    def outdated(self, org_id: str, made_with: str, limit: int) -> list[str]:
        """Return calls that were scored with something else, or never; newest first."""
        query = (
            _outdated(select(CALLS.c.id), org_id, made_with)
            .order_by(CALLS.c.held_at.desc(), CALLS.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def count_outdated(self, org_id: str, made_with: str) -> tuple[int, int]:
        """Return how many calls are to be scored anew, of how many."""
        all_calls = select(func.count()).select_from(CALL_FIGURES)
        all_calls = all_calls.where(CALL_FIGURES.c.org_id == org_id)
        waiting = _outdated(select(func.count()), org_id, made_with)
        with reading(self._engine) as connection:
            return (
                connection.execute(waiting).scalar_one(),
                connection.execute(all_calls).scalar_one(),
            )

    def is_paused(self, org_id: str) -> bool:
        """Whether somebody stopped the scoring of stored calls."""
        query = select(SCORING_STATE.c.paused).where(SCORING_STATE.c.org_id == org_id)
        with reading(self._engine) as connection:
            return bool(connection.execute(query).scalar())

    def set_paused(self, org_id: str, paused: bool) -> None:
        """Stop the scoring of stored calls, or let it go on."""
        with writing(self._engine) as connection:
            row = {"org_id": org_id, "paused": paused}
            upsert(connection, SCORING_STATE, row, key=("org_id",))

    # --- what reviewers say -----------------------------------------------------------------------

    def add_override(
        self, org_id: str, call_id: str, scorecard_id: str, override: Override, *, redacted: bool
    ) -> None:
        """Keep what a reviewer answered; the call is to be scored anew. Raises NotFound."""
        row = {
            "call_id": call_id,
            "org_id": org_id,
            "scorecard_id": scorecard_id,
            **vars(override),
            "redacted": redacted,
        }
        with writing(self._engine) as connection:
            owned = (CALLS.c.org_id == org_id, CALLS.c.id == call_id)
            query = select(CALLS.c.id).where(*owned).with_for_update()
            if connection.execute(query).first() is None:
                raise NotFound
            connection.execute(insert(SCORE_OVERRIDES), [row])
            _make_stale(connection, call_id)

    def overrides(
        self, org_id: str, call_id: str, connection: Connection | None = None
    ) -> list[KeptOverride]:
        """Return what reviewers answered about a call, oldest first."""
        query = select(SCORE_OVERRIDES).where(_O.org_id == org_id, _O.call_id == call_id)
        query = query.order_by(_O.row_id)
        if connection is not None:
            rows = connection.execute(query).mappings().all()
        else:
            with reading(self._engine) as own:
                rows = own.execute(query).mappings().all()
        return [
            KeptOverride(
                row_id=row["row_id"],
                scorecard_id=row["scorecard_id"],
                redacted=row["redacted"],
                override=Override(
                    question_id=row["question_id"],
                    value=value_of(row["value"]),
                    comment=row["comment"],
                    author=row["author"],
                    made_at=row["made_at"],
                ),
            )
            for row in rows
        ]

    def redact_override(self, connection: Connection, row_id: int, comment: str) -> None:
        """Put a comment without personal data in place of a kept one."""
        change = update(SCORE_OVERRIDES).where(_O.row_id == row_id)
        connection.execute(change.values(comment=comment, redacted=True))

    # --- what a model says ------------------------------------------------------------------------

    def save_model_answers(
        self, org_id: str, call_id: str, transcript_id: str, answers: Iterable[ModelAnswer]
    ) -> None:
        """Keep what a model said about a transcript; the call is to be scored anew.

        Does nothing when that is not the call's active transcript any more.
        """
        with writing(self._engine) as connection:
            owned = (CALLS.c.org_id == org_id, CALLS.c.id == call_id)
            query = select(CALLS.c.active_transcript_id).where(*owned).with_for_update()
            if connection.execute(query).scalar() != transcript_id:
                return
            for answer in answers:
                row = {
                    "transcript_id": transcript_id,
                    "prompt_hash": _hash(answer.prompt),
                    "org_id": org_id,
                    "body": pack_model_answer(answer),
                }
                upsert(connection, MODEL_ANSWERS, row, key=("transcript_id", "prompt_hash"))
            _make_stale(connection, call_id)

    def model_answers(
        self, org_id: str, transcript_id: str, connection: Connection | None = None
    ) -> Mapping[str, ModelAnswer]:
        """Return what a model said about a transcript, by the prompt it was asked."""
        query = select(MODEL_ANSWERS.c.body).where(
            MODEL_ANSWERS.c.org_id == org_id, MODEL_ANSWERS.c.transcript_id == transcript_id
        )
        if connection is not None:
            bodies = connection.execute(query).scalars().all()
        else:
            with reading(self._engine) as own:
                bodies = own.execute(query).scalars().all()
        return {answer.prompt: answer for answer in map(unpack_model_answer, bodies)}


def _answer_rows(call: Call, score: CallScore) -> list[dict[str, object]]:
    return [
        {
            "call_id": call.id,
            "org_id": call.org_id,
            "day": day_of(call.held_at),
            "agent_name": call.details.agent_name,
            "queue": call.details.queue,
            "scorecard_id": score.scorecard_id,
            "question_id": answer.question_id,
            "value": answer.value,
            "is_good": answer.is_good,
            "by_person": answer.override is not None,
        }
        for answer in score.answers
    ]


def _outdated(query: Select[Any], org_id: str, made_with: str) -> Select[Any]:
    """Return a query over calls with a transcript narrowed to those to be scored anew."""
    joined = CALL_FIGURES.join(CALLS, CALLS.c.id == CALL_FIGURES.c.call_id).outerjoin(
        CALL_SCORINGS, CALL_SCORINGS.c.call_id == CALL_FIGURES.c.call_id
    )
    other = CALL_SCORINGS.c.made_with.is_(None) | (CALL_SCORINGS.c.made_with != made_with)
    # Of a call whose words were deleted the figures stay.
    has_words = CALLS.c.active_transcript_id.is_not(None)
    return query.select_from(joined).where(CALL_FIGURES.c.org_id == org_id, has_words, other)


def _make_stale(connection: Connection, call_id: str) -> None:
    change = update(CALL_SCORINGS).where(CALL_SCORINGS.c.call_id == call_id)
    connection.execute(change.values(made_with=_STALE))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
