"""One direction of a HammingMesh: a line of boards, its network, and the shortest ways along it."""

from dataclasses import dataclass

from topodesign.fabric.floor_plan import DROPS_M, IN_RACK_CABLE_M

TRACE_M = 0.1
"""Assumption: length of a trace between neighbors on a board, metres."""

NOWHERE, BY_TRACE, BY_SWITCH = 2, 0, 1
"""How a path begins: it is empty, it can begin with a trace, or it has to begin with a link to a switch."""

PathKey = tuple[int, int, int, int]
"""Hops, millimetres, switches, beginning: the less the better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLine:
    """``boards`` boards of ``side`` accelerators each, one after another, in racks that are ``pitch_m`` apart.

    A line of two boards or more has a network, to which each board leads two ports, one from each edge: one switch that
    stands in the middle of the line, or leaves in the middle of their boards and spines in the middle of the line.
    """

    side: int
    boards: int
    radix: int
    boards_per_rack: int
    pitch_m: float

    @property
    def racks(self) -> int:
        return -(-self.boards // self.boards_per_rack)

    @property
    def has_network(self) -> bool:
        return self.boards > 1

    @property
    def ports(self) -> int:
        """Ports of the boards."""
        return 2 * self.boards if self.has_network else 0

    @property
    def is_tree(self) -> bool:
        return self.ports > self.radix

    @property
    def leaf_boards(self) -> int:
        """Boards of a full leaf: half of its ports face down, two to a board."""
        return self.radix // 4 if self.is_tree else self.boards

    @property
    def leaves(self) -> int:
        """Leaves of the tree, or the one switch; 0 without a network."""
        return -(-self.boards // self.leaf_boards) if self.has_network else 0

    @property
    def spines(self) -> int:
        """As few as hold all uplinks, and such that every leaf has equally many to each."""
        if not self.is_tree:
            return 0
        uplinks, least = self.radix // 2, -(-self.leaves // 2)
        return next(count for count in range(least, uplinks + 1) if uplinks % count == 0)

    @property
    def links_to_spine(self) -> int:
        """Links between a leaf and a spine."""
        return self.radix // 2 // self.spines if self.is_tree else 0

    @property
    def tree_links(self) -> int:
        return self.leaves * self.spines * self.links_to_spine

    @property
    def port_m(self) -> float:
        """Longest cable from a board to its switch or leaf, metres."""
        return self._to_middle_m(min(self.racks, -(-self.leaf_boards // self.boards_per_rack)))

    @property
    def tree_m(self) -> float:
        """Longest cable from a leaf to a spine, metres."""
        return self._to_middle_m(self.racks)

    def _to_middle_m(self, racks: int) -> float:
        return IN_RACK_CABLE_M if racks <= 1 else racks * self.pitch_m / 2 + DROPS_M

    @property
    def board_pairs(self) -> tuple[int, int, int]:
        """Ordered pairs of boards: the same, others of its leaf, all others."""
        full, rest = divmod(self.boards, self.leaf_boards)
        within = full * self.leaf_boards**2 + rest**2
        return self.boards, within - self.boards, self.boards**2 - within

    def paths(self) -> dict[PathKey, int]:
        """Ordered pairs of places along the line, equal ones included, by their best path."""
        same_board, same_leaf, apart = self.board_pairs
        found: dict[PathKey, int] = {}
        for start in range(self.side):
            for target in range(self.side):
                near, far = self._over_network(start, target, switches=1), self._over_network(start, target, switches=3)
                inside = min(self._on_board(start, target), near) if self.has_network else self._on_board(start, target)
                for key, pairs in ((inside, same_board), (near, same_leaf), (far, apart)):
                    if pairs:
                        found[key] = found.get(key, 0) + pairs
        return found

    def _on_board(self, start: int, target: int) -> PathKey:
        hops = abs(start - target)
        return hops, hops * round(1000 * TRACE_M), 0, BY_TRACE if hops else NOWHERE

    def _over_network(self, start: int, target: int, *, switches: int) -> PathKey:
        """To either edge of the board, over the network, and from either edge of the other board."""
        to_edge, from_edge = (min(place, self.side - 1 - place) for place in (start, target))
        metres = (to_edge + from_edge) * TRACE_M + 2 * self.port_m + (switches - 1) * self.tree_m
        begins = BY_TRACE if to_edge else BY_SWITCH
        return to_edge + from_edge + switches + 1, round(1000 * metres), switches, begins
