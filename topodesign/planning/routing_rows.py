"""Rows of a demand matrix or a hose, and their separation (docs/formulation.md (16), (17)).

In a failure state k with surviving capacities c_k between sites, the demand can be routed if and only if for every
metric delta on the sites

    sum over pairs {u, v} of (delta(u, v) + delta(v, u)) c_k(u, v)  >=  fraction x what the demand must pay under delta,

which for a matrix is the sum of demand(s, t) x delta(s, t) (Iri 1971; Onaga, Kakusho 1971). Sites that the separation
left out join the metric at distance 0 from their nearest site, which leaves every distance as it was; so the rows hold
whatever sites are used, and no site needs an indicator: the ends of the demand are required.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from topodesign.planning.failures import FailureState, FailureStates
from topodesign.planning.halting import NEVER, Halt
from topodesign.planning.instance import Floats, Instance, Ints
from topodesign.planning.master import Master
from topodesign.planning.programme import Row
from topodesign.planning.routing_oracles import HoseOracle, MatrixOracle, RoutingOracle, metric_closure

VIOLATION = 1e-4
"""Least shortfall of alpha that is worth a row in a relaxation."""
EXACT = 9e-7
"""Least shortfall that a design in whole lightpaths may not have; the verifier lets 1e-6 pass."""
HOSE_SAFETY = 1e-7
"""Share taken off a hose row's right side, for the tolerance of the prices that it comes from."""
MOST_ORACLES = 16
ROWS_A_ROUND = 60


