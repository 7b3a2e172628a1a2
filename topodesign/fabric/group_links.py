"""Links between groups that every group has alike: turning all groups by one is an automorphism.

Group i joins group i + o over the same switches for every i (the relative, or palm tree, arrangement: port o - 1 leads
o groups on). With more ports than other groups every pair gets as many links as go around; what is left over is dealt
out in pairs of opposite offsets, so that one port may stay unused.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.fabric.topology import Counts, Lengths


@dataclass(frozen=True, kw_only=True)
class GroupLinks:
    """``switches`` of each of ``groups`` have ``ports`` links each to switches of other groups."""

    groups: int
    switches: int
    ports: int

    @cached_property
    def slots(self) -> tuple[tuple[int, int], ...]:
        """(round, offset) that each port of a group leads to, switch after switch; unused ports are left out."""
        others, total = self.groups - 1, self.switches * self.ports
        if others == 0:
            return ()
        rounds, rest = divmod(total, others)
        slots = [(turn, offset) for turn in range(rounds) for offset in range(1, self.groups)]
        for offset in range(1, rest // 2 + 1):
            slots += [(rounds, offset), (rounds, self.groups - offset)]
        if rest % 2 and self.groups % 2 == 0:
            slots.append((rounds, self.groups // 2))
        return tuple(slots)

    @property
    def unused_ports(self) -> int:
        """Of each group."""
        return self.switches * self.ports - len(self.slots)

    @property
    def count(self) -> int:
        """Links between all groups."""
        return self.groups * len(self.slots) // 2

    @property
    def fewest(self) -> int:
        """Least number of links between two groups; 0 with one group."""
        return int(self._by_offset[1:].min(initial=len(self.slots)))

    @cached_property
    def _by_offset(self) -> Counts:
        """Links from a group to the group so many further on."""
        return np.bincount([offset for _, offset in self.slots], minlength=self.groups)

    @cached_property
    def shares(self) -> Lengths:
        """For each switch of a group: its share of the links to another group, added up over all other groups."""
        found = np.zeros(self.switches)
        for port, (_, offset) in enumerate(self.slots):
            found[port // self.ports] += 1 / self._by_offset[offset]
        return found

    def ends(self) -> tuple[Counts, Counts]:
        """Both ends of every link, as group x ``switches`` + switch of the group."""
        port_of = {slot: port for port, slot in enumerate(self.slots)}
        group = np.arange(self.groups, dtype=np.int64)
        none = np.zeros(0, dtype=np.int64)
        first, second = [none], [none]
        for port, (turn, offset) in enumerate(self.slots):
            back = port_of[turn, self.groups - offset]
            other = (group + offset) % self.groups
            once = group < other
            first.append((group * self.switches + port // self.ports)[once])
            second.append((other * self.switches + back // self.ports)[once])
        return np.concatenate(first), np.concatenate(second)
