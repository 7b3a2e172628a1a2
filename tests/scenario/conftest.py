"""A small sound scenario as files in memory, for each test to spoil in one place."""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from topodesign.domain.errors import InvalidScenario, Problem
from topodesign.scenario import read_scenario_files

SETTINGS = """
name = "triangle"

[workload]
parameters = 1e12
sync_time_s = 1.0

[size]
accelerators = 4608
"""


def point(lon: float, lat: float, **properties: Any) -> dict[str, Any]:
    """A GeoJSON point feature."""
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def box(west: float, south: float, east: float, north: float, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature with a rectangle."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def line(*positions: list[float], **properties: Any) -> dict[str, Any]:
    """A GeoJSON line feature; without positions, without geometry."""
    geometry = {"type": "LineString", "coordinates": list(positions)} if positions else None
    return {"type": "Feature", "properties": properties, "geometry": geometry}


class Draft:
    """Features of a scenario that can still be changed; ``files`` are the bytes of each."""

    def __init__(self) -> None:
        self.sites = [
            point(-100, 40, site_id="a", power_mw=50),
            point(-99, 40, site_id="b", power_mw=50),
            point(-98, 40, site_id="c", power_mw=50),
        ]
        self.zones = [
            box(-101, 39, -98.5, 41, zone_id="west", headroom_mw=100),
            box(-98.5, 39, -97, 41, zone_id="east", headroom_mw=100),
        ]
        self.junctions = [point(-99, 41.5, node_id="j", regeneration=True)]
        self.fiber = [
            line([-100, 40], [-99, 40], segment_id="ab", a="a", b="b", length_km=100),
            line([-99, 40], [-98, 40], segment_id="bc", a="b", b="c", length_km=100),
            line([-98, 40], [-99, 41.5], segment_id="cj", a="c", b="j", length_km=300),
            line([-99, 41.5], [-100, 40], segment_id="ja", a="j", b="a", length_km=300),
        ]
        self.settings = SETTINGS
        self.extra_members: dict[str, dict[str, Any]] = {}
        self.replaced: dict[str, bytes | None] = {}

    def files(self) -> dict[str, bytes]:
        """File name to content; ``replaced`` wins, ``None`` there leaves the file out."""
        parts = {
            "sites.geojson": self.sites,
            "power_zones.geojson": self.zones,
            "junctions.geojson": self.junctions,
            "fiber.geojson": self.fiber,
        }
        found = {
            name: json.dumps(
                {"type": "FeatureCollection", **self.extra_members.get(name, {}), "features": features}
            ).encode()
            for name, features in parts.items()
        }
        found["scenario.toml"] = self.settings.encode()
        for name, data in self.replaced.items():
            found.pop(name, None)
            if data is not None:
                found[name] = data
        return found

    def problems(self) -> tuple[Problem, ...]:
        """Every problem of the draft; empty when it is sound."""
        try:
            read_scenario_files(self.files())
        except InvalidScenario as error:
            return error.problems
        return ()

    def only_problem(self) -> Problem:
        """The one problem that the draft has."""
        found = self.problems()
        assert len(found) == 1, [str(problem) for problem in found]
        return found[0]

    def copy(self) -> "Draft":
        """An independent copy."""
        return copy.deepcopy(self)


@pytest.fixture
def draft() -> Draft:
    return Draft()


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Writes files into a fresh folder and returns it."""

    def write(files: Mapping[str, bytes]) -> Path:
        folder = tmp_path / "scenario"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return folder

    return write
