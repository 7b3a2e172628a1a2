"""Many tori or meshes at once: the closed forms of :mod:`topodesign.fabric.torus` over arrays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import MAX_ACCELERATORS
from topodesign.domain.ranges import MOST_GBPS

Counts = NDArray[np.int64]
Figures = NDArray[np.float64]
GridKind = Literal["torus", "mesh"]
MOST_POINTS = 4_000_000
MOST_DIMENSIONS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TorusGrid:
    """Figures of :class:`~topodesign.domain.fabric.FabricEvaluation`, one array for each, all of one length.

    ``sides`` has one column for each axis; hops are links from accelerator to accelerator, bandwidths in Gbit/s of one
    direction. All of them are exact.
    """

    sides: Counts
    link_gbps: Figures
    accelerators: Counts
    links: Counts
    diameter_hops: Counts
    mean_hops: Figures
    bisection_links: Counts
    bisection_gbps: Figures
    alltoall_gbps_per_accelerator: Figures


def torus_grid(
    sides: Sequence[int],
    *,
    link_gbps: Sequence[float],
    dimensions: int = 3,
    kind: GridKind = "torus",
    most_accelerators: int = MAX_ACCELERATORS,
) -> TorusGrid:
    """Every torus (all axes wrapped, side 2 by two links) or mesh (none wrapped) with sides out of some, at each rate.

    Parameters
    ----------
    sides : sequence of int
        At least 1; a side of 1 is an axis without links, so that fewer dimensions are among them.
    link_gbps : sequence of float
        Of one link in each direction.
    dimensions : int
        1 to 6. Shapes are taken once, whatever the order of their sides: it changes none of these figures.
    kind : {"torus", "mesh"}
    most_accelerators : int
        Larger shapes are left out.

    Returns
    -------
    TorusGrid
        By shape, then rate.

    Raises
    ------
    InvalidInput
        ``SWEEP_TOO_LARGE`` for none or more than 4,000,000 points; for a figure out of its range.

    References
    ----------
    As of :mod:`topodesign.fabric.torus_cuts`.
    """
    require_number(dimensions, field="dimensions", at_least=1, at_most=MOST_DIMENSIONS)
    require_number(most_accelerators, field="most_accelerators", at_least=1, at_most=MAX_ACCELERATORS)
    for side in sides:
        require_number(side, field="sides", at_least=1, at_most=MAX_ACCELERATORS)
    for rate in link_gbps:
        require_number(rate, field="link_gbps", above=0, at_most=MOST_GBPS)
    require(kind in ("torus", "mesh"), field="kind", value=kind, limit="torus or mesh", remedy="take one of the two")
    shapes = _shapes(sorted(set(sides)), dimensions, most_accelerators, rates=len(link_gbps))
    return _figures(shapes, np.array(link_gbps, dtype=np.float64), weight=2 if kind == "torus" else 1)


def _shapes(sides: Sequence[int], dimensions: int, most: int, *, rates: int) -> Counts:
    """Shapes with falling sides and at most so many accelerators, in order."""
    found: list[tuple[int, ...]] = []
    for shape in _products(sides, dimensions, most):
        found.append(shape)
        if len(found) * rates > MOST_POINTS:
            break
    points = len(found) * rates
    if not 1 <= points <= MOST_POINTS:
        raise InvalidInput(
            f"the grid has {'more than ' if points else ''}{min(points, MOST_POINTS):,} points, but it must have 1 to "
            f"{MOST_POINTS:,}; give other sides or rates, or another limit of accelerators",
            reason="SWEEP_TOO_LARGE",
            metadata={"value": str(points), "limit": str(MOST_POINTS)},
        )
    return np.array(found, dtype=np.int64)[:, ::-1]


def _products(sides: Sequence[int], dimensions: int, most: int) -> "itertools.chain[tuple[int, ...]]":
    """Rising tuples of sides whose product is small enough, the rest of a row being skipped once it is not."""

    def grown(shape: tuple[int, ...], product: int, first: int) -> "itertools.chain[tuple[int, ...]]":
        left = dimensions - len(shape)
        if left == 0:
            return itertools.chain([shape])
        able = [place for place in range(first, len(sides)) if product * sides[place] ** left <= most]
        return itertools.chain.from_iterable(
            grown((*shape, sides[place]), product * sides[place], place) for place in able
        )

    return grown((), 1, 0)


def _figures(shapes: Counts, rates: Figures, *, weight: int) -> TorusGrid:
    """Counts of each shape, then each with every rate."""
    is_axis = shapes > 1
    total = shapes.prod(axis=1)
    lines = total[:, None] // shapes
    per_line = np.where(is_axis, shapes if weight == 2 else shapes - 1, 0)
    farthest = shapes // 2 if weight == 2 else shapes - 1
    # sum of distances over ordered pairs on one line: k floor(k^2/4) on a ring, k (k^2 - 1)/3 on a path
    on_line = shapes * (shapes**2 // 4) if weight == 2 else shapes * (shapes**2 - 1) // 3
    pairs = total * (total - 1)
    hops = (on_line * lines**2).sum(axis=1)
    cut = _bisection_links(shapes) * weight
    count = len(rates)
    gbps = np.tile(rates, len(shapes))
    return TorusGrid(
        sides=np.repeat(shapes, count, axis=0),
        link_gbps=gbps,
        accelerators=np.repeat(total, count),
        links=np.repeat((lines * per_line).sum(axis=1), count),
        diameter_hops=np.repeat(farthest.sum(axis=1), count),
        mean_hops=np.repeat(hops / np.maximum(1, pairs), count),
        bisection_links=np.repeat(cut, count),
        bisection_gbps=np.repeat(cut, count) * gbps,
        alltoall_gbps_per_accelerator=np.repeat(_pair_rate(shapes, total, weight), count)
        * gbps
        * np.repeat(total - 1, count),
    )


def _bisection_links(shapes: Counts) -> Counts:
    """psi of :func:`topodesign.fabric.torus_cuts.psi`: with falling sides, up to the first even one."""
    falling = -np.sort(-shapes, axis=1)
    found = np.zeros(len(shapes), dtype=np.int64)
    goes_on = np.ones(len(shapes), dtype=bool)
    for place in range(shapes.shape[1]):
        side = falling[:, place]
        goes_on &= side > 1
        found += np.where(goes_on, falling[:, place + 1 :].prod(axis=1), 0)
        goes_on &= side % 2 == 1
    return found


def _pair_rate(shapes: Counts, total: Counts, weight: int) -> Figures:
    """Of :func:`topodesign.fabric.torus_cuts.grid_alltoall`: the least over the axes of links over pairs."""
    separated = total[:, None] * (shapes // 2) * (shapes - shapes // 2)
    with np.errstate(divide="ignore"):
        rate = np.where(shapes > 1, weight * shapes / separated, np.inf)
    least: Figures = rate.min(axis=1)
    return np.where(np.isfinite(least), least, 0.0)
