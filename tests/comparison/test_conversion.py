"""What the change of one network into another takes, as distinct from the difference of their present values."""

import dataclasses
import json
import math

import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.cli.app import run
from topodesign.domain.codec import encode_json
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import LitLightpath

ONE_OFF = ("site_fixed", "site_power_capex", "fiber_pairs", "fiber_build", "line_systems", "transceivers")


def nothing(like):
    """A plan of nothing at all."""
    return dataclasses.replace(
        like,
        cost_usd=0.0,
        network_cost_usd=0.0,
        accelerator_purchase_usd=0.0,
        cost_items=dict.fromkeys(like.cost_items, 0.0),
        sites=(),
        links=(),
        lightpaths=(),
        segments=(),
        sync=None,
    )


@pytest.fixture(name="moved")
def moved_fixture(east):
    """The eastern plan with Columbus closed, Richmond opened, more light to Atlanta; cost items changed by hand."""
    plan = east.plan
    sites = {site.id: site for site in plan.sites}
    segments = {segment.segment_id: segment for segment in plan.segments}
    to_columbus, to_atlanta = (
        next(path for path in plan.lightpaths if {path.a, path.z} == ends)
        for ends in ({"iad-1", "cmh-1"}, {"atl-1", "iad-1"})
    )
    items = {**plan.cost_items, "energy": plan.cost_items["energy"] - 0.01, "transceivers": 123.45}
    return dataclasses.replace(
        plan,
        sites=(
            dataclasses.replace(sites["atl-1"], pods=1, accelerators=4608, power_mw=10.4),
            sites["iad-1"],
            dataclasses.replace(sites["cmh-1"], id="ric-1", pods=4, accelerators=4 * 4608, power_mw=41.5),
        ),
        segments=(
            dataclasses.replace(segments["ashburn-charlotte"], pairs=2, amplifiers=14),
            dataclasses.replace(segments["ashburn-charlotte"], segment_id="ashburn-richmond", spans=3, amplifiers=2),
            segments["ashburn-pittsburgh"],
            segments["charlotte-atlanta"],
            segments["columbus-pittsburgh"],
        ),
        lightpaths=(
            # the same lightpaths, told from the other end
            dataclasses.replace(
                to_columbus, a=to_columbus.z, z=to_columbus.a, segments=tuple(reversed(to_columbus.segments))
            ),
            dataclasses.replace(to_atlanta, count=8),
        ),
        cost_items=items,
        cost_usd=round(math.fsum(items.values()), 2),
        sync=dataclasses.replace(plan.sync, strength_gbps=4000.0, worst_strength_gbps=None),
    )


def test_the_conversion_buys_only_what_is_missing(east, moved):
    catalog = load_catalog(east.scenario.catalog_overrides)
    found = td.diff_plans(east.plan, moved, scenario=east.scenario, catalog=catalog).conversion
    assert (found.new_sites, found.closed_sites, found.new_pods, found.freed_pods) == (("ric-1",), ("cmh-1",), 4, 4)
    # one pair more to Charlotte (640 km: 8 spans, 7 amplifiers), one to Richmond (190 km: 3 spans, 2 amplifiers)
    assert (found.new_pairs, found.freed_pairs, found.new_amplifiers, found.built_segments) == (2, 1, 9, ())
    # modules: 12 + 24 + 12 before, 12 + 32 after
    assert found.transceivers_to_buy == {}
    assert found.transceivers_left_over == {"openroadm-400": 4}
    assert found.new_accelerators == 0
    line = catalog.line_system("c-band")
    assert found.items_usd == {
        "site_fixed": 0.0,
        # 4 pods x 4608 x 1875 W x 1.2 = 41.472 MW at 1e7 USD
        "site_power_capex": 414_720_000.0,
        "fiber_pairs": (640 + 190) * 2000.0,
        "fiber_build": 0.0,
        "line_systems": 4 * line.terminal_cost_usd + 9 * line.amplifier_cost_usd,
        "transceivers": 0.0,
    }
    assert found.cost_usd == round(math.fsum(found.items_usd.values()), 2)


def test_a_conversion_from_nothing_costs_what_the_plan_says(east):
    # the one-off items of the plan's own cost, which the verifier computed; one pair to Pittsburgh is in service
    catalog = load_catalog(east.scenario.catalog_overrides)
    found = td.diff_plans(nothing(east.plan), east.plan, scenario=east.scenario, catalog=catalog).conversion
    assert found.items_usd == {name: east.plan.cost_items[name] for name in ONE_OFF}
    assert found.built_segments == ("columbus-atlanta",)
    assert found.new_pairs == sum(item.pairs for item in east.plan.segments) - 1
    assert found.transceivers_to_buy == {"openroadm-400": 48}


