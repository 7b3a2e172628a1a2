"""The files of a scenario folder made of an imported network."""

import csv
import io
import json
from collections.abc import Sequence

from topodesign.domain.scenario import Position
from topodesign.scenario.importing.network import Folder, Item, Network
from topodesign.scenario.sources import DEMAND, FIBER, JUNCTIONS, SETTINGS_FILE, SITES, ZONES

ZONE_ID = "imported"
ROOM_DEGREES = 0.5
"""Kept clear around the outermost nodes, so that none lies on the border."""

DECIMALS = 7
"""About 1 cm; sources give more digits than they know."""

POD = 4608
SYNC_TIME_S = 1.0


def files_of(network: Network, folder: Folder, *, zone_headroom_mw: float | None) -> dict[str, bytes]:
    """Name and content of every file; a part that the network has nothing of has no file."""
    files: dict[str, bytes] = {}
    for kind, items in ((SITES, network.sites), (JUNCTIONS, network.junctions), (FIBER, network.segments)):
        if items:
            files[kind.names[0]] = _collection([_feature(item) for item in items])
    if zone_headroom_mw is not None:
        zone = {"zone_id": ZONE_ID, "headroom_mw": zone_headroom_mw}
        own = [item.line[0] for item in (*network.sites, *network.junctions)]
        box = _box_around([*folder.sites.values(), *folder.junctions.values(), *own])
        files[ZONES.names[0]] = _collection([{"type": "Feature", "properties": zone, "geometry": box}])
    if network.demands:
        files[DEMAND.names[0]] = _demand_table(network)
    return files


def starting_settings(network: Network, name: str) -> bytes:
    """A ``scenario.toml`` to go on from: its figures are examples and say so."""
    ends = {end for pair in network.demands for end in pair}
    accelerators = POD * max(2, len(ends))
    if ends:
        workload = f'demand = "matrix"  # {DEMAND.names[0]}'
    else:
        workload = f"sync_time_s = {SYNC_TIME_S:g}  # EXAMPLE: seconds for one all-reduce between sites"
    lines = (
        "# Begun by topodesign import. Lines marked EXAMPLE only make the scenario complete: put your own figures.",
        f"name = {json.dumps(name, ensure_ascii=False)}",
        "",
        "[workload]",
        workload,
        "",
        "[size]",
        f"accelerators = {accelerators}  # EXAMPLE: {accelerators // POD} pods of {POD}",
    )
    return ("\n".join(lines) + "\n").encode()


def settings_note(network: Network) -> str:
    """What of :func:`starting_settings` is made up."""
    target = "" if network.demands else f"sync_time_s {SYNC_TIME_S:g} and "
    return f"{SETTINGS_FILE}: begun with example figures ({target}size.accelerators); put your own"


def _feature(item: Item) -> dict[str, object]:
    positions = [[round(lon, DECIMALS) + 0.0, round(lat, DECIMALS) + 0.0] for lon, lat in item.line]
    geometry: dict[str, object] | None = None
    if len(positions) == 1:
        geometry = {"type": "Point", "coordinates": positions[0]}
    elif positions:
        geometry = {"type": "LineString", "coordinates": positions}
    properties = {name: value for name, value in item.values.items() if value is not None}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _box_around(positions: Sequence[Position]) -> dict[str, object] | None:
    """A box with room around all positions; on both sides of the antimeridian, it goes around the globe."""
    if not positions:
        return None
    lons, lats = zip(*positions, strict=True)
    west, south = max(-180.0, min(lons) - ROOM_DEGREES), max(-90.0, min(lats) - ROOM_DEGREES)
    east, north = min(180.0, max(lons) + ROOM_DEGREES), min(90.0, max(lats) + ROOM_DEGREES)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    rounded = [[round(lon, DECIMALS), round(lat, DECIMALS)] for lon, lat in ring]
    return {"type": "Polygon", "coordinates": [rounded]}


def _collection(features: Sequence[dict[str, object]]) -> bytes:
    """GeoJSON, one feature a line, so that two imports can be compared with ``diff``."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, allow_nan=False, default=str) for item in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'.encode()


def _demand_table(network: Network) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("a", "b", "gbps"))
    for (a, b), (_, gbps) in network.demands.items():
        table.writerow((a, b, f"{gbps:.12g}"))
    return text.getvalue().encode()
