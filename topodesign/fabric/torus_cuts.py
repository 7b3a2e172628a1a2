"""Bisection and uniform all-to-all of products of rings and paths, in links and for unit links.

References
----------
J. Arjona Aroca, A. Fernandez Anta (2014), "Bisection (Band)Width of Product Networks with Application to Data
Centers", IEEE TPDS 25(3): exact bisection of products of paths and of products of rings, of any sides.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from topodesign.fabric.topology import CutLinks, PairRate
from topodesign.processes.remembered import Remembered


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class GridAxis:
    """An axis of ``side`` 2 or more; ``weight`` is the links that cut one line into two contiguous parts.

    2 for a ring (a ring of side 2 has two parallel links), 1 for a path.
    """

    side: int
    weight: int


STAIRCASES: Remembered[tuple[GridAxis, ...], int] = Remembered(1024)


def psi(sides: tuple[int, ...]) -> int:
    """Bisection width of the mesh with these sides.

    With the sides in falling order, the sum over i up to the first even side (all, if none is even) of the product of
    the sides after i (Arjona Aroca and Fernandez Anta 2014). The torus of the same sides has twice that.
    """
    falling = sorted(sides, reverse=True)
    total = 0
    for index, side in enumerate(falling):
        total += math.prod(falling[index + 1 :])
        if side % 2 == 0:
            break
    return total


def grid_bisection(axes: tuple[GridAxis, ...]) -> CutLinks:
    """Bisection width of a product of rings and paths.

    Only rings or only paths: exact by :func:`psi`. Mixed: the best staircase cut above; below, the larger of the mesh
    (a subgraph of the same vertices) and of what the all-to-all certifies, since links cut must carry
    rate x floor(N/2) x ceil(N/2) flows each way. Where both ends meet the value is exact, for example whenever
    the axis that limits the all-to-all is even.
    """
    if not axes:
        return CutLinks(lower=0.0, upper=0.0, method="no links to cut")
    sides = tuple(axis.side for axis in axes)
    weights = {axis.weight for axis in axes}
    if len(weights) == 1:
        links = float(psi(sides) * min(weights))
        what = "torus" if weights == {2} else "mesh"
        return CutLinks(
            lower=links, upper=links, method=f"closed form of the {what} (Arjona Aroca, Fernandez Anta 2014)"
        )
    total = math.prod(sides)
    upper = staircase_cut(tuple(sorted(axes)))
    certified = math.ceil(_least_rate(axes) * (total // 2) * (total - total // 2))
    lower = max(psi(sides), certified)
    method = "staircase cut; lower bound by the uniform all-to-all and by the mesh"
    return CutLinks(lower=float(lower), upper=float(upper), method=method)


def staircase_cut(axes: tuple[GridAxis, ...]) -> int:
    """Least cut that fills half of the vertices axis by axis: whole layers, then half of the middle layer."""
    return STAIRCASES.get(axes, lambda: _least_staircase(axes))


def _least_staircase(axes: tuple[GridAxis, ...]) -> int:
    best = 0
    for index, axis in enumerate(axes):
        rest = axes[:index] + axes[index + 1 :]
        cut = axis.weight * math.prod(other.side for other in rest)
        if axis.side % 2:
            cut += staircase_cut(rest)
        best = cut if best == 0 else min(best, cut)
    return best


def grid_alltoall(axes: tuple[GridAxis, ...]) -> PairRate:
    """Uniform all-to-all with unit links, exact for every product of rings and paths.

    Axis by axis routing loads each link of an axis of side k with N/k times the load inside one line (ring: k^2/8 for
    even k, ties split over both ways, and (k^2-1)/8 for odd k; path: floor(k/2) ceil(k/2) in the middle). The cut
    through the middle of that axis carries no more, so that the least rate over the axes is the optimum.
    """
    method = "axis-by-axis routing, met by the cut through the middle of the limiting axis"
    if not axes:
        return PairRate(rate=0.0, method="no pairs", exact=True)
    return PairRate(rate=float(_least_rate(axes)), method=method, exact=True)


def _least_rate(axes: tuple[GridAxis, ...]) -> Fraction:
    """Least over the axes of (links cut through the middle) / (ordered pairs that they separate, one way)."""
    total = math.prod(axis.side for axis in axes)
    return min(
        Fraction(axis.weight * axis.side, total * (axis.side // 2) * (axis.side - axis.side // 2)) for axis in axes
    )
