"""Who may do how much: owners with public ids, sessions of keys, requests counted, audit with credentials."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.identifiers import new_id

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("owners", sa.Column("public_id", sa.String(length=38), nullable=False, server_default=""))
    op.add_column("owners", sa.Column("revoked_at", sa.BigInteger(), nullable=True))
    owners = sa.table("owners", sa.column("id", KEY), sa.column("public_id", sa.String()))
    connection = op.get_bind()
    for key in connection.scalars(sa.select(owners.c.id).order_by(owners.c.id)).all():
        connection.execute(sa.update(owners).where(owners.c.id == key).values(public_id=new_id("o")))
    op.create_index("ix_owners_public_id", "owners", ["public_id"], unique=True)

    # A session is thirty days at most: whoever had one logs in again.
    op.drop_table("sessions")
    _create_sessions(sa.Column("key_id", KEY, nullable=True), _refers("sessions", "key_id", "api_keys"))
    op.create_index("ix_sessions_key_id", "sessions", ["key_id"])

    op.add_column("audit", sa.Column("credential", sa.String(length=40), nullable=True))
    op.add_column("audit", sa.Column("address", sa.String(length=64), nullable=True))

    op.create_table(
        "key_requests",
        sa.Column("key_id", KEY, nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), server_default="0", nullable=False),
        _refers("key_requests", "key_id", "api_keys"),
        sa.PrimaryKeyConstraint("key_id", "minute", name="pk_key_requests"),
    )
    op.add_column("sweeps", sa.Column("planned_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_sweeps_owner_id_state", "sweeps", ["owner_id", "state"])
    op.create_index("ix_populations_finished_at", "populations", ["finished_at"])


def downgrade() -> None:
    op.drop_index("ix_populations_finished_at", "populations")
    op.drop_index("ix_sweeps_owner_id_state", "sweeps")
    op.drop_column("sweeps", "planned_bytes")
    op.drop_table("key_requests")
    op.drop_column("audit", "address")
    op.drop_column("audit", "credential")
    op.drop_table("sessions")
    _create_sessions()
    op.drop_index("ix_owners_public_id", "owners")
    op.drop_column("owners", "revoked_at")
    op.drop_column("owners", "public_id")


def _create_sessions(*more: sa.Column[int] | sa.ForeignKeyConstraint) -> None:
    op.create_table(
        "sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        _refers("sessions", "owner_id", "owners"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("secret_sha256", name="uq_sessions_secret_sha256"),
        *more,
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_owner_id", "sessions", ["owner_id"])


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}")
