"""Readers and solvers of published instances, on small ones worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.instances import (
    ModularInstance,
    read_best_known,
    read_canad,
    read_holmberg,
    read_orlib,
    read_sndlib,
)
from benchmarks.modular_design import CapacitySpace, RoutingOracle, cheapest_modules, solve_plain
from benchmarks.published import Run, time_ratio
from benchmarks.strong_rows import Way, facility_formulation, fixed_charge_formulation, solve
from topodesign.domain.errors import InvalidInput

WAYS: tuple[Way, ...] = ("plain", "plain-strong", "ours")


def best_of(instance: ModularInstance) -> tuple[float | None, float | None]:
    ours = CapacitySpace(instance).solve(time_limit_s=30, gap=1e-9, seed=0)
    plain = solve_plain(instance, time_limit_s=30, gap=1e-9, seed=0)
    assert ours.bound == pytest.approx(ours.objective)
    return ours.objective, plain.objective


def triangle(demands: dict[tuple[int, int], float], installed: float = 0.0) -> ModularInstance:
    return ModularInstance(
        name="triangle",
        nodes=3,
        links=((0, 1), (1, 2), (0, 2)),
        modules=(((100.0, 10.0), (300.0, 20.0)),) * 3,
        installed=np.full(3, installed),
        constant_cost=7.0,
        demands=demands,
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_facility_instance_by_hand(way: Way, tmp_path: Path) -> None:
    # Facilities of 10 at 100 each and 50; customers want 6 and 6. One facility is too small for both, so both open:
    # 150, and each customer at its cheap one: 1 + 2. All of it: 153.
    orlib = tmp_path / "two.txt"
    orlib.write_text("2 2\n10 100.\n10 50.\n6\n1 9\n6\n8 2\n")
    holmberg = tmp_path / "same"
    holmberg.write_text("2 2\n10 10\n100 50\n6 6\n1 9\n8 2\n")
    for instance in (read_orlib(orlib), read_holmberg(holmberg)):
        found = solve(facility_formulation(instance), way, time_limit_s=10, gap=0.0, seed=0)
        assert found.objective == pytest.approx(153.0)
        assert found.bound == pytest.approx(153.0)


@pytest.mark.parametrize("way", WAYS)
def test_a_customer_may_be_split(way: Way, tmp_path: Path) -> None:
    # Customer 1 (all 12 from facility 1: 24; from 2: 48) gets 10 / 12 from facility 1: 10/12 x 24 + 2/12 x 48 = 28.
    path = tmp_path / "split.txt"
    path.write_text("2 1\n10 5\n10 5\n12\n24 48\n")
    found = solve(facility_formulation(read_orlib(path)), way, time_limit_s=10, gap=0.0, seed=0)
    assert found.objective == pytest.approx(5 + 5 + 28)


@pytest.mark.parametrize("way", WAYS)
def test_a_fixed_charge_instance_by_hand(way: Way, tmp_path: Path) -> None:
    # 4 units from node 1 to 3 and 4 from 2 to 3. Apart: 4 x 1 + 30 and 4 x 1 + 30: 68. Together over 1 -> 2 -> 3:
    # 4 x 1 + 5 (arc 1 -> 2), 8 x 1 + 30: 47.
    path = tmp_path / "small.dow"
    path.write_text(" TITLE\n 3 3 2\n 1 3 1 9 30 1 1\n 2 3 1 9 30 1 2\n 1 2 1 9 5 1 3\n 1 3 4\n 2 3 4\n")
    found = solve(fixed_charge_formulation(read_canad(path)), way, time_limit_s=10, gap=0.0, seed=0)
    assert found.objective == pytest.approx(47.0)


def test_one_demand_survives_any_link_of_a_triangle() -> None:
    # 100 from 0 to 1: one module of 100 on the direct link and on both of the detour: 30, and the constant of 7.
    assert best_of(triangle({(0, 1): 100.0})) == pytest.approx((37.0, 37.0))


def test_the_larger_module_is_taken_where_it_pays() -> None:
    # 250: three modules of 100 cost 30, one of 300 costs 20; on each of three links: 60 + 7.
    assert best_of(triangle({(0, 1): 250.0})) == pytest.approx((67.0, 67.0))


def test_installed_capacity_counts() -> None:
    assert best_of(triangle({(0, 1): 100.0}, installed=100.0)) == pytest.approx((7.0, 7.0))


def test_demand_all_around_needs_more_than_any_cut_says() -> None:
    # 100 between each pair. With link 0-1 down, 0-2 carries 0-1 and 0-2 (200), and so does 1-2. Each link needs 200 for
    # the other two states: two modules of 100, or one of 300, cost 20: 60 + 7.
    assert best_of(triangle({(0, 1): 100.0, (1, 2): 100.0, (0, 2): 100.0})) == pytest.approx((67.0, 67.0))


def test_where_cuts_are_not_enough_the_metric_rows_hold() -> None:
    # K(2,3): hubs 0 and 1, leaves 2, 3, 4; unit links. Demand 1 between the hubs and between each two leaves meets
    # every cut (Okamura, Seymour 1981), yet each takes two links: 4 x 2 = 8 of the 6 there are, so alpha = 3/4.
    instance = ModularInstance(
        name="k23",
        nodes=5,
        links=tuple((hub, leaf) for hub in (0, 1) for leaf in (2, 3, 4)),
        modules=(((1.0, 1.0),),) * 6,
        installed=np.zeros(6),
        constant_cost=0.0,
        demands={(0, 1): 1.0, (2, 3): 1.0, (3, 4): 1.0, (2, 4): 1.0},
    )
    alpha, weights = RoutingOracle(instance).solve(np.ones(6))
    assert alpha == pytest.approx(0.75)
    assert weights @ np.ones(6) == pytest.approx(0.75)  # the prices prove it
    ours, plain = best_of(instance)
    assert ours == pytest.approx(plain)


@pytest.mark.parametrize(
    ("needed", "expected"), [(0, (0, 0)), (90, (1, 0)), (110, (0, 1)), (310, (1, 1)), (450, (0, 2))]
)
def test_the_cheapest_modules(needed: float, expected: tuple[int, ...]) -> None:
    # 100 at 10 and 300 at 20: two small ones cost as much as a large one, which comes second in the enumeration.
    found = cheapest_modules(((100.0, 10.0), (300.0, 20.0)), needed)
    paid = found[0] * 10 + found[1] * 20
    assert paid == expected[0] * 10 + expected[1] * 20
    assert found[0] * 100 + found[1] * 300 >= needed


def test_sndlib_native_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(
        "?SNDlib native format\nNODES (\n  A ( 1.0 2.0 )\n  B ( 1.5 2.0 )\n)\n"
        "LINKS (\n  # comment\n  L1 ( A B ) 5.00 3.00 0.00 9.00 ( 155.00 156.00 622.00 468.00 )\n)\n"
        "DEMANDS (\n  D1 ( A B ) 2 10.00 UNLIMITED\n  D2 ( B A ) 1 1.00 UNLIMITED\n)\n"
    )
    found = read_sndlib(path)
    assert (found.nodes, found.links) == (2, ((0, 1),))
    assert found.modules == (((155.0, 156.0), (622.0, 468.0)),)
    assert (found.installed.tolist(), found.constant_cost) == ([5.0], 3.0)
    assert found.demands == {(0, 1): 21.0}  # routing unit x value, both directions together


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.txt"
    path.write_text("2 2\n10 100.\n10 50.\n6\n1\n")
    with pytest.raises(InvalidInput, match=r"cut\.txt has fewer numbers"):
        read_orlib(path)


def test_best_known_values_skip_blanks(tmp_path: Path) -> None:
    path = tmp_path / "best.csv"
    path.write_text("instance,best_primal,best_dual,source\np1,8848,8848,x\np2,,5,y\n")
    assert read_best_known(path) == {"p1": 8848.0}


def test_time_ratios_say_who_did_not_finish() -> None:
    def run(way: str, objective: float, bound: float, wall_s: float) -> Run:
        return Run(
            family="f", instance="i", way=way, best_known=10, objective=objective, bound=bound, wall_s=wall_s, rows=0
        )

    ours = run("ours", 10, 10, 2.0)
    assert time_ratio(run("plain", 10, 10, 8.0), ours) == "4.00"
    assert time_ratio(run("plain", 11, 9, 60.0), ours) == "> 30.00"
    assert time_ratio(run("plain", 10, 10, 1.0), run("ours", 11, 9, 60.0)) == "< 0.02"
    assert run("plain", 11, 9, 60.0).to_best == pytest.approx(0.1)
