"""Linear relaxation solved over and over with more rows: GLOP with a warm start.

The older ``pywraplp`` interface keeps the basis between solves; measured 8 to 12 times faster for this than MathOpt's
incremental solver, which starts afresh. Costs are perturbed in the dual simplex: without that, 160 metric rows of a
demand matrix on 12 sites kept GLOP cycling for more than 10 minutes, with it the whole plan takes 0.7 s. A solve runs
in slices, so that it can be halted. Where GLOP still cycles (measured: for ever on 111 rows that CLP solves in 28
steps), CLP takes over. Slices and patience are counted in steps, not in seconds: going on from a basis is another path
to the optimum than not having stopped there, so a busy machine would lead to other prices, cuts and plans.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ortools.linear_solver import pywraplp

from topodesign.domain.errors import InternalError
from topodesign.planning.halting import NEVER, Halt
from topodesign.planning.instance import Floats
from topodesign.planning.programme import Programme, Row

_ENDED_WELL = (pywraplp.Solver.OPTIMAL, pywraplp.Solver.INFEASIBLE)
_OUT_OF_TIME = (pywraplp.Solver.FEASIBLE, pywraplp.Solver.NOT_SOLVED)
GLOP_SETTINGS = (
    # A residual of 1.01e-6 would otherwise count as a failure; the bound is recomputed safely below.
    "change_status_to_imprecise: false perturb_costs_in_dual_simplex: true"
)
PRICED = 1e-9
SLICE_WORK = 10_000_000
"""Steps of a slice times rows and columns: 0.5 to 1 s of GLOP's work, measured on 1,500 rows and 4,000 columns."""
LEAST_STEPS = 20
PATIENCE_STEPS = 2_000
PATIENCE_STEPS_PER_LINE = 5
"""How many steps, for each row and column, GLOP may take on one solve before it counts as cycling, and CLP takes over
for good. Measured where it does not cycle: at most 0.1."""
CLP_SLICE_S = 10.0
"""CLP cannot be told to end after a number of steps; nearly all of its solves take less."""
LONGEST_S = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """A solved relaxation.

    ``bound`` is a proven lower bound on its value, computed from the row prices alone (so it holds whatever the
    solver's tolerances did); ``values`` are the columns, ``prices`` the rows' prices in order of adding.
    """

    bound: float
    values: Floats
    prices: Floats

    @property
    def row_is_binding(self) -> npt.NDArray[np.bool_]:
        """Which rows have a price."""
        return np.abs(self.prices) > PRICED


