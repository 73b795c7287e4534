"""Workers say since when they train or idle, and how often they were started again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workers") as workers:
        workers.add_column(sa.Column("restarts", sa.Integer(), nullable=False, server_default="0"))
        workers.add_column(sa.Column("turned_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE workers SET turned_at = last_seen_at")


def downgrade() -> None:
    with op.batch_alter_table("workers") as workers:
        workers.drop_column("turned_at")
        workers.drop_column("restarts")
