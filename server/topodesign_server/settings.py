"""How a server is run."""

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Options of one server.

    ``port`` 0 lets the system choose; the address is then found in ``address_file`` or on stderr. ``workers`` plans
    are made at a time and ``queue_limit`` may wait. ``call_slots`` answers (verification, export, fabrics) are
    computed at a time and ``call_queue_limit`` may wait; fabrics are evaluated for at most ``fabric_limit_s`` and in at
    most ``fabric_memory_bytes`` of address space each. A cancelled solve has ``cancel_grace_s`` seconds to return its
    best plan; one that outlives its time limit by ``overrun_s`` seconds is ended. ``drain_grace_s`` is how long running
    calls may take after SIGTERM. Messages may have ``message_bytes``.
    """

    host: str = "127.0.0.1"
    port: int = 50051
    data_directory: Path
    address_file: Path | None = None
    workers: int = 1
    queue_limit: int = 100
    call_slots: int = 2
    call_queue_limit: int = 32
    fabric_limit_s: float = 120.0
    fabric_memory_bytes: int = 4 * GIB
    cancel_grace_s: float = 5.0
    overrun_s: float = 120.0
    drain_grace_s: float = 5.0
    message_bytes: int = 64 * MIB
    max_attempts: int = 5
