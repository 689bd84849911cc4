"""Keep the news value of each item beside its topics.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add both columns; items get their value when they are tagged anew."""
    op.add_column("tagging", sa.Column("value", sa.Float()))
    op.add_column("tagging", sa.Column("news", sa.Text(), server_default="", nullable=False))
