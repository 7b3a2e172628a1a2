"""Bearer tokens of tenants, and an index that adds up what a tenant keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("expire_time", sa.Double),
        sa.Column("revoke_time", sa.Double),
        sa.Column("use_time", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_index("ix_blobs_tenant_size_bytes", "blobs", ["tenant", "size_bytes"])
