"""What a provider itself says about the sentiment of an utterance."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add its label and score beside ours."""
    op.add_column("utterances", sa.Column("provider_sentiment_label", sa.String(length=64)))
    op.add_column("utterances", sa.Column("provider_sentiment_score", sa.Float()))
