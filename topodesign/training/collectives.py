"""All-reduce between sites: what every site sends, and how long it takes, by scheme.

Seconds of a scheme are transfer plus serial latency, with every site's message of a round sent as a whole. Bandwidth is
of a site, in each direction at the same time; hierarchical all-reduce uses it for shards that the accelerators of a
site hold after a reduce-scatter at fabric speed, so that a site counts as one node here.
"""

import math
from collections.abc import Sequence
from typing import Literal

Collective = Literal["ring", "bidirectional-ring", "direct", "recursive-doubling", "tree"]


def egress_bits(size_bits: float, sites: int, collective: Collective = "ring") -> float:
    """Bits that leave a site in one all-reduce of ``size_bits``; as many enter it. For a tree: of an inner site.

    2 (N - 1) / N of the size for the schemes that spread it evenly (Patarasuk and Yuan 2009); an inner node of a double
    tree sends the whole of it up and down.
    """
    if sites == 1:
        return 0.0
    if collective == "tree":
        return 2.0 * size_bits
    return 2.0 * (sites - 1) / sites * size_bits


def serial_hops(sites: int, collective: Collective = "ring") -> int:
    """One-way latencies that lie one after the other in an all-reduce between sites."""
    if sites == 1:
        return 0
    levels = math.ceil(math.log2(sites))
    return {
        "ring": 2 * (sites - 1),
        "bidirectional-ring": sites,
        "direct": 2,
        "recursive-doubling": 2 * levels,
        "tree": 2 * levels,
    }[collective]


def ring_s(size_bits: float, useful_bps: Sequence[float], latency_s: Sequence[float]) -> float:
    """Seconds of a ring all-reduce over sites with different links, whole messages, no barrier between rounds.

    Site i sends in round r when it has sent in round r - 1 and has received what its neighbor sent then. So the time is
    that of the longest chain of 2 (N - 1) sends, each on the same link as the one before or on the next; for equal
    links 2 (N - 1) (size / (N beta B) + latency).

    Parameters
    ----------
    size_bits : float
    useful_bps : sequence of float
        Of the link from each site to the next around the ring.
    latency_s : sequence of float
        One way, of the same links.
    """
    sites = len(useful_bps)
    if sites < 2:
        return 0.0
    sends = [size_bits / (sites * bps) for bps in useful_bps]
    rounds = 2 * (sites - 1)
    return max(_longest_chain(first, sends, latency_s, rounds) for first in range(sites))


def _longest_chain(first: int, sends: Sequence[float], latency_s: Sequence[float], rounds: int) -> float:
    """The chain that begins at one link: it goes on for any number of hops, and repeats the slowest send on its way."""
    sites = len(sends)
    slowest = sends[first]
    passed = sends[first] + latency_s[first]
    longest = passed + (rounds - 1) * slowest
    for hop in range(1, rounds):
        link = (first + hop) % sites
        slowest = max(slowest, sends[link])
        passed += sends[link] + latency_s[link]
        longest = max(longest, passed + (rounds - 1 - hop) * slowest)
    return longest


def bidirectional_ring_s(size_bits: float, sites: int, side_bps: float, circumference_s: float) -> float:
    """(N - 1) / N of the size at the bandwidth of one side, halves going either way, plus one trip round the ring."""
    return (sites - 1) / sites * size_bits / side_bps + circumference_s


def direct_s(size_bits: float, sites: int, slowest_pair_bps: float, longest_s: float) -> float:
    """Reduce-scatter and all-gather between every pair at the same time: 2 / N of the size on each, two latencies."""
    if sites == 1:
        return 0.0
    return 2 * size_bits / sites / slowest_pair_bps + 2 * longest_s
