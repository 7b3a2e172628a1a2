"""Modular network design that survives any one link: in the space of capacities, and as the textbook programme.

Given undirected links with modules, choose whole numbers of modules of least cost such that all demand can be routed
(anew, and split at will) with everything up and after the loss of any one link.

**Plain**: one programme with modules and, for every state, flows gathered by source.

**Ours**: the columns are the modules only. A vector of capacities C is good in a state if and only if for all weights
w >= 0 on the links that are up, sum of w C >= sum over demands of d x (length of a shortest path under w) (Iri 1971;
Onaga, Kakusho 1971). Rows are found when broken: for sets of few nodes (w = 1 on the links that leave the set, less the
one link that hurts most), in turn as they are and rounded to whole modules; then from the prices of a maximum
concurrent flow in each state. The relaxation gets them first, then the integer programme, solved again with the rows
that its solution breaks until there are none. A design comes early from scaling the relaxation's capacities up to what
the worst state needs and rounding up.
"""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt
from ortools.linear_solver import pywraplp

from benchmarks.instances import ModularInstance
from topodesign.domain.errors import InternalError
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.programme import Programme, Row
from topodesign.planning.relaxation import GLOP_SETTINGS, LinearRelaxation

Floats = npt.NDArray[np.float64]

VIOLATION = 1e-6
MOST_CUT_NODES = 3
MOST_RESTARTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Designed:
    """Cost with the constant (``None``: no design), proven bound, seconds, and rows (of the whole plain programme)."""

    objective: float | None
    bound: float
    wall_s: float
    rows: int


def states_of(instance: ModularInstance) -> tuple[int | None, ...]:
    """The link that is down in each state; ``None``: none."""
    return (None, *range(len(instance.links)))


def module_columns(instance: ModularInstance) -> tuple[Programme, list[list[int]]]:
    """A programme with the modules' columns, and their indices by link."""
    programme = Programme(constant=instance.constant_cost)
    total = sum(instance.demands.values())
    columns = []
    for link, modules in enumerate(instance.modules):
        of_link = []
        for number, (capacity, cost) in enumerate(modules):
            most = float(math.ceil(total / capacity))
            name = f"modules[{link},{number}]"
            of_link.append(programme.add_column(name, upper=most, objective=cost, integer=True))
        columns.append(of_link)
    return programme, columns


def solve_plain(instance: ModularInstance, *, time_limit_s: float, gap: float, seed: int) -> Designed:
    """The textbook programme: modules, and for each state flows from each source."""
    started = time.monotonic()
    programme, columns = module_columns(instance)
    for down in states_of(instance):
        _add_routing(programme, instance, columns, down)
    left_s = time_limit_s - (time.monotonic() - started)
    found = IntegerProgramme(programme).solve(time_limit_s=left_s, gap=gap, seed=seed)
    return Designed(
        objective=found.objective, bound=found.bound, wall_s=time.monotonic() - started, rows=len(programme.rows)
    )


def _add_routing(
    programme: Programme, instance: ModularInstance, columns: Sequence[Sequence[int]], down: int | None
) -> None:
    """Flows of one state: conservation by source and node, and capacity of each link that is up, both ways together."""
    wanted = demand_by_source(instance)
    over: list[list[tuple[int, float]]] = [[] for _ in instance.links]
    for source, amounts in wanted.items():
        balance: list[list[tuple[int, float]]] = [[] for _ in range(instance.nodes)]
        for link, (a, z) in enumerate(instance.links):
            if link == down:
                continue
            for tail, head in ((a, z), (z, a)):
                flow = programme.add_column("flow", upper=sum(amounts.values()))
                balance[tail].append((flow, -1.0))
                balance[head].append((flow, 1.0))
                over[link].append((flow, 1.0))
        for node, entries in enumerate(balance):
            if node != source:
                arriving = amounts.get(node, 0.0)
                programme.add_row(entries, lower=arriving, upper=arriving, name="flow")
    for link, flows in enumerate(over):
        if link != down:
            bought = [(c, -m[0]) for c, m in zip(columns[link], instance.modules[link], strict=True)]
            programme.add_row([*flows, *bought], upper=float(instance.installed[link]), name="capacity")


