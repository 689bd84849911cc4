"""Keep the address by which an item's page is compared apart from the link that opens it.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column. Until now the link was that address."""
    op.add_column("item", sa.Column("page", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE item SET page = link")
