"""Keep what the reader keeps, with a note, and what they passed on to whom.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add both tables, empty."""
    texts = ("title", "link", "source", "lead", "note", "lang")
    op.create_table(
        "kept",
        sa.Column("item", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("kept", sa.DateTime(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in texts),
        sa.Column("private", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_kept")),
    )
    op.create_table(
        "passed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passed")),
    )
