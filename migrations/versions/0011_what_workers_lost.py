"""How often workers have lost a lease or handed a population back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COUNTS = ("leases_lost", "handed_back")


def upgrade() -> None:
    for name in COUNTS:
        op.add_column("workers", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for name in COUNTS:
        op.drop_column("workers", name)
