"""A fabric under failures: every set drawn with a seed or enumerated, every outcome measured, all put together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.domain.checks import require
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_failures import (
    FAILURE_KINDS,
    FabricFigures,
    Failed,
    FailureKind,
    FailureReport,
    FailureSet,
    FailureSetReport,
    FailureSpec,
    IntervalSpread,
    Spread,
)
from topodesign.fabric.distances import hop_histogram
from topodesign.fabric.failures import DegradedFabric, FailureDomains
from topodesign.fabric.failures_bounds import WholeFabric
from topodesign.fabric.failures_symmetry import classes_of
from topodesign.fabric.families import topology_of
from topodesign.fabric.graph import Counts
from topodesign.fabric.throughput import CLOSED_GAP
from topodesign.fabric.topology import Topology

MOST_ENUMERATED = 5_000
"""Most classes of single failures that are looked at."""

MODEL = (
    "failed units are drawn without replacement, all of a kind alike; a link is one cable, parallel ones count singly",
    "hosts run whole: an accelerator without a working link takes its host out of service",
    "bisection, all-to-all and diameter are those of the accelerators in service: the largest part that is still "
    "connected; pairs without a path, or with an accelerator out of service, are counted as disconnected and are in no "
    "other figure",
    "bandwidths are fluid, one direction; each truth lies between its lower and its upper end",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """Figures of one outcome that stands for ``weight`` alike; ``number`` is that of its sample or unit."""

    number: int
    weight: int
    figures: FabricFigures


def failure_report(spec: FabricSpec, failures: FailureSpec) -> FailureReport:
    """Connectivity, bisection, all-to-all and diameter of a fabric under failures.

    Parameters
    ----------
    spec : FabricSpec
        A fabric whose explicit graph has at most 300,000 vertices.
    failures : FailureSpec
        Sets of failures, samples, seed.

    Returns
    -------
    FailureReport
        For every set mean, least and greatest of each figure. Enumerated sets cover all single failures: one of each
        class of units that are proven alike is looked at, for all of them.

    Raises
    ------
    InvalidInput
        ``FAILURES_NO_UNITS`` for a kind that the fabric does not have; ``FIELD_INVALID`` for more failures than units,
        too many single failures to enumerate, or a fabric too large for an explicit graph.
    """
    topology = topology_of(spec)
    domains = FailureDomains(topology, failures.accelerators_per_host)
    notes: list[str] = [domains.servers_note]
    reports = []
    for one in failures.sets:
        reports.append(_set_report(domains, one, samples=failures.samples, seed=failures.seed))
        notes += [domains.units(part.kind).note for part in one.parts]
    return FailureReport(
        kind=topology.kind,
        name=topology.name,
        accelerators=topology.accelerators,
        seed=failures.seed,
        whole=_whole_figures(topology, domains),
        sets=tuple(reports),
        assumptions=(*MODEL, *dict.fromkeys(notes)),
    )


def drawn(domains: FailureDomains, failures: FailureSet, *, seed: int, sample: int) -> dict[FailureKind, Counts]:
    """Units that fail in one sample, places among the units of their kind.

    They are the first of a random order that depends on seed, kind and sample only: with more failures of a kind, or of
    other kinds beside them, the same ones fail and others too.
    """
    found: dict[FailureKind, Counts] = {}
    for part in failures.parts:
        units = domains.units(part.kind)
        stream = np.random.default_rng([seed, FAILURE_KINDS.index(part.kind), sample])
        found[part.kind] = np.sort(stream.permutation(units.count)[: part.of(units.count)])
    return found


def _set_report(domains: FailureDomains, failures: FailureSet, *, samples: int, seed: int) -> FailureSetReport:
    for part in failures.parts:
        units = domains.units(part.kind)
        require(
            part.of(units.count) <= units.count,
            field="failures",
            value=part.text,
            limit=f"at most {units.count} ({domains.topology.name} has {units.count} of this kind)",
            remedy="give fewer",
        )
    if failures.enumerated:
        outcomes = tuple(_enumerated(domains, failures.parts[0].kind))
    else:
        outcomes = tuple(_sampled(domains, failures, samples=samples, seed=seed))
    return _summary(domains, failures, outcomes)


def _sampled(domains: FailureDomains, failures: FailureSet, *, samples: int, seed: int) -> Iterator[_Outcome]:
    """Draws that are equal, or of one unit each and proven alike, are measured once."""
    draws = [drawn(domains, failures, seed=seed, sample=sample) for sample in range(samples)]
    names = _names(domains, draws)
    whole = WholeFabric.of(domains.topology, outcomes=len(set(names)))
    known: dict[tuple[int, ...], FabricFigures] = {}
    for sample, (name, draw) in enumerate(zip(names, draws, strict=True)):
        if name not in known:
            known[name] = _figures(domains.topology, whole, domains.without(draw))
        yield _Outcome(number=sample, weight=1, figures=known[name])


def _names(domains: FailureDomains, draws: Sequence[dict[FailureKind, Counts]]) -> list[tuple[int, ...]]:
    """What tells draws of one set apart: the class of a single unit, else the units of every kind."""
    kinds = list(draws[0])
    if len(kinds) == 1 and len(draws[0][kinds[0]]) == 1:
        alike = classes_of(domains, domains.units(kinds[0]))
        return [(int(alike[draw[kinds[0]][0]]),) for draw in draws]
    return [tuple(np.concatenate([draw[kind] for kind in kinds]).tolist()) for draw in draws]


def _enumerated(domains: FailureDomains, kind: FailureKind) -> Iterator[_Outcome]:
    units = domains.units(kind)
    _, first, weight = np.unique(classes_of(domains, units), return_index=True, return_counts=True)
    require(
        len(first) <= MOST_ENUMERATED,
        field="failures",
        value=f"{kind}=each",
        limit=f"at most {MOST_ENUMERATED} single failures that are not proven alike (here {len(first)})",
        remedy=f"draw samples instead: {kind}=1",
    )
    whole = WholeFabric.of(domains.topology, outcomes=len(first))
    for unit, alike in zip(first.tolist(), weight.tolist(), strict=True):
        degraded = domains.without({kind: np.array([unit], dtype=np.int64)})
        yield _Outcome(number=unit, weight=alike, figures=_figures(domains.topology, whole, degraded))


def _figures(topology: Topology, whole: WholeFabric, degraded: DegradedFabric) -> FabricFigures:
    found = whole.figures(degraded)
    gbps = topology.link_gbps
    return FabricFigures(
        in_service=len(degraded.in_service),
        connected_share=degraded.connected_share,
        disconnected_pairs=degraded.disconnected_pairs,
        links_lost=degraded.links_lost,
        bisection_lower_gbps=found.bisection.lower * gbps,
        bisection_upper_gbps=found.bisection.upper * gbps,
        alltoall_lower_gbps=found.rate.lower * gbps,
        alltoall_upper_gbps=found.rate.upper * gbps,
        diameter_hops=found.diameter,
        method=f"bisection: {found.bisection.method}; all-to-all: {found.rate.method}",
    )


def _whole_figures(topology: Topology, domains: FailureDomains) -> FabricFigures:
    """The family's own answers, nothing has failed; of a fabric that is not connected, those of its largest part."""
    hops = hop_histogram(domains.graph)
    if hops.disconnected:
        return _figures(topology, WholeFabric.of(topology, outcomes=1), domains.without({}))
    cut, rate, gbps = topology.bisection(), topology.alltoall(), topology.link_gbps
    others = max(0, topology.accelerators - 1)
    return FabricFigures(
        in_service=topology.accelerators,
        connected_share=1.0,
        disconnected_pairs=0,
        links_lost=0,
        bisection_lower_gbps=cut.lower * gbps,
        bisection_upper_gbps=cut.upper * gbps,
        alltoall_lower_gbps=rate.proven * others * gbps,
        alltoall_upper_gbps=rate.rate * others * gbps,
        diameter_hops=hops.diameter,
        method=f"bisection: {cut.method}; all-to-all: {rate.method}",
    )


