"""Reading of plan files, ours or anyone's: what a plan decides must be there, what follows from it may be absent.

An absent figure (a site's MW, a lightpath's GSNR, the links) is filled in with the verifier's own, so that only what a
file *states* is held against it.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from topodesign.domain.codec import decode_json, from_builtins
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.verify import cost, power, reach
from topodesign.verify.evidence import Evidence
from topodesign.verify.fiber import span_count, spectrum_by_segment
from topodesign.verify.links import links_of
from topodesign.verify.verifier import gather

Item = TypeVar("Item")
Absent = Mapping[int, frozenset[str]]
"""Keys that each entry of a list lacks, by position."""

DECISIVE = ("sites", "lightpaths", "segments", "status")
"""Keys that make JSON a plan: what it decides, or that there is none."""
ADMINISTRATIVE: Mapping[str, Any] = {
    "status": "feasible",
    "stopped_by": "work_limit",
    "wall_s": 0.0,
    "seed": 0,
    "provenance": {
        "topodesign_version": "",
        "ortools_version": "",
        "python_version": "",
        "scenario_sha256": "",
        "seed": 0,
        "threads": 0,
    },
}
DERIVED: Mapping[str, Mapping[str, Any]] = {
    "sites": {"zone_id": "", "accelerators": 0, "power_mw": 0.0},
    "lightpaths": {"rate_gbps": 0.0, "length_km": 0.0, "gsnr_db": 0.0, "margin_db": 0.0, "latency_ms": 0.0},
    "segments": {"built": False, "spans": 0, "amplifiers": 0, "utilization": 0.0},
}
"""Keys of list entries that may be absent, with what stands there until the verifier's figure does."""


def read_plan(data: bytes, scenario: Scenario, catalog: Catalog, *, what: str = "plan") -> Plan:
    """Plan from JSON text.

    Parameters
    ----------
    data : bytes
        UTF-8 JSON with the keys of ``plan.json``.
    scenario, catalog
        What absent figures are derived from.
    what : str
        How messages name the text, such as the file's name.

    Raises
    ------
    InvalidInput
        For broken JSON, or a value of the wrong type, with its JSON path; for JSON that is no plan (``NOT_A_PLAN``).
    """
    try:
        record = decode_json(data, dict[str, Any], what=what)
    except RecursionError:
        raise InvalidInput(f"{what} is nested too deeply; a plan has 6 levels", reason="JSON_INVALID") from None
    _require_plan(record, what)
    absent = {group: _fill(record.get(group), keys) for group, keys in DERIVED.items()}
    lacks_links, lacks_cost = "links" not in record, "cost_usd" not in record
    record = {"scenario_name": scenario.name, **ADMINISTRATIVE, **record}
    plan = from_builtins(record, Plan, what=what)
    evidence = gather(scenario, plan, catalog)
    plan = dataclasses.replace(
        plan,
        sites=_derive(plan.sites, absent["sites"], _site_figures(evidence)),
        lightpaths=_derive(plan.lightpaths, absent["lightpaths"], _lightpath_figures(evidence)),
        segments=_derive(plan.segments, absent["segments"], _segment_figures(evidence)),
    )
    if lacks_links:
        plan = dataclasses.replace(plan, links=tuple(links_of(evidence).values()))
    if lacks_cost and plan.sites:
        evidence = gather(scenario, plan, catalog)
        plan = dataclasses.replace(plan, cost_usd=round(math.fsum(cost.cost_items(evidence).values()), 2))
    return plan


def _require_plan(record: Mapping[str, Any], what: str) -> None:
    """A file without any of the keys that make a plan is another file, not a plan that breaks rules."""
    if any(key in record for key in DECISIVE):
        return
    kind = record.get("type")
    found = f"a GeoJSON {kind}" if isinstance(kind, str) else f"an object with the keys {sorted(record)[:5]}"
    raise InvalidInput(
        f"{what} holds {found if record else 'an empty object'}, but a plan has at least one of {', '.join(DECISIVE)}; "
        "give a plan.json",
        reason="NOT_A_PLAN",
    )


def _fill(entries: object, keys: Mapping[str, Any]) -> Absent:
    """Put placeholders for absent keys into a list's entries; what is no list of objects is left to the decoder."""
    absent: dict[int, frozenset[str]] = {}
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            absent[position] = frozenset(keys) - set(entry)
            entry.update({key: keys[key] for key in absent[position]})
    return absent


def _derive(items: tuple[Item, ...], absent: Absent, figures: Mapping[int, Mapping[str, Any]]) -> tuple[Item, ...]:
    """Entries with the verifier's figures in place of absent ones; entries that make no sense stay as they are."""
    derived = []
    for position, item in enumerate(items):
        own = figures.get(position, {})
        changes = {key: own[key] for key in absent.get(position, frozenset()) if key in own}
        derived.append(dataclasses.replace(item, **changes) if changes else item)  # type: ignore[type-var]
    return tuple(derived)


def _site_figures(evidence: Evidence) -> Mapping[int, Mapping[str, Any]]:
    drawn = power.site_mw(evidence)
    return {
        position: {
            "zone_id": evidence.scenario.site_by_id[site.id].zone_id,
            "accelerators": evidence.pods[site.id] * evidence.scenario.size.pod_accelerators,
            "power_mw": drawn[site.id],
        }
        for position, site in enumerate(evidence.plan.sites)
        if site.id in evidence.pods
    }


def _lightpath_figures(evidence: Evidence) -> Mapping[int, Mapping[str, Any]]:
    routes = {id(route.stated): route for route in evidence.routes}
    figures: dict[int, Mapping[str, Any]] = {}
    for position, lightpath in enumerate(evidence.plan.lightpaths):
        route = routes.get(id(lightpath))
        if route is not None:
            own = dataclasses.asdict(reach.figures(evidence, route))
            figures[position] = {**own, "rate_gbps": route.mode.rate_gbps, "length_km": route.length_km}
    return figures


def _segment_figures(evidence: Evidence) -> Mapping[int, Mapping[str, Any]]:
    used = spectrum_by_segment(evidence)
    figures: dict[int, Mapping[str, Any]] = {}
    for position, stated in enumerate(evidence.plan.segments):
        segment = evidence.scenario.segment_by_id.get(stated.segment_id)
        if segment is None or stated.segment_id not in evidence.fiber:
            continue
        spans = span_count(segment.length_km, evidence.scenario.optics.span_km)
        band_ghz = evidence.line_system.band_ghz * stated.pairs
        figures[position] = {
            "spans": spans,
            "amplifiers": stated.pairs * (spans - 1),
            "utilization": used.get(stated.segment_id, 0.0) / band_ghz if band_ghz else 0.0,
        }
    return figures