class LinearRelaxation:
    """The programme without integrality."""

    def __init__(self, programme: Programme) -> None:
        self._lower = np.array(programme.lower)
        self._upper = np.array(programme.upper)
        self._cost = np.array(programme.objective)
        self._constant = programme.constant
        self._rows: list[Row] = []
        self._entries: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]] = []
        self._load("GLOP")
        self.add(programme.rows)

    def _load(self, engine: str) -> None:
        """A fresh solver with the columns and all rows so far."""
        self._engine = engine
        self._solver = pywraplp.Solver.CreateSolver(engine)
        infinity = self._solver.infinity()
        objective = self._solver.Objective()
        self._variables = []
        for lower, upper, cost in zip(self._lower, self._upper, self._cost, strict=True):
            variable = self._solver.NumVar(float(lower), min(float(upper), infinity), "")
            objective.SetCoefficient(variable, float(cost))
            self._variables.append(variable)
        objective.SetMinimization()
        self._constraints: list[pywraplp.Constraint] = []
        for row in self._rows:
            self._constrain(row)
        self._parameters = pywraplp.MPSolverParameters()
        keys = pywraplp.MPSolverParameters
        self._parameters.SetIntegerParam(keys.INCREMENTALITY, keys.INCREMENTALITY_ON)
        self._parameters.SetIntegerParam(keys.LP_ALGORITHM, keys.DUAL)

    def _constrain(self, row: Row) -> None:
        infinity = self._solver.infinity()
        constraint = self._solver.Constraint(max(row.lower, -infinity), min(row.upper, infinity))
        for column, value in row.coefficients.items():
            constraint.SetCoefficient(self._variables[column], value)
        self._constraints.append(constraint)

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        for row in rows:
            columns = np.fromiter(row.coefficients, dtype=np.int64, count=len(row.coefficients))
            values = np.fromiter(row.coefficients.values(), dtype=float, count=len(row.coefficients))
            self._entries.append((np.full(len(columns), len(self._rows)), columns, values))
            self._rows.append(row)
            self._constrain(row)

    def set_bounds(self, column: int, lower: float, upper: float) -> None:
        """Change the bounds of a column."""
        self._variables[column].SetBounds(lower, upper)
        self._lower[column], self._upper[column] = lower, upper

    def solve(self, halt: Halt = NEVER) -> Relaxed | None:
        """Solve from the last basis; ``None`` when infeasible. Halted, it is a bound without any values in it.

        Raises
        ------
        InternalError
            When the solver ends neither optimal nor infeasible.
        """
        status = self._status(halt)
        if status == pywraplp.Solver.INFEASIBLE:
            return None
        if status != pywraplp.Solver.OPTIMAL:
            if not halt.is_over():
                raise InternalError(
                    f"the linear relaxation ended with solver status {status}; are figures of the scenario many orders "
                    "of magnitude apart?",
                    reason="SOLVER_FAILED",
                )
            nothing = np.zeros(len(self._rows))
            return Relaxed(bound=self.safe_bound(nothing), values=np.array(self._lower), prices=nothing)
        values = np.array([variable.solution_value() for variable in self._variables])
        prices = np.array([row.dual_value() for row in self._constraints])
        return Relaxed(bound=self.safe_bound(prices), values=values, prices=prices)

    def _status(self, halt: Halt) -> int:
        """From the last basis with GLOP, as long as that gets on; else afresh with CLP."""
        if self._engine == "GLOP":
            status = self._in_slices(halt)
            if status in _ENDED_WELL or halt.is_over():
                return status
            self._load("CLP")
        slice_s = CLP_SLICE_S
        while True:
            self._limit_s(halt, slice_s)
            status = int(self._solver.Solve(self._parameters))
            if status not in _OUT_OF_TIME or halt.is_over():
                return status
            slice_s *= 2  # it begins anew

    def _in_slices(self, halt: Halt) -> int:
        """Status after slices of steps, until the solver ends by itself, is halted, or has had its steps."""
        lines = len(self._rows) + len(self._cost)
        most = max(LEAST_STEPS, SLICE_WORK // lines)
        self._solver.SetSolverSpecificParametersAsString(f"{GLOP_SETTINGS} max_number_of_iterations: {most}")
        left = PATIENCE_STEPS + PATIENCE_STEPS_PER_LINE * lines
        while True:
            self._limit_s(halt, math.inf)
            status = int(self._solver.Solve(self._parameters))
            steps = self._solver.iterations()
            left -= steps
            if status in _ENDED_WELL or halt.is_over() or steps < most or left <= 0:
                return status

    def _limit_s(self, halt: Halt, most_s: float) -> None:
        self._solver.SetTimeLimit(max(1, round(1000 * min(halt.left_s(), most_s, LONGEST_S))))

    def safe_bound(self, prices: Floats) -> float:
        """Lower bound from row prices: sum of y x side + sum over columns of the least reduced cost x value.

        Valid for any prices, because every column is bounded (Neumaier, Shcherbina, "Safe bounds in linear and
        mixed-integer linear programming", Math. Program. 99, 2004).
        """
        if not self._rows:
            return float(np.minimum(self._cost * self._lower, self._cost * self._upper).sum() + self._constant)
        rows, columns, values = (np.concatenate([entry[part] for entry in self._entries]) for part in range(3))
        lower = np.array([row.lower for row in self._rows])
        upper = np.array([row.upper for row in self._rows])
        # a price on a side that is infinite is a tolerance artefact: drop it
        prices = np.where((prices > 0) & np.isfinite(lower) | (prices < 0) & np.isfinite(upper), prices, 0.0)
        sides = np.where(prices > 0, np.where(np.isfinite(lower), lower, 0.0), np.where(np.isfinite(upper), upper, 0.0))
        reduced = self._cost - np.bincount(columns, weights=values * prices[rows], minlength=len(self._cost))
        least = np.minimum(reduced * self._lower, reduced * self._upper)
        return float(prices @ sides + least.sum() + self._constant)
