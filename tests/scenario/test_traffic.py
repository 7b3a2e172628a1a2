"""Demand matrices and hoses: read where the workload asks for them, every fault located."""

from typing import Any

import pytest

from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import Traffic, Workload
from topodesign.scenario import read_scenario_files, scenario_digest

MATRIX = """
[workload]
demand = "matrix"
[size]
accelerators = 4608
"""
HOSE = MATRIX.replace("matrix", "hose")


@pytest.fixture
def matrix(draft: Any) -> Any:
    draft.settings = MATRIX
    draft.replaced["demand.csv"] = b"a,b,gbps\nc,a,250.5\na,c,100\na,b,400\n"
    return draft


def test_a_matrix_is_read_sorted_and_needs_no_sync_time(matrix: Any) -> None:
    scenario = read_scenario_files(matrix.files())
    assert scenario.traffic == (
        Traffic(a="a", b="b", gbps=400),
        Traffic(a="a", b="c", gbps=100),
        Traffic(a="c", b="a", gbps=250.5),
    )
    assert scenario.demand_sites == ("a", "b", "c")
    assert scenario.workload.sync_time_s is None and scenario.workload.utilization is None
    assert "demand.csv: the sites that it names are required: a, b, c" in scenario.assumptions


def test_rows_of_a_matrix_may_come_in_any_order(matrix: Any) -> None:
    other = matrix.copy()
    other.replaced["demand.csv"] = b"gbps,b,a\n400,b,a\n100.0,c,a\n250.5,a,c\n"
    assert scenario_digest(read_scenario_files(matrix.files())) == scenario_digest(read_scenario_files(other.files()))


