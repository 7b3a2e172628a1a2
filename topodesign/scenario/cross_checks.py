"""Checks over several files: ids shared by sites and junctions, sites that no fiber reaches."""

from collections.abc import Sequence

from topodesign.domain.scenario import Junction, Site
from topodesign.scenario.located import Located, Part
from topodesign.scenario.problems import ProblemLog


def check_shared_ids(sites: Part[Site], junctions: Part[Junction], log: ProblemLog) -> None:
    """A junction may not have the id of a site: segments could not tell them apart."""
    rows = {item.value.site_id: item.row for item in sites.items}
    for item in junctions.items:
        row = rows.get(item.value.node_id)
        if row is not None:
            log.add(
                "DUPLICATE_ID",
                f"node_id {item.value.node_id!r} is already the site_id of {sites.file}, row {row}; rename one",
                file=junctions.file,
                row=item.row,
                field="node_id",
            )


def check_reachability(sites: Part[Site], usable_ends: Sequence[tuple[str, str]], log: ProblemLog) -> None:
    """Every compute site that is not forbidden must reach the others over segments that have or can have pairs."""
    compute = [item for item in sites.items if item.value.role == "compute" and not item.value.forbidden]
    if len(compute) < 2:
        return
    import networkx

    graph: networkx.Graph[str] = networkx.Graph(list(usable_ends))
    graph.add_nodes_from(item.value.site_id for item in compute)
    parts = [sorted(part) for part in networkx.connected_components(graph)]
    ids = {item.value.site_id for item in compute}
    main = set(min(parts, key=lambda part: (-len(ids & set(part)), part)))
    for item in compute:
        if graph.degree(item.value.site_id) == 0:
            _report(item, "SITE_WITHOUT_FIBER", "has no fiber segment with pairs to use or to build", sites.file, log)
        elif item.value.site_id not in main:
            reason = f"is not connected by fiber to the other {len(ids & main)} sites"
            _report(item, "SITE_UNREACHABLE", reason, sites.file, log)


def _report(item: Located[Site], reason: str, what: str, file: str, log: ProblemLog) -> None:
    is_required = "required " if item.value.required else ""
    log.add(
        reason,
        f"{is_required}site {item.value.site_id!r} {what}; add a segment or set forbidden",
        file=file,
        row=item.row,
        field="site_id",
    )
