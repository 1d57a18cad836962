"""Snapshots of tenants, deleted tenants, and the root credential"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _column(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "deleted_tenant",
        _column("id", sa.Text),
        _column("deleted_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deleted_tenant")),
    )
    op.create_table(
        "root_credential",
        _column("id", sa.Text),
        _column("salt", sa.LargeBinary),
        _column("hash", sa.LargeBinary),
        _column("created_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_root_credential")),
    )
    op.create_table(
        "tenant_snapshot",
        _column("tenant", sa.Text),
        _column("id", sa.Text),
        _column("taken_at", sa.Double),
        _column("document", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_tenant_snapshot")),
    )
    op.create_table(
        "tenant_snapshot_part",
        _column("tenant", sa.Text),
        _column("id", sa.Text),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _column("content", sa.LargeBinary),
        sa.ForeignKeyConstraint(
            ["tenant", "id"],
            ["tenant_snapshot.tenant", "tenant_snapshot.id"],
            name=op.f("fk_tenant_snapshot_part_tenant_id_tenant_snapshot"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "id", "number", name=op.f("pk_tenant_snapshot_part")),
    )


def downgrade() -> None:
    for table in ("tenant_snapshot_part", "tenant_snapshot", "root_credential", "deleted_tenant"):
        op.drop_table(table)
