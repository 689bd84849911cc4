"""Alembic's entry: it migrates over the connection and within the transaction that `opening.upgrade` hands it."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
