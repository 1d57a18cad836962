"""The passwords somebody had before are remembered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

IDENTITY = ("tenant", "provider", "identity_id")


def upgrade() -> None:
    op.create_table(
        "user_password_history",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*IDENTITY, "hash")),
        sa.Column("set_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(*IDENTITY, "hash", name=op.f("pk_user_password_history")),
        sa.ForeignKeyConstraint(
            IDENTITY,
            [f"user_identity.{name}" for name in IDENTITY],
            name=op.f("fk_user_password_history_tenant_provider_identity_id_user_identity"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("user_password_history")
