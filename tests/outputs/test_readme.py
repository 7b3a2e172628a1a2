"""The README of the outputs says of every file and column what it is."""

from dataclasses import fields
from pathlib import Path

import pytest

import topodesign.outputs
from topodesign.outputs import OUTPUT_FILES, PROPERTIES, BillLine

README = (Path(topodesign.outputs.__file__).parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OUTPUT_FILES)
def test_every_file_is_there(name: str) -> None:
    folder, slash, _ = name.rpartition("/")
    assert f"`{folder + slash or name}`" in README


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
