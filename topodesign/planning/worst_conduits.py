"""The conduits, or pairs of conduits, that hurt a partition most, without going through all of them one by one.

For a partition, let K be the conduits x conduits matrix of the crossing capacity that uses both of two conduits. The
loss of conduit c takes K[c, c], that of c and d takes K[c, c] + K[d, d] - K[c, d]: one matrix product gives the worst
pair. On 36 sites with three entrances thousands of pairs can bind, each with cut problems of its own; the partitions
worth a look are few.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from topodesign.planning.failures import Bools, FailureState, both
from topodesign.planning.instance import Floats, Ints
from topodesign.planning.strength import Partition


class WorstConduits:
    """For a given capacity of the candidates.

    ``conduits`` are the losses of one; ``in_pairs``: two are lost at once.
    """

    def __init__(self, conduits: Sequence[FailureState], ends: Ints, capacity_gbps: Floats, *, in_pairs: bool) -> None:
        active = np.flatnonzero(capacity_gbps > 0)
        self._ends = ends[active]
        self._capacity = capacity_gbps[active]
        dead = np.array([state.dead_paths[active] for state in conduits], dtype=float).reshape(len(conduits), -1)
        _, first = np.unique(dead, axis=0, return_index=True)
        kept = [int(position) for position in np.sort(first) if dead[position].any()]
        self._conduits = [conduits[position] for position in kept]
        self._dead = dead[kept]
        self._in_pairs = in_pairs and len(kept) > 1

    def crossing_gbps(self, blocks: Ints) -> Floats:
        """Capacity between the blocks of each partition; ``blocks`` has a row for each, with each site's block."""
        return self._crossing(blocks) @ self._capacity

    def most_killed_gbps(self, blocks: Ints) -> Floats:
        """At most what a loss takes from each partition; of pairs the two worst conduits, as if they shared nothing."""
        if not self._conduits:
            return np.zeros(len(blocks))
        single = (self._crossing(blocks) * self._capacity) @ self._dead.T
        worst: Floats = np.sort(single, axis=1)[:, -2:].sum(axis=1) if self._in_pairs else single.max(axis=1)
        return worst

    def worst(self, block: Ints, *, least_gbps: float, most: int) -> Iterator[tuple[float, FailureState]]:
        """Losses that take more than ``least_gbps`` from a partition, worst first, no two with a conduit in common.

        A single conduit counts as a pair where it is the only one that takes anything.
        """
        if not self._conduits:
            return
        killed = self._dead * (self._crossing(block[None, :])[0] * self._capacity)
        single = killed.sum(axis=1)
        if not self._in_pairs:
            for one in np.argsort(-single, kind="stable")[:most]:
                if single[one] > least_gbps:
                    yield float(single[one]), self._conduits[int(one)]
            return
        pairs = single[:, None] + single[None, :] - killed @ self._dead.T
        np.fill_diagonal(pairs, -1.0)
        free = np.ones(len(pairs), dtype=bool)
        for _ in range(most):
            here = np.where(free[:, None] & free[None, :], pairs, -1.0)
            one, two = np.unravel_index(int(np.argmax(here)), here.shape)
            if here[one, two] <= least_gbps:
                return
            yield float(here[one, two]), both(self._conduits[int(one)], self._conduits[int(two)])
            free[[one, two]] = False

    def _crossing(self, blocks: Ints) -> Bools:
        a, z = blocks[:, self._ends[:, 0]], blocks[:, self._ends[:, 1]]
        crossing: Bools = (a != z) & (a >= 0) & (z >= 0)
        return crossing


def all_partitions(count: int) -> list[Partition]:
    """Every partition of 0 .. count - 1 into at least two blocks."""
    labels: list[tuple[int, ...]] = [(0,)]
    for _ in range(count - 1):
        labels = [(*label, block) for label in labels for block in range(max(label) + 2)]
    return [
        tuple(tuple(node for node in range(count) if label[node] == block) for block in range(max(label) + 1))
        for label in labels
        if max(label) > 0
    ]
