"""Torus against Clos for a plan: at every chosen site at equal accelerators and equal injection, and end to end.

Equal injection: an accelerator has ``scale_out_gbps`` in all. The Clos gives it one link of that rate, the torus six
links of a sixth, so that neither kind is favored by more transceivers. One replica of the model is taken to be spread
over one pod, so each accelerator exchanges parameters x bits / 8 / pod accelerators bytes.
"""

import dataclasses
from collections.abc import Mapping

from topodesign.domain.equipment import Catalog
from topodesign.domain.fabric import MAX_ACCELERATORS, FabricEvaluation
from topodesign.domain.plan import FabricReport, Plan, SiteFabrics
from topodesign.domain.scenario import Scenario
from topodesign.evaluation.across_sites import across_sites
from topodesign.fabric import evaluate_fabric, fabric_of_size

TORUS_LINKS = 6
"""Links of an accelerator in a three-dimensional torus."""
KINDS: Mapping[str, int] = {"torus": TORUS_LINKS, "clos": 1}
"""Kinds compared, with the links that share an accelerator's injection."""


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
        ``sites`` in the plan's order, ``across_sites`` one entry for each kind.

    Raises
    ------
    InvalidInput
        For a site that :func:`too_large_for_fabrics` names.
    """
    injection = catalog.accelerator(scenario.size.accelerator).scale_out_gbps
    message = message_bytes(scenario)
    by_size: dict[tuple[str, int], FabricEvaluation] = {}

    def evaluate(kind: str, accelerators: int) -> FabricEvaluation:
        if (kind, accelerators) not in by_size:
            spec = fabric_of_size(kind, accelerators, link_gbps=injection / KINDS[kind])
            found = evaluate_fabric(spec, message_bytes=message, catalog=catalog)
            basis = f"equal injection: {injection:g} Gbit/s per accelerator over {KINDS[kind]} link(s)"
            by_size[kind, accelerators] = dataclasses.replace(found, assumptions=(*found.assumptions, basis))
        return by_size[kind, accelerators]

    sites = tuple(
        SiteFabrics(site_id=site.id, fabrics=tuple(evaluate(kind, site.accelerators) for kind in KINDS))
        for site in plan.sites
    )
    across = tuple(
        across_sites(
            plan,
            kind,
            [evaluate(kind, site.accelerators) for site in plan.sites],
            accelerator_gbps=injection,
            link_gbps=injection / links,
        )
        for kind, links in KINDS.items()
    )
    return FabricReport(sites=sites, across_sites=across)


def message_bytes(scenario: Scenario) -> float:
    """Bytes that one accelerator exchanges in an all-reduce, one replica being spread over one pod."""
    workload = scenario.workload
    return workload.parameters * workload.bits_per_element / 8 / scenario.size.pod_accelerators
