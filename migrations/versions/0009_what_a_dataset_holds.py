"""A dataset is stored with what is shown of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("datasets") as datasets:
        datasets.add_column(sa.Column("column_count", sa.Integer(), nullable=False, server_default="0"))
        datasets.add_column(sa.Column("default_target", sa.String(length=200), nullable=True))
        datasets.add_column(sa.Column("task", sa.String(length=40), nullable=True))
        datasets.add_column(sa.Column("description", JSON, nullable=True))
        datasets.add_column(sa.Column("notes", sa.Text(), nullable=True))
    connection = op.get_bind()
    table = sa.table(
        "datasets",
        sa.column("id", sa.BigInteger()),
        sa.column("columns", JSON),
        sa.column("column_count", sa.Integer()),
        sa.column("default_target", sa.String()),
    )
    for key, columns in connection.execute(sa.select(table.c.id, table.c.columns)).all():
        known = {"column_count": len(columns["columns"]), "default_target": columns.get("target")}
        connection.execute(sa.update(table).where(table.c.id == key).values(known))


def downgrade() -> None:
    with op.batch_alter_table("datasets") as datasets:
        for name in ("notes", "description", "task", "default_target", "column_count"):
            datasets.drop_column(name)
