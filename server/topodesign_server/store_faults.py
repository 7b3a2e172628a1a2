"""What a database says when it cannot serve, as typed errors: trying later is the remedy, not a report of a defect."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import psycopg
import sqlalchemy as sa
import structlog

from topodesign.domain.errors import CapacityError, ServiceUnavailable, TopoDesignError

log = structlog.get_logger("topodesign_server")

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


def leave_out_contents(context: sa.engine.ExceptionContext) -> None:
    """Listens to an engine's ``handle_error``: of what PostgreSQL says its code, its message and the constraint stay.

    ``DETAIL``, ``CONTEXT`` and the rest show values of rows, which may be another tenant's, and whoever prints an
    error, a library as well as our logs, prints all of its text. So it is cut where it comes from.

    References
    ----------
    PostgreSQL, protocol-error-fields: https://www.postgresql.org/docs/current/protocol-error-fields.html
    """
    original = context.original_exception
    if not isinstance(original, psycopg.Error):
        return
    told = _told(original)
    original.args = (told,)
    if context.sqlalchemy_exception is not None:
        kind = type(original)
        context.sqlalchemy_exception.args = (f"({kind.__module__}.{kind.__qualname__}) {told}",)


def _told(original: psycopg.Error) -> str:
    """The first line: libpq, which tells of connections that fail, has all in one text."""
    primary, _, _ = (original.diag.message_primary or str(original)).partition("\n")
    names = {"SQLSTATE": original.sqlstate, "constraint": original.diag.constraint_name}
    named = ", ".join(f"{what} {name}" for what, name in names.items() if name)
    return f"{primary} ({named})" if named else primary


def is_store_fault(error: BaseException) -> bool:
    """Whether an error says that the database could not serve: trying again may succeed."""
    return isinstance(error, TopoDesignError) and error.reason in (FULL, BUSY, UNREACHABLE)


@contextlib.contextmanager
def typed_faults(on_fault: Callable[[str], None]) -> Iterator[None]:
    """Raise :class:`CapacityError` or :class:`ServiceUnavailable` for what passes; everything else stays as it is.

    What the database said goes into the log only: it may name hosts, users and files. ``on_fault`` is told the reason
    of each, in the thread where it happens.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        on_fault(BUSY)
        raise _fault(BUSY) from error
    except sa.exc.DBAPIError as error:
        reason = _reason(error)
        if reason is None:
            raise
        on_fault(reason)
        log.warning("store_fault", reason=reason, said=str(error.orig))
        raise _fault(reason) from error


def _reason(error: sa.exc.DBAPIError) -> str | None:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _reason_of_sqlite(original)
    if isinstance(original, psycopg.Error):
        return _reason_of_postgres(original, is_disconnect=error.connection_invalidated)
    return None


def _reason_of_sqlite(original: sqlite3.Error) -> str | None:
    # The low byte is the primary code (https://sqlite.org/rescode.html).
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code in SQLITE_FULL:
        return FULL
    if code in SQLITE_BUSY:
        return BUSY
    return UNREACHABLE if code in SQLITE_UNREACHABLE else None


def _reason_of_postgres(original: psycopg.Error, *, is_disconnect: bool) -> str | None:
    code = original.sqlstate or ""
    if code in POSTGRES_FULL:
        return FULL
    if code in POSTGRES_BUSY:
        return BUSY
    is_lost = isinstance(original, psycopg.OperationalError) and not code
    return UNREACHABLE if is_disconnect or is_lost or code.startswith(POSTGRES_UNREACHABLE) else None


def _fault(reason: str) -> TopoDesignError:
    if reason == FULL:
        return CapacityError(
            "the store has no room; nothing was kept of this request, try again when the operator has made room",
            reason=reason,
        )
    if reason == BUSY:
        return ServiceUnavailable("the store is busy; nothing was kept of this request, try again", reason=reason)
    return ServiceUnavailable("the store does not answer; try again with the same request_id", reason=reason)
