"""The planner's optimum equals exhaustive enumeration on small random scenarios, and obeys the laws of the model."""

import dataclasses
import itertools
import math
import os

import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.plan import SolveLimits
from topodesign.planning.instance import compile_instance
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import MILLION, build_master
from topodesign.planning.programme import Row
from topodesign.planning.solve import solve

EXACT = SolveLimits(time_limit_s=120.0, gap=0.0)


def every_partition(items):
    """Set partitions of a tuple, written apart from the code under test."""
    if len(items) == 1:
        yield (items,)
        return
    head, tail = items[0], items[1:]
    for partition in every_partition(tail):
        yield ((head,), *partition)
        for index, block in enumerate(partition):
            yield (*partition[:index], (head, *block), *partition[index + 1 :])


def exhaustive_optimum(scenario):
    """Least cost over all sets of sites, each as one integer programme with a row for every partition and conduit.

    A set whose sites and lightpaths cost no less than the best known design even without these rows cannot better it:
    its rows are not solved, which takes nine tenths of the time away and no optimum.
    """
    instance = compile_instance(scenario, load_catalog())
    best = math.inf
    conduits = sorted({conduit for segment in instance.graph.segments for conduit in segment.conduits})
    policy = scenario.policy
    failures = [None, *conduits] if "conduit" in policy.survive else [None]
    for count in range(policy.min_sites, (policy.max_sites or len(instance.sites)) + 1):
        for chosen in itertools.combinations(range(len(instance.sites)), count):
            if any(instance.trips.rtt_ms[i][j] > policy.max_rtt_ms for i in chosen for j in chosen):
                continue
            master = build_master(instance, fixed_sites=chosen, integer_lightpaths=True)
            if _least_cost(master) >= best:
                continue
            for dead in failures:
                for partition in every_partition(chosen):
                    if len(partition) > 1:
                        master.programme.rows.append(_partition_row(instance, master, partition, dead))
            best = min(best, _least_cost(master))
    return best


def _least_cost(master):
    """US dollars; infinite where nothing keeps all rows."""
    solved = IntegerProgramme(master.programme).solve(time_limit_s=60, gap=0.0, seed=0)
    assert solved.outcome in ("optimal", "infeasible")  # neither may stop at a time limit: it would decide wrongly
    return math.inf if solved.objective is None else solved.objective * MILLION


def _partition_row(instance, master, partition, dead):
    block = {site: index for index, members in enumerate(partition) for site in members}
    coefficients = {}
    for position, path in enumerate(instance.lightpaths):
        a, z = (int(end) for end in instance.ends[position])
        if a not in block or z not in block or block[a] == block[z]:
            continue
        if dead is not None and any(dead in instance.graph.segments[segment].conduits for segment in path.route):
            continue
        coefficients[master.x[position]] = path.mode.rate_gbps / instance.required_gbps
    fraction = 1.0 if dead is None else instance.scenario.policy.survivable_fraction
    return Row(coefficients=coefficients, lower=fraction * (len(partition) - 1))


@pytest.mark.parametrize("seed", range(int(os.environ.get("TOPODESIGN_ENUMERATED", "24"))))
def test_optimum_equals_exhaustive_enumeration(seed, random_scenario):
    scenario = random_scenario(seed)
    expected = exhaustive_optimum(scenario)
    plan = solve(scenario, limits=EXACT)
    if math.isinf(expected):
        assert plan.status == "infeasible"
        assert plan.infeasibility is not None
    else:
        # SCIP's own tolerance is 1e-6; a pair of fiber or a transceiver costs at least 1e-5 of these plans
        assert plan.cost_usd == pytest.approx(expected, rel=2e-6)
        assert plan.gap <= 1e-8
        is_whole = compile_instance(scenario, load_catalog()).has_all_routes
        assert plan.status == ("optimal" if is_whole else "feasible")
        assert td.verify(scenario, plan).valid


@pytest.mark.parametrize("seed", [3, 8, 15, 21])
def test_surviving_conduits_never_costs_less_than_surviving_nothing(seed, random_scenario):
    with_failures = solve(random_scenario(seed), limits=EXACT)
    without = solve(random_scenario(seed, survive=("none",)), limits=EXACT)
    if with_failures.status != "infeasible":
        assert without.cost_usd <= with_failures.cost_usd * (1 + 1e-9)


@pytest.mark.parametrize("seed", [2, 5, 11])
def test_more_headroom_and_more_pairs_never_cost_more(seed, random_scenario):
    scenario = random_scenario(seed)
    looser = dataclasses.replace(
        scenario,
        zones=tuple(dataclasses.replace(zone, headroom_mw=zone.headroom_mw * 1.5) for zone in scenario.zones),
        segments=tuple(
            dataclasses.replace(item, pairs_available=item.pairs_available + 2) for item in scenario.segments
        ),
    )
    tight, loose = solve(scenario, limits=EXACT), solve(looser, limits=EXACT)
    if tight.status != "infeasible":
        assert loose.cost_usd <= tight.cost_usd * (1 + 1e-9)


@pytest.mark.parametrize("seed", [1, 4])
def test_order_of_the_input_rows_changes_nothing(seed, random_scenario):
    scenario = random_scenario(seed)
    shuffled = dataclasses.replace(
        scenario, sites=scenario.sites[::-1], segments=scenario.segments[::-1], zones=scenario.zones[::-1]
    )
    first, second = solve(scenario, limits=EXACT), solve(shuffled, limits=EXACT)
    assert dataclasses.replace(first, wall_s=0.0) == dataclasses.replace(second, wall_s=0.0)


@pytest.mark.parametrize("survive", [("site",), ("zone",), ("conduit", "site"), ("conduit-pair",)])
@pytest.mark.parametrize("seed", range(6))
def test_the_verifier_accepts_every_plan_under_other_failures(seed, survive, random_scenario):
    scenario = random_scenario(seed, survive=survive, survivable_fraction=0.5)
    plan = solve(scenario, limits=SolveLimits(time_limit_s=60.0, gap=0.01))
    if plan.status != "infeasible":
        assert td.verify(scenario, plan).violations == ()