def test_transceivers_in_service_need_not_be_bought(east):
    path = next(item for item in east.plan.lightpaths if item.regenerations)
    lit = LitLightpath(a=path.z, z=path.a, mode=path.mode, count=2, segments=path.segments[::-1])
    scenario = dataclasses.replace(east.scenario, lit_lightpaths=(lit,))
    found = td.diff_plans(nothing(east.plan), east.plan, scenario=scenario).conversion
    # two lightpaths, regenerated once: eight modules of 48
    assert found.transceivers_to_buy == {"openroadm-400": 40}
    assert found.cost_usd is None  # counted without a catalogue, not priced


def test_a_scenario_without_the_plans_site_is_refused(east, moved):
    other = td.load_scenario("sample_sites/two-campus")
    with pytest.raises(InvalidInput) as caught:
        td.diff_plans(east.plan, moved, scenario=other, catalog=load_catalog(other.catalog_overrides))
    assert caught.value.reason == "REFERENCE_UNKNOWN"


@pytest.fixture(name="campus_plans", scope="module")
def campus_plans_fixture():
    """Two campuses as they are, and with twenty times the parameters: 64 Tbit/s instead of 3.2."""
    scenario = td.load_scenario("sample_sites/two-campus")
    workload = dataclasses.replace(scenario.workload, parameters=scenario.workload.parameters * 20)
    larger = dataclasses.replace(scenario, workload=workload)
    return td.plan(scenario, gap=0.0), td.plan(larger, gap=0.0), larger


def test_growth_of_two_real_campuses(campus_plans):
    before, after, larger = campus_plans
    found = td.diff_plans(before, after, catalog=load_catalog(larger.catalog_overrides))
    # 64 Tbit/s must be left after the cut of either fiber: 160 x 400 Gbit/s on each, 64 to a pair: 3 pairs; before 1
    changes = [(item.segment_id, item.pairs_before, item.pairs_after) for item in found.segments]
    assert changes == [("north", 1, 3), ("south", 1, 3)]
    assert found.conversion.new_pairs == 4
    # 8 x 400 Gbit/s on each fiber before, 160 after: 2 x 152 lightpaths more, of two modules of 3,000 USD each
    assert found.conversion.transceivers_to_buy == {"zr-400": 608}
    assert found.conversion.items_usd["transceivers"] == 608 * 3000
    # 100 km of fiber, two pairs more, at 2,000 USD, and four pairs' terminals at 60,000 USD each
    assert found.conversion.items_usd["line_systems"] == 4 * 2 * 60_000
    # what is bought anew costs less than the difference of present values, which has energy and carbon on top
    assert 0 < found.conversion.cost_usd < found.cost_delta_usd
    assert found.conversion.new_accelerators == 0


def test_the_way_back_buys_nothing(campus_plans):
    before, after, _ = campus_plans
    there, back = td.diff_plans(before, after).conversion, td.diff_plans(after, before).conversion
    assert back.transceivers_left_over == there.transceivers_to_buy
    assert back.transceivers_to_buy == {}
    assert (back.new_pairs, back.freed_pairs) == (0, 4)
    assert back.cost_usd is None  # counted without a catalogue, not priced


def test_the_command_prices_the_conversion_with_a_scenario(campus_plans, tmp_path, capsys):
    before, after, _ = campus_plans
    for name, plan in (("one", before), ("two", after)):
        (tmp_path / name).write_bytes(encode_json(plan))
    command = ["diff", str(tmp_path / "one"), str(tmp_path / "two")]
    assert run([*command, "--scenario", "sample_sites/two-campus", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["conversion"]
    assert told["transceivers_to_buy"] == {"zr-400": 608}
    assert told["cost_usd"] == pytest.approx(sum(told["items_usd"].values()), abs=0.005)
    assert run(command) == 0
    plain = capsys.readouterr().out
    assert "608 x zr-400" in plain
    assert "not priced: give the second plan's scenario with --scenario" in plain


def test_a_missing_plan_is_bad_input(tmp_path, capsys):
    assert run(["diff", str(tmp_path / "one"), str(tmp_path / "two"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["reason"] == "PLAN_NOT_FOUND"
