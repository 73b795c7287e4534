"""Arrays of large sweeps beside their rows; and PostgreSQL keeps what is wide of a run outside its row.

A look at all runs then reads half as much.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gathered",
        sa.Column("sweep_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("event_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_gathered_sweep_id_sweeps"),
        sa.PrimaryKeyConstraint("sweep_id", "name", name="pk_gathered"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE gathered ALTER COLUMN content SET STORAGE EXTERNAL")
        # With less, what runs are sorted by would go with their metrics, and be fetched at each comparison.
        op.execute("ALTER TABLE runs SET (toast_tuple_target = 768)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE runs RESET (toast_tuple_target)")
    op.drop_table("gathered")
