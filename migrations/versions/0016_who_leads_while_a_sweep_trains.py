"""The run with the best value so far, beside what a final sweep says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sweeps", sa.Column("leading_number", sa.BigInteger(), nullable=True))
    op.add_column("sweeps", sa.Column("leading_value", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("sweeps", "leading_value")
    op.drop_column("sweeps", "leading_number")
