"""What the processes of a group take, as the kernel tells it: the basis of limits that no process sets for itself."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Positions after the name, which is in parentheses and may hold anything; proc_pid_stat(5), fields 3, 5, 22, 23, 24.
STATE, GROUP, START, MAPPED, RESIDENT = 0, 2, 19, 20, 21
GONE = ("Z", "X")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUsage:
    """Living processes of a group, the address space of the largest in bytes, and the resident memory of all in bytes.

    Memory that processes share counts for each of them: the sum is never too low. :func:`proportional_bytes` is exact.
    """

    pids: tuple[int, ...] = ()
    mapped_bytes: int = 0
    resident_bytes: int = 0

    @property
    def processes(self) -> int:
        return len(self.pids)

    def plus(self, pid: int, *, mapped_bytes: int, resident_bytes: int) -> "GroupUsage":
        return GroupUsage(
            pids=(*self.pids, pid),
            mapped_bytes=max(self.mapped_bytes, mapped_bytes),
            resident_bytes=self.resident_bytes + resident_bytes,
        )


def group_usage(groups: Collection[int]) -> Mapping[int, GroupUsage]:
    """Usage of some process groups, by one look at all processes; groups without a living process are left out.

    Empty where the system does not tell (other than Linux).
    """
    found: dict[int, GroupUsage] = {}
    if not PROC.exists():
        return found
    for entry in os.scandir(PROC):
        if not entry.name.isdecimal():
            continue
        try:
            text = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it ended since the folder was read
        fields = text.rpartition(")")[2].split()
        group = int(fields[GROUP])
        if group in groups and fields[STATE] not in GONE:
            found[group] = found.get(group, GroupUsage()).plus(
                int(entry.name), mapped_bytes=int(fields[MAPPED]), resident_bytes=int(fields[RESIDENT]) * PAGE_BYTES
            )
    return found


def process_start(pid: int) -> int | None:
    """When a process began, in ticks of the kernel's clock: of two with the same id, it tells which one is meant.

    ``None`` when none lives, or where the system does not tell.
    """
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[STATE] in GONE else int(fields[START])


def proportional_bytes(pids: Iterable[int]) -> int:
    """Resident memory of some processes; what several share counts in equal parts. Slower than :func:`group_usage`."""
    total = 0
    for pid in pids:
        try:
            text = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue  # it ended since
        lines = (line.split() for line in text.splitlines())
        total += next((1024 * int(words[1]) for words in lines if words[:1] == ["Pss:"]), 0)
    return total
