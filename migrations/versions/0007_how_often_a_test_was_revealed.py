"""Choosing by test metrics is counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sweeps", sa.Column("test_reveals", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("sweeps", "test_reveals")
