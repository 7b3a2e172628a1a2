"""Fabrics of one kind in rising order: from tapered to doubled at one size, and from small to large."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import MAX_ACCELERATORS, Clos, FabricSpec, Torus
from topodesign.fabric.clos_layout import fits_one_switch
from topodesign.fabric.families import fabric_of_size
from topodesign.fabric.floor_plan import ACCELERATORS_PER_RACK

MOST_PARALLEL = 16
"""Parallel links (or planes of a Clos) up to which a fabric is made richer."""
BLOCK_SIDE = 4
"""Sides of the tori of a budget are multiples of this: whole racks of 4x4x4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One fabric of a ladder and how it differs from the plain one of its kind."""

    change: str
    spec: FabricSpec
    is_plain: bool = False


def richness_ladder(kind: str, accelerators: int, *, link_gbps: float) -> tuple[Rung, ...]:
    """Fabrics of a kind with exactly so many accelerators, each with more capacity in its links than those before it.

    A Clos begins with one uplink per leaf and rises to as many up as down (unless one switch is all of it), then by
    whole planes. Every other kind
    begins with its plain fabric of :func:`fabric_of_size` and gets parallel links: its rate times 2, 3, ...
    """
    plain = fabric_of_size(kind, accelerators, link_gbps=link_gbps)
    if isinstance(plain, Clos):
        return (*_tapered(plain), Rung(change="as it is", spec=plain, is_plain=True), *_more_planes(plain))
    parallel = [
        Rung(change=f"{number} parallel links for each", spec=replace(plain, link_gbps=number * link_gbps))
        for number in range(2, MOST_PARALLEL + 1)
    ]
    return (Rung(change="as it is", spec=plain, is_plain=True), *parallel)


def _tapered(plain: Clos) -> list[Rung]:
    if fits_one_switch(plain):
        return []  # no uplinks that could be fewer
    rungs = []
    for uplinks in range(1, plain.radix // 2):
        down = plain.radix - uplinks
        spec = replace(plain, oversubscription=down / uplinks)
        rungs.append(Rung(change=f"tapered {down}:{uplinks} at the leaves", spec=spec))
    return rungs


def _more_planes(plain: Clos) -> list[Rung]:
    return [
        Rung(change=f"{number} planes", spec=replace(plain, planes=number)) for number in range(2, MOST_PARALLEL + 1)
    ]


@dataclass(frozen=True, slots=True)
class SizeLadder:
    """Sizes that a kind can be built in, rising: ``spec_at(step)`` for the steps below ``steps``.

    ``spec_at`` is ``None`` where the kind refuses a size.
    """

    steps: int
    spec_at: Callable[[int], FabricSpec | None]

    def at_or_below(self, step: int) -> FabricSpec | None:
        """The largest size that can be built at a step or below it."""
        for lower in range(step, -1, -1):
            spec = self.spec_at(lower)
            if spec is not None:
                return spec
        return None


def size_ladder(kind: str, *, link_gbps: float) -> SizeLadder:
    """Tori of whole blocks of 4x4x4, no side more than twice another; other kinds by racks of 64.

    Raises
    ------
    InvalidInput
        For an unknown kind (``FABRIC_KIND_UNKNOWN``).
    """
    if kind == "torus":
        shapes = _block_shapes()
        return SizeLadder(len(shapes), lambda step: Torus(shape=shapes[step], link_gbps=link_gbps))

    def of_racks(step: int) -> FabricSpec | None:
        try:
            return fabric_of_size(kind, (step + 1) * ACCELERATORS_PER_RACK, link_gbps=link_gbps)
        except InvalidInput as refusal:
            if refusal.reason == "FABRIC_KIND_UNKNOWN":
                raise
            return None

    return SizeLadder(MAX_ACCELERATORS // ACCELERATORS_PER_RACK, of_racks)


@functools.cache
def _block_shapes() -> tuple[tuple[int, int, int], ...]:
    """Sides of tori of whole blocks, the longest at most twice the shortest; of one size the nearest to a cube."""
    most = MAX_ACCELERATORS // BLOCK_SIDE**3
    by_size: dict[int, tuple[int, int, int]] = {}
    for short in range(1, round(most ** (1 / 3)) + 1):
        for middle in range(short, 2 * short + 1):
            for long in range(middle, min(2 * short, most // (short * middle)) + 1):
                found = (BLOCK_SIDE * short, BLOCK_SIDE * middle, BLOCK_SIDE * long)
                size = short * middle * long
                by_size[size] = min(by_size.get(size, found), found, key=lambda sides: (sides[2] / sides[0], sides))
    return tuple(by_size[size] for size in sorted(by_size))
