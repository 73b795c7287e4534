"""What was added to a sweep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("sweeps", sa.Column("extensions", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("sweeps", "extensions")
