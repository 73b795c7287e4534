"""A run that is deleted is found by those that took their results from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Without it the database would read all runs for each one that is deleted.
USED = sa.text("reused_from_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_runs_reused_from_id", "runs", ["reused_from_id"], sqlite_where=USED, postgresql_where=USED
    )


def downgrade() -> None:
    op.drop_index("ix_runs_reused_from_id", "runs")
