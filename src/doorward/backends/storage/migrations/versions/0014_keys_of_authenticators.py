"""The key of an authenticator speaks for one person"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEYS = "SELECT tenant, id, document FROM authentication_method WHERE type IN ('passkey', 'webauthn-roaming') ORDER BY created_at"
SET = "UPDATE authentication_method SET key_id = :key_id WHERE tenant = :tenant AND id = :id"


def upgrade() -> None:
    op.add_column("authentication_method", sa.Column("key_id", sa.Text(), nullable=True))
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("authentication_method", sa.Column("sign_count", number, nullable=True))
    seen = set()
    connection = op.get_bind()
    for tenant, id_, document in connection.execute(sa.text(KEYS)).all():
        key_id = json.loads(document).get("key_id")
        if key_id is not None and (tenant, key_id) not in seen:  # whoever had it first
            seen.add((tenant, key_id))
            connection.execute(sa.text(SET), {"key_id": key_id, "tenant": tenant, "id": id_})
    op.create_index("ix_authentication_method_key", "authentication_method", ["tenant", "key_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_authentication_method_key", "authentication_method")
    op.drop_column("authentication_method", "sign_count")
    op.drop_column("authentication_method", "key_id")
