"""Sweeps: jobs of a second kind, with a definition of their own and a row for each finished point."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("kind", sa.String(8), nullable=False, server_default="plan"))
    op.create_table(
        "sweeps",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("definition", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_sweeps"),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name="fk_sweeps_job"),
    )
    op.create_table(
        "sweep_points",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=False),
        sa.Column("plan", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("job", "number", name="pk_sweep_points"),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name="fk_sweep_points_job"),
        sa.ForeignKeyConstraint(
            ["tenant", "plan"], ["blobs.tenant", "blobs.sha256"], name="fk_sweep_points_tenant_plan"
        ),
    )
    op.create_index("ix_sweep_points_tenant_plan", "sweep_points", ["tenant", "plan"])
