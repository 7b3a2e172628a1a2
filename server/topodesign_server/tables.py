"""Tables of the store. A database gets to this layout by the migrations, in steps; a test holds the two together.

Everything of a caller carries its ``tenant``; ids are unique within a tenant. Contents that are written once
(scenarios, plans, their summaries) lie in ``blobs`` under their SHA-256, once for each tenant: tenants share no row, so
that none can tell from time or quota what another keeps. Times are seconds since 1970 by the clock of the database.
"""

import sqlalchemy as sa

DEFAULT_TENANT = "default"

ID = sa.String(63)
TENANT = sa.String(63)
DIGEST = sa.LargeBinary(32)
FINGERPRINT = sa.String(64)
"""SHA-256 of what a scenario says, in hexadecimal, as its plans tell it. ``NULL`` in rows from before it was kept."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_1_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _blob(column: str, *, nullable: bool = False) -> tuple[sa.Column[bytes], sa.ForeignKeyConstraint]:
    """A column that names a blob of the row's tenant, and the key that keeps the blob from being collected."""
    return (
        sa.Column(column, DIGEST, nullable=nullable),
        sa.ForeignKeyConstraint(["tenant", column], ["blobs.tenant", "blobs.sha256"]),
    )


settings = sa.Table(
    "settings",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("tenant", TENANT, primary_key=True),
    sa.Column("sha256", DIGEST, primary_key=True),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index(None, "tenant", "size_bytes"),  # a tenant's sum is read from here, without the contents
)
scenarios = sa.Table(
    "scenarios",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("tenant", TENANT, nullable=False),
    sa.Column("id", ID, nullable=False),
    sa.Column("create_time", sa.Double, nullable=False),
    *_blob("summary"),
    *_blob("content"),
    sa.Column("scenario_sha256", FINGERPRINT),
    sa.UniqueConstraint("tenant", "id"),
    sqlite_autoincrement=True,
)
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("tenant", TENANT, nullable=False),
    sa.Column("id", ID, nullable=False),
    sa.Column("is_named", sa.Boolean, nullable=False),
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("is_held", sa.Boolean, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("attempt_count", sa.Integer, nullable=False),
    sa.Column("create_time", sa.Double, nullable=False),
    sa.Column("update_time", sa.Double, nullable=False),
    sa.Column("end_time", sa.Double),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("progress", sa.LargeBinary),
    sa.Column("error", sa.LargeBinary),
    sa.Column("history_trimmed", sa.Boolean, nullable=False),
    sa.Column("operation_deleted", sa.Boolean, nullable=False),
    sa.Column("plan_deleted", sa.Boolean, nullable=False),
    sa.Column("scenario_name", sa.String(80), nullable=False),
    sa.Column("limits", sa.LargeBinary, nullable=False),
    sa.Column("trace_context", sa.String(64), nullable=False, server_default=""),
    sa.Column("kind", sa.String(8), nullable=False, server_default="plan"),
    *_blob("scenario"),
    sa.Column("scenario_sha256", FINGERPRINT),
    *_blob("start", nullable=True),
    *_blob("plan", nullable=True),
    *_blob("plan_summary", nullable=True),
    sa.UniqueConstraint("tenant", "id"),
    sa.Index(None, "state", "number"),
    sa.Index(None, "end_time"),
    sqlite_autoincrement=True,
)
attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("job", sa.ForeignKey("jobs.number"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(160), nullable=False),
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("start_time", sa.Double, nullable=False),
    sa.Column("end_time", sa.Double),
    sa.Column("outcome", sa.String(16)),
)
events = sa.Table(
    "events",
    metadata,
    sa.Column("job", sa.ForeignKey("jobs.number"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("create_time", sa.Double, nullable=False),
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("event", sa.LargeBinary),
)
snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("job", sa.ForeignKey("jobs.number"), primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("job", sa.ForeignKey("jobs.number"), primary_key=True, autoincrement=False),
    sa.Column("definition", sa.LargeBinary, nullable=False),
)
sweep_points = sa.Table(
    "sweep_points",
    metadata,
    sa.Column("job", sa.ForeignKey("jobs.number"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("tenant", TENANT, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("result", sa.LargeBinary, nullable=False),
    *_blob("plan", nullable=True),
)
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("tenant", TENANT, primary_key=True),
    sa.Column("method", sa.String(64), primary_key=True),
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("digest", DIGEST, nullable=False),
    sa.Column("resource_id", ID, nullable=False),
    sa.Column("create_time", sa.Double, nullable=False),
    sa.Index(None, "create_time"),
)
tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("tenant", TENANT, nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("digest", DIGEST, nullable=False),
    sa.Column("create_time", sa.Double, nullable=False),
    sa.Column("expire_time", sa.Double),
    sa.Column("revoke_time", sa.Double),
    sa.Column("use_time", sa.Double),
)
for _table, _columns in (
    (scenarios, ("summary", "content")),
    (jobs, ("scenario", "start", "plan", "plan_summary")),
    (sweep_points, ("plan",)),
):
    for _column in _columns:  # the collection of blobs asks who still refers to one
        sa.Index(None, _table.c.tenant, _table.c[_column])
