"""Exact bisection of small graphs: every half of the accelerators and every placement of the switches, but no two of
them twice that can only end alike.

Vertices are put on a side one by one. Of all placements so far that agree on the sides of the vertices which still wait
for a neighbor, and on the number of accelerators inside, only the one that cuts least can become part of the best. So a
table is kept of the least cut by these sides and that number; its size grows with the vertices that wait at once, not
with all of them. Before that the graph is made smaller without a loss (:mod:`topodesign.fabric.small_sides`).

References
----------
K. Jansen, M. Karpinski, A. Lingas, E. Seidel (2005), "Polynomial time approximation schemes for MAX-BISECTION on planar
and geometric graphs", SIAM Journal on Computing 35(1), section 2: bisection by dynamic programming on a decomposition.
"""

import numpy as np

from topodesign.fabric.graph import FabricGraph, Lengths
from topodesign.fabric.small_sides import MOST_VERTICES, Plan, SidedGraph, Step, planned, sided

MOST_CELLS = 1 << 23
"""Entries of the largest table, 64 MB."""
MOST_WORK = 150_000_000
"""Entries that are written in all: a few tenths of a second, most graphs take milliseconds."""


def least_cut(graph: FabricGraph, *, most_work: int = MOST_WORK) -> float | None:
    """Bisection width by enumeration; ``None`` when it would take too long.

    Parameters
    ----------
    graph : FabricGraph
    most_work : int
        Entries of tables that may be written.
    """
    if graph.hosts < 2:
        return 0.0
    if graph.vertices > MOST_VERTICES or most_work < graph.vertices:
        return None
    small = sided(graph)
    largest = graph.hosts - graph.hosts // 2
    plan = planned(small, most_entries=min(MOST_CELLS, most_work) // (largest + 1))
    if plan is None or _work(small, plan, largest + 1) > most_work:
        return None
    table = _table(small, plan, largest)
    return float(min(table[0, graph.hosts // 2], table[0, largest]))


def _work(small: SidedGraph, plan: Plan, sizes: int) -> int:
    """Entries that are written: two sides of every vertex, and each number of accelerators of a class inside."""
    work = sizes * sum(
        min(sizes, weight + 1) for weight in (*small.alone, *(small.weight[one] for one in plan.classes))
    )
    for step in plan.steps:
        classes = sum(min(sizes, small.weight[one] + 1) for one in step.classes)
        work += (1 << (step.waiting + 1)) * sizes * (3 + len(step.neighbors) // 2 + classes)
    return work


def _table(small: SidedGraph, plan: Plan, largest: int) -> Lengths:
    """Least cut by the number of accelerators inside, 0 to ``largest``, once all vertices have a side."""
    table: Lengths = np.full((1, largest + 1), np.inf)
    table[0, 0] = 0.0
    for weight in small.alone:
        table = _spread(table, weight, np.zeros(1), np.zeros(1))
    for one in plan.classes:
        table = _spread(table, small.weight[one], np.zeros(1), np.array([small.classes[one][plan.fixed]]))
    for step in plan.steps:
        table = _placed(table, step)
        for one in step.classes:
            inside, outside = _pulls(len(table), step, small.classes[one], plan.fixed)
            table = _spread(table, small.weight[one], inside, outside)
        for place in step.closed:
            table = table.reshape(-1, 2, 1 << place, largest + 1).min(axis=1).reshape(-1, largest + 1)
    return table


def _placed(table: Lengths, step: Step) -> Lengths:
    """The table with the vertex of the step outside (the first half of its rows) and inside."""
    rows, sizes = table.shape
    found: Lengths = np.full((2 * rows, sizes), np.inf)
    outside, inside = found[:rows], found[rows:]
    outside[:] = table
    inside[:, step.accelerators :] = table[:, : sizes - step.accelerators] + step.to_fixed
    for place, capacity in step.neighbors:
        # rows by the side of the neighbor: outside, inside
        outside.reshape(-1, 2, 1 << place, sizes)[:, 1] += capacity
        inside.reshape(-1, 2, 1 << place, sizes)[:, 0] += capacity
    return found


def _pulls(rows: int, step: Step, links: dict[int, float], fixed: int) -> tuple[Lengths, Lengths]:
    """For each row the capacity of one accelerator's links to switches inside, and to switches outside."""
    inside, outside = np.zeros(rows), np.zeros(rows)
    sides = np.arange(rows)
    for switch, capacity in links.items():
        is_inside = sides < 0 if switch == fixed else (sides >> step.order.index(switch)) & 1 == 1
        inside += np.where(is_inside, capacity, 0.0)
        outside += np.where(is_inside, 0.0, capacity)
    return inside, outside


def _spread(table: Lengths, weight: int, inside: Lengths, outside: Lengths) -> Lengths:
    """The table with ``weight`` more accelerators: j of them inside cut j times ``outside``, the others ``inside``."""
    found: Lengths = np.full_like(table, np.inf)
    sizes = table.shape[1]
    for taken in range(min(weight, sizes - 1) + 1):
        cost = taken * outside + (weight - taken) * inside
        np.minimum(found[:, taken:], table[:, : sizes - taken] + cost[:, None], out=found[:, taken:])
    return found
