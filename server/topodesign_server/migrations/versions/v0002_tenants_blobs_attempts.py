"""Tenants, contents kept once in ``blobs``, and attempts with leases.

A database of version 0.1 is carried over: its jobs, plans, scenarios, histories and request ids become those of the
tenant ``default``. A job that its server was making has an attempt whose lease has run out, so that it is queued again.
"""

import re
import time
from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT = "default"
RUNNING, FINAL = 2, (4, 5, 6)
CHOSEN_BY_SERVICE = re.compile(r"p-[0-9a-f]{32}")
OLD = ("scenarios", "jobs", "events", "requests")


def upgrade() -> None:
    connection = op.get_bind()
    is_new = not sa.inspect(connection).has_table("jobs")
    if is_new:
        op.create_table(
            "settings",
            sa.Column("key", sa.String(64), nullable=False),
            sa.Column("value", sa.LargeBinary, nullable=False),
            sa.PrimaryKeyConstraint("key", name="pk_settings"),
        )
    else:
        op.drop_index("ix_jobs_state", "jobs")
        for table in OLD:
            op.rename_table(table, f"old_{table}")
    _create_blobs_and_scenarios()
    _create_jobs()
    _create_what_belongs_to_jobs()
    if not is_new:
        _carry_over(connection)
        for table in OLD:
            op.drop_table(f"old_{table}")


def _create_blobs_and_scenarios() -> None:
    op.create_table(
        "blobs",
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sha256", name="pk_blobs"),
    )
    op.create_table(
        "scenarios",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("summary", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scenarios"),
        sa.UniqueConstraint("tenant", "id", name="uq_scenarios_tenant_id"),
        *_references("scenarios", "summary", "content"),
        sqlite_autoincrement=True,
    )
    _index_references("scenarios", "summary", "content")


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("id", sa.String(63), nullable=False),
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
        sa.Column("scenario", sa.LargeBinary(32), nullable=False),
        sa.Column("start", sa.LargeBinary(32)),
        sa.Column("plan", sa.LargeBinary(32)),
        sa.Column("plan_summary", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("number", name="pk_jobs"),
        sa.UniqueConstraint("tenant", "id", name="uq_jobs_tenant_id"),
        *_references("jobs", "scenario", "start", "plan", "plan_summary"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state_number", "jobs", ["state", "number"])
    op.create_index("ix_jobs_end_time", "jobs", ["end_time"])
    _index_references("jobs", "scenario", "start", "plan", "plan_summary")


def _create_what_belongs_to_jobs() -> None:
    op.create_table(
        "attempts",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(160), nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("start_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double),
        sa.Column("outcome", sa.String(16)),
        sa.PrimaryKeyConstraint("job", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name="fk_attempts_job"),
    )
    op.create_table(
        "events",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("event", sa.LargeBinary),
        sa.PrimaryKeyConstraint("job", "sequence", name="pk_events"),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name="fk_events_job"),
    )
    op.create_table(
        "requests",
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("method", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("resource_id", sa.String(63), nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "method", "request_id", name="pk_requests"),
    )
    op.create_index("ix_requests_create_time", "requests", ["create_time"])


def _references(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(["tenant", column], ["blobs.tenant", "blobs.sha256"], name=f"fk_{table}_{column}")
        for column in columns
    ]


def _index_references(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_tenant_{column}", table, ["tenant", column])


def _carry_over(connection: Connection) -> None:
    for number in connection.scalars(sa.text("SELECT number FROM old_scenarios ORDER BY number")).all():
        row = connection.execute(sa.text("SELECT * FROM old_scenarios WHERE number = :n"), {"n": number}).one()._mapping
        blobs = {column: _keep(connection, row[column]) for column in ("summary", "content")}
        _insert(connection, "scenarios", {**row, **blobs, "tenant": TENANT})
    for number in connection.scalars(sa.text("SELECT number FROM old_jobs ORDER BY number")).all():
        row = connection.execute(sa.text("SELECT * FROM old_jobs WHERE number = :n"), {"n": number}).one()._mapping
        _carry_job_over(connection, dict(row))
    connection.execute(
        sa.text(
            "INSERT INTO events (job, sequence, create_time, state, event) "
            "SELECT jobs.number, old.sequence, old.create_time, old.state, old.event "
            "FROM old_events AS old JOIN jobs ON jobs.id = old.job_id"
        )
    )
    # the old layout did not note when a request came: it is remembered for the whole window from now on
    connection.execute(
        sa.text(
            "INSERT INTO requests (tenant, method, request_id, digest, resource_id, create_time) "
            "SELECT :tenant, method, request_id, digest, resource_id, :now FROM old_requests"
        ),
        {"tenant": TENANT, "now": time.time()},
    )


def _carry_job_over(connection: Connection, row: dict[str, object]) -> None:
    is_held = row["state"] == RUNNING
    blobs = {column: _keep(connection, row[column]) for column in ("scenario", "start", "plan", "plan_summary")}
    added = {
        "tenant": TENANT,
        "is_named": CHOSEN_BY_SERVICE.fullmatch(str(row["id"])) is None,
        "is_held": is_held,
        "attempt_count": row["attempt"],
        "end_time": row["update_time"] if row["state"] in FINAL else None,
        "history_trimmed": False,
    }
    _insert(connection, "jobs", {**row, **blobs, **added})
    if is_held:
        attempt = {"job": row["number"], "number": row["attempt"], "start_time": row["update_time"]}
        _insert(connection, "attempts", {**attempt, "owner": "version 0.1", "lease_until": 0.0})


def _keep(connection: Connection, content: object) -> bytes | None:
    """The digest under which a content is kept, ``None`` where there was none."""
    if not isinstance(content, bytes):
        return None
    digest = sha256(content).digest()
    connection.execute(
        sa.text(
            "INSERT INTO blobs (tenant, sha256, size_bytes, content) VALUES (:tenant, :digest, :size, :content) "
            "ON CONFLICT DO NOTHING"
        ),
        {"tenant": TENANT, "digest": digest, "size": len(content), "content": content},
    )
    return digest


def _insert(connection: Connection, table: str, values: dict[str, object]) -> None:
    columns = ", ".join(values)
    places = ", ".join(f":{column}" for column in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)
