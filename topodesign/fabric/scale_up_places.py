"""Where the accelerators of scale-up domains hang in the Clos that joins them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric_switched import Rails
from topodesign.fabric.clos_layout import ClosLayout
from topodesign.fabric.topology import Counts


@dataclass(frozen=True, kw_only=True)
class Places:
    """``domains`` of ``domain`` accelerators with ``rails`` each; ``scale_up`` is one accelerator's rate inside.

    ``layout`` is one plane of the Clos, of one rail where ``mode`` is ``"only"``, and ``None`` for a single domain.
    Rates are in units of one Clos link.
    """

    domains: int
    domain: int
    rails: int
    mode: Rails
    layout: ClosLayout | None
    planes: int
    scale_up: float

    @property
    def accelerators(self) -> int:
        return self.domains * self.domain

    @property
    def separate_rails(self) -> int:
        """Networks without a link between them: the rails of a rail-only fabric, else one."""
        return self.rails if self.mode == "only" else 1

    @property
    def copies(self) -> int:
        """Copies of the layout: planes times separate rails."""
        return self.planes * self.separate_rails

    @cached_property
    def members(self) -> Counts:
        """Accelerator at every place of the Clos (rail after rail where rails are separate)."""
        numbers = np.arange(self.accelerators, dtype=np.int64)
        if self.mode == "none" or self.layout is None:
            return numbers
        rail = numbers % self.domain % self.rails
        block = np.zeros_like(numbers)
        if self.mode == "optimized" and self.layout.tiers == 3:
            block = numbers // self.layout.pod_hosts  # a pod has all rails of its domains
        return np.lexsort((numbers, rail, block)).astype(np.int64)

    def members_of_copies(self) -> Iterator[Counts]:
        """Accelerators of each separate rail, in the order of their places."""
        yield from np.split(self.members, self.separate_rails)

    @cached_property
    def leaf_of(self) -> Counts:
        """Leaf of every accelerator, numbered through all separate rails."""
        if self.layout is None:
            return np.zeros(self.accelerators, dtype=np.int64)
        size = self.layout.accelerators
        place = np.empty(self.accelerators, dtype=np.int64)
        place[self.members] = np.arange(self.accelerators)
        return place // size * self.layout.leaves + place % size // self.layout.leaf_down

    @property
    def pod_of(self) -> Counts:
        """Pod of every accelerator; all are in one with fewer than three tiers."""
        if self.layout is None or self.layout.tiers < 3:
            return np.zeros(self.accelerators, dtype=np.int64)
        return self.leaf_of // self.layout.pod_leaves

    @cached_property
    def domain_of(self) -> Counts:
        return np.arange(self.accelerators, dtype=np.int64) // self.domain

    def coordinates(self) -> Counts:
        """Domain and leaf of every accelerator."""
        return np.column_stack([self.domain_of, self.leaf_of])


def square_sums(group: Counts, domain: Counts) -> tuple[int, int]:
    """Sum of squared sizes of the groups, and of the shares of every domain in every group."""
    key = group * (int(domain.max()) + 1) + domain
    shares = np.unique(key, return_counts=True)[1].astype(np.int64)
    sizes = np.bincount(group).astype(np.int64)
    return int((sizes**2).sum()), int((shares**2).sum())
