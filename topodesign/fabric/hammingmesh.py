"""HammingMesh: boards of accelerators, joined by a switched network along each row and column.

References
----------
T. Hoefler, T. Bonato, D. De Sensi et al. (2022), "HammingMesh: A Network Topology for Large-Scale Deep Learning",
SC'22.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric_kinds import HammingMesh
from topodesign.fabric.collectives_shapes import GridShape, RingAxis
from topodesign.fabric.floor_plan import ACCELERATORS_PER_RACK, FLOOR_PLAN, RACK_PITCH_M, ROW_PITCH_M
from topodesign.fabric.hammingmesh_cuts import least_line_cut, least_mismatch
from topodesign.fabric.hammingmesh_graph import hammingmesh_graph
from topodesign.fabric.hammingmesh_lines import BY_SWITCH, TRACE_M, BoardLine, PathKey
from topodesign.fabric.searched_cuts import narrowed
from topodesign.fabric.topology import (
    CableRun,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
    no_paths,
)

RACK_SIDE = math.isqrt(ACCELERATORS_PER_RACK)


@dataclass(frozen=True)
class HammingMeshTopology:
    """A HammingMesh as :class:`topodesign.fabric.topology.Topology`."""

    spec: HammingMesh

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        board, shape = ("x".join(str(side) for side in sides) for sides in (self.spec.board, self.spec.shape))
        planes = f", {self.spec.planes} planes" if self.spec.planes > 1 else ""
        return f"HammingMesh {shape} of boards {board}{planes}"

    @property
    def accelerators(self) -> int:
        return math.prod(self.spec.board) * math.prod(self.spec.shape)

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return float(self.spec.planes * sum(2 - (0 if line.has_network else 2) / line.side for line in self.lines))

    @property
    def switch_radix(self) -> int:
        return self.spec.radix if any(line.has_network for line in self.lines) else 0

    @cached_property
    def lines(self) -> tuple[BoardLine, BoardLine]:
        """A row of accelerators and a column of them; racks hold 8x8 accelerators where boards fit so."""
        (a, b), (x, y), radix = self.spec.board, self.spec.shape, self.spec.radix
        along = min(x, max(1, RACK_SIDE // a))
        across = min(y, max(1, ACCELERATORS_PER_RACK // (a * b * along)))
        return (
            BoardLine(side=a, boards=x, radix=radix, boards_per_rack=along, pitch_m=RACK_PITCH_M),
            BoardLine(side=b, boards=y, radix=radix, boards_per_rack=across, pitch_m=ROW_PITCH_M),
        )

    @property
    def networks(self) -> tuple[int, int]:
        """Networks along rows and along columns, of one plane."""
        row, column = self.lines
        count = self.accelerators
        return (
            count // (row.side * row.boards) if row.has_network else 0,
            count // (column.side * column.boards) if column.has_network else 0,
        )

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        """Small networks share a switch, each with ports of its own."""
        first = second = 0
        for line, networks in zip(self.lines, self.networks, strict=True):
            if line.is_tree:
                first += networks * line.leaves
                second += networks * line.spines
            elif networks:
                first += -(-networks // (self.spec.radix // line.ports))
        tiers = tuple(count * self.spec.planes for count in (first, second))
        return tuple(count for count in tiers if count)

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            FLOOR_PLAN,
            "boards stand in racks of at most 64 accelerators; switches stand in the middle of their line",
            f"traces on boards are {TRACE_M:g} m long and not bought as cables",
            "networks that share a switch have ports of their own on it and exchange nothing there",
            "a direction with a single board has no network and no wrap",
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        return tuple(run for run in self._all_runs if run.count)

    @property
    def _all_runs(self) -> tuple[CableRun, ...]:
        """Traces, then ports and tree links of rows, then those of columns; some may be empty."""
        planes, count = self.spec.planes, self.accelerators
        traces = sum(count // line.side * (line.side - 1) for line in self.lines)
        runs = [CableRun(what="traces on boards", count=traces * planes, length_m=TRACE_M, kind="trace")]
        for what, line, networks in zip(("row", "column"), self.lines, self.networks, strict=True):
            middle = "leaf" if line.is_tree else "switch"
            ports, links = networks * line.ports * planes, networks * line.tree_links * planes
            runs.append(CableRun(what=f"{what}s, board to {middle}", count=ports, length_m=line.port_m))
            runs.append(CableRun(what=f"{what}s, leaf to spine", count=links, length_m=line.tree_m))
        return tuple(runs)

    def path_classes(self) -> PathClasses:
        """A path goes along the rows and along the columns, in either order, each the best way by itself."""
        totals: dict[PathKey, int] = {}
        columns = self.lines[1].paths()
        for row, row_pairs in self.lines[0].paths().items():
            for column, column_pairs in columns.items():
                key = (row[0] + column[0], row[1] + column[1], row[2] + column[2], min(row[3], column[3]))
                totals[key] = totals.get(key, 0) + row_pairs * column_pairs
        keys = sorted(key for key in totals if key[0])
        if not keys:
            return no_paths()
        hops, millimetres, switches, begins = np.array(keys, dtype=np.int64).T
        return PathClasses(
            pairs=np.array([totals[key] for key in keys], dtype=np.int64),
            hops=hops,
            switches=switches,
            direct_hops=hops - switches - (begins == BY_SWITCH),
            metres=millimetres / 1000.0,
        )

    def bisection(self) -> CutLinks:
        return self._bisection

    @cached_property
    def _bisection(self) -> CutLinks:
        """The best of straight cuts and rectangles of boards; below, :func:`least_mismatch` and the all-to-all.

        A corner of 0.71 of the rows and columns has fewer links to the rest than one half of the rows. Small graphs are
        searched too.
        """
        if self.accelerators == 1:
            return CutLinks(lower=0.0, upper=0.0, method="no links to cut")
        count = self.accelerators
        rate = self.alltoall().rate
        certified = math.ceil(rate * (count // 2) * (count - count // 2) - 1e-6)
        lower = float(max(certified, least_mismatch(self.lines) * self.spec.planes))
        upper = float(least_line_cut(self.lines) * self.spec.planes)
        known = CutLinks(
            lower=lower, upper=upper, method="corner of rows and columns; lower bound by rows and columns on both sides"
        )
        return narrowed(known, self.graph, vertices=count + self._switch_vertices, pair_rate=rate)

    @property
    def _switch_vertices(self) -> int:
        """Switches of the explicit graph, in which networks share none."""
        row, column = (line.leaves + line.spines for line in self.lines)
        rows, columns = self.networks
        return (rows * row + columns * column) * self.spec.planes

    def alltoall(self) -> PairRate:
        """Rows, then columns, every accelerator by the nearer edge of its board.

        With x boards of a accelerators on a line the ports of a board carry what its a accelerators send to the
        (1 - 1/x) of all that are on other boards; traces carry less, and trees have as many links up as down. The cut
        around one column of boards has no more. A line of one board is a path, cut through its middle.
        """
        rates = []
        for line in self.lines:
            if line.has_network:
                lines = self.accelerators // (line.side * line.boards)
                rates.append(2 * lines * line.boards**2 / (self.accelerators**2 * (line.boards - 1)))
            elif line.side > 1:
                rates.append(line.side / (self.accelerators * (line.side // 2) * (line.side - line.side // 2)))
        method = "rows, then columns, met by the cut around one line of boards"
        return PairRate(rate=min(rates, default=0.0) * self.spec.planes, method=method, exact=True)

    def collective_shape(self) -> GridShape:
        """Rings along rows and columns, over traces on a board and the network from board to board.

        Every step is taken to last as long as one to the farthest accelerator, which errs on the high side.
        """
        axes = tuple(
            RingAxis(side=line.side * line.boards, is_ring=line.has_network)
            for line in self.lines
            if line.side * line.boards > 1
        )
        return GridShape(axes=axes, links=float(self.spec.planes), is_switched=True)

    def graph(self) -> FabricGraph:
        """Accelerators count along rows first; then come, for each plane, the switches of the rows and of the columns.

        Networks that share a switch have a vertex each.
        """
        numbers = []
        used = 0
        for run in self._all_runs:
            numbers.append(used)
            used += run.count > 0
        return hammingmesh_graph(self.lines, planes=self.spec.planes, run_numbers=tuple(numbers))
