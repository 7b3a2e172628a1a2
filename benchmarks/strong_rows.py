"""Fixed-charge problems whose strong rows are many: solved with all of them, without, and with those that matter.

Capacitated facility location and fixed-charge network design have the same shape: flow x at a cost, a switch y at a
fixed cost, an aggregated row (all of x over the switch within its capacity) that is enough to be right, and one strong
row x <= most y for each pair that makes the relaxation tight. The planner's way is the last: its warm-started
relaxation finds the strong rows that bind, then the integer programme gets those only.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks.instances import FacilityInstance, FixedChargeInstance
from topodesign.planning.integer_solve import IntegerProgramme, IntegerSolution
from topodesign.planning.programme import Programme, Row
from topodesign.planning.relaxation import LinearRelaxation

Way = Literal["plain", "plain-strong", "ours"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

VIOLATION = 1e-6


@dataclass(frozen=True, kw_only=True)
class Formulation:
    """A programme that is right by itself, and strong rows x[k] <= most[k] y[k] by columns."""

    programme: Programme
    x: Ints
    y: Ints
    most: Floats

    def strong(self, k: int) -> Row:
        """The k-th strong row."""
        return Row(coefficients={int(self.x[k]): 1.0, int(self.y[k]): -float(self.most[k])}, upper=0.0, name="strong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """Objective (``None``: nothing found), proven bound, seconds, and rows beyond the formulation's own."""

    objective: float | None
    bound: float
    wall_s: float
    rows: int


def facility_formulation(instance: FacilityInstance) -> Formulation:
    """min sum f y + c x;  sum_i x_ij = 1;  sum_j d_j x_ij <= s_i y_i;  strong: x_ij <= y_i (x: share of j's demand)."""
    programme = Programme()
    m, n = instance.cost.shape
    y = [
        programme.add_column(f"y[{i}]", upper=1.0, objective=float(instance.fixed_cost[i]), integer=True)
        for i in range(m)
    ]
    x = np.array(
        [
            [programme.add_column(f"x[{i},{j}]", upper=1.0, objective=float(instance.cost[i, j])) for j in range(n)]
            for i in range(m)
        ],
        dtype=np.int64,
    )
    for j in range(n):
        programme.add_row(((int(x[i, j]), 1.0) for i in range(m)), lower=1.0, upper=1.0, name=f"serve[{j}]")
    for i in range(m):
        served = [(int(x[i, j]), float(instance.demand[j])) for j in range(n)]
        programme.add_row([*served, (y[i], -float(instance.capacity[i]))], upper=0.0, name=f"capacity[{i}]")
    return Formulation(programme=programme, x=x.ravel(), y=np.repeat(np.array(y), n), most=np.ones(m * n))


def fixed_charge_formulation(instance: FixedChargeInstance) -> Formulation:
    """min sum f y + c x;  flows x^k conserve q_k;  sum_k x^k_a <= u_a y_a;  strong: x^k_a <= min(u_a, q_k) y_a."""
    programme = Programme()
    y = [
        programme.add_column(f"y[{a}]", upper=1.0, objective=float(instance.fixed_cost[a]), integer=True)
        for a in range(len(instance.arcs))
    ]
    x_columns, y_columns, most = [], [], []
    over: list[list[tuple[int, float]]] = [[] for _ in instance.arcs]
    for k, (origin, destination, quantity) in enumerate(instance.commodities):
        balance: list[list[tuple[int, float]]] = [[] for _ in range(instance.nodes)]
        for a, (tail, head) in enumerate(instance.arcs):
            largest = min(float(instance.capacity[a]), quantity)
            column = programme.add_column(f"x[{a},{k}]", upper=largest, objective=float(instance.unit_cost[a]))
            balance[tail].append((column, 1.0))
            balance[head].append((column, -1.0))
            over[a].append((column, 1.0))
            x_columns.append(column)
            y_columns.append(y[a])
            most.append(largest)
        for node, entries in enumerate(balance):
            net = quantity * ((node == origin) - (node == destination))
            programme.add_row(entries, lower=net, upper=net, name=f"flow[{node},{k}]")
    for a, items in enumerate(over):
        programme.add_row([*items, (y[a], -float(instance.capacity[a]))], upper=0.0, name=f"capacity[{a}]")
    return Formulation(programme=programme, x=np.array(x_columns), y=np.array(y_columns), most=np.array(most))


def solve(formulation: Formulation, way: Way, *, time_limit_s: float, gap: float, seed: int) -> Solved:
    """Solve it one way: without strong rows, with all of them, or with those that the relaxation breaks."""
    started = time.monotonic()
    if way == "ours":
        rows = separated_rows(formulation, until=started + time_limit_s)
    else:
        rows = [formulation.strong(k) for k in range(len(formulation.x))] if way == "plain-strong" else []
    integer = IntegerProgramme(formulation.programme)
    for row in rows:
        integer.add(row)
    left_s = time_limit_s - (time.monotonic() - started)
    found: IntegerSolution = integer.solve(time_limit_s=left_s, gap=gap, seed=seed)
    return Solved(objective=found.objective, bound=found.bound, wall_s=time.monotonic() - started, rows=len(rows))


def separated_rows(formulation: Formulation, *, until: float) -> list[Row]:
    """Strong rows, found by solving the relaxation until it breaks none (or the monotonic clock says ``until``)."""
    relaxation = LinearRelaxation(formulation.programme)
    is_in = np.zeros(len(formulation.x), dtype=bool)
    rows: list[Row] = []
    while time.monotonic() < until:
        solved = relaxation.solve()
        if solved is None:
            return rows
        excess = solved.values[formulation.x] - formulation.most * solved.values[formulation.y]
        new = np.flatnonzero((excess > VIOLATION * np.maximum(1.0, formulation.most)) & ~is_in)
        if len(new) == 0:
            return rows
        found = [formulation.strong(int(k)) for k in new]
        is_in[new] = True
        relaxation.add(found)
        rows.extend(found)
    return rows