class RoutingSeparator:
    """Finds violated metric inequalities for a solution."""

    def __init__(self, instance: Instance, states: FailureStates | None = None) -> None:
        self.instance = instance
        self.states = states or FailureStates(instance)
        self._oracles: dict[tuple[int, ...], RoutingOracle] = {}

    def rows_for_used(
        self,
        master: Master,
        capacity_gbps: Floats,
        used: Sequence[int],
        *,
        least: float = VIOLATION,
        most: int = 200,
        halt: Halt = NEVER,
    ) -> list[Row]:
        """Exact separation when the used sites are known: the worst metric in every state that can bind."""
        return self._rows(master, capacity_gbps, set(used), least=least, most=most, halt=halt)

    def rows_for_openness(
        self,
        master: Master,
        capacity_gbps: Floats,
        openness: Floats,
        pods: Floats,  # noqa: ARG002  (part of the interface; metric rows need no indicators of use)
        *,
        most: int | None = None,
        halt: Halt = NEVER,
    ) -> list[Row]:
        """Exact separation too: whether a site is used does not enter the rows."""
        active = set(np.flatnonzero(openness > 0).tolist()) | self._ends
        return self._rows(master, capacity_gbps, active, least=VIOLATION, most=most or ROWS_A_ROUND, halt=halt)

    def strength_gbps(self, capacity_gbps: Floats, used: Sequence[int], state: FailureState) -> float:
        """Largest multiple of the demand left in a state that the surviving lightpaths carry, x the whole demand."""
        nodes = self._nodes(capacity_gbps, set(used), state)
        if not self._has_demand(nodes):
            return np.inf
        alpha = self._oracle(nodes).solve(self._between(capacity_gbps, state, nodes)).alpha
        return alpha * self.instance.required_gbps

    def _rows(
        self, master: Master, capacity_gbps: Floats, used: set[int], *, least: float, most: int, halt: Halt
    ) -> list[Row]:
        found: list[tuple[float, str, Row]] = []
        for state in self.states.relevant(capacity_gbps):
            if halt.is_over():
                break
            nodes = self._nodes(capacity_gbps, used, state)
            if not self._has_demand(nodes):
                continue
            routed = self._oracle(nodes).solve(self._between(capacity_gbps, state, nodes))
            if routed.alpha < state.fraction - least:
                found.append((routed.alpha, state.name, self._row(master, state, nodes, routed.weights)))
        found.sort(key=lambda item: item[:2])
        return [row for *_, row in found[:most]]

    def _row(self, master: Master, state: FailureState, nodes: tuple[int, ...], weights: Floats) -> Row:
        arcs = [(i, j) for i in range(len(nodes)) for j in range(len(nodes)) if i != j]
        distance = metric_closure(weights, arcs)
        place = self._places(nodes)
        both = distance + distance.T
        ends = self.instance.ends
        price = both[place[ends[:, 0]], place[ends[:, 1]]]
        price[state.dead_paths] = 0.0
        owed = state.fraction * self._owed(nodes, weights, distance)
        unit = master.unit * self.instance.rate_gbps
        coefficients = {
            master.x[path]: float(price[path] * unit[path] / owed)
            for path in np.flatnonzero(price > 0)
            if master.x[path] >= 0
        }
        return Row(coefficients=coefficients, lower=1.0, name=f"route[{state.name}]")

    def _owed(self, nodes: tuple[int, ...], weights: Floats, distance: Floats) -> float:
        """What the demand must pay at least under the weights, in Gbit/s x weight."""
        if self._matrix is not None:
            return float((self._matrix[np.ix_(nodes, nodes)] * distance).sum())
        # prices of the programme's own optimum are scaled so that one hose pays one
        return 1.0 - HOSE_SAFETY if weights.any() else 0.0

    def _places(self, nodes: tuple[int, ...]) -> Ints:
        """For every site the index in ``nodes`` of itself or of its nearest site."""
        trips = np.array(self.instance.trips.rtt_ms)[:, nodes]
        place = np.argmin(trips, axis=1).astype(np.int64)
        place[list(nodes)] = np.arange(len(nodes))
        found: Ints = place
        return found

    def _nodes(self, capacity_gbps: Floats, used: set[int], state: FailureState) -> tuple[int, ...]:
        """Used sites that are up: the ends of the demand, and those that have capacity."""
        alive = self.instance.ends[(capacity_gbps > 0) & ~state.dead_paths]
        relays = set(alive.ravel().tolist())
        return tuple(sorted(((relays & used) | (self._ends & used)) - state.dead_sites))

    def _between(self, capacity_gbps: Floats, state: FailureState, nodes: tuple[int, ...]) -> Floats:
        size = len(self.instance.sites)
        matrix = np.zeros((size, size))
        alive = ~state.dead_paths
        ends = self.instance.ends[alive]
        np.add.at(matrix, (ends[:, 0], ends[:, 1]), capacity_gbps[alive])
        return (matrix + matrix.T)[np.ix_(nodes, nodes)]

    def _oracle(self, nodes: tuple[int, ...]) -> RoutingOracle:
        if nodes not in self._oracles:
            if len(self._oracles) >= MOST_ORACLES:
                self._oracles.pop(next(iter(self._oracles)))
            arcs = [(i, j) for i in range(len(nodes)) for j in range(len(nodes)) if i != j]
            if self._matrix is not None:
                self._oracles[nodes] = MatrixOracle(self._matrix[np.ix_(nodes, nodes)], arcs)
            else:
                self._oracles[nodes] = HoseOracle(self._hose[list(nodes)], arcs)
        return self._oracles[nodes]

    def _has_demand(self, nodes: tuple[int, ...]) -> bool:
        if self._matrix is not None:
            return bool(self._matrix[np.ix_(nodes, nodes)].any())
        return int(np.count_nonzero(self._hose[list(nodes)])) > 1

    @cached_property
    def _matrix(self) -> Floats | None:
        """Gbit/s from site to site; ``None`` for a hose."""
        scenario = self.instance.scenario
        if scenario.workload.demand != "matrix":
            return None
        position = {site.site.site_id: index for index, site in enumerate(self.instance.sites)}
        matrix = np.zeros((len(position), len(position)))
        for item in scenario.traffic:
            matrix[position[item.a], position[item.b]] = item.gbps
        return matrix * self._scale

    @cached_property
    def _hose(self) -> Floats:
        """Gbit/s out of and into each site."""
        return np.array([site.site.hose_gbps for site in self.instance.sites]) * self._scale

    @property
    def _scale(self) -> float:
        """What the instance raised the demand by."""
        return self.instance.required_gbps / self.instance.demand.demand_gbps

    @cached_property
    def _ends(self) -> set[int]:
        """Sites that the demand names."""
        if self._matrix is None:
            return set(np.flatnonzero(self._hose).tolist())
        return set(np.flatnonzero(self._matrix.any(axis=0) | self._matrix.any(axis=1)).tolist())
