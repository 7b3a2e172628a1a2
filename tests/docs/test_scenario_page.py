"""docs/scenario.md names every field that the reader takes, no other, and the defaults that are used.

Its tables of scenario.toml are generated from the keys that tests/scenario/test_setting_keys.py holds against the
reader.
"""

import dataclasses
import re
import runpy
import tomllib

import pytest
from documented.blocks import ROOT, blocks_of

from topodesign.catalog import load_catalog
from topodesign.domain.fiber import FiberSegment
from topodesign.domain.places import Junction, PowerZone, Site
from topodesign.domain.scenario import Scenario
from topodesign.scenario import fiber, junctions, lightpaths, reaches, sites, traffic, zones
from topodesign.scenario.reading import read_scenario_files
from topodesign.scenario.settings import SECTIONS
from topodesign.scenario.sources import KINDS

PAGE = ROOT / "docs/scenario.md"
SECTION = re.compile(r"^#{2,3} `([^`]+)`$\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`([^`]+)`")
SAID_IN_WORDS = {"empty": "", "none": None, "by position": None, "the line's length": None, "the folder's name": None}
MINIMAL = {
    "sites.csv": b"site_id,lon,lat,zone_id,power_mw\ns1,0,50,z,10\ns2,1,50,z,10\n",
    "power_zones.csv": b"zone_id,headroom_mw\nz,20\n",
    "junctions.csv": b"node_id,lon,lat\nj,0.5,50\n",
    "fiber.csv": b"segment_id,a,b,length_km\nf1,s1,j,40\nf2,j,s2,40\n",
    "scenario.toml": b"[workload]\nsync_time_s = 1.0\n[size]\naccelerators = 4608\n",
}
TABLES = {
    "sites": (sites.REQUIRED, sites.COLUMNS),
    "power_zones": (zones.REQUIRED, zones.COLUMNS),
    "junctions": (junctions.REQUIRED, junctions.COLUMNS),
    "fiber": (fiber.REQUIRED, fiber.COLUMNS),
    "demand": (traffic.REQUIRED, traffic.REQUIRED),
    "lightpaths": (lightpaths.REQUIRED, lightpaths.REQUIRED),
    "reach": (reaches.REQUIRED, reaches.REQUIRED),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    is_required: bool
    unit: str
    default: str


def rows_of(section: str) -> dict[str, Row]:
    """The rows of the table under a heading; a row may name several fields."""
    body = dict(SECTION.findall(PAGE.read_text("utf-8")))[section]
    lines = [line for line in body.splitlines() if line.startswith("| ") and "`" in line.split("|")[1]]
    found = {}
    for line in lines:
        names, unit, default, _ = (cell.strip() for cell in line.strip("|").split("|"))
        for name in NAME.findall(names):
            found[name] = Row(name=name, is_required=names.startswith("**"), unit=unit, default=default)
    return found


def default_of(row: Row, given: object) -> object:
    """The page's default as a value of the same type as the one that is used."""
    text = row.default.strip("`")
    if isinstance(given, bool):
        return {"true": True, "false": False}[text]
    if isinstance(given, int | float):
        return type(given)(float(text))
    return SAID_IN_WORDS.get(text, text)


@pytest.fixture(scope="module")
def minimal() -> Scenario:
    """A scenario that leaves out whatever may be left out."""
    return read_scenario_files(MINIMAL)


def test_the_page_lists_every_file_with_its_formats():
    body = PAGE.read_text("utf-8").split("## Files")[1].split("##")[0]
    lines = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("| `") or "| **`" in line]
    shown = {
        NAME.findall(stem)[0]: ("**" in stem, sorted(item.lstrip(".") for item in NAME.findall(formats)))
        for stem, formats, _ in lines
    }
    assert shown == {kind.stem: (kind.required, sorted(kind.formats)) for kind in KINDS}


@pytest.mark.parametrize("stem", TABLES)
def test_the_page_has_every_column_and_no_other(stem):
    required, columns = TABLES[stem]
    rows = rows_of(stem)
    assert set(rows) == set(columns)
    assert {name for name, row in rows.items() if row.is_required} == set(required)


def test_the_tables_of_settings_are_those_generated_from_the_keys():
    page = PAGE.read_text("utf-8")
    with_tables = runpy.run_path(str(ROOT / "docs/site/setting_tables.py"))["with_tables"]
    assert with_tables(page) == page, "run python docs/site/setting_tables.py"
    assert [f"[{name}]" for name in SECTIONS] == re.findall(r"<!-- keys of (\[\w+\]), generated -->", page)


@pytest.mark.parametrize(
    ("stem", "by_position"),
    [("sites", {"zone_id"}), ("power_zones", set()), ("junctions", {"zone_id"}), ("fiber", {"length_km", "conduits"})],
)
def test_defaults_of_columns_are_those_used(stem, by_position, minimal):
    parts: dict[str, Site | PowerZone | Junction | FiberSegment] = {
        "sites": minimal.sites[0],
        "power_zones": minimal.zones[0],
        "junctions": minimal.junctions[0],
        "fiber": minimal.segments[0],
    }
    for name, row in rows_of(stem).items():
        if not row.is_required and name not in by_position:
            assert default_of(row, getattr(parts[stem], name)) == getattr(parts[stem], name), name


def test_the_overrides_that_the_page_shows_are_figures_of_the_catalogue():
    (block,) = (block for block in blocks_of(PAGE) if block.kind == "toml")
    overrides = tomllib.loads(block.text)["catalog"]
    assert load_catalog(overrides) != load_catalog()
