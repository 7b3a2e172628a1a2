"""``reach.csv`` and ``optics.catalog``: measured reaches, every fault located."""

import dataclasses
from typing import Any

import pytest

from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import MeasuredReach
from topodesign.scenario import read_scenario_files, scenario_digest

HEAD = "mode,fiber_type,reach_km\n"
SOUND = HEAD + "zrplus-400,ssmf,520\nzr-400,ssmf,95.5\nzr-400,g654e,110\n"


def with_rows(draft: Any, text: str) -> Any:
    draft.replaced["reach.csv"] = text.encode()
    return draft


def test_reaches_are_read_sorted_and_told(draft: Any) -> None:
    scenario = read_scenario_files(with_rows(draft, SOUND).files())
    assert scenario.measured_reaches == (
        MeasuredReach(mode="zr-400", fiber_type="g654e", reach_km=110),
        MeasuredReach(mode="zr-400", fiber_type="ssmf", reach_km=95.5),
        MeasuredReach(mode="zrplus-400", fiber_type="ssmf", reach_km=520),
    )
    told = [sentence for sentence in scenario.assumptions if sentence.startswith("reach.csv")]
    assert told == [
        "reach.csv: measured, in place of the line model: zrplus-400 on ssmf 520 km, zr-400 on ssmf 95.5 km, "
        "zr-400 on g654e 110 km"
    ]


FAULTS = {
    "unknown mode": ("zr-40,ssmf,80\n", "mode", "EQUIPMENT_UNKNOWN", "'zr-400'"),
    "unknown fiber": ("zr-400,smf,80\n", "fiber_type", "VALUE_UNKNOWN", "'ssmf'"),
    "no reach": ("zr-400,ssmf,\n", "reach_km", "VALUE_MISSING", "reach_km"),
    "no mode": (",ssmf,80\n", "mode", "VALUE_MISSING", "mode"),
    "not a number": ("zr-400,ssmf,nan\n", "reach_km", "NUMBER_NOT_FINITE", "finite"),
    "infinite": ("zr-400,ssmf,inf\n", "reach_km", "NUMBER_NOT_FINITE", "finite"),
    "zero": ("zr-400,ssmf,0\n", "reach_km", "NUMBER_OUT_OF_RANGE", "greater than 0"),
    "negative": ("zr-400,ssmf,-80\n", "reach_km", "NUMBER_NEGATIVE", "greater than 0"),
    "around the earth": ("zr-400,ssmf,100000\n", "reach_km", "NUMBER_OUT_OF_RANGE", "at most 40000"),
    "text": ("zr-400,ssmf,far\n", "reach_km", "TYPE_WRONG", "a number"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_located(draft: Any, name: str) -> None:
    row, field, reason, hint = FAULTS[name]
    problem = with_rows(draft, HEAD + "zrplus-300,ssmf,900\n" + row).only_problem()
    assert (problem.file, problem.row, problem.field, problem.reason) == ("reach.csv", 2, field, reason)
    assert hint in problem.message


def test_faults_of_a_row_are_found_together(draft: Any) -> None:
    found = with_rows(draft, HEAD + "zr-40,smf,-1\n").problems()
    assert {problem.field for problem in found} == {"mode", "fiber_type", "reach_km"}


def test_a_mode_twice_for_one_fiber_is_a_duplicate(draft: Any) -> None:
    problem = with_rows(draft, SOUND + "zr-400,ssmf,80\n").only_problem()
    assert (problem.file, problem.row, problem.reason) == ("reach.csv", 4, "DUPLICATE_ID")


def test_an_empty_table_and_a_missing_column_are_named(draft: Any) -> None:
    assert with_rows(draft, HEAD).only_problem().reason == "FILE_EMPTY"
    problem = with_rows(draft, "mode,fiber,reach_km\nzr-400,ssmf,80\n").only_problem()
    assert (problem.row, problem.field, problem.reason) == (None, "fiber_type", "COLUMN_MISSING")


def test_a_scenario_made_in_memory_has_no_mode_twice_either(draft: Any) -> None:
    scenario = read_scenario_files(draft.files())
    row = MeasuredReach(mode="m", fiber_type="ssmf", reach_km=1)
    with pytest.raises(InvalidInput) as caught:
        dataclasses.replace(scenario, measured_reaches=(row, row))
    assert caught.value.reason == "DUPLICATE_ID"


def test_rows_and_catalogue_count_in_the_fingerprint(draft: Any) -> None:
    plain = scenario_digest(read_scenario_files(draft.files()))
    rows, flexwan, standard = draft.copy(), draft.copy(), draft.copy()
    with_rows(rows, SOUND)
    flexwan.settings += '[optics]\ncatalog = "flexwan"\n'
    standard.settings += '[optics]\ncatalog = "standard"\n'
    assert len({plain, *(scenario_digest(read_scenario_files(item.files())) for item in (rows, flexwan))}) == 3
    assert scenario_digest(read_scenario_files(standard.files())) == plain


@pytest.mark.parametrize(
    ("settings", "field", "reason", "hint"),
    [
        ('catalog = "flexwam"', "optics.catalog", "VALUE_UNKNOWN", "'flexwan'"),
        ("catalog = 3", "optics.catalog", "TYPE_WRONG", "text"),
        ('modes = ["flexwan-400-75"]', "optics.modes", "EQUIPMENT_UNKNOWN", 'set optics.catalog = "flexwan"'),
        ('catalog = "flexwan"\nmodes = ["zr-400"]', "optics.modes", "EQUIPMENT_UNKNOWN", 'optics.catalog = "standard"'),
        ('catalog = "flexwan"\nmodes = ["flexwan-400-57"]', "optics.modes", "EQUIPMENT_UNKNOWN", "flexwan-400-75"),
    ],
)
def test_a_wrong_catalogue_or_mode_is_named(draft: Any, settings: str, field: str, reason: str, hint: str) -> None:
    draft.settings += f"[optics]\n{settings}\n"
    problem = draft.only_problem()
    assert (problem.file, problem.field, problem.reason) == ("scenario.toml", field, reason)
    assert hint in problem.message
