"""Goodput of the slices of a pod, with optical circuit switches that put any blocks together and without them.

A host is up with probability a, independently. A block of m hosts works when all of them are up: q = a^m. Of the M
blocks of the pod X ~ Binomial(M, q) work, and a slice takes n blocks.

    (1) with switches:     goodput = E[floor(X / n)] n / M
    (2) without switches:  goodput = floor(M / n) n / M q^n

(1) is never below (2): slices that work without switches can be made with them.

References
----------
N. Jouppi, G. Kurian, S. Li et al. (2023), "TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with
Hardware Support for Embeddings", ISCA 2023, section 2.
"""

import math

import numpy as np
from scipy.special import gammaln

from topodesign.domain.fabric_failures import SliceGoodput, SliceGoodputRequest


def slice_goodput(*, blocks: int, hosts_per_block: int, slice_blocks: int, host_availability: float) -> SliceGoodput:
    """Goodput of slices of one size.

    Parameters
    ----------
    blocks : int
        Blocks of the pod: 64 in a TPU v4 pod.
    hosts_per_block : int
        Hosts that must all be up: 16 to a block of 64 chips.
    slice_blocks : int
        Blocks of a slice: 32 for 2048 chips.
    host_availability : float
        Share of the time that a host is up, 0 to 1.

    Returns
    -------
    SliceGoodput
        Shares of the pod's accelerators, 0 to 1.

    Raises
    ------
    InvalidInput
        For numbers out of range, or a slice larger than the pod.
    """
    asked = SliceGoodputRequest(
        blocks=blocks, hosts_per_block=hosts_per_block, slice_blocks=slice_blocks, host_availability=host_availability
    )
    blocks, slice_blocks = int(asked.blocks), int(asked.slice_blocks)
    up = float(host_availability) ** int(hosts_per_block)
    working = np.arange(blocks + 1)
    slices = working // slice_blocks
    expected = float(slices @ _binomial(blocks, up))
    fixed = blocks // slice_blocks * up**slice_blocks
    share = slice_blocks / blocks
    # rounding must not put (1) below (2) where both are 1, or 0
    with_ocs = min(1.0, max(expected, fixed) * share)
    return SliceGoodput(
        slice_blocks=slice_blocks,
        block_availability=up,
        with_ocs=with_ocs,
        without_ocs=min(with_ocs, fixed * share),
    )


def _binomial(trials: int, probability: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Probabilities of 0 to ``trials`` successes, by logarithms: coefficients of 10^6 trials have 300,000 digits."""
    found = np.zeros(trials + 1)
    if probability in (0.0, 1.0):
        found[trials if probability == 1.0 else 0] = 1.0
        return found
    successes = np.arange(trials + 1)
    ways = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(trials - successes + 1)
    logarithm = ways + successes * math.log(probability) + (trials - successes) * math.log1p(-probability)
    found[:] = np.exp(logarithm)
    total: np.ndarray[tuple[int], np.dtype[np.float64]] = found / found.sum()
    return total
