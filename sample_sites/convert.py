"""Makes the sample scenarios ``regional-nova``, ``us-multi-region`` and ``europe`` out of open data.

    python sample_sites/convert.py [DATA_FOLDER]

``DATA_FOLDER`` (default ``../shared/data``) holds ``scenarios/regional_nova``, ``scenarios/us_multi_region`` and
``scenarios/europe`` with sites, zones, links and fiber nodes. The result is the same byte for byte on every run. What
is measured and what is an estimate, and the rule of each estimate, is in the README.md of each; ``scenario.toml``
and the READMEs are written by hand.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from pyproj import Geod

HERE = Path(__file__).resolve().parent
SIMPLIFY_DEGREES = 0.002
ROUTE_FACTOR = 1.3  # fiber route over great circle, US conduits between 120 cities (arXiv:1811.10737)
EUROPE_ROUTE_FACTOR = 1.4  # what the tails of the European source are made with
USD_PER_EUR = 1.13  # about the mean of the ECB's daily reference rates of 2025, the year of the prices

# Rules of the estimates; each is explained in the READMEs.
LONG_HAUL_PAIRS = 432
TAIL_PAIRS = 432
METRO_PAIRS = 864
USD_PER_PAIR_KM = 2000
USD_PER_ROUTE_KM_YEAR = 155

Feature = dict[str, Any]
GEOD = Geod(ellps="WGS84")


def main(arguments: Sequence[str]) -> None:
    """Write the three scenarios next to this script."""
    data = Path(arguments[0]) if arguments else HERE.parent / ".." / "shared" / "data"
    convert_regional_nova(data / "scenarios" / "regional_nova", HERE / "regional-nova")
    convert_us_multi_region(data / "scenarios" / "us_multi_region", HERE / "us-multi-region")
    convert_europe(data / "scenarios" / "europe", HERE / "europe")


def convert_regional_nova(source: Path, target: Path) -> None:
    """Twelve campuses in Northern Virginia, joined directly by rights of way and metro ducts."""
    sites = read(source / "sites.geojson")
    links = read(source / "links.geojson")
    positions = {site["properties"]["site_id"]: position(site) for site in sites}
    segments = [segment(link) for link in links]
    segments += second_entrances(list(positions), segments, positions, positions)
    write(target / "sites.geojson", [site_feature(site) for site in sites])
    write(target / "power_zones.geojson", [nova_zone(zone) for zone in read(source / "zones.geojson")])
    write(target / "fiber.geojson", segments)


def convert_us_multi_region(source: Path, target: Path) -> None:
    """Thirty-six sites in 14 balancing authorities, joined by a long-haul graph of rights of way."""
    sites = read(source / "sites.geojson")
    nodes = read(source / "fiber_nodes.geojson")
    links = read(source / "links.geojson")
    site_positions = {site["properties"]["site_id"]: position(site) for site in sites}
    node_positions = {node["properties"]["node_id"]: position(node) for node in nodes}
    segments = [segment(link) for link in links]
    segments += second_entrances(list(site_positions), segments, site_positions, node_positions)
    write(target / "sites.geojson", [site_feature(site) for site in sites])
    write(target / "power_zones.geojson", [us_zone(zone) for zone in read(source / "zones.geojson")])
    write(target / "junctions.geojson", [junction_feature(node) for node in nodes])
    write(target / "fiber.geojson", segments)


def convert_europe(source: Path, target: Path) -> None:
    """Forty-six sites in 29 zones, joined by a graph along high-voltage lines (optical ground wire)."""
    sites = read(source / "sites.geojson")
    nodes = read(source / "fiber_nodes_opgw.geojson")
    links = read(source / "links_opgw.geojson")
    site_positions = {site["properties"]["site_id"]: position(site) for site in sites}
    node_positions = {node["properties"]["node_id"]: position(node) for node in nodes}
    segments = [segment(link, tail_factor=EUROPE_ROUTE_FACTOR) for link in links]
    segments += second_entrances(
        list(site_positions), segments, site_positions, node_positions, factor=EUROPE_ROUTE_FACTOR
    )
    write(target / "sites.geojson", [site_feature(site) for site in sites])
    write(target / "power_zones.geojson", [europe_zone(zone) for zone in read(source / "zones.geojson")])
    write(target / "junctions.geojson", [junction_feature(node) for node in nodes])
    write(target / "fiber.geojson", segments)


def site_feature(site: Feature) -> Feature:
    """A site with its power from the data and its PUE and development cost by rule."""
    given = site["properties"]
    lon, lat = position(site)
    runs_already = (given.get("epoch_current_mw") or 0) > 0
    facilities = given["n_facilities"]
    properties = {
        "site_id": given["site_id"],
        "name": given["name"],
        "zone_id": given["zone_id"],
        "power_mw": given["est_power_mw"],
        "pue": pue_at(lat),
        "capex_usd_per_mw": capex_usd_per_mw(given["est_power_mw"], facilities, runs_already=runs_already),
        "fixed_capex_usd": 25_000_000 if runs_already or facilities >= 5 else 60_000_000,
        **{column: given[column] for column in ("state", "iso2") if column in given},
        "operators": given["operators"],
        "n_facilities": facilities,
        "power_basis": given["power_basis"],
        "source": given["source"],
    }
    return feature(properties, {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]})


def pue_at(latitude: float) -> float:
    """Cooler north, lower PUE: 1.15 from 41 degrees on, 1.25 below 35 degrees, 1.20 between."""
    if latitude >= 41:
        return 1.15
    return 1.25 if latitude < 35 else 1.2


def capex_usd_per_mw(power_mw: float, facilities: int, *, runs_already: bool) -> int:
    """Site-dependent development cost per MW: a greenfield price less what is there already."""
    usd = 1_400_000
    if runs_already:
        usd -= 400_000
    if facilities >= 20:
        usd -= 300_000
    elif facilities >= 5:
        usd -= 150_000
    if power_mw >= 1000:
        usd -= 200_000
    return usd


def nova_zone(zone: Feature) -> Feature:
    """A county of PJM as a power zone."""
    given = zone["properties"]
    return zone_feature(
        zone,
        zone_id=given["zone_id"],
        name=f"{given['name']}, {given['state']}",
        headroom_mw=given["synthetic_headroom_mw"],
        price=given["price_usd_per_mwh"],
        carbon=given["co2_g_per_kwh"],
        utility="PJM",
    )


def us_zone(zone: Feature) -> Feature:
    """A balancing authority as a power zone."""
    given = zone["properties"]
    if given["currency"] != "USD":
        raise ValueError(f"zone {given['zone_id']} has a price in {given['currency']}, not in USD")
    return zone_feature(
        zone,
        zone_id=given["zone_id"],
        name=given["name"].rstrip("."),
        headroom_mw=given["synthetic_headroom_mw"],
        price=given["price_per_mwh"],
        carbon=given["co2_lifecycle_g_per_kwh"],
        utility=given["ba_code"],
    )


def europe_zone(zone: Feature) -> Feature:
    """A bidding zone or country as a power zone; no utility, since the source names none. Euros become US dollars."""
    given = zone["properties"]
    if given["currency"] != "EUR":
        raise ValueError(f"zone {given['zone_id']} has a price in {given['currency']}, not in EUR")
    return zone_feature(
        zone,
        zone_id=given["zone_id"],
        name=given["name"],
        headroom_mw=given["synthetic_headroom_mw"],
        price=round(given["price_per_mwh"] * USD_PER_EUR, 2),
        carbon=given["co2_lifecycle_g_per_kwh"],
        utility="",
    )


def zone_feature(
    zone: Feature, *, zone_id: str, name: str, headroom_mw: float, price: float, carbon: float, utility: str
) -> Feature:
    """A power zone; the polygon is simplified, which moves borders by some 200 m at most."""
    properties = {
        "zone_id": zone_id,
        "name": name,
        "headroom_mw": headroom_mw,
        "energy_usd_per_mwh": price,
        "carbon_g_per_kwh": carbon,
        "utility": utility,
    }
    return feature(properties, lighter(zone["geometry"]))


def junction_feature(node: Feature) -> Feature:
    """A metro node, where light may be regenerated."""
    given = node["properties"]
    lon, lat = position(node)
    properties = {"node_id": given["node_id"], "name": given["name"], "regeneration": True}
    return feature(properties, {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]})


def segment(link: Feature, *, tail_factor: float = ROUTE_FACTOR) -> Feature:
    """A link of the data as a fiber segment in its own conduit; ``tail_factor`` is what its tails were made with."""
    given = link["properties"]
    pairs = {"tail": TAIL_PAIRS, "metro-duct": METRO_PAIRS}
    basis = {
        "long-haul": "along rail and transmission rights of way",
        "row": "along rail and transmission rights of way",
        "opgw": "along high-voltage lines",
        "subsea": "estimated subsea cable",
        "tail": f"estimated tail, great circle x {tail_factor}",
        "metro-duct": "estimated metro duct, great circle x 1.4",
    }
    return segment_feature(
        segment_id=given["link_id"],
        ends=(given["a"], given["b"]),
        length_km=given["fiber_km"],
        pairs=pairs.get(given["kind"], LONG_HAUL_PAIRS),
        kind=given["kind"],
        basis=basis[given["kind"]],
        geometry=lighter(link["geometry"]),
    )


def second_entrances(
    site_ids: Sequence[str],
    segments: Sequence[Feature],
    site_positions: Mapping[str, tuple[float, float]],
    node_positions: Mapping[str, tuple[float, float]],
    *,
    factor: float = ROUTE_FACTOR,
) -> list[Feature]:
    """For each site with one entrance a second: great circle x ``factor`` to the nearest other node, own conduit."""
    added = []
    for site_id in sorted(site_ids):
        joined = set()
        for item in segments:
            ends = {item["properties"]["a"], item["properties"]["b"]}
            if site_id in ends:
                joined |= ends - {site_id}
        if len(joined) >= 2:
            continue
        start = site_positions[site_id]
        others = sorted(set(node_positions) - joined - {site_id})
        nearest = min(others, key=lambda node: (great_circle_km(start, node_positions[node]), node))
        end = node_positions[nearest]
        added.append(
            segment_feature(
                segment_id=f"{site_id}-B",
                ends=(site_id, nearest),
                length_km=round(factor * great_circle_km(start, end), 1),
                pairs=TAIL_PAIRS,
                kind="tail",
                basis="estimated second entrance",
                geometry={
                    "type": "LineString",
                    "coordinates": [[round(n, 5) for n in start], [round(n, 5) for n in end]],
                },
            )
        )
    return added


def segment_feature(
    *,
    segment_id: str,
    ends: tuple[str, str],
    length_km: float,
    pairs: int,
    kind: str,
    basis: str,
    geometry: Mapping[str, Any],
) -> Feature:
    """A fiber segment with the prices that all of them share."""
    properties = {
        "segment_id": segment_id,
        "a": ends[0],
        "b": ends[1],
        "length_km": length_km,
        "pairs_available": pairs,
        "usd_per_pair_km": USD_PER_PAIR_KM,
        "usd_per_route_km_year": USD_PER_ROUTE_KM_YEAR,
        "fiber_type": "ssmf",
        "conduits": segment_id,
        "kind": kind,
        "basis": basis,
    }
    return feature(properties, geometry)


def great_circle_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Length of the geodesic between two positions, in km."""
    return float(GEOD.inv(*start, *end)[2]) / 1e3


