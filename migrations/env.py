"""Alembic's environment: migrations run on the connection that they are handed."""

from __future__ import annotations

from alembic import context

from service.store.schema import metadata


def run() -> None:
    """Run the migrations inside the caller's transaction."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


run()
