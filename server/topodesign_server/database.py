"""The data directory: one SQLite file that one server at a time may use.

WAL with ``synchronous=FULL``: what was acknowledged survives the loss of power. Writers begin IMMEDIATE, so that two of
them wait for each other and do not deadlock.
"""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from topodesign.domain.errors import Conflict, InvalidInput
from topodesign_server.names import RequestKey

metadata = sa.MetaData()

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
scenarios = sa.Table(
    "scenarios",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(63), nullable=False, unique=True),
    sa.Column("create_time", sa.Float, nullable=False),
    sa.Column("summary", sa.LargeBinary, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(63), nullable=False, unique=True),
    sa.Column("state", sa.Integer, nullable=False, index=True),
    sa.Column("create_time", sa.Float, nullable=False),
    sa.Column("update_time", sa.Float, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("progress", sa.LargeBinary),
    sa.Column("error", sa.LargeBinary),
    sa.Column("operation_deleted", sa.Boolean, nullable=False),
    sa.Column("plan_deleted", sa.Boolean, nullable=False),
    sa.Column("scenario_name", sa.String(80), nullable=False),
    sa.Column("limits", sa.LargeBinary, nullable=False),
    sa.Column("scenario", sa.LargeBinary, nullable=False),
    sa.Column("plan_summary", sa.LargeBinary),
    sa.Column("plan", sa.LargeBinary),
    sa.Column("start", sa.LargeBinary),
    sqlite_autoincrement=True,
)
events = sa.Table(
    "events",
    metadata,
    sa.Column("job_id", sa.String(63), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("create_time", sa.Float, nullable=False),
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("event", sa.LargeBinary),
)
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("method", sa.String(64), primary_key=True),
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("resource_id", sa.String(63), nullable=False),
)


class Database:
    """The open data directory.

    Raises
    ------
    Conflict
        When another server uses the directory.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        self._engine = sa.create_engine(f"sqlite:///{directory / 'topodesign.sqlite'}")
        sa.event.listen(self._engine, "connect", _on_connect)
        sa.event.listen(self._engine, "begin", _on_begin)
        self._writer: Engine = self._engine.execution_options(immediate=True)
        metadata.create_all(self._writer)
        self._add_missing_columns()
        self.signing_key = self._signing_key()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection inside a read transaction: all of its reads see one state."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection inside a write transaction; on disk when the block is left."""
        with self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()
        self._lock.close()

    def _add_missing_columns(self) -> None:
        """Bring a directory of an earlier version up to date: columns that came later are nullable and stay empty."""
        with self.writing() as connection:
            for table in metadata.sorted_tables:
                present = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
                for column in table.columns:
                    if column.name not in present:
                        kind = column.type.compile(connection.dialect)
                        connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))

    def _signing_key(self) -> bytes:
        with self.writing() as connection:
            found = connection.scalar(sa.select(settings.c.value).where(settings.c.key == "signing_key"))
            if found is not None:
                return bytes(found)
            key = secrets.token_bytes(32)
            connection.execute(settings.insert().values(key="signing_key", value=key))
            return key


def first_answer(connection: Connection, key: RequestKey | None) -> str | None:
    """Id of what the same request made before, or ``None``.

    Raises
    ------
    InvalidInput
        When the same ``request_id`` came with another request.
    """
    if key is None:
        return None
    row = connection.execute(
        sa.select(requests.c.digest, requests.c.resource_id).where(
            requests.c.method == key.method, requests.c.request_id == key.request_id
        )
    ).one_or_none()
    if row is None:
        return None
    if row.digest != key.digest:
        raise InvalidInput(
            f"request_id {key.request_id} was used for another {key.method} request; make a new UUID for a new request",
            reason="REQUEST_ID_REUSED",
            field_path="request_id",
            metadata={"request_id": key.request_id},
        )
    return str(row.resource_id)


def remember(connection: Connection, key: RequestKey | None, resource_id: str) -> None:
    """Note what a request made, in the transaction that makes it."""
    if key is not None:
        connection.execute(
            requests.insert().values(
                method=key.method, request_id=key.request_id, digest=key.digest, resource_id=resource_id
            )
        )


def _lock(directory: Path) -> TextIO:
    handle = (directory / "lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise Conflict(
            f"data directory {directory} is used by another server; stop that one or choose another directory",
            reason="DATA_DIRECTORY_IN_USE",
            metadata={"directory": str(directory)},
        ) from None
    return handle


def _on_connect(connection: sa.engine.interfaces.DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: _on_begin does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