FAULTS = {
    "unknown site": (b"a,b,gbps\na,b,1\na,cc,1\n", 2, "b", "REFERENCE_UNKNOWN", "'c'"),
    "a junction": (b"a,b,gbps\nj,b,1\na,b,1\n", 1, "a", "REFERENCE_UNKNOWN", "names no site"),
    "the same pair twice": (b"a,b,gbps\na,b,1\nb,a,1\na,b,2\n", 3, "b", "DUPLICATE_ID", "row 1"),
    "from a site to itself": (b"a,b,gbps\na,b,1\nc,c,1\n", 2, "b", "SELF_LOOP", "same site"),
    "negative": (b"a,b,gbps\na,b,-4\n", 1, "gbps", "NUMBER_NEGATIVE", "greater than 0"),
    "zero": (b"a,b,gbps\na,b,1\nb,c,0\n", 2, "gbps", "NUMBER_OUT_OF_RANGE", "greater than 0"),
    "not finite": (b"a,b,gbps\na,b,inf\n", 1, "gbps", "NUMBER_NOT_FINITE", "finite"),
    "text": (b"a,b,gbps\na,b,much\n", 1, "gbps", "TYPE_WRONG", "number"),
    "no value": (b"a,b,gbps\na,b,1\na,c,\n", 2, "gbps", "VALUE_MISSING", "gbps"),
    "no column": (b"a,b,gbit\na,b,1\n", None, "gbps", "COLUMN_MISSING", "'gbit'"),
    "no rows": (b"a,b,gbps\n", None, None, "FILE_EMPTY", "at least one row"),
    "no bytes": (b"", None, None, "FILE_EMPTY", "empty"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_matrix_is_located(matrix: Any, name: str) -> None:
    data, row, field, reason, hint = FAULTS[name]
    matrix.replaced["demand.csv"] = data
    problem = matrix.only_problem()
    assert (problem.file, problem.row, problem.field, problem.reason) == ("demand.csv", row, field, reason)
    assert hint in problem.message


def test_a_matrix_without_its_file_is_a_problem(matrix: Any) -> None:
    matrix.replaced["demand.csv"] = None
    problem = matrix.only_problem()
    assert (problem.file, problem.reason) == ("demand.csv", "FILE_MISSING")


def test_the_matrix_is_checked_although_the_workload_has_another_fault(matrix: Any) -> None:
    matrix.settings = MATRIX.replace("[size]", "wan_goodput_factor = 2\n[size]")
    matrix.replaced["demand.csv"] = b"a,b,gbps\na,b,-4\n"
    assert {(problem.file, problem.field) for problem in matrix.problems()} == {
        ("scenario.toml", "workload.wan_goodput_factor"),
        ("demand.csv", "gbps"),
    }


@pytest.mark.parametrize(("column", "value", "word"), [("forbidden", True, "forbidden"), ("role", "hub", "hub")])
def test_traffic_of_a_site_that_no_plan_uses_is_a_problem(matrix: Any, column: str, value: object, word: str) -> None:
    matrix.sites[1]["properties"][column] = value
    problem = matrix.only_problem()
    assert (problem.file, problem.row, problem.field, problem.reason) == ("demand.csv", 3, "b", "SITE_NOT_USABLE")
    assert word in problem.message


def test_a_matrix_that_nothing_asks_for_is_ignored_and_listed(draft: Any) -> None:
    plain = read_scenario_files(draft.files())
    draft.replaced["demand.csv"] = b"neither columns\nnor ids\n"
    scenario = read_scenario_files(draft.files())
    assert scenario.traffic == ()
    assert set(scenario.assumptions) - set(plain.assumptions) == {
        "demand.csv: ignored, since workload.demand is 'all-reduce'"
    }


def test_a_sync_time_beside_a_matrix_is_ignored_and_listed(matrix: Any) -> None:
    matrix.settings = MATRIX.replace("[size]", "sync_time_s = 1.0\n[size]")
    scenario = read_scenario_files(matrix.files())
    assert "scenario.toml workload.sync_time_s: ignored, since workload.demand is 'matrix'" in scenario.assumptions


@pytest.fixture
def hose(draft: Any) -> Any:
    draft.settings = HOSE
    draft.sites[0]["properties"]["hose_gbps"] = 800
    draft.sites[2]["properties"]["hose_gbps"] = 400.5
    return draft


def test_a_hose_is_read(hose: Any) -> None:
    scenario = read_scenario_files(hose.files())
    assert [site.hose_gbps for site in scenario.sites] == [800, 0, 400.5]
    assert scenario.demand_sites == ("a", "c")
    assert "hose_gbps: the sites that have one are required: a, c" in scenario.assumptions
    assert any("static routing" in sentence for sentence in scenario.assumptions)


def test_a_hose_needs_two_sites(hose: Any) -> None:
    hose.sites[0]["properties"]["hose_gbps"] = 0
    problem = hose.only_problem()
    assert (problem.file, problem.field, problem.reason) == ("sites.geojson", "hose_gbps", "DEMAND_EMPTY")


def test_a_negative_hose_is_located(hose: Any) -> None:
    hose.sites[1]["properties"]["hose_gbps"] = -1
    problem = hose.only_problem()
    assert (problem.file, problem.row, problem.field, problem.reason) == (
        "sites.geojson",
        2,
        "hose_gbps",
        "NUMBER_NEGATIVE",
    )


def test_a_hose_of_a_forbidden_site_is_located(hose: Any) -> None:
    hose.sites[1]["properties"] |= {"hose_gbps": 5, "forbidden": True}
    problem = hose.only_problem()
    assert (problem.file, problem.row, problem.field, problem.reason) == (
        "sites.geojson",
        2,
        "hose_gbps",
        "SITE_NOT_USABLE",
    )


def test_a_hose_that_nothing_asks_for_is_listed(draft: Any) -> None:
    draft.sites[0]["properties"]["hose_gbps"] = 800
    scenario = read_scenario_files(draft.files())
    assert "sites.geojson hose_gbps: ignored, since workload.demand is 'all-reduce'" in scenario.assumptions
    assert scenario.demand_sites == ()


def test_a_scenario_that_uses_none_of_this_keeps_its_fingerprint(draft: Any) -> None:
    # The digest of this draft as topodesign computed it before demand.csv, hose_gbps, lightpaths.csv and
    # policy.budget_usd existed (commit b067553).
    expected = "03a06550ad309bf260a726511663ef0c70bfe4ffa0d7f87c3460eb6044f43903"
    assert scenario_digest(read_scenario_files(draft.files())) == expected


def test_every_new_input_changes_the_fingerprint(matrix: Any) -> None:
    plain = scenario_digest(read_scenario_files(matrix.files()))
    more, budget, lit = matrix.copy(), matrix.copy(), matrix.copy()
    more.replaced["demand.csv"] = b"a,b,gbps\nc,a,250.5\na,c,100\na,b,401\n"
    budget.settings += "[policy]\nbudget_usd = 1e9\n"
    lit.replaced["lightpaths.csv"] = b"a,z,mode,count,segments\na,b,zr-400,2,ab\n"
    others = [scenario_digest(read_scenario_files(item.files())) for item in (more, budget, lit)]
    assert len({plain, *others}) == 4


def test_an_all_reduce_still_needs_exactly_one_target() -> None:
    with pytest.raises(InvalidInput, match="exactly one"):
        Workload()
    with pytest.raises(InvalidInput, match="exactly one"):
        Workload(demand="matrix", sync_time_s=1, utilization=0.5)


def test_both_budgets_are_refused(draft: Any) -> None:
    draft.settings = "[workload]\nsync_time_s = 1\n[size]\nbudget_usd = 1e9\n[policy]\nbudget_usd = 2e9\n"
    problem = draft.only_problem()
    assert (problem.file, problem.field, problem.reason) == ("scenario.toml", "policy.budget_usd", "BUDGET_AMBIGUOUS")
