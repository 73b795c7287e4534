"""What a sweep was written in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sweeps", sa.Column("media_type", sa.String(40), nullable=False, server_default="application/json")
    )


def downgrade() -> None:
    op.drop_column("sweeps", "media_type")
