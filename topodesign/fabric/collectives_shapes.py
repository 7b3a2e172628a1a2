"""What a collective needs to know of a fabric: its shape, and how a family tells it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAxis:
    """An axis of a torus, of side 2 or more; not a ring: a path."""

    side: int
    is_ring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GridShape:
    """A product of rings and paths of accelerators with links of their own."""

    axes: tuple[RingAxis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLevel:
    """Groups of ``ranks`` consecutive accelerators share ``uplinks`` links to the rest (one direction).

    A last group of fewer has at least its share of uplinks, and at least one accelerator's links if the others have.
    """

    ranks: int
    uplinks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleUp:
    """Domains of ``ranks`` consecutive accelerators with a network of their own, ``gbps`` each way for each of them."""

    ranks: int
    gbps: float
    step_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedShape:
    """Accelerators behind packet switches.

    ``ranks`` accelerators with ``rank_links`` links each; ``levels`` of groups, the smallest first, each a whole
    multiple of the one before. Between groups any demand within their uplinks is carried (fluid).
    ``in_network_efficiency``: share of the link rate at which switches reduce; 0: they do not.
    """

    ranks: int
    rank_links: float
    levels: tuple[GroupLevel, ...] = ()
    scale_up: ScaleUp | None = None
    in_network_efficiency: float = 0.0


Shape = GridShape | SwitchedShape


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmTime:
    """Time of one collective by one algorithm."""

    algorithm: str
    seconds: float


@runtime_checkable
class HasCollectiveShape(Protocol):
    """A family that tells its shape. One that does not gets collectives over its uniform all-to-all only."""

    def collective_shape(self) -> Shape: ...
