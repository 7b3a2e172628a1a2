"""Rows of the all-reduce (formulation (14)) and their separation.

For a partition of the candidate sites into blocks and a failure state k,

    capacity that survives between blocks  >=  B_k (sum_i z_i - 1),

where z_i is any lower bound on "block i is used". Three are at hand, the strongest at the present solution is taken:

    z_i = o_s            for a site s of the block (its representative),
    z_i = a(S_i) / W_i   pods placed in the block over the most that it can hold,
    z_i = 1              when the sites outside the block cannot hold the target, so that any plan uses it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ortools.graph.python import max_flow

from topodesign.planning.failures import Bools, FailureState, FailureStates
from topodesign.planning.halting import NEVER, Halt
from topodesign.planning.holding import Holding
from topodesign.planning.instance import Floats, Instance, Ints
from topodesign.planning.master import Master
from topodesign.planning.programme import Row
from topodesign.planning.strength import Partition, strength, worst_partition
from topodesign.planning.worst_conduits import WorstConduits, all_partitions

VIOLATION = 1e-4
"""Least violation worth a row, as a share of B."""
EXACT = 1e-9
"""Least violation of a design in whole lightpaths: rounding of the arithmetic only."""
SOLVER_TOLERANCE = 1e-6
"""Relative violation of a row that SCIP lets pass."""
ROWS_A_ROUND = 25
"""Rows added to a fractional relaxation at once. With 80 us-multi-region took 1.4 times as long, with 15 its plan was
dearer."""
MANY_STATES = 300
"""Failure states from which on each round begins with others."""
MOST_ENUMERATED = 7
"""Used sites whose partitions (877 for 7) are gone through one by one; with more, the failure states are."""
LOSSES_A_PARTITION = 3
"""Rows of one partition in a round, for losses that have no conduit in common."""
PLENTY = 2
"""Separation of a round ends when it has found this many times the rows that it may add."""
ROLL = 97
"""States by which the beginning moves on from round to round; coprime to most counts."""
FLOW_UNITS = 1 << 30


@dataclass(frozen=True, kw_only=True)
class PartitionRow:
    """``block[s]`` is the block of site s, -1 for sites that are out in the state."""

    state: FailureState
    block: Ints

    @property
    def key(self) -> tuple[str, bytes]:
        return (self.state.name, self.block.tobytes())


class PartitionSeparator:
    """Finds violated rows for a solution, and turns them into rows of a programme."""

    def __init__(self, instance: Instance, states: FailureStates | None = None) -> None:
        self.instance = instance
        self.states = states or FailureStates(instance)
        self.holding = Holding(instance)
        self._necessary: dict[bytes, bool] = {}
        self._turn = 0
        self._known: dict[bytes, Ints] = {}
        self._partitions_of: tuple[tuple[int, ...], Ints] | None = None

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
        """Exact separation when the used sites are known: the worst partition in every state that can bind.

        ``least`` is the least violation, as a share of B, that counts.
        """
        found: list[tuple[float, PartitionRow]] = []
        enumerates = bool(self.states.conduits) and len(used) <= MOST_ENUMERATED
        if enumerates:
            found = list(self._worst_of_used(capacity_gbps, used, least, halt))
        states = self.states.apart_from_conduits if enumerates else self._rolling(capacity_gbps)
        for state in states:
            if halt.is_over() or (not enumerates and len(found) >= PLENTY * most):
                break
            alive = [site for site in used if site not in state.dead_sites]
            if len(alive) < 2:
                continue
            between = self._between(capacity_gbps, state)[np.ix_(alive, alive)]
            required = self.instance.required_gbps * state.fraction
            slack, partition = worst_partition(between, required)
            if slack < -least * self.instance.required_gbps and len(partition) > 1:
                found.append((slack, self._row(state, alive, partition)))
        found.sort(key=lambda item: (item[0], item[1].key))
        return [self._to_row(master, row, None, None) for _, row in found[:most]]

    def _worst_of_used(
        self, capacity_gbps: Floats, used: Sequence[int], least: float, halt: Halt
    ) -> Iterable[tuple[float, PartitionRow]]:
        """The worst losses of conduits for every partition of the used sites."""
        worst = self._worst(capacity_gbps)
        blocks = self._all_partitions(tuple(used))
        required = self.instance.required_gbps * self.states.fraction
        spare = worst.crossing_gbps(blocks) - required * blocks.max(axis=1, initial=0)
        violation = least * self.instance.required_gbps
        for position in np.flatnonzero(worst.most_killed_gbps(blocks) > spare + violation):
            if halt.is_over():
                return
            block, left = blocks[position], float(spare[position])
            for killed, state in worst.worst(block, least_gbps=left + violation, most=LOSSES_A_PARTITION):
                yield left - killed, PartitionRow(state=state, block=block)

    def _worst(self, capacity_gbps: Floats) -> WorstConduits:
        return WorstConduits(self.states.conduits, self.instance.ends, capacity_gbps, in_pairs=self.states.has_pairs)

    def _all_partitions(self, used: tuple[int, ...]) -> Ints:
        """Every partition of the used sites, extended to all sites; a row each. Remembers the last."""
        if self._partitions_of is None or self._partitions_of[0] != used:
            rows = [self._row(self.states.nothing, used, partition).block for partition in all_partitions(len(used))]
            self._partitions_of = (used, np.array(rows, dtype=np.int64).reshape(-1, len(self.instance.sites)))
        return self._partitions_of[1]

    def strength_gbps(self, capacity_gbps: Floats, used: Sequence[int], state: FailureState) -> float:
        """Strength of what survives between the used sites; infinite for fewer than two."""
        alive = [site for site in used if site not in state.dead_sites]
        return strength(self._between(capacity_gbps, state)[np.ix_(alive, alive)])[0]

    def rows_for_openness(
        self,
        master: Master,
        capacity_gbps: Floats,
        openness: Floats,
        pods: Floats,
        *,
        most: int | None = None,
        halt: Halt = NEVER,
    ) -> list[Row]:
        """Cuts between the most open site and each other one, and the worst partition of the clearly open sites."""
        active = np.flatnonzero(openness > 1e-6)
        if len(active) < 2:
            return []
        root = int(active[np.argmax(openness[active])])
        most = most or ROWS_A_ROUND
        found: dict[tuple[str, bytes], tuple[float, PartitionRow]] = {}
        worst = None
        if self.states.conduits:
            worst = self._worst(capacity_gbps)
            found = self._rows_of_known(worst, openness, pods)
        states = self._rolling(capacity_gbps) if len(found) < most else self.states.apart_from_conduits
        for state in states:
            if halt.is_over() or len(found) >= PLENTY * most:
                break
            alive = [int(site) for site in active if site not in state.dead_sites]
            if root not in alive or len(alive) < 2:
                continue
            between = self._between(capacity_gbps, state)
            for row in self._fractional_rows(between, state, alive, root, openness):
                violation = self._violation(row, capacity_gbps, openness, pods)
                if violation <= VIOLATION:
                    continue
                found.setdefault(row.key, (-violation, row))
                if worst is not None and not state.dead_sites and row.block.tobytes() not in self._known:
                    self._known[row.block.tobytes()] = row.block
                    for other in self._worst_rows(worst, [row.block], openness, pods):
                        found.setdefault(other[1].key, other)
        ranked = sorted(found.values(), key=lambda item: (item[0], item[1].key))
        return [self._to_row(master, row, openness, pods) for _, row in ranked[:most]]

    def _rows_of_known(
        self, worst: WorstConduits, openness: Floats, pods: Floats
    ) -> dict[tuple[str, bytes], tuple[float, PartitionRow]]:
        """Violated rows of partitions that were violated before, or part one site from all others."""
        if not self._known:
            for block in np.eye(len(self.instance.sites), dtype=np.int64):
                self._known[block.tobytes()] = block
        rows = self._worst_rows(worst, list(self._known.values()), openness, pods)
        return {row.key: (violation, row) for violation, row in rows}

    def _worst_rows(
        self, worst: WorstConduits, known: Sequence[Ints], openness: Floats, pods: Floats
    ) -> Iterable[tuple[float, PartitionRow]]:
        """The worst losses of conduits for each partition, as far as they break it: (-violation, row)."""
        blocks = np.array(known)
        required = self.instance.required_gbps * self.states.fraction
        indicated = np.array([self._indicated(block, openness, pods) for block in blocks])
        spare = worst.crossing_gbps(blocks) - required * (indicated - 1)
        violation = VIOLATION * self.instance.required_gbps
        for position in np.flatnonzero(worst.most_killed_gbps(blocks) > spare + violation):
            block, left = blocks[position], float(spare[position])
            for killed, state in worst.worst(block, least_gbps=left + violation, most=LOSSES_A_PARTITION):
                yield (left - killed) / self.instance.required_gbps, PartitionRow(state=state, block=block)

    def _rolling(self, capacity_gbps: Floats) -> list[FailureState]:
        """States that can bind; where there are many, each round begins with others, so that all get their turn."""
        states = self.states.relevant(capacity_gbps)
        if len(states) <= MANY_STATES:
            return states
        self._turn = (self._turn + ROLL) % len(states)
        return [*states[:1], *states[1 + self._turn :], *states[1 : 1 + self._turn]]

    def _to_row(self, master: Master, row: PartitionRow, openness: Floats | None, pods: Floats | None) -> Row:
        """The row with the strongest z at ``openness`` and ``pods`` (``None``: all sites of the master are used)."""
        crossing = self._crossing(row)
        weight = master.unit * self.instance.rate_gbps / self.instance.required_gbps
        coefficients: dict[int, float] = {
            master.x[path]: float(weight[path]) for path in np.flatnonzero(crossing) if master.x[path] >= 0
        }
        fraction = row.state.fraction
        lower = -fraction
        for block in self._blocks(row, master):
            if openness is None or pods is None or self._is_necessary(block, row.state):
                lower += fraction
                continue
            representative, share = self._strongest(block, openness, pods)
            if representative is not None:
                column = master.used[representative]
                coefficients[column] = coefficients.get(column, 0.0) - fraction
            else:
                for site in block:
                    column = master.pods[site]
                    amount = float(self.holding.amount[site])
                    coefficients[column] = coefficients.get(column, 0.0) - fraction * amount / share
        if openness is None and master.has_integer_lightpaths:
            lower = self._in_whole_lightpaths(lower)
        return Row(coefficients=coefficients, lower=lower, name=f"sync[{row.state.name}]", origin=row)

    def _in_whole_lightpaths(self, lower: float) -> float:
        """A capacity in multiples of B, rounded up to what whole lightpaths can make: multiples of the rates' divisor.

        It is also what keeps the solver's tolerance from passing a design that lacks a few Gbit/s: where the divisor
        is too fine for that, the row is raised by twice the tolerance.
        """
        required = self.instance.required_gbps
        step = self._rate_divisor_gbps / required
        whole = math.ceil(lower / step - EXACT) * step
        return whole if step > 4 * SOLVER_TOLERANCE else whole * (1 + 2 * SOLVER_TOLERANCE)

    @cached_property
    def _rate_divisor_gbps(self) -> float:
        """Largest rate, to a thousandth of a Gbit/s, of which every mode's rate is a multiple."""
        return math.gcd(*(round(float(rate) * 1000) for rate in np.unique(self.instance.rate_gbps))) / 1000

    def _blocks(self, row: PartitionRow, master: Master) -> list[Ints]:
        """Blocks of the row with at least one site of the master."""
        open_sites = np.array([master.programme.upper[column] > 0 for column in master.used])
        labels = np.unique(row.block[row.block >= 0])
        blocks = [np.flatnonzero((row.block == label) & open_sites) for label in labels]
        return [block for block in blocks if len(block)]

    def _strongest(self, block: Ints, openness: Floats, pods: Floats) -> tuple[int | None, float]:
        """Representative of the block, or (None, W) when the pods placed in it are the stronger indicator."""
        representative = int(block[np.argmax(openness[block])])
        most = self.holding.most(block)
        placed = float((self.holding.amount[block] * pods[block]).sum())
        if most > 0 and placed / most > openness[representative] + 1e-6:
            return None, most
        return representative, 0.0

    def _is_necessary(self, block: Ints, state: FailureState) -> bool:
        """Whether every plan uses the block; with sites down the block may survive empty, so then it never is."""
        if state.dead_sites:
            return False
        key = block.tobytes()
        if key not in self._necessary:
            rest = set(range(len(self.instance.sites))) - set(block.tolist())
            required = any(self.instance.sites[site].site.required for site in block)
            self._necessary[key] = required or not self.holding.can_hold_target(rest)
        return self._necessary[key]

    def _violation(self, row: PartitionRow, capacity_gbps: Floats, openness: Floats, pods: Floats) -> float:
        """Violation as a share of B, with the strongest indicators."""
        surviving = float(capacity_gbps[self._crossing(row)].sum()) / self.instance.required_gbps
        return row.state.fraction * (self._indicated(row.block, openness, pods, row.state) - 1) - surviving

    def _indicated(self, blocks: Ints, openness: Floats, pods: Floats, state: FailureState | None = None) -> float:
        """Sum of the strongest indicators of a partition's blocks."""
        total = 0.0
        for label in np.unique(blocks[blocks >= 0]):
            block = np.flatnonzero(blocks == label)
            if self._is_necessary(block, state or self.states.nothing):
                total += 1.0
                continue
            representative, most = self._strongest(block, openness, pods)
            if representative is not None:
                total += float(openness[representative])
            else:
                total += float((self.holding.amount[block] * pods[block]).sum()) / most
        return total

    def _crossing(self, row: PartitionRow) -> Bools:
        a, z = row.block[self.instance.ends[:, 0]], row.block[self.instance.ends[:, 1]]
        crossing: Bools = (a != z) & (a >= 0) & (z >= 0) & ~row.state.dead_paths
        return crossing

    def _between(self, capacity_gbps: Floats, state: FailureState) -> Floats:
        size = len(self.instance.sites)
        matrix = np.zeros((size, size))
        alive = ~state.dead_paths
        ends = self.instance.ends[alive]
        np.add.at(matrix, (ends[:, 0], ends[:, 1]), capacity_gbps[alive])
        return matrix + matrix.T

    def _fractional_rows(
        self, between: Floats, state: FailureState, alive: Sequence[int], root: int, openness: Floats
    ) -> Iterable[PartitionRow]:
        required = self.instance.required_gbps * state.fraction
        position = {site: index for index, site in enumerate(alive)}
        inside = between[np.ix_(alive, alive)]
        units = np.rint(inside * (FLOW_UNITS / max(required, float(inside.max(initial=0.0))))).astype(np.int64)
        separated: set[frozenset[int]] = set()
        for site in sorted(alive, key=lambda s: (-openness[s], s)):
            if site == root or required <= 0:
                continue
            side = _sink_side(units, position[root], position[site])
            if side in separated:
                continue
            separated.add(side)
            far = tuple(alive[index] for index in sorted(side))
            near = tuple(s for s in alive if s not in far)
            yield self._row(state, alive, (near, far), as_sites=True)
        clear = [site for site in alive if openness[site] > 0.5]
        if len(clear) > 2:
            _, partition = worst_partition(between[np.ix_(clear, clear)], required)
            if len(partition) > 2:
                yield self._row(state, clear, partition)

    def _row(
        self, state: FailureState, sites: Sequence[int], partition: Partition, *, as_sites: bool = False
    ) -> PartitionRow:
        """Extend a partition of some sites to all that are alive: others join the block they are nearest to."""
        block = np.full(len(self.instance.sites), -1, dtype=np.int64)
        for label, members in enumerate(partition):
            chosen = list(members) if as_sites else [sites[member] for member in members]
            block[chosen] = label
        placed = np.flatnonzero(block >= 0)
        trips = np.array(self.instance.trips.rtt_ms)
        for site in range(len(block)):
            if block[site] < 0 and site not in state.dead_sites:
                nearest = placed[np.argmin(trips[site, placed])]
                block[site] = block[nearest]
        block[list(state.dead_sites)] = -1
        return PartitionRow(state=state, block=block)


def _sink_side(units: Ints, source: int, sink: int) -> frozenset[int]:
    """Sink side of a minimum cut of an undirected graph given by integer capacities."""
    tails, heads = np.nonzero(units)
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tails, heads, units[tails, heads])
    if max(source, sink) >= flow.num_nodes():
        return frozenset({sink}) if sink >= flow.num_nodes() else frozenset(range(len(units))) - {source}
    flow.solve(source, sink)
    near = {int(node) for node in flow.get_source_side_min_cut()}
    return frozenset(range(len(units))) - near
