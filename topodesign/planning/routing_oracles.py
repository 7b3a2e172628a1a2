"""How much of a demand the lightpaths between sites can carry, and why not more: linear programmes and their prices.

Both oracles answer, for capacities c of the node pairs (each direction has all of c): the largest multiple alpha of the
demand that can be routed, and arc weights w with alpha = sum of w c. For any weights and any routing,
sum of w c >= alpha x (what the demand must at least pay under w), which is the metric inequality of
:mod:`topodesign.planning.routing_rows`.

References
----------
M. Iri, "On an extension of the maximum-flow minimum-cut theorem to multicommodity flows", J. Oper. Res. Soc. Japan 13,
1971. A. Altin, E. Amaldi, P. Belotti, M. C. Pinar, "Provisioning virtual private networks under traffic uncertainty",
Networks 49(1), 2007 (static routing under the hose).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from ortools.linear_solver import pywraplp

from topodesign.domain.errors import InternalError
from topodesign.planning.relaxation import GLOP_SETTINGS

Floats = npt.NDArray[np.float64]
Arc = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """``alpha`` and arc weights, shape (n, n), of the least upper bound on it."""

    alpha: float
    weights: Floats


class RoutingOracle(Protocol):
    """Solved over and over for other capacities of the same arcs."""

    def solve(self, capacity: Floats) -> Routed:
        """Largest multiple of the demand for symmetric capacities, shape (n, n), in the demand's unit."""
        ...


class _Programme:
    """max alpha over arcs, with one capacity row for each arc; GLOP keeps the basis between solves."""

    def __init__(self, size: int, arcs: Sequence[Arc]) -> None:
        self.size = size
        self.arcs = tuple(arcs)
        self.solver = pywraplp.Solver.CreateSolver("GLOP")
        self.solver.SetSolverSpecificParametersAsString(GLOP_SETTINGS)
        self.infinity = self.solver.infinity()
        self.alpha = self.solver.NumVar(0.0, self.infinity, "")
        self.solver.Objective().SetCoefficient(self.alpha, 1.0)
        self.solver.Objective().SetMaximization()
        self.capacity_rows = [self.solver.Constraint(-self.infinity, 0.0) for _ in self.arcs]
        keys = pywraplp.MPSolverParameters
        self._parameters = keys()
        self._parameters.SetIntegerParam(keys.INCREMENTALITY, keys.INCREMENTALITY_ON)
        self._parameters.SetIntegerParam(keys.LP_ALGORITHM, keys.DUAL)

    def conserve(self, flow: Sequence[pywraplp.Variable], source: int, taken: Mapping[int, float]) -> None:
        """Flow that leaves ``source`` and of which alpha x ``taken[v]`` stays at each node v."""
        rows = {node: self.solver.Constraint(0.0, 0.0) for node in range(self.size) if node != source}
        for (tail, head), variable in zip(self.arcs, flow, strict=True):
            if head in rows:
                rows[head].SetCoefficient(variable, 1.0)
            if tail in rows:
                rows[tail].SetCoefficient(variable, -1.0)
        for node, share in taken.items():
            rows[node].SetCoefficient(self.alpha, -share)

    def new_flow(self) -> list[pywraplp.Variable]:
        """One variable for each arc."""
        return [self.solver.NumVar(0.0, self.infinity, "") for _ in self.arcs]

    def solve(self, capacity: Floats) -> Routed:
        for (tail, head), row in zip(self.arcs, self.capacity_rows, strict=True):
            row.SetUb(float(capacity[tail, head]))
        optimal = pywraplp.Solver.OPTIMAL
        if self.solver.Solve(self._parameters) != optimal and self.solver.Solve() != optimal:
            raise InternalError("the routing programme did not end optimal", reason="SOLVER_FAILED")
        weights = np.zeros((self.size, self.size))
        for (tail, head), row in zip(self.arcs, self.capacity_rows, strict=True):
            weights[tail, head] = abs(row.dual_value())
        return Routed(alpha=float(self.alpha.solution_value()), weights=weights)


class MatrixOracle:
    """A demand matrix: ``demand[s][t]`` from node s to node t; flows are fractional and may take any paths."""

    def __init__(self, demand: Floats, arcs: Sequence[Arc]) -> None:
        self._programme = _Programme(len(demand), arcs)
        for source in np.flatnonzero(demand.any(axis=1)):
            flow = self._programme.new_flow()
            for variable, row in zip(flow, self._programme.capacity_rows, strict=True):
                row.SetCoefficient(variable, 1.0)
            taken = {int(node): float(demand[source, node]) for node in np.flatnonzero(demand[source])}
            self._programme.conserve(flow, int(source), taken)

    def solve(self, capacity: Floats) -> Routed:
        """See :class:`RoutingOracle`."""
        return self._programme.solve(capacity)


class HoseOracle:
    """Every matrix with at most ``hose[s]`` out of and into node s, each pair split over fixed shares of paths.

    The largest load of an arc over all such matrices is, by duality, the least sum of hose[s] x (out price of s + in
    price of s) with out price of s + in price of t >= share of the pair (s, t) on the arc.
    """

    def __init__(self, hose: Floats, arcs: Sequence[Arc]) -> None:
        self._programme = _Programme(len(hose), arcs)
        solver, rows = self._programme.solver, self._programme.capacity_rows
        ends = [int(node) for node in np.flatnonzero(hose)]
        out, into = [], []
        for row in rows:
            out.append({node: solver.NumVar(0.0, self._programme.infinity, "") for node in ends})
            into.append({node: solver.NumVar(0.0, self._programme.infinity, "") for node in ends})
            for node in ends:
                row.SetCoefficient(out[-1][node], float(hose[node]))
                row.SetCoefficient(into[-1][node], float(hose[node]))
        for source in ends:
            for target in ends:
                if source == target:
                    continue
                flow = self._programme.new_flow()
                self._programme.conserve(flow, source, {target: 1.0})
                for position, variable in enumerate(flow):
                    covered = solver.Constraint(0.0, self._programme.infinity)
                    covered.SetCoefficient(out[position][source], 1.0)
                    covered.SetCoefficient(into[position][target], 1.0)
                    covered.SetCoefficient(variable, -1.0)

    def solve(self, capacity: Floats) -> Routed:
        """See :class:`RoutingOracle`."""
        return self._programme.solve(capacity)


def metric_closure(weights: Floats, arcs: Sequence[Arc]) -> Floats:
    """Shortest-path distances under arc weights, shape (n, n); infinite where there is no path (Floyd, Warshall)."""
    distance = np.full(weights.shape, np.inf)
    np.fill_diagonal(distance, 0.0)
    for tail, head in arcs:
        distance[tail, head] = min(distance[tail, head], weights[tail, head])
    for middle in range(len(distance)):
        distance = np.minimum(distance, distance[:, middle, None] + distance[None, middle, :])
    return distance