def _summary(domains: FailureDomains, failures: FailureSet, outcomes: Sequence[_Outcome]) -> FailureSetReport:
    figures = [one.figures for one in outcomes]
    weights = [one.weight for one in outcomes]

    def spread(values: Sequence[float]) -> Spread:
        return Spread(mean=float(np.average(values, weights=weights)), min=float(min(values)), max=float(max(values)))

    worst = min(
        outcomes,
        key=lambda one: (
            one.figures.alltoall_upper_gbps,
            one.figures.alltoall_lower_gbps,
            one.figures.connected_share,
            one.number,
        ),
    )
    return FailureSetReport(
        failures=failures.text,
        failed=tuple(
            Failed(kind=part.kind, failed=part.of(units.count), units=units.count)
            for part, units in ((part, domains.units(part.kind)) for part in failures.parts)
        ),
        outcomes=sum(weights),
        enumerated=failures.enumerated,
        in_service=spread([one.in_service for one in figures]),
        connected_share=spread([one.connected_share for one in figures]),
        disconnected_pairs=spread([one.disconnected_pairs for one in figures]),
        links_lost=spread([one.links_lost for one in figures]),
        bisection_gbps=IntervalSpread(
            lower=spread([one.bisection_lower_gbps for one in figures]),
            upper=spread([one.bisection_upper_gbps for one in figures]),
            exact=all(_meet(one.bisection_lower_gbps, one.bisection_upper_gbps) for one in figures),
        ),
        alltoall_gbps=IntervalSpread(
            lower=spread([one.alltoall_lower_gbps for one in figures]),
            upper=spread([one.alltoall_upper_gbps for one in figures]),
            exact=all(_meet(one.alltoall_lower_gbps, one.alltoall_upper_gbps) for one in figures),
        ),
        diameter_hops=spread([one.diameter_hops for one in figures]),
        worst_outcome=worst.number,
        methods=tuple(dict.fromkeys(one.method for one in figures)),
    )


def _meet(lower: float, upper: float) -> bool:
    return upper - lower <= CLOSED_GAP * upper
