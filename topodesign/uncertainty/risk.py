"""Expected cost and conditional value at risk of a discrete distribution, as one weighted sum.

    risk(z) = (1 - lambda) E[z] + lambda CVaR_alpha(z) = max over q in Q of sum over w of q_w z_w,

with Q the distributions q = (1 - lambda) p + lambda r, 0 <= r_w <= p_w / (1 - alpha). The maximum takes r from the
greatest costs down until it sums to 1; the last of them may be split, as the definition of CVaR at an atom asks.

References
----------
R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2(3), 2000, and
"Conditional value-at-risk for general loss distributions", Journal of Banking & Finance 26(7), 2002, proposition 8
(the split atom). A. Shapiro, D. Dentcheva, A. Ruszczynski, "Lectures on Stochastic Programming", SIAM, 2009, section
6.3 (the risk envelope).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from topodesign.domain.checks import require_number


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskMeasure:
    """How costs of futures become one figure.

    Parameters
    ----------
    weight : float
        lambda in [0, 1]: 0 is the expected cost, 1 the conditional value at risk alone.
    level : float
        alpha in [0, 1): CVaR is the mean of the worst 1 - alpha of all outcomes.
    """

    weight: float = 0.0
    level: float = 0.9

    def __post_init__(self) -> None:
        require_number(self.weight, field="risk_weight", at_least=0, at_most=1)
        require_number(self.level, field="cvar_level", at_least=0, at_most=0.9999)

    def value(self, costs: Sequence[float], probabilities: Sequence[float]) -> float:
        """The risk of costs, in their unit; it never falls when a cost rises."""
        return dot(self.envelope(costs, probabilities), costs)

    def envelope(self, costs: Sequence[float], probabilities: Sequence[float]) -> tuple[float, ...]:
        """The distribution q in Q under which the mean of the costs is greatest; sums to 1."""
        worst = tail(costs, probabilities, level=self.level)
        return tuple((1 - self.weight) * p + self.weight * r for p, r in zip(probabilities, worst, strict=True))

    def spread_envelope(self, costs: Sequence[float], probabilities: Sequence[float]) -> tuple[float, ...]:
        """The worst distribution in Q; where it has one future only, the middle between it and the probabilities.

        Multipliers price how futures disagree, and a single one cannot. Q is convex and has the probabilities in it, so
        that the middle is of Q too.
        """
        worst = self.envelope(costs, probabilities)
        if sum(weight > 0 for weight in worst) > 1:
            return worst
        return tuple((q + p) / 2 for q, p in zip(worst, probabilities, strict=True))


def cvar(costs: Sequence[float], probabilities: Sequence[float], *, level: float) -> float:
    """Conditional value at risk: the mean of the worst ``1 - level`` of a discrete distribution, in the costs' unit."""
    return dot(tail(costs, probabilities, level=level), costs)


def dot(weights: Sequence[float], values: Sequence[float]) -> float:
    """Weighted sum."""
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True) if weight > 0)


def tail(costs: Sequence[float], probabilities: Sequence[float], *, level: float) -> tuple[float, ...]:
    """Weights r of the worst ``1 - level``: all of the greatest costs, and a part of the last one; sums to 1.

    Of equal costs the first come first.
    """
    left = 1.0
    weights = [0.0] * len(costs)
    order = sorted(range(len(costs)), key=lambda place: (-costs[place], place))
    for place in order:
        weights[place] = min(left, probabilities[place] / (1 - level))
        left = max(0.0, left - weights[place])
    return tuple(weights)
