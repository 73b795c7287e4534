"""The best setting of a final sweep with its numbers and a small curve, beside its headline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Sweeps that are final already get theirs from the workers' upkeep.
    op.add_column(
        "sweeps",
        sa.Column("best_result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("sweeps", "best_result")
