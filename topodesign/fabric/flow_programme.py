"""The largest common rate of all demands (maximum concurrent flow), any splitting allowed, with certificates.

Flows are aggregated by source. With f the flow of source s on an arc, D the demands and C the capacity of a group of
arcs (one arc; both directions of an edge, where demands are symmetric; an orbit, where one source stands for all):

    maximize r
    (1) for every s and v != s:  f into v - f out of v = r D[s, v]
    (2) for every s:             f into s = r D[s, s]        (to twins, back from a switch)
    (3) for every group:         sum of f over its arcs and all s <= C

The solver's answer is not believed. Any lengths l >= 0 of the groups prove r <= sum(l C) / sum(D x distance by l), and
any flow, its violations of (1) and (2) mended along shortest paths, proves r / (most loaded group).

References
----------
F. Shahrokhi, D. Matula (1990), "The Maximum Concurrent Flow Problem", Journal of the ACM 37(2): the dual by lengths.
"""

from dataclasses import dataclass

import numpy as np
from ortools.linear_solver.python.model_builder_helper import ModelBuilderHelper, ModelSolverHelper
from ortools.pdlp import solvers_pb2
from ortools.pdlp.python import pdlp
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from topodesign.fabric.graph import Counts, FabricGraph, Lengths
from topodesign.fabric.link_loads import Arcs, shortest_path_loads

