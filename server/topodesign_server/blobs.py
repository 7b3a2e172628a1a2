"""Contents kept once: under their SHA-256, for as long as a row refers to them.

Whoever is about to refer to a blob locks it first (:func:`keep`), and so does whoever looks whether one is still
referred to (:func:`collect`): of the two, the second sees what the first did. Locks are taken in the order of the
digests, so that no two transactions wait for each other.
"""

from collections.abc import Iterable
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from topodesign_server.tables import blobs, jobs, scenarios, sweep_points

MOST_AT_ONCE = 500
"""Digests in one statement: its text stays short."""
REFERENCES = (
    scenarios.c.summary,
    scenarios.c.content,
    jobs.c.scenario,
    jobs.c.start,
    jobs.c.plan,
    jobs.c.plan_summary,
    sweep_points.c.plan,
)


def keep(connection: Connection, tenant: str, *contents: bytes | None) -> list[bytes | None]:
    """Keep contents, and lock those that are kept already until the transaction ends; the digests in the same order."""
    digests = [None if content is None else sha256(content).digest() for content in contents]
    wanted = {digest: content for digest, content in zip(digests, contents, strict=True) if digest is not None}
    for digest, content in sorted(wanted.items()):
        assert content is not None
        connection.execute(_upsert(connection, tenant=tenant, digest=digest, content=content))
    return digests


def collect(connection: Connection, tenant: str, digests: Iterable[bytes | None]) -> int:
    """Delete those of the blobs that no row refers to any more; the number that were deleted."""
    wanted = sorted({digest for digest in digests if digest is not None})
    is_unused = sa.and_(*(~_refers(column).exists() for column in REFERENCES))
    freed = 0
    for start in range(0, len(wanted), MOST_AT_ONCE):
        one_of = sa.and_(blobs.c.tenant == tenant, blobs.c.sha256.in_(wanted[start : start + MOST_AT_ONCE]))
        # Two statements: the second must see what was committed while the first waited for its locks.
        connection.execute(sa.select(blobs.c.sha256).where(one_of).order_by(blobs.c.sha256).with_for_update())
        freed += connection.execute(blobs.delete().where(one_of, is_unused)).rowcount
    return freed


def _refers(column: sa.Column[bytes]) -> sa.Select[int]:
    table = column.table
    return sa.select(sa.literal(1)).where(table.c.tenant == blobs.c.tenant, column == blobs.c.sha256)


def _upsert(connection: Connection, *, tenant: str, digest: bytes, content: bytes) -> sa.Executable:
    values = {"tenant": tenant, "sha256": digest, "size_bytes": len(content), "content": content}
    if connection.dialect.name == "sqlite":  # whose writers are alone
        return sqlite.insert(blobs).values(values).on_conflict_do_nothing()
    # DO NOTHING would leave a blob unlocked that another transaction is about to collect.
    statement = postgresql.insert(blobs).values(values)
    return statement.on_conflict_do_update(index_elements=["tenant", "sha256"], set_={"size_bytes": len(content)})
