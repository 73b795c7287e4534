"""The bytes that an owner's sweeps may take are summed from an index, and not from the sweeps."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_sweeps_owner_id_planned_bytes", "sweeps", ["owner_id", "planned_bytes"])


def downgrade() -> None:
    op.drop_index("ix_sweeps_owner_id_planned_bytes", "sweeps")
