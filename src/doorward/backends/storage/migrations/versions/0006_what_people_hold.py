"""Metadata of sessions and refresh tokens, authentication methods, device credentials"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.add_column("session", _text("metadata", nullable=True))
    for name in ("metadata", "last_ip", "last_user_agent"):
        op.add_column("refresh_token", _text(name, nullable=True))
    op.drop_column("refresh_token", "id")
    op.create_table(
        "authentication_method",
        *(_text(name) for name in ("tenant", "id", "user_id")),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _text("type"),
        sa.Column("created_at", sa.Double(), nullable=False),
        _text("document"),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "user_id"],
            ["user_account.tenant", "user_account.user_id"],
            name=op.f("fk_authentication_method_tenant_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_authentication_method")),
    )
    op.create_index("ix_authentication_method_user", "authentication_method", ["tenant", "user_id", "sequence"])
    op.create_table(
        "device_credential",
        *(_text(name) for name in ("tenant", "id", "user_id", "client_id", "device_id", "device_name", "value")),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_device_credential")),
        sa.UniqueConstraint(
            "tenant",
            "user_id",
            "client_id",
            "device_id",
            name=op.f("uq_device_credential_tenant_user_id_client_id_device_id"),
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("what people hold has no place in the schema before")
