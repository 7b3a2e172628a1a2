"""Waiting time in an M/D/1 queue: Poisson arrivals, one packet served after another, all equally long.

References
----------
G. Franx (2001), "A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29(5).
L. Kleinrock (1975), "Queueing Systems", volume 1, sections 5.6 and 5.7: mean rho/(2 (1 - rho)) services.
"""

import math

import numpy as np
from scipy.special import gammaln, xlogy

from topodesign.fabric.topology import Lengths

FORGOTTEN = 1e-15
"""Probability below which longer queues are cut off."""
POISSON_TERMS = 40
"""Arrivals in one service that are counted; with fewer than one on average, more have less than 1e-40."""

LARGEST_EXPONENT = 512.0
"""Of the moment function: the load whose pole lies beyond it is below 1e-219."""


def mean_wait(utilization: float) -> float:
    """Mean wait in services, rho / (2 (1 - rho))."""
    return utilization / (2 * (1 - utilization))


def queue_lengths(utilization: float) -> Lengths:
    """Probability of 0, 1, 2, ... packets in the system, cut off where less than :data:`FORGOTTEN` is left.

    The queue rises above n as often as it falls back: p(n+1) a(0) = p(0) A(n) + sum of p(j) A(n-j+1) over j = 1..n,
    with a the arrivals in one service and A(k) the probability of more than k. All terms are positive.
    """
    if utilization == 0:
        return np.ones(1)
    arrivals = poisson(utilization)
    above = np.cumsum(arrivals[::-1])[::-1][1:]  # above[k]: more than k arrivals
    found = [1 - utilization]
    left = utilization
    while left > FORGOTTEN:
        length = len(found)
        recent = np.array(found[max(1, length - len(above) + 1) :][::-1])
        rising = found[0] * (above[length - 1] if length <= len(above) else 0.0)
        following = float(rising + recent @ above[1 : len(recent) + 1]) / float(arrivals[0])
        found.append(following)
        left -= following
        if following < FORGOTTEN / 100:
            break
    return np.array(found)


def poisson(mean: float) -> Lengths:
    """Probabilities of 0 .. :data:`POISSON_TERMS` - 1 events."""
    counts = np.arange(POISSON_TERMS)
    found: Lengths = np.exp(xlogy(counts, mean) - mean - gammaln(counts + 1.0))
    return found


def wait_cdf(utilization: float, steps: int) -> Lengths:
    """P(wait <= i/steps services) for i = 0, 1, ... up to where nearly nothing is left.

    In the k-th service time, at x = k - u services with 0 < u <= 1, that is the sum over j of Poisson(j; rho u)
    P(at most k - j in the system) (Franx 2001, one server).
    """
    at_most = np.cumsum(queue_lengths(utilization))
    shifted = np.append(at_most[1:], at_most[-1])
    columns = []
    for index in range(steps):
        remainder = utilization * (1 - index / steps)
        columns.append(np.convolve(shifted, poisson(remainder))[: len(shifted)])
    found: Lengths = np.minimum(np.column_stack(columns).ravel(), 1.0)
    return found


def tail_services(utilization: float, hops: int, *, forgotten: float = 1e-13) -> float:
    """Services that the sum of ``hops`` independent waits exceeds with less than ``forgotten`` (Chernoff's bound).

    The moment function is (1 - rho) t / (t + rho - rho e^t), up to its pole, found by bisection.
    """
    if utilization == 0 or hops == 0:
        return 0.0
    low, high = 0.0, 1.0
    # the bound holds at any exponent below the pole, and hardly improves beyond this one, where exp would overflow
    while high < LARGEST_EXPONENT and high + utilization - utilization * math.exp(high) > 0:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if middle > 0 and middle + utilization - utilization * math.exp(middle) > 0:
            low = middle
        else:
            high = middle
    exponents = low * np.linspace(0.001, 0.999, 400)
    logs = np.log((1 - utilization) * exponents / (exponents + utilization - utilization * np.exp(exponents)))
    return float(((hops * logs - math.log(forgotten)) / exponents).min())