def demand_by_source(instance: ModularInstance) -> dict[int, dict[int, float]]:
    """Demands gathered by their first node."""
    found: dict[int, dict[int, float]] = {}
    for (a, z), amount in sorted(instance.demands.items()):
        found.setdefault(a, {})[z] = amount
    return found


class RoutingOracle:
    """Largest share alpha of the demand that given capacities carry, and link weights that prove it; GLOP, warm."""

    def __init__(self, instance: ModularInstance) -> None:
        self._unit = max(instance.demands.values())
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._solver.SetSolverSpecificParametersAsString(GLOP_SETTINGS)
        infinity = self._solver.infinity()
        self._alpha = self._solver.NumVar(0.0, infinity, "")
        self._solver.Objective().SetCoefficient(self._alpha, 1.0)
        self._solver.Objective().SetMaximization()
        self._capacity = [self._solver.Constraint(-infinity, 0.0) for _ in instance.links]
        for source, amounts in demand_by_source(instance).items():
            balance = [self._solver.Constraint(0.0, 0.0) for _ in range(instance.nodes)]
            for node, amount in amounts.items():
                balance[node].SetCoefficient(self._alpha, -amount / self._unit)
            balance[source].SetCoefficient(self._alpha, sum(amounts.values()) / self._unit)
            for link, (a, z) in enumerate(instance.links):
                for tail, head in ((a, z), (z, a)):
                    flow = self._solver.NumVar(0.0, infinity, "")
                    balance[tail].SetCoefficient(flow, -1.0)
                    balance[head].SetCoefficient(flow, 1.0)
                    self._capacity[link].SetCoefficient(flow, 1.0)
        keys = pywraplp.MPSolverParameters
        self._parameters = keys()
        self._parameters.SetIntegerParam(keys.INCREMENTALITY, keys.INCREMENTALITY_ON)
        self._parameters.SetIntegerParam(keys.LP_ALGORITHM, keys.DUAL)

    def solve(self, capacity: Floats) -> tuple[float, Floats]:
        """alpha, and the prices of the links (at least the demand's least length times them is needed)."""
        infinity = self._solver.infinity()
        for row, most in zip(self._capacity, capacity, strict=True):
            row.SetBounds(-infinity, float(most) / self._unit)
        status = self._solver.Solve(self._parameters)
        if status != pywraplp.Solver.OPTIMAL:
            status = self._solver.Solve()  # afresh: a basis many capacities old can be numerically useless
        if status != pywraplp.Solver.OPTIMAL:
            raise InternalError(f"the routing programme ended with solver status {status}", reason="SOLVER_FAILED")
        weights = np.array([max(0.0, row.dual_value()) for row in self._capacity])
        return float(self._alpha.solution_value()), weights


