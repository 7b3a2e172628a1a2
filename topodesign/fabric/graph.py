"""The explicit graph of a fabric: an array multigraph whose first vertices are the accelerators."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput

Counts = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

MAX_GRAPH_VERTICES = 300_000
"""Explicit graphs above this size are refused; larger fabrics are answered by closed forms only."""

Link = tuple[int, int, int] | tuple[int, int, int, float] | tuple[int, int, int, float, int]
"""One end, other end, parallel links[, capacity of one of them[, index of its cable run]]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FabricGraph:
    """Explicit multigraph: vertices ``0 .. vertices-1``, the first ``hosts`` of them accelerators, the others switches.

    Parameters
    ----------
    vertices, hosts : int
        Switches carry no weight: distances, traffic and halves are those of hosts.
    a, z : array of int, shape (edges,)
        Ends of every edge, ``a < z``. Edges are sorted by (a, z, rate, run), and no two agree in all four.
    count : array of int, shape (edges,)
        Parallel links of the edge, 1 or more.
    rate : array of float, shape (edges,)
        Capacity of one of these links, one direction, in units of the topology's ``link_gbps``.
    run : array of int, shape (edges,)
        Index into the topology's ``cable_runs()``.
    coordinates : array of int, shape (hosts, axes), optional
        Place of every host along each axis, pod, group or other level; cuts between them are always looked at.
    orbit : array of int, shape (edges,), optional
        A claim of symmetry: automorphisms of the graph (multiplicities and rates included, cable runs not) take every
        host to every host, and every edge to every edge of the same ``orbit``. Only for pristine graphs.
    sources : array of int, optional
        A claim of symmetry: distances and cable lengths from these hosts are distributed as those from all hosts are.
        Only for pristine graphs.

    Notes
    -----
    Build it with :meth:`of` (links one by one) or :meth:`from_arrays`, which sort and check.
    """

    vertices: int
    hosts: int
    a: Counts
    z: Counts
    count: Counts
    rate: Lengths
    run: Counts
    coordinates: Counts | None = None
    orbit: Counts | None = None
    sources: Counts | None = None

    @classmethod
    def of(
        cls,
        *,
        vertices: int,
        hosts: int,
        links: Iterable[Link],
        coordinates: Counts | None = None,
        sources: Counts | None = None,
    ) -> Self:
        """The graph of links given one by one; the ends of a link in any order, equal links are added up.

        Raises
        ------
        InvalidInput
            For a link from a vertex to itself (``FABRIC_SELF_LOOP``), an end outside the vertices, a count below 1,
            a rate not above 0, or too many vertices.
        """
        rows = [(*link, *(1.0, 0)[len(link) - 3 :]) for link in links]
        table = np.array(rows, dtype=float).reshape(len(rows), 5)
        whole = table[:, [0, 1, 2, 4]].astype(np.int64)
        return cls.from_arrays(
            vertices=vertices,
            hosts=hosts,
            a=whole[:, 0],
            z=whole[:, 1],
            count=whole[:, 2],
            rate=table[:, 3],
            run=whole[:, 3],
            coordinates=coordinates,
            sources=sources,
        )

    @classmethod
    def from_arrays(
        cls,
        *,
        vertices: int,
        hosts: int,
        a: Counts,
        z: Counts,
        count: Counts | int = 1,
        rate: Lengths | float = 1.0,
        run: Counts | int = 0,
        coordinates: Counts | None = None,
        orbit: Counts | None = None,
        sources: Counts | None = None,
    ) -> Self:
        """The graph of parallel arrays (scalars stand for all links); see :meth:`of` for what is checked."""
        require_graph_size(vertices)
        a, z = np.asarray(a, dtype=np.int64), np.asarray(z, dtype=np.int64)
        count = np.broadcast_to(np.asarray(count, dtype=np.int64), a.shape)
        rate = np.broadcast_to(np.asarray(rate, dtype=float), a.shape)
        run = np.broadcast_to(np.asarray(run, dtype=np.int64), a.shape)
        _check_links(vertices, hosts, a, z, count, rate)
        a, z = np.minimum(a, z), np.maximum(a, z)
        order = np.lexsort((run, rate, z, a))
        a, z, rate, run, count = a[order], z[order], rate[order], run[order], count[order]
        first = np.ones(len(a), dtype=bool)
        first[1:] = (np.diff(a) != 0) | (np.diff(z) != 0) | (np.diff(rate) != 0) | (np.diff(run) != 0)
        starts = np.flatnonzero(first)
        return cls(
            vertices=vertices,
            hosts=hosts,
            a=_frozen(a[starts]),
            z=_frozen(z[starts]),
            count=_frozen(np.add.reduceat(count, starts) if len(starts) else count),
            rate=_frozen(rate[starts]),
            run=_frozen(run[starts]),
            coordinates=coordinates,
            orbit=None if orbit is None else _frozen(np.asarray(orbit, dtype=np.int64)[order][starts]),
            sources=sources,
        )

    def digest(self) -> bytes:
        """Of everything but coordinates: equal for graphs between which no other figure can tell."""
        found = sha256(f"{self.vertices} {self.hosts}".encode("ascii"))
        for array in (self.a, self.z, self.count, self.rate, self.run, self.orbit, self.sources):
            content = b"" if array is None else np.ascontiguousarray(array).tobytes()
            found.update(len(content).to_bytes(8, "little") + content)
        return found.digest()

    @property
    def capacity(self) -> Lengths:
        """Capacity of every edge, one direction: links times rate."""
        return self.count * self.rate

    @property
    def links(self) -> Mapping[tuple[int, int], int]:
        """Parallel links between ``a`` and ``z``, of whatever rate and run, by ``(a, z)`` with ``a < z``."""
        found: dict[tuple[int, int], int] = {}
        for a, z, number in zip(self.a.tolist(), self.z.tolist(), self.count.tolist(), strict=True):
            found[a, z] = found.get((a, z), 0) + number
        return found

    @property
    def switches(self) -> int:
        return self.vertices - self.hosts

    def is_host(self, vertex: int) -> bool:
        return vertex < self.hosts

    def with_counts(self, count: Counts) -> Self:
        """The same graph with other numbers of parallel links; edges of 0 vanish. All claims of symmetry are dropped.

        Parameters
        ----------
        count : array of int, shape (edges,)
            Links that are left of every edge; vertices stay, so that a dead switch is one without links.
        """
        kept = count > 0
        return replace(
            self,
            a=_frozen(self.a[kept]),
            z=_frozen(self.z[kept]),
            rate=_frozen(self.rate[kept]),
            run=_frozen(self.run[kept]),
            count=_frozen(count[kept]),
            orbit=None,
            sources=None,
        )

    def arcs(self) -> tuple[Counts, Counts, Counts]:
        """Both directions of every edge in compressed rows: start of each vertex's row, heads, index of the edge.

        The arcs that leave vertex v are at ``start[v]:start[v + 1]``, by rising head.
        """
        edges = np.arange(len(self.a), dtype=np.int64)
        tails = np.concatenate([self.a, self.z])
        heads = np.concatenate([self.z, self.a])
        order = np.lexsort((heads, tails))
        start = np.zeros(self.vertices + 1, dtype=np.int64)
        np.cumsum(np.bincount(tails, minlength=self.vertices), out=start[1:])
        return start, heads[order], np.concatenate([edges, edges])[order]


