"""What one answer proves about another."""

import math

from topodesign.fabric.topology import CutLinks, PairRate

_ROUNDING = 1e-9


def met_or_bounded(bound: float, reached: float, *, cuts: str) -> PairRate:
    """An all-to-all rate between a cut bound and the rate that a routing reaches; exact where they meet."""
    if reached >= bound * (1 - _ROUNDING):
        return PairRate(rate=bound, method=f"least of the cuts of {cuts}, met by shortest paths", exact=True, lower=bound)
    method = f"least of the cuts of {cuts}, an upper bound; shortest paths reach {reached / bound:.3g} of it"
    return PairRate(rate=bound, method=method, exact=False, lower=reached)


def certified_cut(cut: CutLinks, rate: PairRate, accelerators: int) -> CutLinks:
    """The cut with the lower bound that an all-to-all proves: every pair of the two halves crosses it at that rate."""
    pairs = (accelerators // 2) * (accelerators - accelerators // 2)
    proven = math.ceil(rate.proven * pairs * (1 - _ROUNDING))
    if proven <= cut.lower:
        return cut
    return CutLinks(
        lower=min(float(proven), cut.upper), upper=cut.upper, method=f"{cut.method}; lower bound by the all-to-all rate"
    )
