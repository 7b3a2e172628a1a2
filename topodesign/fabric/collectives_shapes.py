"""What a collective needs to know of a fabric: its shape, which every family tells."""

from dataclasses import dataclass

BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAxis:
    """An axis of a torus, of side 2 or more; not a ring: a path."""

    side: int
    is_ring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GridShape:
    """A product of rings and paths of accelerators with links of their own, ``links`` of them between neighbors.

    ``rotations``: so many grids of these axes share no link (a twisted torus has one for each axis that it begins
    with); each takes as large a part of the array. ``is_switched``: neighbors are joined through switches, so that a
    step may take as long as one to the farthest accelerator.
    """

    axes: tuple[RingAxis, ...]
    links: float = 1.0
    rotations: int = 1
    is_switched: bool = False

    @property
    def least_rank_links(self) -> float:
        """Links of the accelerator that has fewest: the end of a path has one along it."""
        if self.rotations > 1:  # every accelerator is in the first ring of every rotation
            return 2 * self.links * self.rotations
        return self.links * sum(2 if axis.is_ring else 1 for axis in self.axes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesShape:
    """A product of complete graphs: a link between any two accelerators of a line; ``sides`` of 2 or more."""

    sides: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLevel:
    """Groups of ``ranks`` consecutive accelerators share ``uplinks`` links to the rest (one direction).

    A last group of fewer has at least its share of uplinks, and at least one accelerator's links if the others have.
    """

    ranks: int
    uplinks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedShape:
    """Accelerators behind packet switches.

    ``ranks`` accelerators with ``rank_links`` links each; ``levels`` of groups, the smallest first. Between groups any
    demand within their uplinks is carried (fluid). ``in_network_efficiency``: share of the link rate at which switches
    reduce; 0: they do not.
    """

    ranks: int
    rank_links: float
    levels: tuple[GroupLevel, ...] = ()
    in_network_efficiency: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleUpShape:
    """Domains of accelerators with a network of their own, and a network that joins them.

    ``inside`` is one domain. ``outside`` joins the domains: the accelerators that have one and the same place in their
    domains, with the part of the uplinks that is theirs when all places are busy at once. ``outside_links`` leave
    every accelerator, tapers apart.
    """

    inside: SwitchedShape
    outside: SwitchedShape
    outside_links: float

    @property
    def ranks(self) -> int:
        return self.inside.ranks * self.outside.ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class TourShape:
    """Any graph: accelerators in the order of a tour, neighbors on it joined at ``tour_links`` (0: disconnected).

    A step to the next one takes at most ``crossings`` crossings of the fabric. ``least_rank_links``: capacity of the
    accelerator that has least.
    """

    ranks: int
    tour_links: float
    crossings: int
    least_rank_links: float


Shape = GridShape | LinesShape | SwitchedShape | ScaleUpShape | TourShape


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmTime:
    """Time of one collective by one algorithm."""

    algorithm: str
    seconds: float
