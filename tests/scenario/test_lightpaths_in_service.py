"""``lightpaths.csv``: lightpaths in service today, every fault located."""

import dataclasses
from typing import Any

import pytest

from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import LitLightpath
from topodesign.scenario import read_scenario_files

HEAD = "a,z,mode,count,segments\n"
SOUND = HEAD + "b,a,zr-400,3,ab\nc,a,zr-400,2,cj;ja\n"


def with_rows(draft: Any, text: str) -> Any:
    draft.replaced["lightpaths.csv"] = text.encode()
    return draft


def test_lightpaths_are_read_with_segments_in_the_order_given(draft: Any) -> None:
    scenario = read_scenario_files(with_rows(draft, SOUND).files())
    assert scenario.lit_lightpaths == (
        LitLightpath(a="b", z="a", mode="zr-400", count=3, segments=("ab",)),
        LitLightpath(a="c", z="a", mode="zr-400", count=2, segments=("cj", "ja")),
    )
    sentences = [sentence for sentence in scenario.assumptions if sentence.startswith("lightpaths.csv")]
    assert any(" 5 lightpaths are in service" in sentence for sentence in sentences)
    assert any("lit_pairs 0" in sentence and "ab, cj, ja" in sentence for sentence in sentences)


def test_segments_that_are_lit_are_not_reported_as_dark(draft: Any) -> None:
    for segment in draft.fiber:
        segment["properties"]["lit_pairs"] = 1
    scenario = read_scenario_files(with_rows(draft, SOUND).files())
    assert not any("lit_pairs 0" in sentence for sentence in scenario.assumptions)


FAULTS = {
    "unknown site": ("b,aa,zr-400,3,ab\n", "z", "REFERENCE_UNKNOWN", "'a'"),
    "ends at a junction": ("c,j,zr-400,3,cj\n", "z", "REFERENCE_UNKNOWN", "no site"),
    "unknown segment": ("b,a,zr-400,3,abc\n", "segments", "REFERENCE_UNKNOWN", "no fiber segment"),
    "unknown mode": ("b,a,zr-40,3,ab\n", "mode", "EQUIPMENT_UNKNOWN", "'zr-400'"),
    "segments in the wrong order": ("c,a,zr-400,3,ja;cj\n", "segments", "ROUTE_BROKEN", "'ja'"),
    "a route that ends elsewhere": ("a,c,zr-400,3,ab\n", "segments", "ROUTE_BROKEN", "ends at 'b'"),
    "a route that comes back": ("a,c,zr-400,3,ab;ab\n", "segments", "ROUTE_BROKEN", "second time"),
    "the same site twice": ("a,a,zr-400,3,ab\n", "z", "FIELD_INVALID", "other than a"),
    "none in service": ("b,a,zr-400,0,ab\n", "count", "NUMBER_OUT_OF_RANGE", "at least 1"),
    "half a lightpath": ("b,a,zr-400,1.5,ab\n", "count", "TYPE_WRONG", "whole number"),
    "negative count": ("b,a,zr-400,-2,ab\n", "count", "NUMBER_NEGATIVE", "at least 1"),
    "no segments": ("b,a,zr-400,1,\n", "segments", "VALUE_MISSING", "segments"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_located(draft: Any, name: str) -> None:
    row, field, reason, hint = FAULTS[name]
    problem = with_rows(draft, HEAD + "b,c,zr-400,1,bc\n" + row).only_problem()
    assert (problem.file, problem.row, problem.field, problem.reason) == ("lightpaths.csv", 2, field, reason)
    assert hint in problem.message


def test_the_same_lightpaths_told_from_the_other_end_are_a_duplicate(draft: Any) -> None:
    problem = with_rows(draft, SOUND + "a,c,zr-400,1,ja;cj\n").only_problem()
    assert (problem.file, problem.row, problem.reason) == ("lightpaths.csv", 3, "DUPLICATE_ID")


def test_a_missing_column_is_named_once(draft: Any) -> None:
    problem = with_rows(draft, "a,z,mode,number,segments\nb,a,zr-400,3,ab\nb,c,zr-400,3,bc\n").only_problem()
    assert (problem.row, problem.field, problem.reason) == (None, "count", "COLUMN_MISSING")


def test_columns_that_nothing_reads_are_listed(draft: Any) -> None:
    scenario = read_scenario_files(with_rows(draft, "a,z,mode,count,segments,owner\nb,a,zr-400,3,ab,me\n").files())
    assert "lightpaths.csv: columns that are not used: owner" in scenario.assumptions


@pytest.mark.parametrize(
    ("path", "reason", "field"),
    [
        (LitLightpath(a="b", z="x", mode="m", count=1, segments=("ab",)), "REFERENCE_UNKNOWN", "lit_lightpaths[0].z"),
        (
            LitLightpath(a="b", z="a", mode="m", count=1, segments=("xy",)),
            "REFERENCE_UNKNOWN",
            "lit_lightpaths[0].segments",
        ),
        (
            LitLightpath(a="b", z="a", mode="m", count=1, segments=("bc",)),
            "ROUTE_BROKEN",
            "lit_lightpaths[0].segments",
        ),
    ],
)
def test_a_scenario_made_in_memory_is_checked_too(draft: Any, path: LitLightpath, reason: str, field: str) -> None:
    scenario = read_scenario_files(draft.files())
    with pytest.raises(InvalidInput) as caught:
        dataclasses.replace(scenario, lit_lightpaths=(path,))
    assert (caught.value.reason, caught.value.field_path) == (reason, field)
