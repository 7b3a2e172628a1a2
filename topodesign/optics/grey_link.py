"""Grey optics on one link: point to point over whole fibers, without multiplexers, amplifiers or line system."""

from fractions import Fraction

from topodesign.domain.equipment import GreyOptic
from topodesign.domain.link import GreyMode, LinkRequest
from topodesign.optics.exact_cost import Offer, exact, size_of

FIBER = "ssmf"
"""The standards are for G.652: cut-off of G.654 lies above their 1310 nm, and hollow core is in none of them."""


def grey_offer(optic: GreyOptic, request: LinkRequest) -> Offer:
    """What the optic takes on the link: its modules and all fiber of its pairs."""
    return Offer(
        name=optic.id,
        rate_gbps=optic.rate_gbps,
        modules_usd=2 * exact(optic.cost_usd),
        modules_w=2 * exact(optic.power_w),
        lightpaths_a_pair=Fraction(1, optic.fiber_pairs),
        line_usd=Fraction(0),
        fiber_usd=exact(request.length_km) * exact(request.usd_per_pair_km),
        pair_w=Fraction(0),
        amplifiers_a_pair=0,
    )


def grey_mode(optic: GreyOptic, request: LinkRequest, delay_ms: float) -> GreyMode:
    """One optic on the link; ``delay_ms`` is the fiber's, one way."""
    offer = grey_offer(optic, request)
    reasons = _reasons(optic, request)
    sized = None if reasons else size_of(offer, request)
    return GreyMode(
        name=optic.id,
        rate_gbps=optic.rate_gbps,
        fiber_pairs=optic.fiber_pairs,
        reach_km=optic.reach_km,
        feasible=not reasons,
        reasons=reasons,
        latency_ms=delay_ms + optic.latency_us / 1e3,
        cost_usd=2 * optic.cost_usd,
        power_w=2 * optic.power_w,
        pair_gbps=optic.rate_gbps / optic.fiber_pairs,
        lightpath_usd=float(offer.lightpath_usd),
        size=None if sized is None else sized.size,
    )


def _reasons(optic: GreyOptic, request: LinkRequest) -> tuple[str, ...]:
    reasons = []
    missing = request.length_km - optic.reach_km
    if missing > 0:
        reasons.append(f"{missing:g} km too little (reach {optic.reach_km:g} km)")
    if request.fiber != FIBER:
        reasons.append(f"{request.fiber}, made for {FIBER} (G.652)")
    return tuple(reasons)
