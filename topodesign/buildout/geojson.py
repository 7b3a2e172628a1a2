"""A build-out as one GeoJSON document: the last state, each feature with the year in which it was built."""

from collections.abc import Sequence
from typing import Any

from topodesign.domain.buildout import Buildout
from topodesign.domain.scenario import Scenario
from topodesign.outputs.geojson import plan_to_geojson


def buildout_to_geojson(scenarios: Sequence[Scenario], buildout: Buildout) -> dict[str, Any]:
    """The last year's site plan (docs/geojson.md), with ``built_year`` on every feature.

    That is the first year whose state has the feature: a used site, lit fiber, a link. A candidate site has the year
    in which it is used first; it is null for zones and for sites that are never used.
    """
    documents = [plan_to_geojson(scenario, item.plan) for scenario, item in zip(scenarios, buildout.years, strict=True)]
    since: dict[str, int] = {}
    for item, document in zip(buildout.years, documents, strict=True):
        for feature in document["features"]:
            since.setdefault(feature["id"], item.year)
    last = documents[-1]
    for feature in last["features"]:
        properties = feature["properties"]
        layer = properties["layer"]
        built = since.get(f"clusters/{properties['site_id']}") if layer == "sites" else since[feature["id"]]
        properties["built_year"] = None if layer == "power_zones" else built
    last["topodesign"] |= {
        "status": buildout.status,
        "npc_usd": buildout.npc_usd,
        "npc_lower_bound_usd": buildout.lower_bound_usd,
        "npc_gap": buildout.gap,
        "years": [item.year for item in buildout.years],
    }
    return last
