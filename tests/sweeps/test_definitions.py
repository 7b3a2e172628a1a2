"""What is varied is read as written, refused with a remedy, and lands in the scenario where it was named."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topodesign
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, Design, SweepAxis, SweepDefinition
from topodesign.sweeps.definition_file import definition_from_toml
from topodesign.sweeps.designs import points_of
from topodesign.sweeps.fields import require_ids, with_values
from topodesign.sweeps.grammar import axis_of, text_of
from topodesign.sweeps.told import shown


@pytest.fixture(scope="module")
def campus() -> Scenario:
    return topodesign.load_scenario("sample_sites/two-campus")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("policy.max_sites=2..5", (2, 3, 4, 5)),
        ("policy.max_sites=2..8:3, 9,none", (2, 5, 8, 9, None)),
        ("workload.sync_time_s=0.1..0.3:0.1", (0.1, 0.2, 0.3)),  # and not 0.30000000000000004
        ("workload.sync_time_s = 0.1,1", (0.1, 1.0)),
        ("policy.max_rtt_ms=5,inf", (5.0, float("inf"))),
        ("policy.survive=none,conduit+site", (("none",), ("conduit", "site"))),
        ("workload.method=diloco", ("diloco",)),
        ("sites.campus-a.required=true,false", (True, False)),
        ("zones.*.headroom_mw*=0.5,1", (0.5, 1.0)),
        ("catalog.transceiver.zr-400.cost_usd=3e3", (3000.0,)),
    ],
)
def test_values_are_of_the_figures_own_kind(text: str, values: tuple[AxisValue, ...]):
    axis = axis_of(text)
    assert axis.values == values
    assert [type(value) for value in axis.values] == [type(value) for value in values]
    assert axis.name == text.partition("=")[0].strip()


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("policy.max_site=2", "did you mean 'policy.max_sites'?"),
        ("polcy.max_sites=2", "did you mean 'policy'?"),
        ("zones.headroom_mw=2", "write zones.ID.FIELD, or zones.*.FIELD for all of them"),
        ("zones.*.headroom=2", "did you mean 'zones.*.headroom_mw'?"),
        ("sites.campus-a.lon=3", "no plan depends on positions"),
        ("junctions.*.lat=3", "no plan depends on positions"),
        ("sites.campus-a.site_id=b", "sites.campus-a."),  # another id would be another site
        ("policy.max_sites", "write PATH=VALUES"),
        ("policy.max_sites=", "write PATH=VALUES"),
        ("policy.max_sites=2.5", "a whole number or none"),
        ("workload.sync_time_s=0.1..0.9", "needs a step"),
        ("workload.sync_time_s=1..0.5:0.1", "the second end is the greater one"),
        ("workload.sync_time_s=1..2:0", "greater than 0"),
        ("workload.sync_time_s=1..2:1e-9", "give a greater step"),
        ("workload.method=sync", "one of synchronous, diloco"),
        ("policy.survive=conduit+sit", "with + between several"),
        ("policy.max_sites=2,2", "all different"),
        ("catalog.cost_usd=1", "write catalog.ID.FIGURE"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(text: str, remedy: str):
    with pytest.raises(InvalidInput) as refused:
        axis_of(text)
    assert remedy in refused.value.message


def test_an_unknown_id_is_told_with_the_nearest(campus: Scenario):
    with pytest.raises(InvalidInput, match="did you mean 'valley'"):
        require_ids(campus, [axis_of("zones.vally.headroom_mw=5")])


def test_figures_change_where_they_were_named_and_nowhere_else(campus: Scenario):
    axes = [
        axis_of("policy.max_sites=4"),
        axis_of("policy.min_sites=3"),
        axis_of("zones.*.headroom_mw*=0.5"),
        axis_of("sites.campus-a.power_mw=9"),
        axis_of("catalog.transceiver.zr-400.cost_usd*=2"),  # the scenario's own figure is 3000
        axis_of("catalog.transceiver.zr-400.power_w*=2"),  # and 15
    ]
    changed = with_values(campus, axes, [axis.values[0] for axis in axes])
    assert (changed.policy.min_sites, changed.policy.max_sites) == (3, 4)
    assert [zone.headroom_mw for zone in changed.zones] == [zone.headroom_mw / 2 for zone in campus.zones]
    assert (changed.site_by_id["campus-a"].power_mw, changed.site_by_id["campus-b"].power_mw) == (9.0, 3.0)
    assert changed.catalog_overrides["transceiver.zr-400"] == {"cost_usd": 6000.0, "power_w": 30.0}
    back = dataclasses.replace(
        changed,
        policy=campus.policy,
        zones=campus.zones,
        sites=campus.sites,
        catalog_overrides=campus.catalog_overrides,
        assumptions=campus.assumptions,
    )
    assert back == campus


def test_a_changed_figure_is_no_longer_assumed_and_is_told(campus: Scenario):
    texts = (
        "policy.max_zone_share=0.8",  # scenario.toml policy.max_zone_share: default 1.0
        "workload.inner_steps*=2",  # a default that is multiplied: both are true
        "zones.*.availability=0.99",  # availability: default 1 for 1 zone
        "sites.campus-a.min_pods=1",  # min_pods: default 0 for 2 sites, of which one has it still
    )
    axes = [axis_of(text) for text in texts]
    changed = with_values(campus, axes, [axis.values[0] for axis in axes])
    gone = {"scenario.toml policy.max_zone_share: default 1.0", "availability: default 1 for 1 zone"}
    assert gone < set(campus.assumptions)
    assert changed.assumptions == (
        *(text for text in campus.assumptions if text not in gone),
        "sweep: policy.max_zone_share = 0.8",
        "sweep: workload.inner_steps* = 2.0",
        "sweep: zones.*.availability = 0.99",
        "sweep: sites.campus-a.min_pods = 1",
    )


def test_a_factor_of_the_shipped_figure_multiplies_that_and_of_a_word_is_refused(campus: Scenario):
    shipped = topodesign.load_catalog().equipment()
    cost = next(item.cost_usd for item in shipped if item.id == "zrplus-400")
    changed = with_values(campus, [axis_of("catalog.transceiver.zrplus-400.cost_usd*=0.5")], [0.5])
    assert changed.catalog_overrides["transceiver.zrplus-400"] == {"cost_usd": cost / 2}
    with pytest.raises(InvalidInput, match="no number"):
        with_values(campus, [axis_of("workload.method*=2")], [2.0])


def test_the_domain_refuses_a_scenario_that_cannot_be(campus: Scenario):
    axes = [axis_of("policy.max_sites=1"), axis_of("policy.min_sites=2")]
    with pytest.raises(InvalidInput, match="raise it to min_sites"):
        with_values(campus, axes, [1, 2])


def test_a_toml_file_says_the_same_as_options(tmp_path: Path):
    file = tmp_path / "sweep.toml"
    file.write_text(
        'design = "lhs"\npoints = 5\nseed = 3\n[limits]\ngap = 0.01\n[vary]\n"policy.max_sites" = "2..8"\n'
        '"zones.*.headroom_mw*" = [0.5, 1]\n"workload.sync_time_s" = "0.1..10:log"\n'
        '"policy.survive" = [["conduit"], ["conduit", "site"]]\n',
        encoding="utf-8",
    )
    texts = (
        "policy.max_sites=2..8",
        "zones.*.headroom_mw*=0.5,1",
        "workload.sync_time_s=0.1..10:log",
        "policy.survive=conduit,conduit+site",
    )
    assert definition_from_toml(file) == SweepDefinition(
        axes=tuple(axis_of(text, design="lhs") for text in texts),
        design="lhs",
        points=5,
        seed=3,
        limits=SolveLimits(gap=0.01, threads=1, seed=3),  # as --seed 3
    )
    file.write_text("[vary]\n[limit]\ngap = 1\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="did you mean 'limits'"):
        definition_from_toml(file)


VARIED = '[vary]\n"policy.max_sites" = "2..8"\n'


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("limits = 3", "limits is 3, but it must be a table; write [limits]"),
        ("vary = 3", "vary is 3, but it must be a table; write [vary]"),
        ('[limits]\ntime_limit_s = "a"\n' + VARIED, "limits.time_limit_s is 'a', but it must be a finite number"),
        ("[limits]\ntime_limit_s = -1\n" + VARIED, "limits.time_limit_s is -1, but it must be greater than 0"),
        ("[limits]\ngap = 2\n" + VARIED, "limits.gap is 2, but it must be at most 1"),
        ("[limits]\nthreads = 0\n" + VARIED, "limits.threads is 0, but it must be at least 1"),
        ("[limits]\nthreads = 1.5\n" + VARIED, "a whole number; leave out the fraction"),
        ("[limits]\nseed = -1\n" + VARIED, "limits.seed is -1"),
        ('[limits]\nobjective = "chep"\n' + VARIED, "one of cost, "),
        ("[limits]\nobjective = 3\n" + VARIED, "one of cost, "),
        ('begins_cold = "no"\n' + VARIED, "true or false"),
        ("points = 2.5\n" + VARIED, "points is 2.5, but it must be a whole number"),
        ('seed = "a"\n' + VARIED, "seed is 'a'"),
        ("design = [1]\n" + VARIED, "design is [1]"),
        ("[vary]\npolicy.max_sites = 3", "put quotes around the whole name"),
        ('[vary]\n"policy.max_sites" = 2026-01-01', "a value of the wrong kind"),
        ('[vary]\n"policy.max_sites" = [[1, 2]]', "a value of the wrong kind"),
        ('[vary]\n"policy.max_sites" = 0x' + 5000 * "f", "a value of the wrong kind"),
        ("a" + 40 * ".a" + " = 1", "nested deeper than 32 levels"),
        (f"seed = {5000 * '1'}", "correct that place"),
        ("#" + 1_000_000 * " ", "more than the 1,000,000 bytes that are read"),
        ("seed = \xe9", "correct that place"),
    ],
)
def test_a_definition_file_is_checked_like_any_other(text: str, remedy: str, tmp_path: Path):
    file = tmp_path / "sweep.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInput) as refused:
        definition_from_toml(file)
    assert remedy in refused.value.message


def test_a_definition_file_that_is_not_there_is_told(tmp_path: Path):
    for place in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(InvalidInput, match="give a TOML file that can be read"):
            definition_from_toml(place)


def test_a_grid_has_every_combination_and_varies_the_last_axis_first():
    axes = (axis_of("policy.max_sites=4,5"), axis_of("workload.sync_time_s=1,2,3"))
    points = points_of(SweepDefinition(axes=axes))
    assert [point.values for point in points] == [(a, b) for a in (4, 5) for b in (1.0, 2.0, 3.0)]
    assert [point.position for point in points[:3]] == [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": ()}, "vary at least one figure"),
        ({"points": 4}, "take the design random or lhs"),
        ({"design": "lhs"}, "say how many points to draw"),
        ({"design": "random", "points": 10_001}, "at most 10000"),
        ({"axes": (axis_of("policy.max_sites=4..9", design="lhs"),)}, "give a step"),
        ({"axes": (axis_of("policy.max_sites=4"), axis_of("policy.max_sites=5"))}, "vary each figure once"),
    ],
)
def test_a_definition_that_says_too_little_or_too_much_is_refused(changes: dict[str, object], message: str):
    whole = SweepDefinition(axes=(axis_of("policy.max_sites=4"),))
    with pytest.raises(InvalidInput, match=message):
        dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)  # the first example imports SciPy
@given(count=st.integers(1, 40), seed=st.integers(0, 2**31 - 1))
def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_axis(count: int, seed: int):
    axes = (
        axis_of("workload.sync_time_s=1..3", design="lhs"),
        axis_of("policy.max_rtt_ms=0.1..1000:log", design="lhs"),
    )
    definition = SweepDefinition(axes=axes, design="lhs", points=count, seed=seed)
    points = points_of(definition)
    assert points == points_of(definition)
    for place in range(2):
        assert sorted(int(point.position[place] * count) for point in points) == list(range(count))
    assert all(1 <= point.values[0] <= 3 and 0.1 <= point.values[1] <= 1000 for point in points)  # type: ignore[operator]


def test_drawn_values_are_whole_where_the_figure_is_and_reach_both_ends():
    axes = (axis_of("policy.max_sites=2..4", design="random"), axis_of("workload.method=diloco,streaming"))
    drawn = points_of(SweepDefinition(axes=axes, design="random", points=60, seed=1))
    assert {point.values for point in drawn} == {(n, m) for n in (2, 3, 4) for m in ("diloco", "streaming")}


@given(st.sampled_from([None, True, False, 3, 0.1, 1e300, float("inf"), "diloco", ("conduit", "site")]))
def test_a_shown_value_is_read_back(value: AxisValue):
    path = {
        bool: "sites.a.required",
        int: "policy.max_sites",
        float: "policy.max_rtt_ms",
        str: "workload.method",
        tuple: "policy.survive",
    }.get(type(value), "policy.max_sites")
    axis = axis_of(f"{path}={shown(value)}")
    assert axis == SweepAxis(path=path, values=(value,))


@pytest.mark.parametrize(
    ("text", "design"),
    [
        ("policy.max_sites=2..4,none", "grid"),
        ("policy.survive=conduit,conduit+site", "grid"),
        ("workload.sync_time_s=0.1,0.25,1e-07", "grid"),
        ("policy.carbon_t_per_year=1000,inf", "grid"),
        ("zones.*.headroom_mw*=0.5,1", "grid"),
        ("sites.east.required=true,false", "grid"),
        ("workload.sync_time_s=0.1..10:log", "lhs"),
        ("policy.max_sites=2..8", "random"),
    ],
)
def test_an_axis_that_is_written_out_is_read_as_the_same(text: str, design: Design):
    axis = axis_of(text, design=design)
    assert axis_of(text_of(axis), design=design) == axis


def test_an_axis_that_no_text_says_is_not_written_out():
    # the grammar would read two words
    with pytest.raises(InvalidInput, match="cannot be written"):
        text_of(SweepAxis(path="size.accelerator", values=("one, two",)))


def test_a_short_text_with_billions_of_values_is_refused_before_they_are_made():
    with pytest.raises(InvalidInput, match=r"at most 10000"):
        axis_of("policy.max_sites=" + ",".join(["1..10000"] * 20_000))
