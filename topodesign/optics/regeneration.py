"""Where light regenerates on its way, for many routes at once.

Extending each stretch to the farthest stop that it reaches is optimal, since every part of a stretch that holds does
so too. One step adds one segment to every route's stretch; routes whose stretch has ended start the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.domain.equipment import TransceiverMode
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.reach import Flags, Floats, ReachModel, StretchSums

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
WORD_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """Routes side by side, padded to the longest.

    ``segments`` has shape (routes, most segments), ``nodes`` one column more, ``count`` is the number of segments.
    """

    segments: Ints
    nodes: Ints
    count: Ints

    @classmethod
    def of(cls, graph: FiberGraph, sources: Sequence[int], routes: Sequence[Sequence[int]]) -> "RouteTable":
        count = np.array([len(route) for route in routes], dtype=np.int64)
        most = int(count.max(initial=0))
        segments = np.zeros((len(routes), most), dtype=np.int64)
        segments[np.arange(most) < count[:, None]] = [segment for route in routes for segment in route]
        nodes = np.zeros((len(routes), most + 1), dtype=np.int64)
        nodes[:, 0] = sources
        ends = np.array(graph.ends, dtype=np.int64).reshape(-1, 2)
        for step in range(most):
            a, b = ends[segments[:, step]].T
            across = np.where(nodes[:, step] == a, b, a)
            nodes[:, step + 1] = np.where(step < count, across, nodes[:, step])
        return cls(segments=segments, nodes=nodes, count=count)

    def total(self, figure: Floats) -> Floats:
        """Sum over each route of a figure of the segments, added one after the other."""
        padded = np.where(np.arange(self.segments.shape[1]) < self.count[:, None], figure[self.segments], 0.0)
        total = np.zeros(len(self.count))
        for step in range(padded.shape[1]):
            total += padded[:, step]
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """How one mode crosses each route of a table.

    ``reaches``: whether it does. ``noise`` is the noise-to-signal ratio at the end of the worst stretch, ``stops`` the
    regenerations as bits by number of segments before them, shape (routes, words), ``regenerations`` their number.
    """

    reaches: Flags
    noise: Floats
    stops: Words
    regenerations: Ints

    def stops_on(self, row: int) -> list[int]:
        """Numbers of segments before each regeneration of a route."""
        bits = int.from_bytes(self.stops[row].astype("<u8").tobytes(), "little")
        return [place for place in range(bits.bit_length()) if bits >> place & 1]


class SegmentFigures:
    """Figures of the segments of a graph for one mode, computed when a route first needs them."""

    def __init__(self, graph: FiberGraph, reach: ReachModel, mode: TransceiverMode) -> None:
        self._graph, self._reach, self._mode = graph, reach, mode
        self._is_known = np.zeros(len(graph.segments), dtype=np.bool_)
        self._figures = np.zeros((len(graph.segments), len(StretchSums._fields)))

    def of(self, table: RouteTable) -> Floats:
        """Figures by segment, shape (segments, figures); those of segments outside the table mean nothing."""
        needed = np.zeros(len(self._is_known), dtype=np.bool_)
        needed[table.segments[np.arange(table.segments.shape[1]) < table.count[:, None]]] = True
        for segment in np.flatnonzero(needed & ~self._is_known).tolist():
            self._figures[segment] = self._reach.figures(self._mode, self._graph.segments[segment])
        self._is_known |= needed
        return self._figures


def cross(
    reach: ReachModel, mode: TransceiverMode, table: RouteTable, figures: Floats, may_regenerate: Flags
) -> Crossing:
    """How a mode crosses each route with the fewest regenerations, at nodes where ``may_regenerate`` permits them."""
    walk = _Walk(table, may_regenerate)
    while walk.rows.size:
        sums = walk.extend(figures)
        columns: StretchSums[Floats] = StretchSums(*sums.T)
        walk.judge(reach.holds(mode, columns), reach.noise_at_receiver(mode, columns), reach.dispersion_only_grows)
    return Crossing(
        reaches=walk.reaches,
        noise=walk.worst,
        stops=walk.stops,
        regenerations=np.bitwise_count(walk.stops).sum(axis=1, dtype=np.int64),
    )


class _Walk:
    """All routes of a table being crossed; ``rows`` are those still on the way, and the arrays below are theirs."""

    def __init__(self, table: RouteTable, may_regenerate: Flags) -> None:
        routes, most = table.segments.shape
        self.table = table
        self.may_stop = may_regenerate[table.nodes]
        self.may_stop[np.arange(routes), table.count] = True
        self.reaches = np.zeros(routes, dtype=np.bool_)
        self.worst = np.zeros(routes)
        self.stops: Words = np.zeros((routes, most // WORD_BITS + 1), dtype=np.uint64)
        self.rows = np.arange(routes)
        self.place = np.zeros(routes, dtype=np.int64)  # segments behind the light
        self.start = self.place.copy()  # where the stretch began
        self.best = self.place.copy()  # farthest stop that the stretch reached so far
        self.best_noise = np.zeros(routes)
        self.sums = np.zeros((routes, len(StretchSums._fields)))

    def extend(self, figures: Floats) -> Floats:
        """One more segment on each stretch; sums of shape (routes on the way, figures)."""
        self.sums += figures[self.table.segments[self.rows, self.place]]
        self.place += 1
        return self.sums

    def judge(self, holds: Flags, noise: Floats, only_gets_worse: bool) -> None:
        """Remember the stops that are reached; end the stretches that reach no farther."""
        is_best = holds & self.may_stop[self.rows, self.place]
        self.best = np.where(is_best, self.place, self.best)
        self.best_noise = np.where(is_best, noise, self.best_noise)
        # unless dispersion only grows, fiber of the other sign further on may undo it
        is_over = self.place == self.table.count[self.rows]
        if only_gets_worse:
            is_over |= ~holds
        if is_over.any():
            self._end(is_over)

    def _end(self, is_over: Flags) -> None:
        moved = is_over & (self.best > self.start)
        rows, best = self.rows[moved], self.best[moved]
        self.worst[rows] = np.maximum(self.worst[rows], self.best_noise[moved])
        is_whole = best == self.table.count[rows]
        self.reaches[rows[is_whole]] = True
        middle, stop = rows[~is_whole], best[~is_whole]
        self.stops[middle, stop // WORD_BITS] |= np.uint64(1) << (stop % WORD_BITS).astype(np.uint64)
        self.place[moved] = self.start[moved] = best
        self.sums[moved] = 0.0
        is_done = is_over.copy()
        is_done[np.flatnonzero(moved)[~is_whole]] = False
        if is_done.any():
            self._keep(~is_done)

    def _keep(self, kept: Flags) -> None:
        self.rows, self.place, self.start = self.rows[kept], self.place[kept], self.start[kept]
        self.best, self.best_noise, self.sums = self.best[kept], self.best_noise[kept], self.sums[kept]
