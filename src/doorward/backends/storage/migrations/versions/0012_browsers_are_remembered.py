"""Browsers in which somebody proved a second factor are remembered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

USER = ("tenant", "user_id")


def upgrade() -> None:
    op.create_table(
        "remembered_browser",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "browser_hash", "user_id", name=op.f("pk_remembered_browser")),
        sa.ForeignKeyConstraint(
            USER,
            [f"user_account.{name}" for name in USER],
            name=op.f("fk_remembered_browser_tenant_user_id_user_account"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_remembered_browser_user", "remembered_browser", list(USER))
    op.create_index("ix_remembered_browser_expires_at", "remembered_browser", ["expires_at"])


def downgrade() -> None:
    op.drop_table("remembered_browser")
