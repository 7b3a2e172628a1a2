"""Flows that a hash places at random on equal links, once: how many meet on the worst link, exactly.

Balls into bins: with M_i flows on link i, P(max <= m) = n!/l^n [x^n] g(x)^l with g(x) the sum of x^j/j! over j <= m,
for n flows on l links. The coefficient is found as a probability: g(t)^l t^-n P(S = n), S the sum of l independent
variables with weights t^j/j!, j <= m, and t such that their mean is n/l. P(S = n) is an average over the roots of
unity. No approximation but floating point; the worst link of one place with n = l has about ln n / ln ln n flows (Raab
and Steger 1998). Above :data:`EXACT_LOAD` flows per link, the sum over all links of P(this link has more than m) takes
its place, which is an upper bound and nearly even loads anyway.

References
----------
M. Raab, A. Steger (1998), "Balls into Bins - A Simple and Tight Analysis", RANDOM '98, LNCS 1518.
"""

import math

import numpy as np
from scipy.special import bdtrc, gammaln

from topodesign.domain.fabric import Collisions
from topodesign.fabric.topology import Counts, Lengths

NEGLIGIBLE = 1e-12
"""Probability of a worse link at which the distribution is cut off."""
EXACT_LOAD = 256
"""Flows per link up to which the distribution is exact; above, its upper bound is within a few percent."""
MODEL = "each flow takes a link by an independent, uniform hash at its first stage with a choice; {how}"


def mean_share(flows: int, links: int) -> float:
    """Share of a link's rate per flow when every used link is full: used links over flows; 1 - 1/e for n = l large."""
    return links / flows * -math.expm1(flows * math.log1p(-1 / links)) if links > 1 else 1 / flows


def worst_link_cdf(flows: int, links: int, most: int) -> float:
    """P(no link has more than ``most`` flows) for ``flows`` on ``links``, as in the module."""
    if most >= flows:
        return 1.0
    if most * links < flows:
        return 0.0
    if links == 1:
        return 0.0
    if most * links == flows:  # every link has exactly that many
        log = math.lgamma(flows + 1) - links * math.lgamma(most + 1) - flows * math.log(links)
        return math.exp(log)
    counts = np.arange(most + 1)
    log_factorials = gammaln(counts + 1.0)
    log_tilt = _tilt(counts, log_factorials, flows / links)
    logs = counts * log_tilt - log_factorials
    log_total = float(np.logaddexp.reduce(logs))
    weights = np.exp(logs - log_total)
    chance = _sum_probability(weights, counts, flows, links)
    if chance <= 0:
        return 0.0
    log = math.lgamma(flows + 1) - flows * math.log(links) + links * log_total - flows * log_tilt + math.log(chance)
    return min(1.0, math.exp(log))


def worst_link(flows: int, links: int, places: int = 1) -> tuple[Counts, Lengths]:
    """Possible numbers of flows on the worst link of ``places`` alike, independent ones, and P(at most so many).

    Above :data:`EXACT_LOAD` flows per link the probabilities are lower bounds.
    """
    first = -(-flows // links)
    if flows > EXACT_LOAD * links and links > 1:
        # beyond 12 standard deviations and 50 flows less than NEGLIGIBLE is left, whatever the number of links
        counts = np.arange(first, min(flows, first + math.ceil(12 * math.sqrt(first)) + 50) + 1)
        exceeded = places * links * bdtrc(counts, flows, 1 / links)
        return counts, 1 - np.minimum(1.0, np.where(counts < flows, exceeded, 0.0))
    most, found = first, []
    while places * _more_than(flows, links, most) > NEGLIGIBLE:
        found.append(worst_link_cdf(flows, links, most) ** places)
        most += 1
    return np.arange(first, most + 1), np.array([*found, 1.0])


def collisions_of(flows: int, links: int, places: int) -> Collisions:
    """The result for ``places`` leaves, each with ``flows`` on ``links``."""
    counts, at_most = worst_link(flows, links, places)
    mean = float(counts[0] + (1 - at_most).sum())
    is_exact = flows <= EXACT_LOAD * links or links == 1
    return Collisions(
        flows=flows,
        links=links,
        groups=places,
        mean_share=mean_share(flows, links),
        worst_flows_mean=mean,
        worst_flows_p99=int(counts[np.searchsorted(at_most, 0.99)]),
        slowdown=mean * links / flows if flows >= links else mean,
        model=MODEL.format(how="exact distribution" if is_exact else "upper bound of the worst link's flows"),
    )


def _more_than(flows: int, links: int, most: int) -> float:
    """Bound of P(some link has more than ``most`` flows): expected sets of most + 1 flows that share a link."""
    if most >= flows:
        return 0.0
    sets = math.lgamma(flows + 1) - math.lgamma(most + 2) - math.lgamma(flows - most)
    return math.exp(min(0.0, math.log(links) + sets - (most + 1) * math.log(links)))


def _tilt(counts: Counts, log_factorials: Lengths, mean: float) -> float:
    """Logarithm of t at which the weights t^j/j! have this mean; the mean rises with t."""
    low, high = -50.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        logs = counts * middle - log_factorials
        weights = np.exp(logs - logs.max())
        if float(weights @ counts) < mean * float(weights.sum()):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _sum_probability(weights: Lengths, counts: Counts, total: int, terms: int) -> float:
    """P(S = total) for the sum of ``terms`` variables of this distribution, whose mean is ``total``.

    The transform is as long as S spreads, 20 standard deviations each way, so that what it folds over is negligible.
    """
    mean = float(weights @ counts)
    deviation = math.sqrt(max(0.0, float(weights @ (counts - mean) ** 2)) * terms)
    length = 1 << math.ceil(math.log2(min(len(counts) * terms, 40 * deviation + 40 * len(counts)) + 1))
    transform = np.fft.fft(weights, length)
    turns = np.exp(2j * np.pi * ((np.arange(length) * (total % length)) % length) / length)
    return float((transform**terms * turns).mean().real)
