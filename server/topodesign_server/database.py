"""The database of a server: a SQLite file that one server uses at a time, or a PostgreSQL that several share.

What was acknowledged survives the loss of power: SQLite runs in WAL mode with ``synchronous=FULL``, PostgreSQL as it
is set up to (``synchronous_commit`` is on by default). Writers to SQLite begin IMMEDIATE, so that two of them wait for
each other and do not deadlock. Engines hide parameters, and what PostgreSQL says of rows: an error that nobody expected
is logged in full, and contents of requests, names of tenants' and digests of tokens are no business of a log.
"""

import fcntl
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from topodesign.domain.errors import Conflict, InvalidInput
from topodesign_server.migrating import is_present_layout, migrate
from topodesign_server.store_faults import leave_out_contents, typed_faults
from topodesign_server.tables import settings

FILE_NAME = "topodesign.sqlite"
CONNECT_TIMEOUT_S = 10
MOST_CONNECTIONS = 20
TIMEOUTS = ("lock_timeout", "idle_in_transaction_session_timeout")
LOCK_CLASS = 0x746F706F  # "topo": the first half of every advisory lock of ours in a shared PostgreSQL


class Database:
    """The open database, at the layout of this version. Make it with :func:`open_database`."""

    def __init__(self, engine: Engine, lock: TextIO | None, on_fault: Callable[[str], None]) -> None:
        self._on_fault = on_fault
        self._reader = engine.execution_options(**_reading(engine))
        self._writer: Engine = engine.execution_options(immediate=True)
        self._lock = lock
        self.is_shared = lock is None
        """Whether other servers may use it at the same time."""
        self.written = object()
        """Another one after each write transaction here: what was read before it may be out of date."""
        with self.writing() as connection:
            self.serialize(connection, "migrate")
            migrate(connection)
            self.signing_key = _signing_key(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection inside a read transaction: all of its reads see one state."""
        with typed_faults(self._on_fault), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection inside a write transaction; durable when the block is left."""
        try:
            with typed_faults(self._on_fault), self._writer.begin() as connection:
                yield connection
        finally:
            self.written = object()

    def now(self, connection: Connection) -> float:
        """Seconds since 1970: one clock for all servers of a database."""
        if connection.dialect.name == "sqlite":
            return time.time()
        return float(connection.scalar(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))) or 0.0)

    def serialize(self, connection: Connection, what: str) -> None:
        """Wait until no other transaction does the same; SQLite has one writer at a time anyway."""
        if connection.dialect.name != "sqlite":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_CLASS, sa.func.hashtext(what))))

    def close(self) -> None:
        self._writer.dispose()
        if self._lock is not None:
            self._lock.close()


def open_database(
    directory: Path,
    *,
    url: str | None = None,
    lock_timeout_s: float = 10.0,
    on_fault: Callable[[str], None] | None = None,
) -> Database:
    """Open the SQLite file in a directory, or the PostgreSQL at ``url``, and bring it to the layout of this version.

    Parameters
    ----------
    directory : Path
        Made when it is missing; not touched when there is a ``url``.
    url : str, optional
        ``postgresql://user:password@host/database``.
    lock_timeout_s : float
        How long a transaction waits for another before the store is said to be busy, and how long one of PostgreSQL may
        do nothing before it is ended.
    on_fault : callable, optional
        Told the reason (``STORE_UNREACHABLE``) of every transaction that the database could not serve, from any thread.

    Raises
    ------
    Conflict
        When another server uses the directory, or a later version has used the database.
    InvalidInput
        When the URL is not one of PostgreSQL.
    ServiceUnavailable
        When the database does not answer.
    """
    lock = None
    if url is not None:
        engine = _postgres(url, lock_timeout_s)
    else:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds what tenants would not show each other
        lock = _lock(directory)
        engine = _sqlite(directory / FILE_NAME, lock_timeout_s)
    try:
        return Database(engine, lock, on_fault or _ignore)
    except BaseException:
        engine.dispose()
        if lock is not None:
            lock.close()
        raise


def open_beside_server(directory: Path, *, url: str | None = None, lock_timeout_s: float = 10.0) -> Database:
    """Open a database that a server may be using, for a few transactions of a command.

    A SQLite file that no server uses is brought to the present layout first, and made when there is none.

    Raises
    ------
    Conflict
        When the server that uses the directory is of another version.
    InvalidInput, ServiceUnavailable
        As :func:`open_database`.
    """
    if url is not None:
        return open_database(directory, url=url, lock_timeout_s=lock_timeout_s)
    engine = _sqlite(directory / FILE_NAME, lock_timeout_s) if (directory / FILE_NAME).exists() else None
    if engine is None or not _has_present_layout(engine):
        open_database(directory, lock_timeout_s=lock_timeout_s).close()
    return Database(engine or _sqlite(directory / FILE_NAME, lock_timeout_s), None, _ignore)


def _has_present_layout(engine: Engine) -> bool:
    with typed_faults(_ignore), engine.begin() as connection:
        return is_present_layout(connection)


def _ignore(_: str) -> None:
    """For databases whose faults nobody counts."""


def _postgres(text: str, lock_timeout_s: float) -> Engine:
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        given = "no URL" if url is None else f"one of {url.get_backend_name()}"
        raise InvalidInput(
            f"database_url is {given}, but it must be one of PostgreSQL, as in postgresql://user@host/database; "
            "leave it out for a SQLite file in the data directory",
            reason="DATABASE_URL_INVALID",
            field_path="database_url",
        )
    # A server that was stopped, or whose machine is gone, in the middle of a transaction must not hold its locks on.
    timeouts = [f"-c {name}={round(lock_timeout_s * 1000)}" for name in TIMEOUTS]
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=MOST_CONNECTIONS - 5,
        pool_timeout=lock_timeout_s,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": " ".join(timeouts),
            "application_name": "topodesign",
        },
    )
    sa.event.listen(engine, "handle_error", leave_out_contents)
    return engine


def _sqlite(path: Path, lock_timeout_s: float) -> Engine:
    engine = sa.create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": lock_timeout_s})
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _reading(engine: Engine) -> dict[str, object]:
    if engine.dialect.name == "sqlite":
        return {"immediate": False}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _signing_key(connection: Connection) -> bytes:
    """The key of the page tokens: made once, the same for every server of the database."""
    found = connection.scalar(sa.select(settings.c.value).where(settings.c.key == "signing_key"))
    if found is not None:
        return bytes(found)
    key = secrets.token_bytes(32)
    connection.execute(settings.insert().values(key="signing_key", value=key))
    return key


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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
