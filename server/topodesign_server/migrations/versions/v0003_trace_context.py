"""The trace that a job belongs to, so that attempts at it are found in the trace of the call that made it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("trace_context", sa.String(64), nullable=False, server_default=""))