def position(item: Feature) -> tuple[float, float]:
    """Longitude and latitude of a point feature."""
    lon, lat = item["geometry"]["coordinates"][:2]
    return (lon, lat)


def lighter(geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The geometry simplified by 0.002 degrees and rounded to 5 decimals; still valid."""
    shape = shapely.geometry.shape(dict(geometry))
    simple = shapely.set_precision(shape.simplify(SIMPLIFY_DEGREES, preserve_topology=True), 1e-5)
    if simple.is_empty or not simple.is_valid:
        raise ValueError(f"a {geometry['type']} does not survive simplification")
    document: Mapping[str, Any] = json.loads(shapely.to_geojson(simple))
    return {"type": document["type"], "coordinates": rounded(document["coordinates"])}


def rounded(coordinates: Any) -> Any:
    """Coordinates of any depth with 5 decimals (about 1 m)."""
    return [rounded(part) for part in coordinates] if isinstance(coordinates, list) else round(coordinates, 5)


def feature(properties: Mapping[str, Any], geometry: Mapping[str, Any]) -> Feature:
    """A GeoJSON feature."""
    return {"type": "Feature", "properties": dict(properties), "geometry": dict(geometry)}


def read(path: Path) -> list[Feature]:
    """Features of a GeoJSON file."""
    features: list[Feature] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def write(path: Path, features: Sequence[Feature]) -> None:
    """Features as GeoJSON, one a line, so that a change shows as a change of its own line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in features)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
