"""The outbox holds what applications are told, beside messages to people"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A node of the version before knows messages alone.
    op.add_column("outbox", sa.Column("kind", sa.Text(), nullable=False, server_default="message"))
    op.create_index("ix_outbox_kind_due_at", "outbox", ["kind", "due_at"])
    op.drop_index("ix_outbox_due_at", "outbox")


def downgrade() -> None:
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.drop_index("ix_outbox_kind_due_at", "outbox")
    op.drop_column("outbox", "kind")
