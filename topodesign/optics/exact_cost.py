"""Cost and power of lightpaths compared exactly, so that a tie is a tie and no rounding decides.

Figures of catalogue and user are decimals; as fractions they add and compare without error.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from topodesign.domain.link import LinkRequest, LinkSize

SLACK = Fraction(1, 10**9)
"""Share of a lightpath by which a capacity that was computed may exceed a whole number of them."""


def exact(value: float) -> Fraction:
    """The decimal that a float is written as: 0.1 is one tenth."""
    return Fraction(repr(float(value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a mode takes on a link: both ends' modules of a lightpath, and what a fiber pair takes.

    ``lightpaths_a_pair`` is below one where a lightpath fills several pairs. ``line_usd`` and ``pair_w`` are the line
    system of one pair, ``fiber_usd`` its fiber.
    """

    name: str
    rate_gbps: float
    modules_usd: Fraction
    modules_w: Fraction
    lightpaths_a_pair: Fraction
    line_usd: Fraction
    fiber_usd: Fraction
    pair_w: Fraction
    amplifiers_a_pair: int

    @property
    def lightpath_usd(self) -> Fraction:
        """One lightpath on a full pair: modules and share of line system and fiber."""
        return self.modules_usd + (self.line_usd + self.fiber_usd) / self.lightpaths_a_pair

    @property
    def rank(self) -> tuple[Fraction, Fraction, Fraction, str]:
        """Order of lightpaths: cost, then power, then fiber pairs taken, then name."""
        return (
            self.lightpath_usd,
            self.modules_w + self.pair_w / self.lightpaths_a_pair,
            1 / self.lightpaths_a_pair,
            self.name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactSize:
    """A capacity in one mode; ``rank`` orders sizes by cost, then power, then fiber pairs, then name."""

    size: LinkSize
    rank: tuple[Fraction, Fraction, int, str]


def size_of(offer: Offer, request: LinkRequest) -> ExactSize | None:
    """Whole lightpaths for the capacity on as few pairs as hold them; ``None`` where no capacity is asked for."""
    if request.capacity_gbps is None:
        return None
    lightpaths = math.ceil(exact(request.capacity_gbps) / exact(offer.rate_gbps) - SLACK)
    pairs = math.ceil(lightpaths / offer.lightpaths_a_pair)
    transceiver_usd = lightpaths * offer.modules_usd
    usd = transceiver_usd + pairs * (offer.line_usd + offer.fiber_usd)
    watts = lightpaths * offer.modules_w + pairs * offer.pair_w
    size = LinkSize(
        lightpaths=lightpaths,
        fiber_pairs=pairs,
        transceivers=2 * lightpaths,
        amplifiers=pairs * offer.amplifiers_a_pair,
        transceiver_usd=float(transceiver_usd),
        line_usd=float(pairs * offer.line_usd),
        fiber_usd=float(pairs * offer.fiber_usd),
        cost_usd=float(usd),
        power_w=float(watts),
    )
    return ExactSize(size=size, rank=(usd, watts, pairs, offer.name))
