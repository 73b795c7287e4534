"""Each number of a run's metrics has a column to filter and sort by, an owner's newest runs an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCORES = ("accuracy", "r2")
PATHS = {
    **{
        f"{rows}_loss_{kind}": [(f"{rows}_loss", kind)]
        for rows in ("train", "validation")
        for kind in ("best", "min", "max")
    },
    **{
        f"{rows}_score_{kind}": [(f"{rows}_{score}", kind) for score in SCORES]
        for rows in ("train", "validation")
        for kind in ("best", "min", "max")
    },
    **{
        f"{rows}_{name}": [(f"{rows}_{name}", "last")]
        for rows in ("validation", "test")
        for name in ("macro_f1", "mae", "rmse")
    },
}


def upgrade() -> None:
    for name in PATHS:
        op.add_column("runs", sa.Column(name, sa.Double(), nullable=True))
    values = ", ".join(f"{name} = {_coalesced(paths)}" for name, paths in PATHS.items())
    op.execute(f"UPDATE runs SET {values} WHERE epoch > 0")  # noqa: S608 - names from above
    op.create_index("ix_runs_owner_id_public_id", "runs", ["owner_id", "public_id"])
    op.drop_index("ix_runs_owner_id", "runs")


def downgrade() -> None:
    op.create_index("ix_runs_owner_id", "runs", ["owner_id"])
    op.drop_index("ix_runs_owner_id_public_id", "runs")
    for name in PATHS:
        op.drop_column("runs", name)


def _coalesced(paths: list[tuple[str, str]]) -> str:
    parts = [_number(name, kind) for name, kind in paths]
    return f"coalesce({', '.join(parts)})" if len(parts) > 1 else parts[0]


def _number(name: str, kind: str) -> str:
    if op.get_bind().dialect.name == "sqlite":
        path = f"'$.{name}.{kind}'"
        is_number = f"json_type(metrics, {path}) IN ('real', 'integer')"
        return f"CASE WHEN {is_number} THEN CAST(json_extract(metrics, {path}) AS REAL) END"
    path = f"'{{{name},{kind}}}'"
    is_number = f"jsonb_typeof(metrics #> {path}) = 'number'"
    return f"CASE WHEN {is_number} THEN CAST(metrics #>> {path} AS DOUBLE PRECISION) END"
