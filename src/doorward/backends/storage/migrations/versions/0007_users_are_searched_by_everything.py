"""Users are searched by every attribute, log events by type and client; days are counted"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from doorward.backends.storage.user_fields import fields_of
from doorward.model.user import User

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 1000
ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMES = ("email_domain", "name", "given_name", "family_name", "nickname", "username", "phone_number")
DENSE = ("connection", "blocked", "created_at", "updated_at", "logins_count")
SPARSE = ("email", *NAMES, "email_verified", "last_login", "last_ip")

# The terms of a user are those of its row, whoever writes it.
SQLITE_TRIGGERS = (
    """CREATE TRIGGER user_terms_of_new AFTER INSERT ON user_account WHEN new.terms IS NOT NULL BEGIN {insert}; END""",
    """CREATE TRIGGER user_terms_of_changed AFTER UPDATE OF terms ON user_account WHEN new.terms IS NOT old.terms BEGIN
        DELETE FROM user_term WHERE tenant = old.tenant AND sequence = old.sequence; {insert}; END""",
)
SQLITE_INSERT = """INSERT INTO user_term (tenant, sequence, field, value, number)
    SELECT new.tenant, new.sequence, json_extract(j.value, '$.f'), json_extract(j.value, '$.v'),
        json_extract(j.value, '$.n')
    FROM json_each(new.terms) j"""
POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION user_terms() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'UPDATE' THEN
            DELETE FROM user_term WHERE tenant = old.tenant AND sequence = old.sequence;
        END IF;
        INSERT INTO user_term (tenant, sequence, field, value, number)
            SELECT new.tenant, new.sequence, j.f, j.v, j.n
            FROM json_to_recordset(CAST(new.terms AS json)) AS j (f text, v text, n double precision);
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER user_terms_of_new AFTER INSERT ON user_account FOR EACH ROW WHEN (new.terms IS NOT NULL)
        EXECUTE FUNCTION user_terms()""",
    """CREATE TRIGGER user_terms_of_changed AFTER UPDATE OF terms ON user_account FOR EACH ROW
        WHEN (new.terms IS DISTINCT FROM old.terms) EXECUTE FUNCTION user_terms()""",
)


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
        table.add_column(sa.Column("terms", sa.Text(), nullable=True))
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
    for statement in POSTGRESQL_TRIGGERS if postgresql else SQLITE_TRIGGERS:
        op.execute(statement if postgresql else statement.format(insert=SQLITE_INSERT))
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
    op.create_index("ix_user_identity_connection", "user_identity", ["tenant", "connection", "user_id"])
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
    fields = (*NAMES, "email_verified", "terms")
    write = sa.text(
        f"UPDATE user_account SET {', '.join(f'{name} = :{name}' for name in fields)} "  # noqa: S608
        "WHERE tenant = :of_tenant AND user_id = :of_user"
    )
    after = 0
    while rows := connection.execute(read, {"after": after, "limit": BATCH}).all():
        connection.execute(write, [_found_by(*row) for row in rows])
        after = rows[-1][1]


def _found_by(tenant: str, _: int, user_id: str, *documents: str) -> dict[str, Any]:
    profile, user_metadata, app_metadata, identities = (msgspec.json.decode(document) for document in documents)
    user = User(
        user_id=user_id,
        connection="",
        profile=profile,
        user_metadata=user_metadata,
        app_metadata=app_metadata,
        identities=tuple(identities),
    )
    found = {name: value for name, value in fields_of(user).items() if name != "email"}
    return {**found, "of_tenant": tenant, "of_user": user_id}


def downgrade() -> None:
    raise NotImplementedError("the columns repeat what the documents say: they can stay")
