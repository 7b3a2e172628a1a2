"""Slim Fly: routers of a McKay-Miller-Siran graph: diameter 2, nearly as many as any graph of that degree can have.

References
----------
B. McKay, M. Miller, J. Siran (1998), "A Note on Large Graphs of Diameter Two and Given Maximum Degree", JCTB 74(1).
P. Hafner (2004), "Geometric realisation of the graphs of McKay-Miller-Siran", JCTB 90(2): generators for q = 4 w + d.
M. Besta, T. Hoefler (2014), "Slim Fly: A Cost Effective Low-Diameter Network Topology", SC, section II.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric_switched import SlimFly
from topodesign.fabric.finite_fields import FiniteField
from topodesign.fabric.floor_plan import FLOOR_PLAN, across_cable_m, group_cable_m
from topodesign.fabric.hosted import HostsOnSwitches
from topodesign.fabric.router_graph import RunList, host_places, hosts_on_switches
from topodesign.fabric.topology import CableRun, Counts, FabricGraph, require_graph_size


@dataclass(frozen=True)
class SlimFlyTopology(HostsOnSwitches):
    """A Slim Fly. Routers are (half, column, row), 2 q^2 of them, column after column.

    Parameters
    ----------
    spec : SlimFly
        Construction raises :class:`InvalidInput` when the explicit graph would be too large.
    """

    spec: SlimFly

    def __post_init__(self) -> None:
        require_graph_size(self.accelerators + 2 * self.spec.q**2)

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return f"Slim Fly q={self.spec.q}, {2 * self.spec.q**2} routers of {self.spec.hosts_per_router}"

    @property
    def accelerators(self) -> int:
        return 2 * self.spec.q**2 * self.spec.hosts_per_router

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def switch_radix(self) -> int:
        return self.spec.degree + self.spec.hosts_per_router

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (2 * self.spec.q**2,)

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (FLOOR_PLAN, "column x of both halves stands together: q such groups, alike between any two")

    @cached_property
    def _runs(self) -> RunList:
        q, per_router = self.spec.q, self.spec.hosts_per_router
        inside = q * (2 * q * (self.spec.degree - q) // 2 + q)  # both columns, and q links between them
        return RunList.of(
            host=("accelerator to router", self.accelerators, group_cable_m(per_router)),
            inside=("inside groups", inside, across_cable_m(2 * q * per_router)),
            far=("between groups", q**2 * self.spec.degree - inside, across_cable_m(self.accelerators)),
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        return self._runs.runs

    def build_graph(self) -> FabricGraph:
        q, runs, per_router = self.spec.q, self._runs, self.spec.hosts_per_router
        columns, (first, second) = _column_links(q), _cross_links(q)
        is_inside = first // q == second // q - q
        half = np.repeat(np.arange(2), q * q)
        return hosts_on_switches(
            hosts=host_places(per_router, 2 * q * q),
            switches=2 * q * q,
            host_run=runs.index["host"],
            links=(
                (*columns, runs.index["inside"]),
                (first[is_inside], second[is_inside], runs.index["inside"]),
                (first[~is_inside], second[~is_inside], runs.index["far"]),
            ),
            groups=half,
            # translations take every router of a half to every other of it, and groups to groups: one of each half
            sources=np.array([0, q * q * per_router], dtype=np.int64),
        )


def generators(field: FiniteField) -> tuple[list[int], list[int]]:
    """Differences of neighbors in a column, for each half: even and odd powers of a primitive element, or as near.

    Both are closed under negation and hold every element but 0 between them; for q = 4 w + 1 without overlap.
    """
    q, powers = field.size, field.powers()
    if q % 4 != 3:
        return powers[::2], [*powers[1::2], *([1] if q % 2 == 0 else [])]
    w = (q + 1) // 4
    first = [powers[e] for e in (*range(0, 2 * w - 1, 2), *range(2 * w - 1, 4 * w - 2, 2))]
    second = [powers[e % (q - 1)] for e in (*range(1, 2 * w, 2), *range(2 * w, 4 * w - 1, 2))]
    return first, second


def _column_links(q: int) -> tuple[Counts, Counts]:
    """(s, x, y) joins (s, x, y') when y - y' is a generator of half s."""
    field = FiniteField.of(q)
    row = np.arange(q, dtype=np.int64)
    base = np.arange(q, dtype=np.int64) * q
    ends: list[tuple[Counts, Counts]] = []
    for half, differences in enumerate(generators(field)):
        for difference in differences:
            other = field.add[row, difference]
            once = row < other
            ends.append(
                (
                    (half * q * q + np.add.outer(base, row[once])).ravel(),
                    (half * q * q + np.add.outer(base, other[once])).ravel(),
                )
            )
    return np.concatenate([a for a, _ in ends]), np.concatenate([z for _, z in ends])


def _cross_links(q: int) -> tuple[Counts, Counts]:
    """(0, x, y) joins (1, m, c) when y = m x + c."""
    field = FiniteField.of(q)
    x, m, c = (part.ravel() for part in np.indices((q, q, q)))
    y = field.add[field.multiply[m, x], c]
    return x * q + y, q * q + m * q + c
