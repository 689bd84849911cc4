"""Remember the identities of forgotten items, and how much each feed brought each day.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both tables; the tally begins with what is there."""
    op.create_table(
        "former",
        sa.Column("feed", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("forgotten", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name=op.f("fk_former_feed")),
        sa.PrimaryKeyConstraint("feed", "identity", name=op.f("pk_former")),
    )
    tally = op.create_table(
        "tally",
        sa.Column("feed", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("brought", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name=op.f("fk_tally_feed")),
        sa.PrimaryKeyConstraint("feed", "day", name=op.f("pk_tally")),
    )
    item = sa.table(
        "item", sa.column("feed"), sa.column("first_seen", sa.DateTime()), sa.column("before", sa.Boolean())
    )
    day = sa.func.date(item.c.first_seen)
    there = (
        sa.select(item.c.feed, day, sa.func.count())
        .where(item.c.before == sa.false())
        .group_by(item.c.feed, day)
    )
    op.execute(tally.insert().from_select(["feed", "day", "brought"], there))
