"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("hidden_layers", sa.String(length=200), nullable=False),
        sa.Column("activation", sa.String(length=40), nullable=True),
        sa.Column("output_activation", sa.String(length=40), nullable=True),
        sa.Column("loss", sa.String(length=40), nullable=False),
        sa.Column("initializer", sa.String(length=40), nullable=True),
        sa.Column("optimizer", sa.String(length=40), nullable=False),
        sa.Column("learning_rate", sa.Double(), nullable=False),
        sa.Column("learning_rate_schedule", sa.String(length=40), nullable=True),
        sa.Column("momentum", sa.Double(), nullable=True),
        sa.Column("batch_size", sa.Integer(), nullable=True),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("l1", sa.Double(), nullable=True),
        sa.Column("l2", sa.Double(), nullable=True),
        sa.Column("weight_decay", sa.Double(), nullable=True),
        sa.Column("dropout", sa.Double(), nullable=True),
        sa.Column("gradient_clip", sa.Double(), nullable=True),
        sa.Column("patience", sa.Integer(), nullable=True),
        sa.Column("dtype", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_configurations"),
        sa.UniqueConstraint("hash", name="uq_configurations_hash"),
    )
    op.create_index("ix_configurations_activation", "configurations", ["activation"])
    op.create_index("ix_configurations_batch_size", "configurations", ["batch_size"])
    op.create_index("ix_configurations_dropout", "configurations", ["dropout"])
    op.create_index("ix_configurations_hidden_layers", "configurations", ["hidden_layers"])
    op.create_index("ix_configurations_l2", "configurations", ["l2"])
    op.create_index("ix_configurations_learning_rate", "configurations", ["learning_rate"])
    op.create_index("ix_configurations_loss", "configurations", ["loss"])
    op.create_index("ix_configurations_optimizer", "configurations", ["optimizer"])
    op.create_index("ix_configurations_weight_decay", "configurations", ["weight_decay"])

    op.create_table(
        "environments",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_environments"),
    )
    op.create_table(
        "owners",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owners"),
        sa.UniqueConstraint("name", name="uq_owners_name"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("limits", JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_api_keys_owner_id_owners"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )
    op.create_index("ix_api_keys_owner_id", "api_keys", ["owner_id"])

    op.create_table(
        "audit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", KEY, nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=100), nullable=True),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_audit_owner_id_owners"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_owner_id", "audit", ["owner_id"])

    op.create_table(
        "datasets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=38), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_datasets_owner_id_owners"),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("owner_id", "name", name="uq_datasets_owner_id_name"),
        sa.UniqueConstraint("public_id", name="uq_datasets_public_id"),
    )
    op.create_index("ix_datasets_content_hash", "datasets", ["content_hash"])

    op.create_table(
        "sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_sessions_owner_id_owners"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("secret_sha256", name="uq_sessions_secret_sha256"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_owner_id", "sessions", ["owner_id"])

    op.create_table(
        "sweeps",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=38), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("submitted", sa.Text(), nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("dataset_id", KEY, nullable=True),
        sa.Column("function", JSON, nullable=True),
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("goal", sa.String(length=40), nullable=False),
        sa.Column("keep_weights", sa.String(length=40), nullable=False),
        sa.Column("varied", JSON, nullable=False),
        sa.Column("seeds", JSON, nullable=False),
        sa.Column("preprocessing", JSON, nullable=False),
        sa.Column("split", JSON, nullable=False),
        sa.Column("split_counts", JSON, nullable=False),
        sa.Column("constant", JSON, nullable=False),
        sa.Column("numerics_version", sa.Integer(), nullable=False),
        sa.Column("intent", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("run_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("all_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("running_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paused_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("completed_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pruned_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("diverged_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("canceled_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("epochs_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("epochs_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("event_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("intent IN ('run', 'pause', 'cancel')", name="ck_sweeps_intent"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'paused', 'completed', 'canceled', 'failed')",
            name="ck_sweeps_state",
        ),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_sweeps_dataset_id_datasets"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_sweeps_owner_id_owners"),
        sa.PrimaryKeyConstraint("id", name="pk_sweeps"),
        sa.UniqueConstraint("owner_id", "idempotency_key", name="uq_sweeps_owner_id_idempotency_key"),
        sa.UniqueConstraint("public_id", name="uq_sweeps_public_id"),
    )
    op.create_index("ix_sweeps_owner_id_created_at", "sweeps", ["owner_id", "created_at"])

    op.create_table(
        "events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sweep_id", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_events_sweep_id_sweeps"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("sweep_id", "number", name="uq_events_sweep_id_number"),
    )
    op.create_table(
        "populations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=38), nullable=False),
        sa.Column("sweep_id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("fencing_token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("leases_lost", sa.Integer(), nullable=False),
        sa.Column("environment_class", sa.String(length=64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'paused', 'finished')", name="ck_populations_state"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_populations_owner_id_owners"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_populations_sweep_id_sweeps"),
        sa.PrimaryKeyConstraint("id", name="pk_populations"),
        sa.UniqueConstraint("public_id", name="uq_populations_public_id"),
    )
    op.create_index("ix_populations_lease_expires_at", "populations", ["lease_expires_at"])
    op.create_index("ix_populations_owner_id_state", "populations", ["owner_id", "state"])
    op.create_index(
        "ix_populations_state_priority_created_at", "populations", ["state", "priority", "created_at"]
    )
    op.create_index("ix_populations_sweep_id", "populations", ["sweep_id"])

    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=38), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("sweep_id", KEY, nullable=False),
        sa.Column("population_id", KEY, nullable=False),
        sa.Column("configuration_id", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("seed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=True),
        sa.Column("train_score", sa.Double(), nullable=True),
        sa.Column("validation_loss", sa.Double(), nullable=True),
        sa.Column("validation_score", sa.Double(), nullable=True),
        sa.Column("test_loss", sa.Double(), nullable=True),
        sa.Column("test_score", sa.Double(), nullable=True),
        sa.Column("best_epoch", sa.Integer(), nullable=True),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("test_outcomes", sa.LargeBinary(), nullable=True),
        sa.Column("collapsed", sa.Boolean(), nullable=False),
        sa.Column("diverged_step", sa.Integer(), nullable=True),
        sa.Column("diverged_tensor", sa.String(length=40), nullable=True),
        sa.Column("environment_class", sa.String(length=64), nullable=True),
        sa.Column("weights_sha256", sa.String(length=64), nullable=True),
        sa.Column("identity_sha256", sa.String(length=64), nullable=False),
        sa.Column("reused_from_id", KEY, nullable=True),
        sa.Column("replay", JSON, nullable=True),
        sa.Column("train_seconds", sa.Double(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('search', 'linear')", name="ck_runs_role"),
        sa.CheckConstraint(
            "state IN ("
            "'queued', 'running', 'paused', 'completed', 'pruned', 'diverged', 'failed', 'canceled'"
            ")",
            name="ck_runs_state",
        ),
        sa.ForeignKeyConstraint(
            ["configuration_id"], ["configurations.id"], name="fk_runs_configuration_id_configurations"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_runs_owner_id_owners"),
        sa.ForeignKeyConstraint(
            ["population_id"], ["populations.id"], name="fk_runs_population_id_populations"
        ),
        sa.ForeignKeyConstraint(["reused_from_id"], ["runs.id"], name="fk_runs_reused_from_id_runs"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_runs_sweep_id_sweeps"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("public_id", name="uq_runs_public_id"),
        sa.UniqueConstraint("sweep_id", "number", name="uq_runs_sweep_id_number"),
    )
    op.create_index("ix_runs_configuration_id_seed", "runs", ["configuration_id", "seed"])
    op.create_index("ix_runs_identity_sha256", "runs", ["identity_sha256"])
    op.create_index("ix_runs_owner_id", "runs", ["owner_id"])
    op.create_index("ix_runs_population_id", "runs", ["population_id"])
    op.create_index("ix_runs_sweep_id_state", "runs", ["sweep_id", "state"])
    op.create_index("ix_runs_validation_loss", "runs", ["validation_loss"])
    op.create_index("ix_runs_validation_score", "runs", ["validation_score"])
    op.create_index("ix_runs_weights_sha256", "runs", ["weights_sha256"])

    op.create_table(
        "workers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("environment_class", sa.String(length=64), nullable=True),
        sa.Column("calibration", JSON, nullable=True),
        sa.Column("population_id", KEY, nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_class"], ["environments.hash"], name="fk_workers_environment_class_environments"
        ),
        sa.ForeignKeyConstraint(
            ["population_id"], ["populations.id"], name="fk_workers_population_id_populations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
        sa.UniqueConstraint("name", name="uq_workers_name"),
    )
    op.create_index("ix_workers_last_seen_at", "workers", ["last_seen_at"])

    op.create_table(
        "checkpoints",
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("fencing_token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_checkpoints_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", name="pk_checkpoints"),
    )
    op.create_table(
        "losses",
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=True),
        sa.Column("train_score", sa.Double(), nullable=True),
        sa.Column("validation_loss", sa.Double(), nullable=True),
        sa.Column("validation_score", sa.Double(), nullable=True),
        sa.Column("learning_rate", sa.Double(), nullable=True),
        sa.Column("gradient_norm", sa.Double(), nullable=True),
        sa.Column("update_ratio", sa.Double(), nullable=True),
        sa.Column("non_finite", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_losses_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", "epoch", name="pk_losses"),
        sqlite_with_rowid=False,
    )
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

    op.create_table(
        "weights",
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("which", sa.String(length=40), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_weights_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", "which", name="pk_weights"),
    )


def downgrade() -> None:
    op.drop_table("weights")

    op.drop_table("verifications")
    op.drop_table("losses")
    op.drop_table("checkpoints")

    op.drop_table("workers")

    op.drop_table("runs")

    op.drop_table("populations")
    op.drop_table("events")

    op.drop_table("sweeps")

    op.drop_table("sessions")

    op.drop_table("datasets")

    op.drop_table("audit")

    op.drop_table("api_keys")
    op.drop_table("owners")
    op.drop_table("environments")

    op.drop_table("configurations")
