"""What one answer proves about another."""

from topodesign.fabric.topology import PairRate

_ROUNDING = 1e-9


def met_or_bounded(bound: float, reached: float, *, cuts: str) -> PairRate:
    """An all-to-all rate between a cut bound and the rate that a routing reaches; exact where they meet."""
    if reached >= bound * (1 - _ROUNDING):
        return PairRate(
            rate=bound, method=f"least of the cuts of {cuts}, met by shortest paths", exact=True, lower=bound
        )
    method = f"least of the cuts of {cuts}, an upper bound; shortest paths reach {reached / bound:.3g} of it"
    return PairRate(rate=bound, method=method, exact=False, lower=reached)
