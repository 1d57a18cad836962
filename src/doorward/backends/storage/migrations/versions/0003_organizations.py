"""Organizations have members and invitations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MEMBERSHIP = ("tenant", "organization_id", "user_id")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _sequence() -> sa.Column[int]:
    return sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "organization_member",
        *(_text(name) for name in MEMBERSHIP),
        _sequence(),
        sa.ForeignKeyConstraint(
            ["tenant", "user_id"],
            ["user_account.tenant", "user_account.user_id"],
            name=op.f("fk_organization_member_tenant_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*MEMBERSHIP, name=op.f("pk_organization_member")),
    )
    op.create_index("ix_organization_member_sequence", "organization_member", ["tenant", "organization_id", "sequence"])
    op.create_index("ix_organization_member_user", "organization_member", ["tenant", "user_id"])
    op.create_table(
        "organization_member_role",
        *(_text(name) for name in (*MEMBERSHIP, "role_id")),
        sa.ForeignKeyConstraint(
            MEMBERSHIP,
            [f"organization_member.{name}" for name in MEMBERSHIP],
            name=op.f("fk_organization_member_role_tenant_organization_id_user_id_organization_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*MEMBERSHIP, "role_id", name=op.f("pk_organization_member_role")),
    )
    op.create_index("ix_organization_member_role_role", "organization_member_role", ["tenant", "role_id"])
    op.create_table(
        "organization_invitation",
        _text("tenant"),
        _text("id"),
        _text("organization_id"),
        _sequence(),
        _text("ticket_id"),
        _text("client_id"),
        _text("connection_id", nullable=True),
        _time("created_at"),
        _time("expires_at"),
        _text("details"),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_organization_invitation")),
        sa.UniqueConstraint("tenant", "ticket_id", name=op.f("uq_organization_invitation_tenant_ticket_id")),
    )
    in_order = ["tenant", "organization_id", "sequence"]
    op.create_index("ix_organization_invitation_sequence", "organization_invitation", in_order)
    op.create_index("ix_organization_invitation_expires_at", "organization_invitation", ["expires_at"])


def downgrade() -> None:
    for table in ("organization_invitation", "organization_member_role", "organization_member"):
        op.drop_table(table)
