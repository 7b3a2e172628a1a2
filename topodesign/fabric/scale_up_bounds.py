"""Bisection and uniform all-to-all of scale-up domains that a Clos joins, in Clos links."""

import math

import numpy as np
import numpy.typing as npt

from topodesign.fabric.clos_cuts import carries_any_demand, clos_alltoall, clos_bisection, proven_share
from topodesign.fabric.clos_layout import ClosLayout
from topodesign.fabric.clos_shaped import half_cut
from topodesign.fabric.scale_up_places import Places
from topodesign.fabric.topology import CutLinks, PairRate

EXACT_CUT = "whole domains apart, met by the Clos's own proof"
BOUND_CUT = "whole domains apart; lower bound by the Clos's proof and the domains that must be split"
_ROUNDING = 1e-9


def scale_up_bisection(places: Places) -> CutLinks:
    """Bisection width.

    A domain with x accelerators on one side cuts the scale-up links of the lesser of x and the rest, so that all
    domains together cut at least those of N/2 modulo the domain's size.
    """
    half = places.accelerators // 2
    if places.layout is None:
        cut = half * places.scale_up
        return CutLinks(lower=cut, upper=cut, method="star of every scale-up switch")
    rest = half % places.domain
    split = min(rest, places.domain - rest)
    if places.mode == "only":
        lower = _rail_only_lower(places, places.layout, half, split)
    else:
        lower = places.planes * clos_bisection(places.layout).lower + places.scale_up * split
    inside = np.arange(places.accelerators) < half
    upper = places.scale_up * split + min(_clos_cut(places, places.layout, inside), places.planes * half)
    if lower >= upper * (1 - _ROUNDING):
        return CutLinks(lower=upper, upper=upper, method=EXACT_CUT)
    return CutLinks(lower=lower, upper=upper, method=BOUND_CUT)


def _clos_cut(places: Places, layout: ClosLayout, is_inside: npt.NDArray[np.bool_]) -> int:
    return places.planes * sum(half_cut(layout, is_inside[members]) for members in places.members_of_copies())


def _rail_only_lower(places: Places, layout: ClosLayout, half: int, split: int) -> float:
    """Lower bound with rails that share no switch.

    Let y accelerators be on the side where the minority of their domain is: the domains cut ``scale_up`` y links.
    Moving these over leaves whole domains apart, of which the side with fewer has at least N/2 - y accelerators, alike
    on all rails; moving them back changes the rails' lesser sides by y in all. Rails thus cut ``share`` (N/2 - 2 y)
    links or more, and the sum is least at one of the ends of the range of y.
    """
    share = places.planes * proven_share(layout)
    least = places.scale_up * split + share * max(0, half - 2 * split)
    return min(least, places.scale_up * half / 2)


def scale_up_alltoall(places: Places) -> PairRate:
    """Uniform all-to-all: the least of a few cuts, met by direct routing (and forwarding in the sender's domain)."""
    count, domain, layout = places.accelerators, places.domain, places.layout
    if count == 1:
        return PairRate(rate=0.0, method="no pairs", exact=True)
    if layout is None:
        return PairRate(rate=places.scale_up / (count - 1), method="links of an accelerator", exact=True)
    rates = [(places.scale_up + places.planes) / (count - 1)]
    for domains in _aligned_domains(places, layout):
        size = domains * domain
        cut = _clos_cut(places, layout, np.arange(count) < size)
        rates.append(min(cut, places.planes * min(size, count - size)) / (size * (count - size)))
    rate = min(rates)
    lower = _routed_rate(places, layout)
    exact = lower >= rate * (1 - _ROUNDING)
    what = "least of accelerators', domains' and leaf groups' cuts"
    method = f"{what}, met by fluid routing" if exact else f"{what}, an upper bound"
    return PairRate(rate=rate, method=method, exact=exact, lower=rate if exact else min(rate, lower))


def _aligned_domains(places: Places, layout: ClosLayout) -> set[int]:
    """Numbers of domains whose cut is looked at: one, the half, as many as share leaves, as many as fill a pod."""
    share = places.domain if places.mode == "none" else places.domain // places.rails
    sizes = {1, places.domains // 2, layout.leaf_down // share, layout.pod_hosts // places.domain}
    return {size for size in sizes if 0 < size < places.domains}


def _routed_rate(places: Places, layout: ClosLayout) -> float:
    """Rate of direct routing: scale-up links inside domains, fluid routing over the Clos between them.

    Where rails are separate, a sender's traffic to another rail goes to the accelerators of its domain on that rail.
    Every pair of accelerators of one rail then carries the traffic of as many pairs as there are rails.
    """
    count, domain, rails = places.accelerators, places.domain, places.separate_rails
    forwarded = (count - domain) * (rails - 1) / rails
    inside = places.scale_up / (domain - 1 + forwarded) if domain - 1 + forwarded else math.inf
    if not carries_any_demand(layout):
        return min(inside, places.planes * clos_alltoall(layout).proven / rails)
    rates = [places.planes / (count - domain), inside]
    if layout.tiers > 1:
        rates.append(places.planes * _group_rate(places, layout, "leaf") / rails)
    if layout.tiers == 3:
        rates.append(places.planes * _group_rate(places, layout, "pod") / rails)
    return min(rates)


def _group_rate(places: Places, layout: ClosLayout, what: str) -> float:
    """Least uplinks of a leaf or pod over its pairs with accelerators of other groups and other domains."""
    members = next(places.members_of_copies())
    group = (places.leaf_of if what == "leaf" else places.pod_of)[members]
    domain = places.domain_of[members]
    per_domain = len(members) // places.domains
    sizes = np.bincount(group).astype(np.int64)
    keys, shares = np.unique(group * places.domains + domain, return_counts=True)
    own = np.bincount(keys // places.domains, weights=shares * (per_domain - shares))
    pairs = sizes * (len(members) - sizes) - own
    uplinks = layout.leaf_up * (1 if what == "leaf" else layout.pod_leaves)
    return float(uplinks / pairs.max()) if pairs.max() > 0 else math.inf
