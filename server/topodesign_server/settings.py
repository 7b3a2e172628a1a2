"""How a server is run."""

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Options of one server.

    ``port`` 0 lets the system choose; the address is then found in ``address_file`` or on stderr. ``workers`` plans
    are made at a time, in at most ``plan_memory_bytes`` each; ``queue_limit`` may wait, ``tenant_queue_limit`` of one
    tenant. ``call_slots`` answers (verification, export, fabrics) are computed at a time and ``call_queue_limit`` may
    wait; each takes at most ``call_limit_s`` and ``plan_memory_bytes``, fabrics ``fabric_limit_s`` and
    ``fabric_memory_bytes``. A cancelled solve has ``cancel_grace_s`` seconds to return its best plan; one that outlives
    its time limit by ``overrun_s`` seconds is ended. ``drain_grace_s`` is how long running calls may take after
    SIGTERM. Messages may have ``message_bytes``.

    Everything is kept in a SQLite file in ``data_directory``, which one server uses at a time, or in the PostgreSQL at
    ``database_url`` (``postgresql://user:password@host/database``), which several may share. A call or worker waits up
    to ``store_timeout_s`` for others' transactions. A running job belongs to its server under a lease of ``lease_s``
    seconds, renewed three times in that span; when it has run out, another server starts the job again. A job whose
    solver crashed is tried again after ``retry_pause_s``, the next time after twice as long, and so on; in all
    ``max_attempts`` attempts are made. Every ``poll_s`` a server that shares its database looks for what others
    changed.

    What has ended is forgotten in time, by a sweep every ``sweep_s``: operations after ``keep_operations_days``, all of
    their history but its end after ``keep_histories_days``, request ids after ``keep_request_ids_days``. Plans are kept
    until they are deleted; those whose id the service chose for ``keep_unnamed_plans_days`` if that is given. ``None``
    keeps anything until it is deleted.
    """

    host: str = "127.0.0.1"
    port: int = 50051
    data_directory: Path
    address_file: Path | None = None
    workers: int = 1
    queue_limit: int = 1000
    call_slots: int = 2
    call_queue_limit: int = 32
    fabric_limit_s: float = 120.0
    fabric_memory_bytes: int = 4 * GIB
    cancel_grace_s: float = 0.5
    overrun_s: float = 120.0
    drain_grace_s: float = 5.0
    message_bytes: int = 64 * MIB
    max_attempts: int = 5
    retry_pause_s: float = 1.0
    tenant_queue_limit: int = 100
    plan_memory_bytes: int = 8 * GIB
    call_limit_s: float = 600.0
    database_url: str | None = None
    store_timeout_s: float = 10.0
    lease_s: float = 15.0
    poll_s: float = 0.5
    sweep_s: float = 600.0
    keep_operations_days: float | None = 30.0
    keep_histories_days: float | None = 7.0
    keep_unnamed_plans_days: float | None = None
    keep_request_ids_days: float | None = 7.0
