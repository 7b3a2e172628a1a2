"""Fabrics for a plan: candidates at every chosen site at equal accelerators and equal injection, and end to end.

Equal injection: an accelerator has ``scale_out_gbps`` in all. The Clos gives it one link of that rate, the torus six
links of a sixth, so that neither kind is favored by more transceivers; other kinds likewise. One replica of the model
is taken to be spread over one pod, so each accelerator exchanges parameters x bits / 8 / pod accelerators bytes.

Torus and Clos are always compared; :mod:`topodesign.evaluation.fabric_choice` says what else is, and what a site gets.
"""

import dataclasses
import functools

from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import MAX_ACCELERATORS, Clos, FabricSpec
from topodesign.domain.fabric_switched import ScaleUpClos
from topodesign.domain.plan import CrossSiteEvaluation, FabricReport, Plan, SiteFabrics
from topodesign.domain.scenario import Scenario
from topodesign.evaluation.across_sites import across_sites
from topodesign.evaluation.fabric_choice import Candidate, choose, kinds_for, rule_in_words
from topodesign.fabric import evaluate_fabric, fabric_of_size, topology_of

TORUS_LINKS = 6
"""Links of an accelerator in a three-dimensional torus, also where a side of 1 or 2 leaves some of them unused."""

MOST_REMEMBERED = 512
"""Evaluated fabrics that a process keeps, of a few kB each."""

EVENLY_WIRED = "every pod is wired evenly, with some more switches than needed, so that all of its bandwidth is proven"
"""Of a Clos with a partly filled pod whose links would otherwise be dealt out unevenly."""


def too_large_for_fabrics(plan: Plan) -> str | None:
    """Why a plan's fabrics are not compared, in words: a site beyond what the evaluation takes; else ``None``."""
    largest = max(plan.sites, key=lambda site: site.accelerators)
    if largest.accelerators <= MAX_ACCELERATORS:
        return None
    return (
        f"fabrics are not compared: site {largest.id} has {largest.accelerators:,} accelerators, "
        f"and the evaluation takes at most {MAX_ACCELERATORS:,}"
    )


def evaluate_plan_fabrics(scenario: Scenario, plan: Plan, catalog: Catalog) -> FabricReport:
    """Compare fabrics at every chosen site and across sites.

    Returns
    -------
    FabricReport
        ``sites`` in the plan's order, each with its choice; ``across_sites`` one entry for each kind that every site
        can have.

    Raises
    ------
    InvalidInput
        For a site that :func:`too_large_for_fabrics` names.
    """
    injection = catalog.accelerator(scenario.size.accelerator).scale_out_gbps
    message = message_bytes(scenario)
    wanted = scenario.size.fabric
    found: dict[int, dict[str, Candidate]] = {}
    refusals: list[str] = []
    for count in sorted({site.accelerators for site in plan.sites}):
        found[count] = {}
        for kind in kinds_for(wanted, count):
            try:
                found[count][kind] = _candidate(kind, count, injection, message, catalog)
            except InvalidInput as refused:
                if kind in ("torus", "clos"):
                    raise
                refusals.append(f"fabric {kind} is left out at sites of {count:,} accelerators: {refused.message}")
    chosen = {count: choose(wanted, list(candidates.items())) for count, candidates in found.items()}
    sites = tuple(
        SiteFabrics(
            site_id=site.id,
            fabrics=tuple(candidate.evaluation for candidate in found[site.accelerators].values()),
            chosen=chosen[site.accelerators],
        )
        for site in plan.sites
    )
    return FabricReport(
        sites=sites, across_sites=_across(plan, found), choice=(*rule_in_words(wanted, chosen), *refusals)
    )


def _across(plan: Plan, found: dict[int, dict[str, Candidate]]) -> tuple[CrossSiteEvaluation, ...]:
    per_site = [found[site.accelerators] for site in plan.sites]
    everywhere = [kind for kind in per_site[0] if all(kind in candidates for candidates in per_site)]
    return tuple(
        across_sites(
            plan,
            kind,
            [candidates[kind].evaluation for candidates in per_site],
            accelerator_gbps=[candidates[kind].accelerator_gbps for candidates in per_site],
        )
        for kind in everywhere
    )


class _OneCatalog:
    """A catalogue as part of a key: the very same one. Its figures are in mappings, which have no hash."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OneCatalog) and other.catalog is self.catalog

    def __hash__(self) -> int:
        return id(self.catalog)


def _candidate(kind: str, accelerators: int, injection: float, message: float, catalog: Catalog) -> Candidate:
    return _remembered(kind, accelerators, injection, message, _OneCatalog(catalog))


@functools.lru_cache(maxsize=MOST_REMEMBERED)
def _remembered(kind: str, accelerators: int, injection: float, message: float, one: _OneCatalog) -> Candidate:
    """The plans of a sweep have the same few sizes of sites over and over."""
    catalog = one.catalog
    spec = equal_injection(kind, accelerators, injection)
    evaluation = evaluate_fabric(spec, message_bytes=message, catalog=catalog)
    is_evenly_wired = isinstance(spec, Clos) and spec.pod_leaves is not None
    notes = (EVENLY_WIRED,) if is_evenly_wired else ()
    links = _links_of_injection(spec)
    basis = f"equal injection: {injection:g} Gbit/s per accelerator over {links:g} link(s)"
    scale_up = spec.scale_up_switches * spec.scale_up_gbps if isinstance(spec, ScaleUpClos) else 0.0
    return Candidate(
        evaluation=dataclasses.replace(evaluation, assumptions=(*evaluation.assumptions, *notes, basis)),
        injection_gbps=injection,
        accelerator_gbps=injection + scale_up,
    )


def equal_injection(kind: str, accelerators: int, injection_gbps: float) -> FabricSpec:
    """A fabric of a kind whose accelerators have so many Gbit/s in all, one direction; a Clos is wired evenly."""
    plain = fabric_of_size(kind, accelerators, link_gbps=injection_gbps)
    spec = fabric_of_size(kind, accelerators, link_gbps=injection_gbps / _links_of_injection(plain))
    if isinstance(spec, Clos) and not topology_of(spec).alltoall().exact:
        return dataclasses.replace(spec, pod_leaves=spec.radix // 2)
    return spec


def _links_of_injection(spec: FabricSpec) -> float:
    """Links of one accelerator that share its injection; those of scale-up domains are beside it."""
    if spec.kind == "torus":
        return TORUS_LINKS
    if isinstance(spec, ScaleUpClos):
        return spec.planes
    return max(1.0, topology_of(spec).injection_links)


def message_bytes(scenario: Scenario) -> float:
    """Bytes that one accelerator exchanges in an all-reduce, one replica being spread over one pod."""
    workload = scenario.workload
    return workload.parameters * workload.bits_per_element / 8 / scenario.size.pod_accelerators
