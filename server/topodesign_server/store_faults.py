"""What a database says when it cannot serve, as typed errors: trying later is the remedy, not a report of a defect."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import psycopg
import sqlalchemy as sa

from topodesign.domain.errors import CapacityError, ServiceUnavailable, TopoDesignError

SQLITE_FULL = frozenset({sqlite3.SQLITE_FULL})
SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
SQLITE_UNREACHABLE = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})

# https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRES_FULL = ("53100", "53200", "53400", "54000")  # disk full, out of memory, configured limit, program limit
POSTGRES_BUSY = (
    "40001",
    "40P01",
    "55P03",
    "57014",
    "53300",
)  # contended, deadlock, lock timeout, canceled, connections
# connection lost, shutting down, read-only standby, ended as idle in a transaction, system error
POSTGRES_UNREACHABLE = ("08", "57P", "25006", "25P03", "58")


FULL, BUSY, UNREACHABLE = "STORE_FULL", "STORE_BUSY", "STORE_UNREACHABLE"


def is_store_fault(error: BaseException) -> bool:
    """Whether an error says that the database could not serve: trying again may succeed."""
    return isinstance(error, TopoDesignError) and error.reason in (FULL, BUSY, UNREACHABLE)


@contextlib.contextmanager
def typed_faults(on_fault: Callable[[str], None]) -> Iterator[None]:
    """Raise :class:`CapacityError` or :class:`ServiceUnavailable` for what passes; everything else stays as it is.

    ``on_fault`` is told the reason of each, in the thread where it happens.
    """
    try:
        yield
    except (sa.exc.TimeoutError, sa.exc.DBAPIError) as error:
        fault = _fault(error)
        if fault is None:
            raise
        on_fault(fault.reason)
        raise fault from error


def _fault(error: sa.exc.TimeoutError | sa.exc.DBAPIError) -> TopoDesignError | None:
    if isinstance(error, sa.exc.TimeoutError):
        return _busy("every connection is in use")
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original)
    if isinstance(original, psycopg.Error):
        return _of_postgres(original, is_disconnect=error.connection_invalidated)
    return None


def _of_sqlite(original: sqlite3.Error) -> TopoDesignError | None:
    # The low byte is the primary code (https://sqlite.org/rescode.html).
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code in SQLITE_FULL:
        return _full(str(original))
    if code in SQLITE_BUSY:
        return _busy(str(original))
    if code in SQLITE_UNREACHABLE:
        return _unreachable(str(original))
    return None


def _of_postgres(original: psycopg.Error, *, is_disconnect: bool) -> TopoDesignError | None:
    code = original.sqlstate or ""
    text = str(original).partition("\n")[0]
    if code in POSTGRES_FULL:
        return _full(text)
    if code in POSTGRES_BUSY:
        return _busy(text)
    is_lost = isinstance(original, psycopg.OperationalError) and not code
    if is_disconnect or is_lost or code.startswith(POSTGRES_UNREACHABLE):
        return _unreachable(text)
    return None


def _full(text: str) -> CapacityError:
    return CapacityError(
        f"the store has no room: {text}; nothing was kept of this request, try again when its operator has made room",
        reason=FULL,
    )


def _busy(text: str) -> ServiceUnavailable:
    return ServiceUnavailable(f"the store is busy: {text}; nothing was kept of this request, try again", reason=BUSY)


def _unreachable(text: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"the store does not answer: {text}; try again with the same request_id", reason=UNREACHABLE
    )
