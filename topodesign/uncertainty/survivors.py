"""What runs in one job when sites and lightpaths are out: the largest connected part, and how strongly it is joined.

Of parts with equally many accelerators it is the strongest: that is the one a job would be put on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.domain.plan import Plan
from topodesign.planning.strength import Capacities, strength
from topodesign.uncertainty.stressed_parts import Bools, paths_in_use


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """Accelerators in one job, the strength that joins them (Gbit/s, infinite for one site), and whether all sites
    are in it."""

    accelerators: int
    strength_gbps: float
    has_all_sites: bool


class SurvivingJobs:
    """The largest job that is left of a plan; equal remains are looked at once.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        number = {site.id: place for place, site in enumerate(plan.sites)}
        paths = paths_in_use(plan)
        self._accelerators = [site.accelerators for site in plan.sites]
        self._ends = np.array([[number[path.a], number[path.z]] for path in paths], dtype=np.int64).reshape(-1, 2)
        self._gbps = np.array([path.capacity_gbps for path in paths], dtype=np.float64)
        self._known: dict[bytes, Survivor] = {}

    def of(self, dead_sites: Bools, dead_paths: Bools) -> Survivor:
        """What is left; arrays have one entry for each site, and for each lightpath in use."""
        key = np.packbits(np.concatenate([dead_sites, dead_paths])).tobytes()
        if key not in self._known:
            self._known[key] = self._found(dead_sites, dead_paths)
        return self._known[key]

    def _found(self, dead_sites: Bools, dead_paths: Bools) -> Survivor:
        capacity = self._capacity(dead_sites, dead_paths)
        alive = [site for site in range(len(self._accelerators)) if not dead_sites[site]]
        jobs = _components(capacity, alive)
        if not jobs:
            return Survivor(accelerators=0, strength_gbps=0.0, has_all_sites=False)
        counts = [sum(self._accelerators[site] for site in job) for job in jobs]
        most = max(counts)
        largest = [job for job, count in zip(jobs, counts, strict=True) if count == most]
        return Survivor(
            accelerators=most,
            strength_gbps=max(_strength_gbps(capacity, job) for job in largest),
            has_all_sites=any(len(job) == len(self._accelerators) for job in largest),
        )

    def _capacity(self, dead_sites: Bools, dead_paths: Bools) -> Capacities:
        size = len(self._accelerators)
        capacity: npt.NDArray[np.float64] = np.zeros((size, size))
        lives = ~dead_paths & ~dead_sites[self._ends].any(axis=1)
        for (a, z), gbps in zip(self._ends[lives].tolist(), self._gbps[lives].tolist(), strict=True):
            capacity[a, z] += gbps
            capacity[z, a] += gbps
        return capacity


def _strength_gbps(capacity: Capacities, job: Sequence[int]) -> float:
    """Of the sites of one job; infinite for one site, which needs no link."""
    return math.inf if len(job) == 1 else strength(capacity[np.ix_(job, job)])[0]


def _components(capacity: Capacities, alive: Sequence[int]) -> list[list[int]]:
    """Sites that are joined, by sorted numbers."""
    left, found = set(alive), []
    while left:
        job, edge = set(), [min(left)]
        while edge:
            site = edge.pop()
            job.add(site)
            edge += [other for other in np.flatnonzero(capacity[site]).tolist() if other in left and other not in job]
        left -= job
        found.append(sorted(job))
    return found
