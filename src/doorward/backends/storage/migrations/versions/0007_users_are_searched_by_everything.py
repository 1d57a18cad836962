"""Users are searched by every attribute, log events by type and client; days are counted"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from alembic import op

from doorward.backends.storage.user_fields import fields_of, terms_of
from doorward.model.user import User

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 1000
ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMES = ("email_domain", "name", "given_name", "family_name", "nickname", "username", "phone_number")
DENSE = ("connection", "blocked", "email_verified", "created_at", "updated_at", "logins_count")
SPARSE = ("email", *NAMES, "last_login", "last_ip")


def _searched(name: str, *, sparse: bool) -> None:
    only = sa.text(f"{name} IS NOT NULL") if sparse else None
    columns = ["tenant", name, "sequence"]
    op.create_index(f"ix_user_account_{name}", "user_account", columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_index("ix_user_account_sequence", "user_account")
    op.drop_index("ix_user_account_email", "user_account")
    with op.batch_alter_table("user_account") as table:
        for name in NAMES:
            table.add_column(sa.Column(name, ORDERED, nullable=True))
        table.add_column(sa.Column("email_verified", sa.Boolean(), nullable=True))
    if postgresql:
        op.execute('ALTER TABLE user_account ALTER email TYPE text COLLATE "C", ALTER last_ip TYPE text COLLATE "C"')
    op.execute("""
        UPDATE user_account SET sequence = numbered.place FROM (
            SELECT tenant, user_id, row_number() OVER (ORDER BY tenant, sequence, user_id) AS place FROM user_account
        ) numbered WHERE numbered.tenant = user_account.tenant AND numbered.user_id = user_account.user_id""")
    op.create_index("ix_user_account_sequence", "user_account", ["tenant", "sequence"], unique=True)

    op.create_table(
        "user_term",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("field", ORDERED, nullable=False),
        sa.Column("value", ORDERED, nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "sequence"],
            ["user_account.tenant", "user_account.sequence"],
            name=op.f("fk_user_term_tenant_sequence_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "sequence", "field", "value", name=op.f("pk_user_term")),
        sqlite_with_rowid=False,
    )
    _fill()

    op.create_index("ix_user_term_value", "user_term", ["tenant", "field", "value", "sequence"])
    numeric = sa.text("number IS NOT NULL")
    op.create_index(
        "ix_user_term_number", "user_term", ["tenant", "field", "number", "sequence"],
        sqlite_where=numeric, postgresql_where=numeric,
    )  # fmt: skip
    for name in DENSE:
        _searched(name, sparse=False)
    for name in SPARSE:
        _searched(name, sparse=True)
    op.drop_index("ix_user_identity_connection", "user_identity")
    op.create_index("ix_user_identity_connection", "user_identity", ["tenant", "connection", "identity_id"])
    op.create_index("ix_user_identity_identity_id", "user_identity", ["tenant", "identity_id"])

    op.create_index("ix_log_event_type", "log_event", ["tenant", "type", "log_id"])
    of_client = sa.text("client_id IS NOT NULL")
    op.create_index(
        "ix_log_event_client", "log_event", ["tenant", "client_id", "log_id"],
        sqlite_where=of_client, postgresql_where=of_client,
    )  # fmt: skip
    op.create_table(
        "daily_count",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("tenant", "day", "type")),
        sa.Column("count", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "type", name=op.f("pk_daily_count")),
    )


def _fill() -> None:
    """Give the users there are what they are found by."""
    connection = op.get_bind()
    read = sa.text(
        "SELECT tenant, sequence, user_id, profile, user_metadata, app_metadata, identities FROM user_account "
        "WHERE sequence > :after ORDER BY sequence LIMIT :limit"
    )
    fields = (*NAMES, "email_verified")
    write = sa.text(
        f"UPDATE user_account SET {', '.join(f'{name} = :{name}' for name in fields)} "  # noqa: S608
        "WHERE tenant = :tenant AND sequence = :sequence"
    )
    write_terms = sa.text(
        "INSERT INTO user_term (tenant, sequence, field, value, number) "
        "VALUES (:tenant, :sequence, :field, :value, :number)"
    )
    after = 0
    while rows := connection.execute(read, {"after": after, "limit": BATCH}).all():
        for tenant, sequence, *documents in rows:
            user = _user(*documents)
            connection.execute(write, {**fields_of(user), "tenant": tenant, "sequence": sequence})
            terms = terms_of(tenant, sequence, user)
            if terms:
                connection.execute(write_terms, terms)
        after = rows[-1][1]


def _user(user_id: str, *documents: str) -> User:
    profile, user_metadata, app_metadata, identities = (msgspec.json.decode(document) for document in documents)
    return User(
        user_id=user_id,
        connection="",
        profile=profile,
        user_metadata=user_metadata,
        app_metadata=app_metadata,
        identities=tuple(identities),
    )


def downgrade() -> None:
    raise NotImplementedError("the columns repeat what the documents say: they can stay")