def require_graph_size(vertices: int) -> None:
    """Refuse to write down a graph that is too large to be looked at."""
    require(
        vertices <= MAX_GRAPH_VERTICES,
        field="vertices",
        value=vertices,
        limit=f"at most {MAX_GRAPH_VERTICES} for an explicit graph",
        remedy="use the closed forms, or a smaller fabric of the same family",
    )


def _frozen(array: npt.NDArray[Number]) -> npt.NDArray[Number]:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


def _check_links(vertices: int, hosts: int, a: Counts, z: Counts, count: Counts, rate: Lengths) -> None:
    require(0 <= hosts <= vertices, field="hosts", value=hosts, limit=f"0 to {vertices}", remedy="count vertices again")
    if len(a) == 0:
        return
    loops = np.flatnonzero(a == z)
    if len(loops):
        vertex = int(a[loops[0]])
        raise InvalidInput(
            f"links[{loops[0]}] joins vertex {vertex} to itself, but a link needs two different ends; remove it",
            reason="FABRIC_SELF_LOOP",
            field_path=f"links[{loops[0]}]",
            metadata={"value": str(vertex)},
        )
    checks = (
        (
            "ends",
            (np.minimum(a, z) < 0) | (np.maximum(a, z) >= vertices),
            f"below {vertices} (vertices)",
            np.maximum(a, z),
        ),
        ("count", count < 1, "at least 1", count),
        ("rate", ~(np.isfinite(rate) & (rate > 0)), "a finite number above 0", rate),
    )
    for field, is_wrong, limit, values in checks:
        wrong = np.flatnonzero(is_wrong)
        if len(wrong):
            place = int(wrong[0])
            require(
                False, field=f"links[{place}].{field}", value=values[place].item(), limit=limit, remedy="correct it"
            )
