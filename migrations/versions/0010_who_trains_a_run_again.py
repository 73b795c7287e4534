"""Who trains a run again, and how the two trainings compare. Nothing has been stored in this table before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.drop_table("verifications")
    op.create_table(
        "verifications",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=38), nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("fencing_token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("leases_lost", sa.Integer(), nullable=False),
        sa.Column("environment_class", sa.String(length=64), nullable=True),
        sa.Column("weights_sha256", sa.String(length=64), nullable=True),
        sa.Column("matches", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("comparison", JSON, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'matches', 'differs', 'failed')", name="ck_verifications_state"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_verifications_run_id_runs", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_verifications_owner_id_owners"),
        sa.PrimaryKeyConstraint("id", name="pk_verifications"),
        sa.UniqueConstraint("public_id", name="uq_verifications_public_id"),
    )
    op.create_index("ix_verifications_run_id", "verifications", ["run_id"])
    op.create_index("ix_verifications_lease_expires_at", "verifications", ["lease_expires_at"])
    op.create_index("ix_verifications_state_created_at", "verifications", ["state", "created_at"])
    op.create_index("ix_verifications_owner_id_state", "verifications", ["owner_id", "state"])


def downgrade() -> None:
    op.drop_table("verifications")
    op.create_table(
        "verifications",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=38), nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=True),
        sa.Column("matches", sa.Boolean(), nullable=True),
        sa.Column("environment_class", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_verifications_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_verifications"),
        sa.UniqueConstraint("public_id", name="uq_verifications_public_id"),
    )
    op.create_index("ix_verifications_run_id", "verifications", ["run_id"])
