"""What is said of a child that asked for more memory than it may have."""

import signal

from topodesign.domain.errors import CapacityError
from topodesign_server.settings import GIB

OUT_OF_MEMORY = "OUT_OF_MEMORY"
SIGNALS = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL})
"""What ends a process whose compiled code gets no memory, or that the kernel picks when the machine has none left."""
SOLVER_MEMORY = "SOLVER_MEMORY"
REMEDY = "ask for smaller fabrics or fewer at once, use the library, or give the server a higher limit"
SOLVES = frozenset({"make_plan", "solve_point"})
SOLVER_REMEDY = "make the scenario smaller or give the server a higher --plan-memory-gib"


def memory_refused(task: str, *, limit_bytes: int, mapped: int) -> CapacityError:
    """The error of a task that asked for more memory than it may have, when it had ``mapped`` bytes."""
    reason, remedy = _words(task)
    return CapacityError(
        f"{task} had {mapped / GIB:.2f} GiB of memory and asked for more than the {limit_bytes / GIB:.2f} GiB that "
        f"this service gives it; {remedy}",
        reason=reason,
        metadata={"task": task, "memory_bytes": str(mapped), "limit_bytes": str(limit_bytes)},
    )


def memory_exceeded(task: str, *, limit_bytes: int, resident: int, processes: int) -> CapacityError:
    """The error of a task whose processes together had ``resident`` bytes, more than they may have."""
    reason, remedy = _words(task)
    return CapacityError(
        f"{task} had {resident / GIB:.2f} GiB of memory in {processes} processes, more than the "
        f"{limit_bytes / GIB:.2f} GiB that this service gives it, and was ended; {remedy}",
        reason=reason,
        metadata={
            "task": task,
            "memory_bytes": str(resident),
            "limit_bytes": str(limit_bytes),
            "processes": str(processes),
        },
    )


def ended_by_signal(task: str, number: int, *, limit_bytes: int) -> CapacityError:
    """The error of a task under a memory limit that a signal ended: compiled code has no other way to run out."""
    reason, remedy = _words(task)
    name = signal.Signals(number).name
    return CapacityError(
        f"{task} was ended by {name}, most often for want of memory beyond the {limit_bytes / GIB:.2f} GiB that this "
        f"service gives it; {remedy}",
        reason=reason,
        metadata={"task": task, "signal": name, "limit_bytes": str(limit_bytes)},
    )


def _words(task: str) -> tuple[str, str]:
    return (SOLVER_MEMORY, SOLVER_REMEDY) if task in SOLVES else (OUT_OF_MEMORY, REMEDY)
