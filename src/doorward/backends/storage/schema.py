"""The tables. Only migrations import this: serving needs no schema, just statements.

Every primary key starts with the tenant. Times are epoch seconds (double), documents are JSON kept
as text, digests and sealed values are bytes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# A refresh token that can still be used.
LIVE = text("revoked_at IS NULL AND used_at IS NULL")
# Most events of a busy server are about machines.
OF_A_PERSON = text("user_id IS NOT NULL")
OF_A_CLIENT = text("client_id IS NOT NULL")
NUMERIC = text("number IS NOT NULL")
# Compared byte by byte, so that what begins with something lies together in an index.
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Double, nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable)


def _ordered(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, BYTEWISE, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), nullable=nullable)


tenant = Table(
    "tenant",
    metadata,
    _text("id"),
    _text("domain"),
    _number("revision"),
    _number("sequence"),
    _bytes("data_key"),
    _time("created_at"),
    PrimaryKeyConstraint("id"),
)

# A node that had not heard of it may have written on for a moment: what is left is swept.
deleted_tenant = Table("deleted_tenant", metadata, _text("id"), _time("deleted_at"), PrimaryKeyConstraint("id"))

root_credential = Table(
    "root_credential",
    metadata,
    _text("id"),
    _bytes("salt"),
    _bytes("hash"),
    _time("created_at"),
    PrimaryKeyConstraint("id"),
)

tenant_snapshot = Table(
    "tenant_snapshot",
    metadata,
    _text("tenant"),
    _text("id"),
    _time("taken_at"),
    _text("document"),
    PrimaryKeyConstraint("tenant", "id"),
)

tenant_snapshot_part = Table(
    "tenant_snapshot_part",
    metadata,
    _text("tenant"),
    _text("id"),
    _number("number"),
    _bytes("content"),
    PrimaryKeyConstraint("tenant", "id", "number"),
    ForeignKeyConstraint(["tenant", "id"], ["tenant_snapshot.tenant", "tenant_snapshot.id"], ondelete="CASCADE"),
)

host = Table("host", metadata, _text("host"), _text("tenant"), PrimaryKeyConstraint("host"))

document = Table(
    "document",
    metadata,
    _text("tenant"),
    _text("kind"),
    _text("id"),
    _text("unique_key", nullable=True),
    _number("sequence"),
    _number("revision"),
    _text("body"),
    _bytes("secrets", nullable=True),
    _time("created_at"),
    _time("updated_at"),
    PrimaryKeyConstraint("tenant", "kind", "id"),
    UniqueConstraint("tenant", "kind", "unique_key"),
    Index("ix_document_sequence", "tenant", "sequence"),
)


def _searched(name: str, *, sparse: bool = False) -> Index:
    """What users are searched and sorted by; ``sparse`` where most have no value."""
    only = text(f"{name} IS NOT NULL") if sparse else None
    return Index(
        f"ix_user_account_{name}", "tenant", name, "sequence", sqlite_where=only, postgresql_where=only
    )  # fmt: skip


user_account = Table(
    "user_account",
    metadata,
    _text("tenant"),
    _text("user_id"),
    _number("sequence"),
    _text("connection"),
    _ordered("email", nullable=True),
    Column("blocked", Boolean, nullable=False),
    _text("profile"),
    _text("user_metadata"),
    _text("app_metadata"),
    _text("identities"),
    _time("created_at"),
    _time("updated_at"),
    _time("last_login", nullable=True),
    _ordered("last_ip", nullable=True),
    _number("logins_count"),
    _number("revision"),
    # Members of the profile once more, the names in lower case.
    _ordered("email_domain", nullable=True),
    _ordered("name", nullable=True),
    _ordered("given_name", nullable=True),
    _ordered("family_name", nullable=True),
    _ordered("nickname", nullable=True),
    _ordered("username", nullable=True),
    _ordered("phone_number", nullable=True),
    Column("email_verified", Boolean, nullable=True),
    PrimaryKeyConstraint("tenant", "user_id"),
    Index("ix_user_account_sequence", "tenant", "sequence", unique=True),
    *(
        _searched(name)
        for name in ("connection", "blocked", "email_verified", "created_at", "updated_at", "logins_count")
    ),
    *(
        _searched(name, sparse=True)
        for name in (
            "email", "email_domain", "name", "given_name", "family_name", "nickname", "username",
            "phone_number", "last_login", "last_ip",
        )
    ),
)  # fmt: skip

# Everything else users are found by, one row for each value: metadata, and attributes without a column.
user_term = Table(
    "user_term",
    metadata,
    _text("tenant"),
    _number("sequence"),
    _ordered("field"),
    _ordered("value"),
    _time("number", nullable=True),
    PrimaryKeyConstraint("tenant", "sequence", "field", "value"),
    ForeignKeyConstraint(["tenant", "sequence"], ["user_account.tenant", "user_account.sequence"], ondelete="CASCADE"),
    Index("ix_user_term_value", "tenant", "field", "value", "sequence"),
    Index(
        "ix_user_term_number", "tenant", "field", "number", "sequence", sqlite_where=NUMERIC, postgresql_where=NUMERIC
    ),
    sqlite_with_rowid=False,
)


def _of_user() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant", "user_id"], ["user_account.tenant", "user_account.user_id"], ondelete="CASCADE"
    )


# Whose an account at a provider is. What somebody signs in with is kept by identity, and goes where it goes.
user_identity = Table(
    "user_identity",
    metadata,
    _text("tenant"),
    _text("provider"),
    _text("identity_id"),
    _text("connection"),
    _text("user_id"),
    PrimaryKeyConstraint("tenant", "provider", "identity_id"),
    _of_user(),
    Index("ix_user_identity_user", "tenant", "user_id"),
    Index("ix_user_identity_connection", "tenant", "connection", "identity_id"),
    Index("ix_user_identity_identity_id", "tenant", "identity_id"),
)


def _of_identity() -> ForeignKeyConstraint:
    key = ("tenant", "provider", "identity_id")
    return ForeignKeyConstraint(key, [f"user_identity.{name}" for name in key], ondelete="CASCADE")


user_identifier = Table(
    "user_identifier",
    metadata,
    _text("tenant"),
    _text("connection"),
    _text("field"),
    _text("value"),
    _text("provider"),
    _text("identity_id"),
    PrimaryKeyConstraint("tenant", "connection", "field", "value"),
    _of_identity(),
    Index("ix_user_identifier_identity", "tenant", "provider", "identity_id"),
)

user_password = Table(
    "user_password",
    metadata,
    _text("tenant"),
    _text("provider"),
    _text("identity_id"),
    _text("hash"),
    _time("set_at"),
    PrimaryKeyConstraint("tenant", "provider", "identity_id"),
    _of_identity(),
)

# Those an identity had before the present one, as many as its connection wants to be remembered.
user_password_history = Table(
    "user_password_history",
    metadata,
    _text("tenant"),
    _text("provider"),
    _text("identity_id"),
    _text("hash"),
    _time("set_at"),
    PrimaryKeyConstraint("tenant", "provider", "identity_id", "hash"),
    _of_identity(),
)

authentication_method = Table(
    "authentication_method",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("user_id"),
    _number("sequence"),
    _text("type"),
    _time("created_at"),
    _text("document"),
    _bytes("secrets", nullable=True),
    _text("key_id", nullable=True),
    _number("sign_count", nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    _of_user(),
    Index("ix_authentication_method_user", "tenant", "user_id", "sequence"),
    # One key speaks for one person.
    Index("ix_authentication_method_key", "tenant", "key_id", unique=True),
)

# One browser may be believed for several people.
remembered_browser = Table(
    "remembered_browser",
    metadata,
    _text("tenant"),
    _bytes("browser_hash"),
    _text("user_id"),
    _time("expires_at"),
    PrimaryKeyConstraint("tenant", "browser_hash", "user_id"),
    _of_user(),
    Index("ix_remembered_browser_user", "tenant", "user_id"),
    Index("ix_remembered_browser_expires_at", "expires_at"),
)

device_credential = Table(
    "device_credential",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("user_id"),
    _text("client_id"),
    _text("device_id"),
    _text("device_name"),
    _text("value"),
    _time("created_at"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "user_id", "client_id", "device_id"),
)

user_role = Table(
    "user_role",
    metadata,
    _text("tenant"),
    _text("user_id"),
    _text("role_id"),
    PrimaryKeyConstraint("tenant", "user_id", "role_id"),
    _of_user(),
    Index("ix_user_role_role", "tenant", "role_id"),
)

user_permission = Table(
    "user_permission",
    metadata,
    _text("tenant"),
    _text("user_id"),
    _text("resource_server_identifier"),
    _text("permission_name"),
    PrimaryKeyConstraint("tenant", "user_id", "resource_server_identifier", "permission_name"),
    _of_user(),
)

organization_member = Table(
    "organization_member",
    metadata,
    _text("tenant"),
    _text("organization_id"),
    _text("user_id"),
    _number("sequence"),
    PrimaryKeyConstraint("tenant", "organization_id", "user_id"),
    _of_user(),
    Index("ix_organization_member_sequence", "tenant", "organization_id", "sequence"),
    Index("ix_organization_member_user", "tenant", "user_id"),
)

MEMBERSHIP = ("tenant", "organization_id", "user_id")
organization_member_role = Table(
    "organization_member_role",
    metadata,
    *(_text(name) for name in MEMBERSHIP),
    _text("role_id"),
    PrimaryKeyConstraint(*MEMBERSHIP, "role_id"),
    ForeignKeyConstraint(MEMBERSHIP, [f"organization_member.{name}" for name in MEMBERSHIP], ondelete="CASCADE"),
    Index("ix_organization_member_role_role", "tenant", "role_id"),
)

organization_invitation = Table(
    "organization_invitation",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("organization_id"),
    _number("sequence"),
    _text("ticket_id"),
    _text("client_id"),
    _text("connection_id", nullable=True),
    _time("created_at"),
    _time("expires_at"),
    _text("details"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "ticket_id"),
    Index("ix_organization_invitation_sequence", "tenant", "organization_id", "sequence"),
    Index("ix_organization_invitation_expires_at", "expires_at"),
)

session = Table(
    "session",
    metadata,
    _text("tenant"),
    _text("sid"),
    _bytes("cookie_hash"),
    _text("user_id"),
    _time("expires_at"),
    _text("document"),
    _text("metadata", nullable=True),
    PrimaryKeyConstraint("tenant", "sid"),
    UniqueConstraint("tenant", "cookie_hash"),
    Index("ix_session_user", "tenant", "user_id"),
    Index("ix_session_expires_at", "expires_at"),
)

login_transaction = Table(
    "login_transaction",
    metadata,
    _text("tenant"),
    _bytes("id_hash"),
    _number("version"),
    Column("finished", Boolean, nullable=False),
    _time("expires_at"),
    _text("document"),
    PrimaryKeyConstraint("tenant", "id_hash"),
    Index("ix_login_transaction_expires_at", "expires_at"),
)

consent_grant = Table(
    "consent_grant",
    metadata,
    _text("tenant"),
    _text("user_id"),
    _text("client_id"),
    _text("audience"),
    _text("id"),
    _number("sequence"),
    _text("scope"),
    PrimaryKeyConstraint("tenant", "user_id", "client_id", "audience"),
    UniqueConstraint("tenant", "id"),
    Index("ix_consent_grant_sequence", "tenant", "sequence"),
)

authorization_code = Table(
    "authorization_code",
    metadata,
    _text("tenant"),
    _bytes("code_hash"),
    _text("user_id"),
    _time("expires_at"),
    _time("used_at", nullable=True),
    _text("family", nullable=True),
    _bytes("access_token_hash", nullable=True),
    _time("access_token_expires_at", nullable=True),
    _text("document"),
    PrimaryKeyConstraint("tenant", "code_hash"),
    Index("ix_authorization_code_expires_at", "expires_at"),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    _text("tenant"),
    _bytes("token_hash"),
    _text("family"),
    _number("generation"),
    _text("user_id"),
    _text("client_id"),
    _text("audience"),
    Column("rotating", Boolean, nullable=False),
    _time("issued_at"),
    _time("expires_at", nullable=True),
    _time("idle_expires_at", nullable=True),
    _time("last_exchanged_at", nullable=True),
    _time("used_at", nullable=True),
    _time("revoked_at", nullable=True),
    _bytes("access_token_hash", nullable=True),
    _time("access_token_expires_at", nullable=True),
    _text("document"),
    _text("metadata", nullable=True),
    _text("last_ip", nullable=True),
    _text("last_user_agent", nullable=True),
    PrimaryKeyConstraint("tenant", "token_hash"),
    Index("ix_refresh_token_family", "tenant", "family", "generation"),
    Index("ix_refresh_token_live", "tenant", "user_id", "client_id", sqlite_where=LIVE, postgresql_where=LIVE),
    Index("ix_refresh_token_expires_at", "expires_at"),
)

revoked_access_token = Table(
    "revoked_access_token",
    metadata,
    _text("tenant"),
    _bytes("token_hash"),
    _time("expires_at"),
    PrimaryKeyConstraint("tenant", "token_hash"),
    Index("ix_revoked_access_token_expires_at", "expires_at"),
)

pushed_request = Table(
    "pushed_request",
    metadata,
    _text("tenant"),
    _bytes("uri_hash"),
    _time("expires_at"),
    _time("used_at", nullable=True),
    _text("document"),
    PrimaryKeyConstraint("tenant", "uri_hash"),
    Index("ix_pushed_request_expires_at", "expires_at"),
)

one_time_value = Table(
    "one_time_value",
    metadata,
    _text("tenant"),
    _bytes("value_hash"),
    _time("expires_at"),
    PrimaryKeyConstraint("tenant", "value_hash"),
    Index("ix_one_time_value_expires_at", "expires_at"),
)

attempt = Table(
    "attempt",
    metadata,
    _text("tenant"),
    _ordered("key"),
    _number("failures"),
    _time("last_at"),
    PrimaryKeyConstraint("tenant", "key"),
    Index("ix_attempt_last_at", "last_at"),
)

job = Table(
    "job",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("type"),
    _text("status"),
    _time("alive_until"),
    _time("expires_at"),
    _text("document"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_job_expires_at", "expires_at"),
)

job_error = Table(
    "job_error",
    metadata,
    _text("tenant"),
    _text("job_id"),
    _number("position"),
    _text("document"),
    PrimaryKeyConstraint("tenant", "job_id", "position"),
    ForeignKeyConstraint(["tenant", "job_id"], ["job.tenant", "job.id"], ondelete="CASCADE"),
)

ticket = Table(
    "ticket",
    metadata,
    _text("tenant"),
    _bytes("ticket_hash"),
    _text("type"),
    _text("user_id"),
    _time("expires_at"),
    _time("used_at", nullable=True),
    _text("document"),
    PrimaryKeyConstraint("tenant", "ticket_hash"),
    _of_user(),
    Index("ix_ticket_user", "tenant", "user_id"),
    Index("ix_ticket_expires_at", "expires_at"),
)

# ``due_at`` is when the message may be taken to be sent; taking it puts that off, so that one process has it.
outbox = Table(
    "outbox",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("kind"),
    _time("created_at"),
    _time("due_at"),
    _number("attempts"),
    _bytes("content"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_outbox_kind_tenant_due_at", "kind", "tenant", "due_at"),
)

# What the login pages show, as it was fetched; which file is whose is in documents.
asset = Table(
    "asset",
    metadata,
    _text("tenant"),
    _text("digest"),
    _bytes("content"),
    PrimaryKeyConstraint("tenant", "digest"),
)

# One of each subject: a newer code takes the place of the older.
challenge = Table(
    "challenge",
    metadata,
    _text("tenant"),
    _bytes("subject_hash"),
    _bytes("id_hash"),
    _bytes("code_hash"),
    _number("tries_left"),
    _time("expires_at"),
    _text("document"),
    PrimaryKeyConstraint("tenant", "subject_hash"),
    UniqueConstraint("tenant", "id_hash"),
    Index("ix_challenge_expires_at", "expires_at"),
)

log_event = Table(
    "log_event",
    metadata,
    _text("tenant"),
    _text("log_id"),
    _text("type"),
    _time("date"),
    _text("user_id", nullable=True),
    _text("client_id", nullable=True),
    _text("document"),
    PrimaryKeyConstraint("tenant", "log_id"),
    Index("ix_log_event_type", "tenant", "type", "log_id"),
    Index(
        "ix_log_event_client", "tenant", "client_id", "log_id", sqlite_where=OF_A_CLIENT, postgresql_where=OF_A_CLIENT
    ),
    Index("ix_log_event_user", "tenant", "user_id", "log_id", sqlite_where=OF_A_PERSON, postgresql_where=OF_A_PERSON),
)

# Of days that are over, how often each type of event happened: what stays when the events are swept away.
daily_count = Table(
    "daily_count",
    metadata,
    _text("tenant"),
    _text("day"),
    _text("type"),
    _number("count"),
    PrimaryKeyConstraint("tenant", "day", "type"),
)
