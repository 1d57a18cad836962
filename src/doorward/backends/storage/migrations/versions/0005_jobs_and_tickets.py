"""Jobs and tickets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _time(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "job",
        *_text("tenant", "id", "type", "status"),
        *_time("alive_until", "expires_at"),
        *_text("document"),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_expires_at", "job", ["expires_at"])
    op.create_table(
        "job_error",
        *_text("tenant", "job_id"),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *_text("document"),
        sa.PrimaryKeyConstraint("tenant", "job_id", "position", name=op.f("pk_job_error")),
        sa.ForeignKeyConstraint(
            ["tenant", "job_id"],
            ["job.tenant", "job.id"],
            name=op.f("fk_job_error_tenant_job_id_job"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "ticket",
        *_text("tenant"),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        *_text("type", "user_id"),
        *_time("expires_at"),
        sa.Column("used_at", sa.Double(), nullable=True),
        *_text("document"),
        sa.PrimaryKeyConstraint("tenant", "ticket_hash", name=op.f("pk_ticket")),
        sa.ForeignKeyConstraint(
            ["tenant", "user_id"],
            ["user_account.tenant", "user_account.user_id"],
            name=op.f("fk_ticket_tenant_user_id_user_account"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_ticket_user", "ticket", ["tenant", "user_id"])
    op.create_index("ix_ticket_expires_at", "ticket", ["expires_at"])


def downgrade() -> None:
    for table in ("ticket", "job_error", "job"):
        op.drop_table(table)