MOST_SIMPLEX_COLUMNS = 20_000
"""Up to here the simplex method is used, above it the first-order method (reference: minutes against seconds)."""
MOST_COLUMNS = 1_000_000
"""About 250 switches of 16 ports; above it no programme is written down."""
FIRST_ORDER_WORK = 1e9
"""Iterations times nonzeros of the first-order method: a limit of work, not of time, keeps the answer the same."""
FEWEST_ITERATIONS = 500
FIRST_ORDER_TOLERANCE = 1e-7
SIMPLEX_WORK = 20.0
"""Deterministic time of the simplex method, roughly seconds."""
SHORTEST_LENGTH = 1e-12
"""Lengths are raised to this share of the longest, since sparse searches take a zero for a missing arc."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowProblem:
    """Demands from ``sources`` (vertices) to all vertices, and groups of arcs that share a capacity."""

    graph: FabricGraph
    arcs: Arcs
    sources: Counts
    demand: Lengths
    group: Counts
    capacity: Lengths

    @property
    def columns(self) -> int:
        return len(self.sources) * len(self.arcs.tail) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RateBounds:
    """The largest common rate lies in ``[lower, upper]``, both certified."""

    lower: float
    upper: float


def solve_flow(problem: FlowProblem) -> RateBounds:
    """Solve the programme and certify what came out; a solver that stops early only leaves a wider interval."""
    matrix = _matrix(problem)
    limit = np.zeros(matrix.shape[0])
    balances = len(limit) - len(problem.capacity)
    limit[balances:] = problem.capacity
    lower = np.where(np.arange(len(limit)) < balances, 0.0, -np.inf)
    is_small = problem.columns <= MOST_SIMPLEX_COLUMNS or len(problem.sources) == 1
    solve = _simplex if is_small else _first_order
    values, duals = solve(matrix, lower, limit)
    flow = np.maximum(0.0, values[:-1]).reshape(len(problem.sources), -1)
    return RateBounds(
        lower=certified_rate(problem, flow, max(0.0, float(values[-1]))),
        upper=certified_limit(problem, np.abs(duals[balances:])),
    )


def _simplex(matrix: csr_array, lower: Lengths, upper: Lengths) -> tuple[Lengths, Lengths]:
    """Values of columns and rows; zeros when the limit of work came first."""
    columns = matrix.shape[1]
    model = ModelBuilderHelper()
    model.fill_model_from_sparse_data(
        np.zeros(columns), np.full(columns, np.inf), _objective(columns), lower, upper, matrix
    )
    solver = ModelSolverHelper("glop")
    solver.set_solver_specific_parameters(
        f"max_deterministic_time: {SIMPLEX_WORK} primal_feasibility_tolerance: 1e-10 dual_feasibility_tolerance: 1e-10"
    )
    solver.solve(model)
    if not solver.has_solution():
        return np.zeros(columns), np.zeros(len(upper))
    return np.asarray(solver.variable_values()), np.asarray(solver.dual_values())


def _first_order(matrix: csr_array, lower: Lengths, upper: Lengths) -> tuple[Lengths, Lengths]:
    columns = matrix.shape[1]
    programme = pdlp.QuadraticProgram()
    programme.objective_vector = _objective(columns)
    programme.constraint_matrix = matrix.tocsc()
    programme.constraint_lower_bounds, programme.constraint_upper_bounds = lower, upper
    programme.variable_lower_bounds, programme.variable_upper_bounds = np.zeros(columns), np.full(columns, np.inf)
    limits = solvers_pb2.PrimalDualHybridGradientParams()
    limits.termination_criteria.iteration_limit = max(FEWEST_ITERATIONS, int(FIRST_ORDER_WORK / matrix.nnz))
    limits.termination_criteria.simple_optimality_criteria.eps_optimal_absolute = FIRST_ORDER_TOLERANCE
    limits.termination_criteria.simple_optimality_criteria.eps_optimal_relative = FIRST_ORDER_TOLERANCE
    found = pdlp.primal_dual_hybrid_gradient(programme, limits)
    return np.asarray(found.primal_solution), np.asarray(found.dual_solution)


def _objective(columns: int) -> Lengths:
    objective = np.zeros(columns)
    objective[-1] = -1.0
    return objective


def _matrix(problem: FlowProblem) -> csr_array:
    arcs, vertices = problem.arcs, problem.graph.vertices
    count, sources = len(arcs.tail), len(problem.sources)
    place = np.repeat(np.arange(sources), count)
    column = np.arange(sources * count)
    tail, head = np.tile(arcs.tail, sources), np.tile(arcs.head, sources)
    leaves = tail != problem.sources[place]
    asked, target = np.nonzero(problem.demand)
    rows = np.concatenate(
        [
            place * vertices + head,
            (place * vertices + tail)[leaves],
            sources * vertices + np.tile(problem.group, sources),
            asked * vertices + target,
        ]
    )
    columns = np.concatenate([column, column[leaves], column, np.full(len(asked), sources * count)])
    values = np.concatenate(
        [np.ones(len(column)), -np.ones(int(leaves.sum())), np.ones(len(column)), -problem.demand[asked, target]]
    )
    shape = (sources * vertices + len(problem.capacity), problem.columns)
    return coo_array((values, (rows, columns)), shape=shape).tocsr()


def certified_limit(problem: FlowProblem, lengths: Lengths) -> float:
    """Upper bound of the rate by lengths of the groups; infinite when all are 0."""
    if not lengths.max(initial=0.0) > 0:
        return np.inf
    arcs, vertices = problem.arcs, problem.graph.vertices
    lengths = np.maximum(lengths, SHORTEST_LENGTH * lengths.max())
    length = lengths[problem.group]
    order = np.lexsort((length, arcs.head, arcs.tail))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(arcs.tail[order]) != 0) | (np.diff(arcs.head[order]) != 0)
    taken = order[first]  # of parallel edges the shorter one; a sparse matrix would add them up
    matrix = csr_array((length[taken], (arcs.tail[taken], arcs.head[taken])), shape=(vertices, vertices))
    distance: Lengths = np.asarray(dijkstra(matrix, indices=problem.sources))
    for place, source in enumerate(problem.sources.tolist()):
        into = arcs.head == source
        back = distance[place][arcs.tail[into]] + length[into]
        distance[place][source] = back.min(initial=np.inf)
    asked = problem.demand > 0
    weighted = float((problem.demand[asked] * distance[asked]).sum())
    return float(lengths @ problem.capacity) / weighted


def certified_rate(problem: FlowProblem, flow: Lengths, rate: float) -> float:
    """Rate that the flow proves: what it misses or has too much is carried along shortest paths, then all is scaled."""
    arcs, sources = problem.arcs, problem.sources
    net = np.zeros(problem.demand.shape)
    for row, sent, source in zip(net, flow, sources.tolist(), strict=True):
        inner = arcs.tail != source
        row += np.bincount(arcs.head, weights=sent, minlength=len(row))
        row -= np.bincount(arcs.tail[inner], weights=sent[inner], minlength=len(row))
    missed = np.abs(rate * problem.demand - net)
    mending = equal_split_loads(problem, missed)
    there_and_back = np.bincount(arcs.edge, weights=mending, minlength=len(problem.graph.a))[arcs.edge]
    loads = flow.sum(axis=0) + there_and_back
    most = float((np.bincount(problem.group, weights=loads, minlength=len(problem.capacity)) / problem.capacity).max())
    return rate / most if most > 0 else 0.0


def equal_split_loads(problem: FlowProblem, demand: Lengths) -> Lengths:
    """Load of every arc by equally split shortest paths; what a class sends to itself goes out and back."""
    loads = shortest_path_loads(problem.graph, problem.arcs, problem.sources, lambda chosen: demand[chosen])
    own = np.zeros(problem.graph.vertices)
    own[problem.sources] = demand[np.arange(len(problem.sources)), problem.sources]
    weight = problem.graph.capacity[problem.arcs.edge]
    share = own / np.maximum(np.bincount(problem.arcs.tail, weights=weight, minlength=len(own)), SHORTEST_LENGTH)
    return loads + weight * (share[problem.arcs.tail] + share[problem.arcs.head])
