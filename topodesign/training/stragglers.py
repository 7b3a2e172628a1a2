"""How long sites wait for the slowest of them: exact means of the largest of N random times.

A mean, not a bound: the sites' times are taken as independent and alike.
"""

import math
from typing import Literal

from scipy import special

from topodesign.processes.remembered import Remembered

Jitter = Literal["normal", "exponential"]

TAIL_SIGMAS = 12.0
"""Where the normal density is cut off: beyond it lies less than 1e-32."""
MOST_REMEMBERED = 65_536
"""More than the numbers of sites of any sweep; an entry takes some 200 bytes, and milliseconds to compute."""
NORMALS: Remembered[int, float] = Remembered(MOST_REMEMBERED)
SUMS_OF_EXPONENTIALS: Remembered[tuple[int, int], float] = Remembered(MOST_REMEMBERED)


def largest_of_normals(count: int) -> float:
    """Mean of the largest of ``count`` independent standard normals, by numerical integration.

    E[max] is the integral of x count phi(x) Phi(x)^(count - 1); 0.5642 for 2, 1.9477 for 24.

    Parameters
    ----------
    count : int
        At least 1.
    """
    return 0.0 if count == 1 else NORMALS.get(count, lambda: _largest_of_normals(count))


def _largest_of_normals(count: int) -> float:
    from scipy import integrate

    def density(x: float) -> float:
        return x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * math.exp((count - 1) * float(special.log_ndtr(x)))

    # the mass of the largest of many lies in a narrow bump near sqrt(2 ln N), which the quadrature is told of
    bump = math.sqrt(2 * math.log(count))
    value, _ = integrate.quad(density, -TAIL_SIGMAS, TAIL_SIGMAS, points=[0.0, bump], limit=200, epsabs=1e-12)
    return count * value


def largest_of_exponentials(count: int) -> float:
    """Mean of the largest of ``count`` independent exponentials of mean 1: the harmonic number H_count (Renyi 1953)."""
    return float(special.digamma(count + 1) + float(-special.digamma(1)))


def largest_of_sums_of_exponentials(count: int, terms: int) -> float:
    """Mean of the largest of ``count`` independent sums of ``terms`` exponentials of mean 1 (Erlang)."""
    if terms == 1:
        return largest_of_exponentials(count)
    return SUMS_OF_EXPONENTIALS.get((count, terms), lambda: _largest_of_sums_of_exponentials(count, terms))


def _largest_of_sums_of_exponentials(count: int, terms: int) -> float:
    from scipy import integrate

    def later(x: float) -> float:
        """Probability that the largest is more than ``x``; gammaincc is that of one sum."""
        return -math.expm1(count * float(special.log1p(-special.gammaincc(terms, x))))

    most = float(special.gammainccinv(terms, 1e-16 / count))
    value, _ = integrate.quad(later, 0.0, most, points=[float(terms)], limit=200)
    return float(value)


def straggler_s(*, sites: int, jitter_s: float, steps: int = 1, law: Jitter = "normal") -> float:
    """Seconds per step, on average, that sites wait for the slowest of them.

    Parameters
    ----------
    sites : int
        Sites that wait for each other, at least 1.
    jitter_s : float
        ``normal``: standard deviation of one site's step time. ``exponential``: mean of a delay on top of it.
    steps : int
        Steps between two waits, H: deviations partly cancel over them, so that a step costs 1 / sqrt(H) of it.
    law : {"normal", "exponential"}

    References
    ----------
    David and Nagaraja, Order Statistics (2003), sections 3.1 and 4.6.
    """
    if law == "normal":
        return jitter_s * largest_of_normals(sites) / math.sqrt(steps)
    return jitter_s * largest_of_sums_of_exponentials(sites, steps) / steps