@dataclass(slots=True)
class CapacitySpace:
    """Rows found so far, the oracle and all small cuts of one instance."""

    instance: ModularInstance
    programme: Programme = field(init=False)
    columns: list[list[int]] = field(init=False)
    oracle: RoutingOracle = field(init=False)
    cuts: Floats = field(init=False)
    """1 where the link leaves the set; shape (sets, links)."""
    crossing: Floats = field(init=False)
    """Demand between the set and the rest; shape (sets,)."""

    def __post_init__(self) -> None:
        self.programme, self.columns = module_columns(self.instance)
        self.oracle = RoutingOracle(self.instance)
        self.cuts, self.crossing = _small_cuts(self.instance)

    def solve(self, *, time_limit_s: float, gap: float, seed: int) -> Designed:
        """Relaxation, an early design, then the integer programme with the rows that it turns out to need."""
        started = time.monotonic()
        rows, capacity = self._relax(started + time_limit_s)
        best = self._scaled_up(capacity)
        integer = IntegerProgramme(self.programme)
        for row in rows:
            integer.add(row)
        bound = 0.0
        for _ in range(MOST_RESTARTS):
            left_s = time_limit_s - (time.monotonic() - started)
            if left_s <= 0 or bound >= self._cost(best) * (1 - gap):
                break
            found = integer.solve(
                time_limit_s=left_s, gap=gap, seed=seed, hint=dict(enumerate(best.tolist())) if len(best) else None
            )
            bound = max(bound, found.bound)
            if found.values is None:
                break
            whole = np.rint(found.values)
            broken = list(self.broken_rows(self._capacity(whole)))
            if not broken:
                best = min(best, whole, key=self._cost)
                break
            best = min(best, self._scaled_up(self._capacity(whole)), key=self._cost)
            rows.extend(broken)
            for row in broken:
                integer.add(row)
        return Designed(objective=self._cost(best), bound=bound, wall_s=time.monotonic() - started, rows=len(rows))

    def _relax(self, until: float) -> tuple[list[Row], Floats]:
        """Rows that the relaxation breaks, until there are none, and its capacities."""
        relaxation = LinearRelaxation(self.programme)
        rows: list[Row] = []
        values = np.zeros(len(self.programme.names))
        while True:
            capacity = self._capacity(values)
            broken = list(self.broken_rows(capacity, values=values))
            if not broken or time.monotonic() >= until:
                return rows, capacity
            relaxation.add(broken)
            rows.extend(broken)
            solved = relaxation.solve()
            if solved is None:
                raise InternalError("no number of modules carries the demand; is the network joined?")
            values = solved.values

    def broken_rows(self, capacity: Floats, *, values: Floats | None = None) -> Iterator[Row]:
        """Rows that capacities break: of small cuts, or where these hold, of routing.

        With ``values`` of the columns, rows rounded to whole modules are wanted too.
        """
        found = False
        for row in self._broken_cuts(capacity, values):
            found = True
            yield row
        if not found:
            yield from self._broken_routing(capacity)

    def _broken_cuts(self, capacity: Floats, values: Floats | None) -> Iterator[Row]:
        across = self.cuts * capacity
        hurting = np.argmax(across, axis=1)
        left = across.sum(axis=1) - across[np.arange(len(across)), hurting]
        for cut in np.flatnonzero(self.crossing > 0):
            weights = self.cuts[cut].copy()
            weights[hurting[cut]] = 0.0
            needed = float(self.crossing[cut])
            if left[cut] < needed * (1 - VIOLATION):
                yield self._row(weights, needed)
            if values is not None:
                yield from (row for row in self._rounded(weights, needed) if _activity(row, values) < row.lower - 1e-4)

    def _broken_routing(self, capacity: Floats) -> Iterator[Row]:
        for down in states_of(self.instance):
            left = capacity.copy()
            if down is not None:
                left[down] = 0.0
            alpha, weights = self.oracle.solve(left)
            if alpha < 1 - VIOLATION:
                if down is not None:
                    weights[down] = 0.0
                yield self._row(weights, self._least_work(weights, down))

    def _least_work(self, weights: Floats, down: int | None) -> float:
        """What the demands must at least pay under the weights: shortest paths, recomputed rather than trusted."""
        length = np.full((self.instance.nodes, self.instance.nodes), np.inf)
        np.fill_diagonal(length, 0.0)
        for link, (a, z) in enumerate(self.instance.links):
            if link != down:
                length[a, z] = length[z, a] = min(length[a, z], weights[link])
        for middle in range(self.instance.nodes):
            length = np.minimum(length, length[:, middle : middle + 1] + length[middle : middle + 1, :])
        return math.fsum(amount * float(length[a, z]) for (a, z), amount in self.instance.demands.items())

    def _row(self, weights: Floats, needed: float) -> Row:
        """sum of weight x capacity >= needed, scaled to a largest weight of 1."""
        scale = float(weights.max())
        coefficients = {
            column: float(weights[link]) / scale * module[0]
            for link in np.flatnonzero(weights > 1e-9 * scale)
            for column, module in zip(self.columns[link], self.instance.modules[link], strict=True)
        }
        lower = needed / scale - float(weights @ self.instance.installed) / scale
        return Row(coefficients=coefficients, lower=lower)

    def _rounded(self, weights: Floats, needed: float) -> Iterator[Row]:
        """The row of a cut over each module's capacity c, rounded: mixed-integer rounding of sum a x >= b, x whole.

        With a = whole + part and b = whole + part: each coefficient becomes its whole + min(1, part / part of b) and
        the right-hand side rounds up (Nemhauser, Wolsey, "A recursive procedure to generate all cuts", 1990).
        """
        plain = self._row(weights, needed)
        for capacity in sorted(set(plain.coefficients.values())):
            share = plain.lower / capacity
            part = share - math.floor(share)
            if part < 1e-6:
                continue
            rounded = {column: _rounded_up(value / capacity, part) for column, value in plain.coefficients.items()}
            yield Row(coefficients=rounded, lower=float(math.ceil(share)))

    def _capacity(self, values: Floats) -> Floats:
        bought = [
            sum(module[0] * float(values[column]) for column, module in zip(columns, modules, strict=True))
            for columns, modules in zip(self.columns, self.instance.modules, strict=True)
        ]
        return np.array(bought) + self.instance.installed

    def _scaled_up(self, capacity: Floats) -> Floats:
        """Modules whose capacity is at least that, scaled so that the worst state carries all demand."""
        alphas = []
        for down in states_of(self.instance):
            left = capacity.copy()
            if down is not None:
                left[down] = 0.0
            alphas.append(self.oracle.solve(left)[0])
        worst = min(alphas)
        if worst <= 1e-9:
            return np.array([])
        needed = capacity * max(1.0, 1 / worst) * (1 - 1e-9) - self.instance.installed
        values = np.zeros(len(self.programme.names))
        for columns, modules, amount in zip(self.columns, self.instance.modules, needed, strict=True):
            for column, count in zip(columns, cheapest_modules(modules, float(amount)), strict=True):
                values[column] = count
        return values

    def _cost(self, values: Floats) -> float:
        """Cost of a design; infinite for none."""
        if len(values) == 0:
            return math.inf
        return float(np.array(self.programme.objective) @ values) + self.programme.constant


