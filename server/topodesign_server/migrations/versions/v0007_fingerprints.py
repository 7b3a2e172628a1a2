"""The fingerprint of a scenario beside it, so that the plan of a cancelled job takes no decoding of its scenario.

What is there already has none: to make it takes up to half a minute for each scenario, while the server does not start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("scenarios", "jobs"):
        op.add_column(table, sa.Column("scenario_sha256", sa.String(64)))
