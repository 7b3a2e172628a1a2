r"""How much of a demand matrix or hose the links between sites carry: linear programmes, formulation (16) and (17).

Links have all of their capacity in each direction. For capacities c the largest alpha is sought such that alpha times
the demand can be routed; flows are fractional, may split over any paths, and may pass through any used site.

A matrix, flows f^s collected by source s, arcs u (two for each link)::

    max alpha :  inflow of f^s at v - outflow at v = alpha d(s, v)  for v != s,   sum over s of f^s_u <= c_u

A hose under static routing: every pair (s, t) keeps the shares f^{st} of its traffic on each arc, whatever the traffic.
The most that an arc then carries over all traffic with at most h_s out of and into each s is itself a linear programme;
its dual prices lambda, mu stand here in its place (Altin, Amaldi, Belotti, Pinar 2007)::

    f^{st}_u <= lambda^u_s + mu^u_t ,     sum over s of h_s (lambda^u_s + mu^u_s) <= c_u

with f^{st} of size alpha, so that lambda and mu are scaled by alpha too. Links are alike in both directions and so are
hoses; with any solution its mirror image is one (f^{st} on u for f^{ts} on the reverse u', lambda and mu exchanged),
and so is the mean of both. Hence mu^u_s = lambda^{u'}_s may be taken, and one flow for each unordered pair is enough.

References
----------
A. Altin, E. Amaldi, P. Belotti, M. C. Pinar, "Provisioning virtual private networks under traffic uncertainty",
Networks 49(1), 2007.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from topodesign.domain.errors import InternalError
from topodesign.verify.strength import Pair

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RESIDUAL = 1e-8
"""Most by which a solution may break a row, in units of the largest capacity: well below what the limits forgive."""

LARGE = 4000
"""Columns above which interior points (with crossover to a vertex) replace the simplex, which can then stall: a hose
of 14 sites and 46 links, 9,660 columns, took 2 s against 8 to 13 s."""

TOLERANCE = 1e-9
"""Feasibility that the solver is asked for, in the same units."""


@dataclass(slots=True)
class _Rows:
    """A sparse matrix in the making: entries by row."""

    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    count: int = 0

    def add(self, entries: Sequence[tuple[int, float]]) -> None:
        for column, value in entries:
            self.row.append(self.count)
            self.column.append(column)
            self.value.append(value)
        self.count += 1

    def matrix(self, columns: int) -> "csr_array":
        from scipy.sparse import csr_array

        return csr_array((self.value, (self.row, self.column)), shape=(self.count, columns))


class Routing:
    """One demand over one set of sites and links, asked for many capacities.

    Parameters
    ----------
    nodes : int
        Sites, numbered from 0.
    links : sequence of pair of int
        Links that may have capacity, the smaller number first.
    """

    def __init__(self, nodes: int, links: Sequence[Pair]) -> None:
        self._nodes = nodes
        self._links = tuple(links)
        self._arcs = [arc for a, b in self._links for arc in ((a, b), (b, a))]  # arc u and its reverse u ^ 1
        self._equal, self._most = _Rows(), _Rows()
        self._capacity_rows: list[tuple[int, int]] = []  # (row of _most, link)
        self._columns = 1  # column 0 is alpha
        self._scale = 1.0

    @classmethod
    def of_matrix(cls, nodes: int, links: Sequence[Pair], demand: Mapping[Pair, float]) -> "Routing":
        """A demand matrix: Gbit/s by (from, to), all above 0, at least one."""
        routing = cls(nodes, links)
        routing._scale = sum(demand.values())
        flows = []
        for source in sorted({source for source, _ in demand}):
            taken = {node: gbps for (start, node), gbps in sorted(demand.items()) if start == source}
            flows.append(routing._flow(source, taken))
        for arc in range(len(routing._arcs)):
            routing._limit([(flow + arc, 1.0) for flow in flows], link=arc // 2)
        return routing

    @classmethod
    def of_hose(cls, nodes: int, links: Sequence[Pair], hose: Mapping[int, float]) -> "Routing":
        """A hose: Gbit/s out of and into each of two or more nodes, all above 0."""
        routing = cls(nodes, links)
        routing._scale = sum(hose.values())
        ends = sorted(hose)
        arcs = range(len(routing._arcs))
        flows = {(s, t): routing._flow(s, {t: routing._scale}) for s, t in combinations(ends, 2)}
        price = {(arc, end): routing._columns + arc * len(ends) + i for arc in arcs for i, end in enumerate(ends)}
        routing._columns += len(price)
        for (s, t), flow in flows.items():
            for arc in arcs:
                routing._most.add([(flow + arc, 1.0), (price[arc, s], -1.0), (price[arc ^ 1, t], -1.0)])
        for link in range(len(routing._links)):
            shares = [(price[arc, end], hose[end] / routing._scale) for arc in (2 * link, 2 * link + 1) for end in ends]
            routing._limit(shares, link=link)
        return routing

    def largest_multiple(self, capacity: Mapping[Pair, float]) -> float:
        """Largest alpha for capacities in the demand's unit; links that are not given have none.

        Raises
        ------
        InternalError
            When the solver fails, or its solution does not keep the rows.
        """
        import numpy as np
        from scipy.optimize import linprog

        largest = max(capacity.values(), default=0.0)
        if largest <= 0:
            return 0.0
        most = np.zeros(self._most.count)
        for row, link in self._capacity_rows:
            most[row] = capacity.get(self._links[link], 0.0) / largest
        cost = np.zeros(self._columns)
        cost[0] = -1.0
        result = linprog(  # type: ignore[call-overload]  # its stubs do not know that sparse matrices are taken
            cost,
            A_ub=self._most.matrix(self._columns),
            b_ub=most,
            A_eq=self._equal.matrix(self._columns),
            b_eq=np.zeros(self._equal.count),
            method="highs-ipm" if self._columns > LARGE else "highs-ds",
            options={"primal_feasibility_tolerance": TOLERANCE, "dual_feasibility_tolerance": TOLERANCE},
        )
        broken = max(-result.slack.min(initial=0.0), abs(result.con).max(initial=0.0)) if result.status == 0 else 1.0
        if broken > RESIDUAL:
            raise InternalError(
                f"the routing programme of the verifier ended with {result.message!r}, rows broken by {broken:.3g}; "
                "report this scenario",
                reason="SOLVER_FAILED",
            )
        return float(result.x[0]) * largest / self._scale

    def _flow(self, source: int, taken: Mapping[int, float]) -> int:
        """First column of a new flow out of ``source`` that leaves alpha x ``taken[v]`` at every other node v."""
        first = self._columns
        self._columns += len(self._arcs)
        for node in range(self._nodes):
            if node == source:
                continue
            entries = [(first + arc, 1.0) for arc, (_, head) in enumerate(self._arcs) if head == node]
            entries += [(first + arc, -1.0) for arc, (tail, _) in enumerate(self._arcs) if tail == node]
            if node in taken:
                entries.append((0, -taken[node] / self._scale))
            self._equal.add(entries)
        return first

    def _limit(self, entries: Sequence[tuple[int, float]], *, link: int) -> None:
        self._capacity_rows.append((self._most.count, link))
        self._most.add(entries)