def cheapest_modules(modules: Sequence[tuple[float, float]], needed: float) -> tuple[int, ...]:
    """Whole numbers of modules of least cost with at least that capacity, by enumeration."""
    if needed <= 0:
        return (0,) * len(modules)
    if len(modules) == 1:
        return (math.ceil(needed / modules[0][0] - 1e-9),)
    best: tuple[float, tuple[int, ...]] | None = None
    capacity, cost = modules[-1]
    for count in range(math.ceil(needed / capacity - 1e-9) + 1):
        rest = cheapest_modules(modules[:-1], needed - count * capacity)
        paid = count * cost + sum(n * module[1] for n, module in zip(rest, modules, strict=False))
        if best is None or paid < best[0]:
            best = (paid, (*rest, count))
    assert best is not None  # the loop runs at least once
    return best[1]


def _rounded_up(share: float, part: float) -> float:
    whole = math.floor(share + 1e-12)
    return whole + min(1.0, max(0.0, share - whole) / part)


def _activity(row: Row, values: Floats) -> float:
    return math.fsum(value * float(values[column]) for column, value in row.coefficients.items())


def _small_cuts(instance: ModularInstance) -> tuple[Floats, Floats]:
    """All sets of at most :data:`MOST_CUT_NODES` nodes: links that leave them, demand that crosses."""
    sides = np.array(list(_sides(range(instance.nodes))), dtype=bool)
    a, z = (np.array(ends) for ends in zip(*instance.links, strict=True))
    cuts = (sides[:, a] != sides[:, z]).astype(float)
    crossing = np.zeros(len(sides))
    for (one, other), amount in instance.demands.items():
        crossing += amount * (sides[:, one] != sides[:, other])
    return cuts, crossing


def _sides(nodes: Iterable[int]) -> Iterator[list[bool]]:
    everyone = list(nodes)
    for size in range(1, MOST_CUT_NODES + 1):
        for members in combinations(everyone, size):
            chosen = set(members)
            yield [node in chosen for node in everyone]
