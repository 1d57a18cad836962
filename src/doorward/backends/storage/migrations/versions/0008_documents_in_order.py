"""The next document of a tenant is numbered in a time that does not grow with them"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_document_sequence", "document", ["tenant", "sequence"])


def downgrade() -> None:
    op.drop_index("ix_document_sequence", "document")
