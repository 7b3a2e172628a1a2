"""A plan as one GeoJSON document (RFC 7946): WGS 84, longitude first, cut at the antimeridian, byte for byte stable."""

import json
from typing import Any

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.extent import bounding_box
from topodesign.outputs.features import features_by_layer, plain

SCHEMA_VERSION = 1
"""Raised when a property is renamed, removed or changes its meaning."""


def plan_to_geojson(scenario: Scenario, plan: Plan) -> dict[str, Any]:
    """The plan as a GeoJSON FeatureCollection.

    Every feature has a ``layer`` (see :data:`topodesign.outputs.properties.LAYERS`), a text ``id`` that is unique in
    the file, and flat properties with their units in their names
    (:data:`topodesign.outputs.properties.PROPERTIES`). The foreign member ``topodesign`` says what the file is. A plan
    without sites (infeasible, or limit reached) has its zones and candidate sites only.

    Parameters
    ----------
    scenario : Scenario
        What the plan was made from: it holds the positions and shapes.
    plan : Plan
        The plan.

    Returns
    -------
    dict
        Builtins, ready for ``json.dumps``; without NaN and infinities.

    Raises
    ------
    NotFound
        When the plan names a transceiver mode that the catalogue lacks (``EQUIPMENT_UNKNOWN``).

    References
    ----------
    RFC 7946, The GeoJSON Format, 2016.
    """
    layers = features_by_layer(scenario, plan)
    features = [feature for layer in layers.values() for feature in layer]
    document: dict[str, Any] = {"type": "FeatureCollection"}
    box = bounding_box(feature["geometry"] for feature in features)
    if box is not None:
        document["bbox"] = list(box)
    document["topodesign"] = _about(scenario, plan)
    document["features"] = features
    return document


def geojson_bytes(document: dict[str, Any]) -> bytes:
    """UTF-8 text of a GeoJSON document, one feature a line, so that two versions can be compared with ``diff``."""
    head = {name: value for name, value in document.items() if name != "features"}
    lines = ",\n".join(_compact(feature) for feature in document["features"])
    start = _compact(head)[:-1]
    return f'{start},"features":[\n{lines}\n]}}\n'.encode()


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _about(scenario: Scenario, plan: Plan) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "attribution": plan.attribution or scenario.attribution,
        "status": plan.status,
        "cost_usd": plain(plan.cost_usd),
        "lower_bound_usd": plain(plan.lower_bound_usd),
        "gap": plain(plan.gap),
        "verified": plan.verified,
        "topodesign_version": plan.provenance.topodesign_version,
        "scenario_sha256": plan.provenance.scenario_sha256,
    }
