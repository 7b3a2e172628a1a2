"""docs/geojson.md against what is written: every property of every layer, in both directions."""

import re
from pathlib import Path
from typing import Any

import pytest
from outputs.hand_made_plans import Case

from topodesign.outputs import LAYER_MEANING, LAYERS, PROPERTIES, Property, plan_to_geojson
from topodesign.outputs.target import OUTPUT_FILES

PAGE = (Path(__file__).parents[2] / "docs/geojson.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([\w/]*) ?\| (yes|no) \| (.+) \|$", re.MULTILINE)
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def table_of(layer: str) -> str:
    return PAGE.partition(f"### `{layer}`\n")[2].partition("### ")[0]


DOCUMENTED = {
    (layer, name): (kind, unit, nullable == "yes", meaning)
    for layer in LAYERS
    for name, kind, unit, nullable, meaning in ROW.findall(table_of(layer))
}


@pytest.fixture(scope="module", name="written")
def written_fixture(east: Case, pacific: Case) -> dict[tuple[str, str], list[Any]]:
    """Values by layer and property in the hand-made plans, without columns that their input carries along."""
    values: dict[tuple[str, str], list[Any]] = {}
    for case in (east, pacific):
        things = (*case.scenario.sites, *case.scenario.zones, *case.scenario.segments, *case.scenario.junctions)
        carried = {name for thing in things for name in thing.extra}
        for feature in plan_to_geojson(case.scenario, case.plan)["features"]:
            layer = feature["properties"]["layer"]
            for name, value in feature["properties"].items():
                if name.removeprefix("input_") not in carried or (layer, name) in DOCUMENTED:
                    values.setdefault((layer, name), []).append(value)
    return values


def test_what_is_written_is_documented_and_what_is_documented_is_written(
    written: dict[tuple[str, str], list[Any]],
) -> None:
    assert set(written) == set(DOCUMENTED)


def test_values_are_of_the_documented_type_and_null_only_where_the_page_says_so(
    written: dict[tuple[str, str], list[Any]],
) -> None:
    for place, values in written.items():
        kind, _, nullable, _ = DOCUMENTED[place]
        assert {KINDS[type(value)] for value in values if value is not None} <= {kind}, place
        assert nullable or None not in values, place


@pytest.mark.parametrize("layer", LAYERS)
def test_the_tables_are_those_of_the_program(layer: str) -> None:
    def documented(item: Property) -> tuple[str, str, bool, str]:
        return (item.kind, item.unit, item.nullable, item.meaning)

    of_layer = {item.name: documented(item) for item in PROPERTIES if item.layer == layer}
    assert {name: row for (place, name), row in DOCUMENTED.items() if place == layer} == of_layer
    assert LAYER_MEANING[layer].lower() in table_of(layer).lower()  # type: ignore[index]


def test_there_is_no_table_of_a_layer_that_is_not() -> None:
    assert re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE) == list(LAYERS)


def test_examples_of_ids_are_ids_of_the_plan(east: Case) -> None:
    ids = {feature["id"] for feature in plan_to_geojson(east.scenario, east.plan)["features"]}
    examples = re.findall(r"^\| `\w+` \| .* \| `([^`]+)` \|$", PAGE.partition("## Ids")[2], re.MULTILINE)
    assert [example.partition("/")[0] for example in examples] == list(LAYERS)
    assert set(examples) <= ids


def test_the_files_that_the_page_names_are_written() -> None:
    for layer in LAYERS:
        assert f"geoparquet/{layer}.parquet" in OUTPUT_FILES
    assert {"plan.gpkg", "site-plan.geojson"} <= set(OUTPUT_FILES)
    assert "`geoparquet/LAYER.parquet`" in PAGE
