"""Messages go out in turn, one tenant's after another's"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbox_kind_tenant_due_at", "outbox", ["kind", "tenant", "due_at"])
    op.drop_index("ix_outbox_kind_due_at", "outbox")


def downgrade() -> None:
    op.create_index("ix_outbox_kind_due_at", "outbox", ["kind", "due_at"])
    op.drop_index("ix_outbox_kind_tenant_due_at", "outbox")
