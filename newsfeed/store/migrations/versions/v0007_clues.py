"""Keep by what the items of the last days are found, for what is new.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table, empty: the first grouping reads all items of the last days and enters them."""
    op.create_table(
        "clue",
        sa.Column("clue", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("clue", "item", name="pk_clue"),
        sqlite_with_rowid=False,
    )
