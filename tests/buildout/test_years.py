"""What is given for each year: from TOML, carried on until it is set again, and refused where no bound would hold."""

import dataclasses
from pathlib import Path

import pytest
from buildout.conftest import two_campus

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import LitLightpath

TWO_YEARS = """
[[year]]
year = 2027
accelerators = 1000
[year.set]
"zones.*.headroom_mw*" = 0.5
"policy.survive" = ["conduit", "site"]

[[year]]
year = 2029
power_mw = 4.5
[year.set]
"zones.valley.headroom_mw" = 20
"""


def test_figures_hold_until_they_are_set_again_and_are_told(tmp_path: Path):
    file = tmp_path / "years.toml"
    file.write_text(TWO_YEARS, encoding="utf-8")
    first, second = td.yearly_scenarios(two_campus(), td.years_from_toml(file))
    assert (first.size.accelerators, first.zones[0].headroom_mw) == (1000, 3.0)
    assert (second.size.accelerators, second.size.power_mw, second.zones[0].headroom_mw) == (None, 4.5, 20.0)
    assert first.policy.survive == second.policy.survive == ("conduit", "site")
    assert "build-out: zones.valley.headroom_mw = 20.0" in second.assumptions


def test_sites_and_fiber_wait_for_their_year():
    scenario = two_campus()
    a, b = scenario.sites
    north, south = scenario.segments
    scenario = dataclasses.replace(
        scenario,
        sites=(a, dataclasses.replace(b, in_service_year=2028, required=True)),
        segments=(north, dataclasses.replace(south, in_service_year=2028)),
    )
    before, after = td.yearly_scenarios(scenario, [td.planned_year(2027), td.planned_year(2028)])
    assert before.sites[1].forbidden and not before.sites[1].required and before.segments[1].most_pairs == 0
    assert after == scenario


@pytest.mark.parametrize(
    ("years", "message"),
    [
        ([(2028,), (2027,)], "year is 2027, but it must be greater than 2028"),
        ([(2027,), (2027,)], "year is 2027, but it must be greater than 2027"),
        ([], "number of years is 0"),
        ([(2027,), (2028, "sites.campus-a.fixed_capex_usd=5")], "2028: sites.campus-a.fixed_capex_usd becomes 5.0"),
        ([(2027,), (2028, "catalog.transceiver.zr-400.cost_usd*=0.5")], "catalog.transceiver.zr-400.cost_usd becomes"),
        ([(2027,), (2028, "optics.margin_db=1")], "2028: optics.margin_db becomes 1.0 from 3.0"),
        ([(2027,), (2028, "catalog.transceiver.zr-400.required_osnr_db*=0.9")], "zr-400.required_osnr_db becomes"),
        ([(2027,), (2028, "catalog.fiber.ssmf.loss_db_per_km*=0.9")], "catalog.fiber.ssmf.loss_db_per_km becomes"),
        ([(2027,), (2028, "segments.north.pairs_available=0")], "2028: segment 'north' has 0 fiber pairs on offer"),
        ([(2027,), (2028, "segments.north.in_service_year=2029")], "2028: segment 'north' has 0 fiber pairs on offer"),
        ([(2027, "economics.discount_rate=0.1"), (2028, "economics.discount_rate=0.2")], "discount_rate becomes 0.2"),
        ([(2027,), (2028, "size.budget_usd=1e9", "size.accelerators=none")], "budget_usd becomes 1000000000.0"),
        ([(2027, "sites.campus-c.power_mw=5")], "the scenario has no sites 'campus-c'"),
        ([(2027, "policy.max_sites=2,3")], "it must be one value"),
    ],
)  # fmt: skip
def test_years_that_cannot_be_are_refused_with_what_is_wrong(years, message):
    with pytest.raises(InvalidInput) as refused:
        td.yearly_scenarios(two_campus(), [td.planned_year(*given) for given in years])
    assert message in refused.value.message


@pytest.mark.parametrize("late", ["site", "segment"])
def test_light_in_service_on_what_is_not_in_service_yet_is_refused(late):
    scenario = two_campus()
    a, b = scenario.sites
    north, south = scenario.segments
    path = LitLightpath(a=a.site_id, z=b.site_id, mode="zr-400", count=2, segments=("south",))
    if late == "site":
        b = dataclasses.replace(b, in_service_year=2028)
    else:
        south = dataclasses.replace(south, in_service_year=2028)
    scenario = dataclasses.replace(scenario, sites=(a, b), segments=(north, south), lit_lightpaths=(path,))
    assert td.yearly_scenarios(scenario, [td.planned_year(2028)]) == (scenario,)
    with pytest.raises(InvalidInput, match=r"'south' has 0 lit pairs and 2 lightpaths.*only from 2028 on, after 2027"):
        td.yearly_scenarios(scenario, [td.planned_year(2027), td.planned_year(2028)])


def test_new_fiber_that_may_have_been_built_stays_possible():
    scenario = two_campus()
    north, south = scenario.segments
    north = dataclasses.replace(north, build_usd_per_km=10_000.0, build_pairs=2)
    scenario = dataclasses.replace(scenario, segments=(north, south))
    with pytest.raises(InvalidInput, match="'north' has 1 build_pairs, fewer than the 2 of 2027"):
        td.yearly_scenarios(scenario, [td.planned_year(2027), td.planned_year(2028, "segments.north.build_pairs=1")])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[years]]", "no key 'years'"),
        ("[[year]]\nyear = '2027'", "must be a whole number"),
        ("[[year]]\nyear = 2027\naccelerator = 5", "no key 'accelerator'"),
        ("[[year]]\nyear = 2027\naccelerators = 5\npower_mw = 2", "absent beside power_mw"),
        ("[[year]]\nyear = 2027\n[year.set]\npolicy.max_sites = 3", "put quotes around the whole name"),
        ("[[year]]\nyear = 2027\n[year.set]\n'policy.max_sites' = [1, 2]", "value of the wrong kind"),
        ("year = 2027", "write [[year]] above each"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_the_place(text, message, tmp_path: Path):
    file = tmp_path / "years.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        td.years_from_toml(file)
    assert message in refused.value.message


def test_only_the_least_cost_is_built_out(build):
    with pytest.raises(InvalidInput, match="objective is 'sync-time'"):
        td.plan_buildout(two_campus(), [td.planned_year(2027)], limits=SolveLimits(objective="sync-time"))
