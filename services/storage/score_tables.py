"""The tables of scorecards and of the scores of calls. All about a call goes with the call.

``call_scorings`` says with what a call was scored last, by which those that are to be scored anew
are found. ``call_answers`` repeats of the answers what is counted across calls.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from services.storage.models import METADATA, Moment, PlainText

_ID = String(64)


def _call(*, primary_key: bool = True) -> Column[str]:
    owner = ForeignKey("calls.id", ondelete="CASCADE")
    return Column("call_id", _ID, owner, primary_key=primary_key, nullable=False)


SCORECARDS = Table(
    "scorecards",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("id", _ID, primary_key=True),
    # None for one that comes with Partyline: then the row only says whether it is in use.
    Column("body", Text),
    Column("enabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
CALL_SCORES = Table(
    "call_scores",
    METADATA,
    _call(),
    Column("scorecard_id", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("scorecard_version", Integer, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("points", Integer, nullable=False),
    Column("possible", Integer, nullable=False),
    Column("share", Float),
    Column("auto_failed", Boolean, nullable=False),
    Column("answers", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("week", Date, nullable=False),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Index(None, "org_id", "scorecard_id", "day"),
    # The lowest can be picked out in it without looking at every score.
    Index(
        "ix_call_scores_lowest",
        *("org_id", "scorecard_id", "share", "call_id", "day", "agent_name", "queue"),
    ),
)
CALL_ANSWERS = Table(
    "call_answers",
    METADATA,
    _call(),
    Column("scorecard_id", _ID, primary_key=True),
    Column("question_id", _ID, primary_key=True),
    Column("value", _ID),
    Column("is_good", Boolean),
    Column("by_person", Boolean, nullable=False),
    Column("org_id", _ID),
    Column("day", Date),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Index(None, "scorecard_id", "question_id"),
)
CALL_SCORINGS = Table(
    "call_scorings",
    METADATA,
    _call(),
    Column("org_id", _ID, nullable=False),
    Column("made_with", _ID, nullable=False),
    Index(None, "org_id", "made_with"),
)
SCORE_OVERRIDES = Table(
    "score_overrides",
    METADATA,
    Column(
        "row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    _call(primary_key=False),
    Column("org_id", _ID, nullable=False),
    Column("scorecard_id", _ID, nullable=False),
    Column("question_id", _ID, nullable=False),
    Column("value", _ID),
    Column("comment", PlainText, nullable=False),
    Column("redacted", Boolean, nullable=False),
    Column("author", PlainText, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index(None, "call_id"),
)
MODEL_ANSWERS = Table(
    "model_answers",
    METADATA,
    Column(
        "transcript_id",
        _ID,
        ForeignKey("transcripts.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("prompt_hash", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("body", Text, nullable=False),
)
SCORING_STATE = Table(
    "scoring_state",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("paused", Boolean, nullable=False),
)
