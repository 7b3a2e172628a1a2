"""Least capacity between two halves of all accelerators of a plan, as a proven interval.

Model. Site s holds n_s accelerators on its own fabric and a border that all its inter-site links attach to. A cut
puts every accelerator and every border on side A or B, with half of all accelerators on each. Write x_s for the
accelerators of s that are not on their border's side. The cut costs the inter-site capacity between borders on
different sides, plus, inside each site, at least h_s(x_s) = lambda_s x_s (n_s - x_s) / 2 + w_s x_s, provided that the
fabric can carry half of its uniform all-to-all (rate lambda_s for each ordered pair) and, at the same time, w_s from
every accelerator to the border: no cut has less capacity than the traffic that crosses it. Traffic to a border that
is spread over the site costs each accelerator no more than as much all-to-all traffic, so any w_s up to half of an
accelerator's all-to-all rate will do.

Lower bound. Scale the inter-site capacities by rho <= 1 so that w_s = rho D_s / n_s keeps within that half for every
site (D_s is the capacity of the site's links; less capacity can only lower a cut). For fixed borders h is concave in
every x_s and one linear condition (half the accelerators) ties them, so the minimum is at a vertex: at most one site
split, every other x_s at 0 or n_s. A site with x_s = n_s costs w_s n_s = rho D_s, and moving its border to the other
side costs at most that, so x_s = 0 everywhere but at the split site. The minimum over all sides of the borders and
the choice of the split site is therefore a lower bound.

Upper bound. The same enumeration with the capacity of a real cut of the split site.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.domain.fabric import FabricEvaluation

Floats = npt.NDArray[np.float64]
MOST_SITES_ENUMERATED = 16
"""Up to here all 2^(k-1) choices of sides are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFabric:
    """A site's fabric for cuts: accelerators, proven all-to-all rate in Gbit/s per ordered pair, and cut capacities.

    ``accelerator_gbps`` is the capacity of all links of one accelerator, ``half_cut_gbps`` of a known cut into halves.
    """

    accelerators: int
    pair_gbps: float
    accelerator_gbps: float
    half_cut_gbps: float

    @classmethod
    def of(cls, evaluation: FabricEvaluation, *, accelerator_gbps: float) -> "SiteFabric":
        """From an evaluation; of a rate that is not exact its proven end counts."""
        bisection, rate = evaluation.bisection, evaluation.alltoall
        proven = rate.gbps_per_accelerator if rate.exact else rate.lower_gbps_per_accelerator
        return cls(
            accelerators=evaluation.accelerators,
            pair_gbps=proven / max(1, evaluation.accelerators - 1),
            accelerator_gbps=accelerator_gbps,
            half_cut_gbps=bisection.upper_gbps,
        )

    def split_lower_gbps(self, away: float) -> float:
        """Every cut that parts ``away`` accelerators from the rest has at least this capacity (half the all-to-all)."""
        return self.pair_gbps * away * (self.accelerators - away) / 2

    def split_upper_gbps(self, away: int) -> float:
        """Some cut that parts ``away`` accelerators from the rest has at most this capacity.

        Accelerators taken out one by one cost their links; from the known halves, the difference is moved one by one.
        """
        fewer = min(away, self.accelerators - away)
        from_halves = self.half_cut_gbps + abs(self.accelerators // 2 - fewer) * self.accelerator_gbps
        return min(fewer * self.accelerator_gbps, from_halves) if fewer else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Interval of the least capacity between two halves of all accelerators, one direction, Gbit/s."""

    lower_gbps: float
    upper_gbps: float
    method: str

    @property
    def is_exact(self) -> bool:
        return math.isclose(self.lower_gbps, self.upper_gbps, rel_tol=1e-9)


def bisect_plan(sites: Sequence[SiteFabric], between_gbps: Floats) -> Halves:
    """Interval for the bisection of all accelerators; see the module's text for model and proof.

    Parameters
    ----------
    sites : sequence of SiteFabric
    between_gbps : array of float, shape (sites, sites)
        Symmetric inter-site capacity, one direction, zero diagonal.
    """
    if len(sites) > MOST_SITES_ENUMERATED:
        return _without_enumeration(sites, between_gbps)
    counts = [site.accelerators for site in sites]
    half = sum(counts) // 2
    scale = _carried_share(sites, between_gbps)
    lower = upper = math.inf
    for sides in range(1 << max(0, len(sites) - 1)):  # the last site's border is on side A: halves are symmetric
        on_b = np.array([bool(sides >> position & 1) for position in range(len(sites))])
        between = float(between_gbps[np.ix_(on_b, ~on_b)].sum())
        on_a = sum(count for count, b in zip(counts, on_b, strict=True) if not b)
        for wanted in {half, sum(counts) - half}:
            for position, site in enumerate(sites):
                away = wanted - on_a if on_b[position] else on_a - wanted
                if not 0 <= away < site.accelerators:  # all of them away is the same as the border on the other side
                    continue
                border = scale * float(between_gbps[position].sum()) * away / site.accelerators
                lower = min(lower, scale * between + border + site.split_lower_gbps(away))
                # the border is attached at one place of the fabric, so the fabric's cut parts the others from it
                upper = min(upper, between + site.split_upper_gbps(away))
    method = "all sides of the borders and at most one split site; lower bound by carried traffic, upper bound by a cut"
    return Halves(lower_gbps=min(lower, upper), upper_gbps=upper, method=method)


def _carried_share(sites: Sequence[SiteFabric], between_gbps: Floats) -> float:
    """Share of the inter-site capacity that every site's fabric carries beside half of its all-to-all."""
    share = 1.0
    for position, site in enumerate(sites):
        wanted = float(between_gbps[position].sum()) / site.accelerators
        carried = site.pair_gbps * max(site.accelerators - 1, 0) / 2
        if wanted > 0:
            share = min(share, carried / wanted)
    return share


def _without_enumeration(sites: Sequence[SiteFabric], between_gbps: Floats) -> Halves:
    """For many sites: a greedy balanced choice above, nothing proven below."""
    order = sorted(range(len(sites)), key=lambda position: -sites[position].accelerators)
    total, on_a = sum(site.accelerators for site in sites), 0
    on_b = np.ones(len(sites), dtype=bool)
    upper = math.inf
    for position in order:
        count = sites[position].accelerators
        if on_a + count <= total // 2:
            on_b[position] = False
            on_a += count
            continue
        away = total // 2 - on_a
        split = sites[position].split_upper_gbps(away)
        upper = min(upper, float(between_gbps[np.ix_(on_b, ~on_b)].sum()) + split)
    return Halves(lower_gbps=0.0, upper_gbps=upper, method="greedy balanced choice of sites; no lower bound above 0")
