"""The best plan so far of a job that has not ended, so that it outlives whoever looks for a better one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_snapshots"),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name="fk_snapshots_job"),
    )
