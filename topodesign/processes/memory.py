"""Memory of a process: limited by the kernel, so that what needs more ends there and not in its parent."""

import resource
from pathlib import Path


def limit_memory(limit_bytes: int) -> None:
    """Let this process map at most so many bytes (``RLIMIT_AS``); what asks for more gets a ``MemoryError``."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    allowed = limit_bytes if most == resource.RLIM_INFINITY else min(limit_bytes, most)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, most))


def lift_memory_limit() -> None:
    """Take the limit away again, so that the error itself has room to be written."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def mapped_bytes() -> int:
    """The most that this process has mapped so far; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    lines = (line.split() for line in status.read_text(encoding="ascii", errors="replace").splitlines())
    return next((1024 * int(words[1]) for words in lines if words[:1] == ["VmPeak:"]), 0)
