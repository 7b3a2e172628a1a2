"""The README of the outputs says of every file, column and property what it is."""

from dataclasses import fields
from pathlib import Path

import pytest

import topodesign.outputs
from topodesign.outputs import LAYER_MEANING, LAYERS, OUTPUT_FILES, PROPERTIES, BillLine, Property

README = (Path(topodesign.outputs.__file__).parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OUTPUT_FILES)
def test_every_file_is_there(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("item", PROPERTIES, ids=lambda item: f"{item.layer}.{item.name}")
def test_every_property_stands_in_the_table_of_its_layer(item: Property) -> None:
    table = README.partition(f"### `{item.layer}`\n")[2].partition("### ")[0]
    row = f"| `{item.name}` | {item.kind} | {item.unit} | {'yes' if item.nullable else 'no'} | {item.meaning} |"
    assert row in table.splitlines()


def test_nothing_else_stands_in_the_tables() -> None:
    tables = README.partition("## Map layers")[2]
    assert tables.count("\n| `") == len(PROPERTIES)
    assert tables.count("### `") == len(LAYERS) == len(LAYER_MEANING)


def test_what_the_length_of_a_link_means_is_said_wherever_it_is_given() -> None:
    (length,) = [item for item in PROPERTIES if (item.layer, item.name) == ("links", "length_km")]
    assert "longest" in length.meaning
    assert "`links[].length_km`" in README
    proto = (Path(__file__).parents[2] / "protos/topodesign/v1/plan.proto").read_text(encoding="utf-8")
    comment = proto.partition("message Link {")[2].partition("length_km")[0].rpartition("];\n")[2]
    assert "longest" in comment.lower()
    assert "`lightpaths`" in comment


def test_the_columns_that_hold_money_are_explained() -> None:
    money = [
        field.name for field in fields(BillLine) if field.name.endswith("cost_usd") and field.name != "unit_cost_usd"
    ]
    assert money == ["cost_usd", "beside_cost_usd"]
    assert all(f"`{name}`" in README for name in money)
