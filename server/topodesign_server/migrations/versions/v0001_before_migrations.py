"""The layout of version 0.1, before there were migrations: nothing to do in a new database.

Directories that are older still lack the column for the plan to begin from.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table("jobs"):
        return
    if "start" not in {column["name"] for column in inspector.get_columns("jobs")}:
        op.add_column("jobs", sa.Column("start", sa.LargeBinary))
