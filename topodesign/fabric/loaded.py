"""Latency under load, and what its spread costs steps that wait for the slowest message.

Model, stated with every result: uniform background traffic along shortest paths (dimension-ordered on tori); on each
link packets of one size arrive as a Poisson process and wait in an M/D/1 queue, independently of the other links
(Kleinrock's independence assumption); the utilization of a kind of links is in proportion to the flows on them, the
busiest at the offered load over the efficiency of routing. Messages of a step go between accelerators drawn
uniformly and independently; the slowest of n has the distribution F(x)^n.

The distribution lives on a lattice of at most 2^16 points: a wait is split between the two points around it so that its
mean is kept, a latency without load is rounded up.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.domain.equipment import Switch
from topodesign.domain.fabric import MAX_ACCELERATORS, Jitter, LoadedLatency
from topodesign.domain.fabric_conditions import LoadInputs
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE
from topodesign.fabric.latency import PathDelays, class_latency_ns, direct_latency_ns, serialization_ns
from topodesign.fabric.topology import Counts, Lengths, PathClasses, PathFactor
from topodesign.fabric.waiting import mean_wait, tail_services, wait_cdf
from topodesign.processes.remembered import Remembered

Spectrum = npt.NDArray[np.complex128]

LATTICE_POINTS = 1 << 16
STEPS_PER_SERVICE = 8
HOP_GROUPS = 256
"""Different numbers of hops that are told apart in one part of a path; more are rounded up to multiples."""

LATTICES: Remembered[tuple[float, int], Lengths] = Remembered(256)
"""Of single links, by utilization and coarseness: a few hundred to a few thousand points each."""

MODEL = (
    "M/D/1 queue at every link, independent of each other, uniform traffic on shortest paths{routing}; "
    "busiest links at {busiest:.3g} of what they carry in practice (load {load:.3g} of the fluid limit, of which "
    "{efficiency:g} is reached); packets of {packet:g} bytes; messages between accelerators drawn independently"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPart:
    """An independent part of every path: classes with weights summing to 1, latency without load, hops by kind.

    ``hops`` has a row for each class and a column for each kind of links; ``utilization`` one entry for each kind.
    """

    weights: Lengths
    base_ns: Lengths
    hops: Counts
    utilization: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyDistribution:
    """Probabilities of ``offset_ns`` and 0, 1, 2, ... times ``step_ns`` more, and the exact mean in ns."""

    step_ns: float
    probabilities: Lengths
    mean_ns: float
    offset_ns: float = 0.0

    def percentile_ns(self, share: float) -> float:
        """Least lattice point that at least this share does not exceed."""
        reached = int(np.searchsorted(np.cumsum(self.probabilities), share - 1e-12))
        return self.offset_ns + min(reached, len(self.probabilities) - 1) * self.step_ns

    def slowest_ns(self, count: float) -> float:
        """Expected largest of ``count`` independent draws, the sum of 1 - F(x)^count over the lattice."""
        above = np.cumsum(self.probabilities[::-1])[::-1][1:]
        exceeded = -np.expm1(count * np.log1p(-np.minimum(above, 1.0 - 1e-16)))
        return self.offset_ns + float(exceeded.sum()) * self.step_ns


def parts_of_paths(
    paths: PathClasses, run_counts: tuple[int, ...], switch: Switch | None, delays: PathDelays, load: LoadInputs
) -> tuple[LoadedPart, ...]:
    """One part: whole paths. Kinds of links are the cable runs where classes tell them, else all links are one kind.

    The flows on a link are the mean of its kind: links of a kind are taken to be loaded alike.
    """
    total = float(paths.pairs.sum())
    hops = paths.hops[:, None] if paths.hops_by_run is None else paths.hops_by_run
    links = np.array([sum(run_counts)]) if paths.hops_by_run is None else np.array(run_counts)
    flows = (paths.pairs.astype(float) @ hops) / links
    shares = flows / flows.max()
    part = LoadedPart(
        weights=paths.pairs / total,
        base_ns=class_latency_ns(paths, switch, delays),
        hops=hops,
        utilization=tuple(load.busiest * float(share) for share in shares),
    )
    return (part,)


def parts_of_factors(factors: tuple[PathFactor, ...], delays: PathDelays, load: LoadInputs) -> tuple[LoadedPart, ...]:
    """One part for each factor, of accelerator hops; cut-through serializes once, an offset of the whole path."""
    busiest = max(factor.load for factor in factors)
    parts = []
    for factor in factors:
        base = direct_latency_ns(factor.direct_hops, factor.metres, delays.inputs)
        if delays.inputs.store_and_forward:
            base = base + serialization_ns(factor.direct_hops, delays)
        parts.append(
            LoadedPart(
                weights=factor.pairs / float(factor.pairs.sum()),
                base_ns=base,
                hops=factor.direct_hops[:, None],
                utilization=(load.busiest * factor.load / busiest,),
            )
        )
    return tuple(parts)


def distribution_of(
    parts: tuple[LoadedPart, ...], *, service_ns: float, self_share: float = 0.0, offset_ns: float = 0.0
) -> LatencyDistribution:
    """Distribution of the sum of independent parts.

    Parameters
    ----------
    parts : tuple of LoadedPart
        At least one.
    service_ns : float
        Time to send one packet over a link.
    self_share : float
        Probability of an accelerator being its own partner (all parts without hops), to be taken out.
    offset_ns : float
        Latency that every pair has beside its parts.
    """
    longest = math.fsum(float(part.base_ns.max()) for part in parts)
    hops = sum(int(part.hops.sum(axis=1).max()) for part in parts)
    busiest = max(max(part.utilization) for part in parts)
    reach_ns = longest + tail_services(busiest, hops) * service_ns
    coarse = max(0, math.ceil(math.log2(max(1.0, (reach_ns * STEPS_PER_SERVICE / service_ns + 2) / LATTICE_POINTS))))
    step_ns = service_ns / STEPS_PER_SERVICE * 2**coarse
    points = 1 << math.ceil(math.log2(reach_ns / step_ns + len(parts) + 2))
    transform = np.ones(points // 2 + 1, dtype=np.complex128)
    mean_ns = 0.0
    for part in parts:
        transform *= _transform(part, step_ns, points, coarse)
        waits = part.hops @ np.array([mean_wait(rho) for rho in part.utilization])
        mean_ns += float(part.weights @ (part.base_ns + waits * service_ns))
    probabilities = np.fft.irfft(transform, points)
    probabilities[0] -= self_share
    probabilities = np.where(probabilities > 1e-17, probabilities, 0.0)  # noise of the transform
    return LatencyDistribution(
        step_ns=step_ns,
        probabilities=probabilities / probabilities.sum(),
        mean_ns=offset_ns + mean_ns / (1 - self_share),
        offset_ns=offset_ns,
    )


def loaded_latency(
    distribution: LatencyDistribution, load: LoadInputs, *, flows: int, routing: str, least_us: tuple[float, float]
) -> LoadedLatency:
    """The result. ``least_us``: p50 and p99 without load, which load cannot better."""
    return LoadedLatency(
        utilization=load.utilization,
        busiest_utilization=load.busiest,
        mean_us=distribution.mean_ns / 1000,
        p50_us=max(distribution.percentile_ns(0.5) / 1000, least_us[0]),
        p99_us=max(distribution.percentile_ns(0.99) / 1000, least_us[1]),
        slowest_us=max(distribution.slowest_ns(flows), distribution.mean_ns) / 1000,
        flows=flows,
        model=MODEL.format(
            routing=routing,
            busiest=load.busiest,
            load=load.utilization,
            efficiency=load.efficiency,
            packet=load.packet_bytes,
        ),
    )


def jitter_of(loaded: LoadedLatency, distribution: LatencyDistribution, load: LoadInputs) -> Jitter:
    """What waiting for the slowest costs.

    With straggle(n) = E[max of n] - mean, which rises with n, a step of T keeps T / (T + straggle(n)); usable are the
    most participants n with straggle(n) <= T (1/w - 1), w the wanted share, found by bisection over whole numbers.
    """
    straggle_us = loaded.slowest_us - loaded.mean_us
    step_us = load.step_s * 1e6
    allowed_ns = load.step_s * 1e9 * (1 / load.wanted_share - 1)
    low, high = 1, MAX_ACCELERATORS
    if distribution.slowest_ns(high) - distribution.mean_ns <= allowed_ns:
        low = high
    while high - low > 1:
        middle = (low + high) // 2
        if distribution.slowest_ns(middle) - distribution.mean_ns <= allowed_ns:
            low = middle
        else:
            high = middle
    return Jitter(
        spread_us=loaded.p99_us - loaded.p50_us,
        straggle_us=straggle_us,
        step_s=load.step_s,
        kept_share=step_us / (step_us + straggle_us),
        wanted_share=load.wanted_share,
        usable_participants=low,
        counted_up_to=MAX_ACCELERATORS,
    )


def service_ns_of(load: LoadInputs, link_gbps: float) -> float:
    """Time to send one packet over a link (the slowest, where rates differ) in ns."""
    return load.packet_bytes * BITS_PER_BYTE / link_gbps


def _transform(part: LoadedPart, step_ns: float, points: int, coarse: int) -> Spectrum:
    """Transform of one part: classes with equal hops together, their waits by powers of one link's transform."""
    stride = np.maximum(1, -(-part.hops.max(axis=0) // HOP_GROUPS))
    rounded = -(-part.hops // stride) * stride
    kinds, group = _kinds(rounded)
    places = np.ceil(part.base_ns / step_ns - 1e-9).astype(np.int64)
    waits = [np.fft.rfft(_wait_lattice(rho, coarse), points) for rho in part.utilization]
    total = np.zeros(points // 2 + 1, dtype=np.complex128)
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(len(kinds) + 1))
    for index, hops in enumerate(kinds):
        members = order[ends[index] : ends[index + 1]]
        found = np.fft.rfft(np.bincount(places[members], weights=part.weights[members], minlength=1), points)
        for wait, count in zip(waits, hops, strict=True):
            found *= wait ** int(count)
        total += found
    return total


def _kinds(rows: Counts) -> tuple[Counts, Counts]:
    """Different rows in rising order, and which one each row is; a single column of millions is not sorted."""
    if rows.shape[1] == 1:
        is_taken = np.bincount(rows[:, 0]) > 0
        numbers = np.cumsum(is_taken) - 1
        return np.flatnonzero(is_taken)[:, None], numbers[rows[:, 0]]
    kinds, group = np.unique(rows, axis=0, return_inverse=True)
    return kinds, group.ravel()


def _wait_lattice(utilization: float, coarse: int) -> Lengths:
    """Probabilities of one link's wait on the lattice, between whose points mass is split so that the mean is kept."""
    return LATTICES.get((utilization, coarse), lambda: _new_wait_lattice(utilization, coarse))


def _new_wait_lattice(utilization: float, coarse: int) -> Lengths:
    cdf = wait_cdf(utilization, STEPS_PER_SERVICE)
    cells = np.diff(cdf)
    fine = np.zeros(len(cdf))
    fine[0] = cdf[0]
    fine[:-1] += cells / 2
    fine[1:] += cells / 2
    positions = np.arange(len(fine)) / 2**coarse
    below = np.floor(positions).astype(np.int64)
    over = positions - below
    found = np.bincount(below, weights=fine * (1 - over), minlength=int(below.max()) + 2)
    found += np.bincount(below + 1, weights=fine * over, minlength=int(below.max()) + 2)[: len(found)]
    lattice: Lengths = found / found.sum()
    lattice.setflags(write=False)
    return lattice
