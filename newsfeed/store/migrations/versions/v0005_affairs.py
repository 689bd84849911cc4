"""Say which stories are of one occasion.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column. Until now every story was an affair of its own."""
    op.add_column("story", sa.Column("affair", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE story SET affair = id")
    op.create_index("ix_story_affair", "story", ["affair"])
