"""What each epoch's last step did to each layer of a network, packed; runs of before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "layer_statistics",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layers", sa.Integer(), nullable=False),
        sa.Column("item_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_layer_statistics_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", "epoch", name="pk_layer_statistics"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":  # numbers like these hardly get shorter
        op.execute("ALTER TABLE layer_statistics ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("layer_statistics")
