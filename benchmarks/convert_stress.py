"""Makes the scenario folder ``benchmarks/stress-500`` out of open data, compactly: tables without geometry.

    python -m benchmarks.convert_stress [DATA_FOLDER]

``DATA_FOLDER`` (default ``../shared/data``) holds ``scenarios/stress_500`` with sites, zones, links and fiber nodes.
The rules are those of ``sample_sites/convert.py``; what differs is in the folder's README.md. The result is the same
byte for byte on every run; ``scenario.toml`` and the README are written by hand.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely

from sample_sites.convert import (
    EUROPE_ROUTE_FACTOR,
    ROUTE_FACTOR,
    USD_PER_EUR,
    Feature,
    capex_usd_per_mw,
    position,
    pue_at,
    read,
    second_entrances,
    segment,
)

HERE = Path(__file__).resolve().parent
CARBON_FROM = {"US-FLA-HST": "US-FLA-FPL"}
"""Zones without a carbon figure in the source, and the zone around them whose figure is taken."""

Record = dict[str, Any]


def main(arguments: Sequence[str]) -> None:
    """Write the tables of the scenario."""
    data = Path(arguments[0]) if arguments else HERE.parent / ".." / "shared" / "data"
    source, target = data / "scenarios" / "stress_500", HERE / "stress-500"
    sites, nodes, links, zones = (
        read(source / f"{stem}.geojson") for stem in ("sites", "fiber_nodes", "links", "zones")
    )
    write(target / "sites.csv", [site_record(site) for site in sites])
    write(target / "power_zones.csv", zone_records(zones))
    write(target / "junctions.csv", junction_records(nodes, zones))
    write(target / "fiber.csv", fiber_records(sites, nodes, links))


def site_record(site: Feature) -> Record:
    """A site with its power from the data and its PUE and development cost by rule."""
    given = site["properties"]
    lon, lat = position(site)
    facilities = given["n_facilities"]
    return {
        "site_id": given["site_id"],
        "lon": round(lon, 5),
        "lat": round(lat, 5),
        "zone_id": given["zone_id"],
        "power_mw": given["est_power_mw"],
        "pue": pue_at(lat),
        "capex_usd_per_mw": capex_usd_per_mw(given["est_power_mw"], facilities, runs_already=False),
        "fixed_capex_usd": 25_000_000 if facilities >= 5 else 60_000_000,
        "region": given["region"],
        "n_facilities": facilities,
    }


def zone_records(zones: Sequence[Feature]) -> list[Record]:
    """Power zones without their shapes; euros become US dollars."""
    carbon = {zone["properties"]["zone_id"]: zone["properties"]["co2_lifecycle_g_per_kwh"] for zone in zones}
    usd = {"USD": 1.0, "EUR": USD_PER_EUR}
    records = []
    for zone in zones:
        given = zone["properties"]
        zone_id = given["zone_id"]
        records.append(
            {
                "zone_id": zone_id,
                "name": given["name"].rstrip("."),
                "headroom_mw": given["synthetic_headroom_mw"],
                "energy_usd_per_mwh": round(given["price_per_mwh"] * usd[given["currency"]], 2),
                "carbon_g_per_kwh": carbon[CARBON_FROM.get(zone_id, zone_id)],
            }
        )
    return records


def junction_records(nodes: Sequence[Feature], zones: Sequence[Feature]) -> list[Record]:
    """Metro nodes; the zone of each is that around it, else the nearest (in degrees, which only ranks them)."""
    shapes = [(zone["properties"]["zone_id"], shapely.geometry.shape(zone["geometry"])) for zone in zones]
    records = []
    for node in nodes:
        lon, lat = position(node)
        here = shapely.Point(lon, lat)
        _, zone_id = min((shape.distance(here), zone_id) for zone_id, shape in shapes)
        records.append(
            {
                "node_id": node["properties"]["node_id"],
                "name": node["properties"]["name"],
                "lon": round(lon, 5),
                "lat": round(lat, 5),
                "regeneration": "true",
                "zone_id": zone_id,
            }
        )
    return records


def fiber_records(sites: Sequence[Feature], nodes: Sequence[Feature], links: Sequence[Feature]) -> list[Record]:
    """All links, and a second entrance for each site with one tail."""
    region = {site["properties"]["site_id"]: site["properties"]["region"] for site in sites}
    site_positions = {site["properties"]["site_id"]: position(site) for site in sites}
    node_positions = {node["properties"]["node_id"]: position(node) for node in nodes}
    factors = {"US": ROUTE_FACTOR, "EU": EUROPE_ROUTE_FACTOR}
    segments = [
        segment(
            link, tail_factor=factors[region.get(link["properties"]["a"], region.get(link["properties"]["b"], "US"))]
        )
        for link in links
    ]
    given = list(segments)
    for name, factor in factors.items():
        members = [site_id for site_id, where in region.items() if where == name]
        segments += second_entrances(members, given, site_positions, node_positions, factor=factor)
    columns = (
        "segment_id",
        "a",
        "b",
        "length_km",
        "pairs_available",
        "usd_per_pair_km",
        "usd_per_route_km_year",
        "kind",
    )
    return [{column: item["properties"][column] for column in columns} for item in segments]


def write(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Records as CSV with a head line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


if __name__ == "__main__":
    main(sys.argv[1:])
