"""Passwords and identifiers belong to an identity, and an identity to a user"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = ("tenant", "provider", "identity_id")
# A user had one identity so far, which the user id names: provider|identity.
OF_USER = {
    "sqlite": ("substr({0}, 1, instr({0}, '|') - 1)", "substr({0}, instr({0}, '|') + 1)"),
    "postgresql": ("split_part({0}, '|', 1)", "substr({0}, strpos({0}, '|') + 1)"),
}


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _of_identity(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_provider_identity_id_user_identity")
    return sa.ForeignKeyConstraint(KEY, [f"user_identity.{column}" for column in KEY], name=name, ondelete="CASCADE")


def upgrade() -> None:
    provider, identity_id = (part.format("user_id") for part in OF_USER[op.get_bind().dialect.name])
    op.create_table(
        "user_identity",
        *(_text(name) for name in (*KEY, "connection", "user_id")),
        sa.ForeignKeyConstraint(
            ["tenant", "user_id"],
            ["user_account.tenant", "user_account.user_id"],
            name=op.f("fk_user_identity_tenant_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_user_identity")),
    )
    op.create_index("ix_user_identity_user", "user_identity", ["tenant", "user_id"])
    op.create_index("ix_user_identity_connection", "user_identity", ["tenant", "connection"])
    op.execute(
        "INSERT INTO user_identity (tenant, provider, identity_id, connection, user_id) "  # noqa: S608
        f"SELECT tenant, {provider}, {identity_id}, connection, user_id FROM user_account"
    )

    op.execute(
        "CREATE TEMPORARY TABLE kept_identifier AS "  # noqa: S608
        f"SELECT tenant, connection, field, value, {provider} AS provider, {identity_id} AS identity_id "
        "FROM user_identifier"
    )
    op.drop_table("user_identifier")
    op.create_table(
        "user_identifier",
        *(_text(name) for name in ("tenant", "connection", "field", "value", "provider", "identity_id")),
        _of_identity("user_identifier"),
        sa.PrimaryKeyConstraint("tenant", "connection", "field", "value", name=op.f("pk_user_identifier")),
    )
    op.create_index("ix_user_identifier_identity", "user_identifier", KEY)
    op.execute(
        "INSERT INTO user_identifier (tenant, connection, field, value, provider, identity_id) "
        "SELECT tenant, connection, field, value, provider, identity_id FROM kept_identifier"
    )
    op.execute("DROP TABLE kept_identifier")

    op.execute(
        "CREATE TEMPORARY TABLE kept_password AS "  # noqa: S608
        f"SELECT tenant, {provider} AS provider, {identity_id} AS identity_id, hash, set_at FROM user_password"
    )
    op.drop_table("user_password")
    op.create_table(
        "user_password",
        *(_text(name) for name in (*KEY, "hash")),
        sa.Column("set_at", sa.Double(), nullable=False),
        _of_identity("user_password"),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_user_password")),
    )
    op.execute(
        "INSERT INTO user_password (tenant, provider, identity_id, hash, set_at) "
        "SELECT tenant, provider, identity_id, hash, set_at FROM kept_password"
    )
    op.execute("DROP TABLE kept_password")


def downgrade() -> None:
    raise NotImplementedError("linked accounts have no place in the schema before")
