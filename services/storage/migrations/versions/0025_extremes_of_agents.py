"""An agent's longest silences and most negative calls are read off an index, in their order."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLE = "call_figures"
_FIGURES = {"silences": "longest_silence_ms", "moods": "customer_sentiment_mean"}


def upgrade() -> None:
    """Add an index for both."""
    for name, figure in _FIGURES.items():
        columns = ["org_id", "agent_name", figure, "call_id", "day", "queue"]
        op.create_index(f"ix_call_figures_agent_{name}", _TABLE, columns)
