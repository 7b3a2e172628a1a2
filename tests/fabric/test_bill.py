"""The bill of materials: parts counted by hand, and laws that hold for every price list."""

import csv
import io
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import CableClass, Catalog
from topodesign.domain.errors import InternalError, InvalidInput
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_bill import BillOptions, SparesRule
from topodesign.fabric import price_fabric
from topodesign.fabric.bill import fabric_bill
from topodesign.fabric.bill_choice import link_parts
from topodesign.fabric.bill_spares import poisson_quantile
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.topology import CableKind, CableRun, OcsUnits
from topodesign.fabric.torus import TorusTopology
from topodesign.outputs import fabric_bill_csv

WITHOUT_EXTRAS = BillOptions(adapters="left_out", spares="left_out")
ALL_IN = BillOptions(adapters="in_total", spares="in_total")
SPECS: tuple[FabricSpec, ...] = (
    Torus(shape=(16, 16, 16)),
    Torus(shape=(5, 9), link_gbps=1000),
    Clos(accelerators=1),
    Clos(accelerators=777, radix=32, oversubscription=3),
    Clos(accelerators=9216, radix=64, planes=2, link_gbps=800),
)


@dataclass(frozen=True)
class RunTorus(TorusTopology):
    """A torus whose links are given: any kinds, any lengths."""

    runs: tuple[CableRun, ...] = ()

    def cable_runs(self) -> tuple[CableRun, ...]:
        return self.runs


@dataclass(frozen=True)
class PlantTorus(RunTorus):
    """With a stated plant of optical circuit switches."""

    billed_ocs: OcsUnits = field(kw_only=True)


@dataclass(frozen=True)
class RackClos(ClosTopology):
    """A Clos whose leaves are built into the racks."""

    @property
    def is_built_in_by_tier(self) -> tuple[bool, ...]:
        return tuple(tier == 0 for tier in range(self.layout.tiers))


def with_runs(*runs: CableRun, link_gbps: float = 400.0) -> RunTorus:
    return RunTorus(Torus(shape=(4, 4), link_gbps=link_gbps), runs=runs)


def run(count: int, length_m: float, kind: CableKind = "cable", rate: float = 1.0) -> CableRun:
    return CableRun(what=f"{count} x {length_m:g} m", count=count, length_m=length_m, kind=kind, rate=rate)


def at_prices_times(factor: float, catalog: Catalog) -> Catalog:
    """Every price of the catalogue that a fabric can contain, times a factor."""
    return replace(
        catalog,
        switches=tuple(replace(item, cost_usd=factor * item.cost_usd) for item in catalog.switches),
        cables=tuple(
            replace(item, cost_usd=factor * item.cost_usd, usd_per_m=factor * item.usd_per_m) for item in catalog.cables
        ),
        modules=tuple(replace(item, cost_usd=factor * item.cost_usd) for item in catalog.modules),
        adapters=tuple(replace(item, cost_usd=factor * item.cost_usd) for item in catalog.adapters),
        circuit_switches=tuple(replace(item, cost_usd=factor * item.cost_usd) for item in catalog.circuit_switches),
    )


def test_an_optical_link_is_a_cable_and_two_modules() -> None:
    # 10 links of 100 m: beyond 20 m of active optical cable, so DR4 (2 x 650 + 50 + 0.6 x 100) rather than FR4
    catalog = load_catalog()
    bill = fabric_bill(with_runs(run(10, 100)), catalog, options=WITHOUT_EXTRAS)
    assert bill.run_classes == ("dr4-400g",)
    assert bill.count_of("dr4-400g", table="module") == 20
    assert bill.count_of("dr4-400g", table="cable") == 10
    cable, module = catalog.cable("dr4-400g"), catalog.module("dr4-400g")
    assert bill.cost_usd == pytest.approx(10 * (2 * module.cost_usd + cable.cost_usd + 100 * cable.usd_per_m))
    assert bill.power_kw == pytest.approx(20 * module.power_w / 1000)
    assert bill.optical_links == 10


def test_length_classes_are_passive_copper_active_copper_active_optical_then_modules() -> None:
    bill = fabric_bill(with_runs(run(1, 3), run(1, 5), run(1, 20), run(1, 500), run(1, 2000)), load_catalog())
    assert bill.run_classes == ("dac-400g", "aec-400g", "aoc-400g", "dr4-400g", "fr4-400g")
    assert bill.optical_links == 3


def test_traces_and_backplanes_are_free_and_counted_as_no_optics() -> None:
    topology = with_runs(run(24, 0.3, "trace"), run(8, 2, "backplane"))
    bill = fabric_bill(topology, load_catalog(), options=BillOptions())
    assert (bill.cost_usd, bill.power_kw, bill.optical_links) == (0, 0, 0)
    assert [line.count for line in bill.lines] == [24, 8]
    assert not bill.beside  # no adapters: the accelerators have routers; nothing that fails


def test_a_path_by_way_of_an_optical_circuit_switch_has_two_modules_two_fibers_and_two_ports() -> None:
    catalog = load_catalog()
    bill = fabric_bill(with_runs(run(65, 60, "ocs")), catalog, options=WITHOUT_EXTRAS)
    assert bill.count_of("bidi-400g", table="module") == 130
    assert bill.count_of("ocs-400g", table="cable") == 130
    # 130 ports of 128 in use per switch: two, with 16 kept for repair and 126 free
    assert bill.ocs is not None
    assert (bill.ocs.units, bill.ocs.used, bill.ocs.kept, bill.ocs.free, bill.ocs.strands) == (2, 130, 16, 126, 130)
    assert any("wiring may ask for more" in text for text in bill.assumptions)
    # both fibers together are as long as the path
    cable = catalog.cable("ocs-400g")
    fibers = sum(line.cost_usd for line in bill.lines if line.table == "cable")
    assert fibers == pytest.approx(65 * (2 * cable.cost_usd + 60 * cable.usd_per_m))


def test_without_circulators_a_path_takes_twice_the_fibers() -> None:
    catalog = load_catalog()
    duplex = load_catalog({"cable.ocs-400g": {"strands": 2}})
    topology = with_runs(run(64, 60, "ocs"))
    one, two = (fabric_bill(topology, item).ocs for item in (catalog, duplex))
    assert one is not None and two is not None
    assert (one.strands, two.strands) == (128, 256)


def test_a_stated_plant_of_optical_circuit_switches_is_billed_as_it_is() -> None:
    # larger switches cost in proportion to their ports; a slice of a pod bears its share
    spec = Torus(shape=(4, 4))
    plant = OcsUnits(units=3, ports=272, spare_ports=16)
    bill = fabric_bill(PlantTorus(spec, runs=(run(100, 60, "ocs"),), billed_ocs=plant), load_catalog())
    assert bill.ocs is not None
    assert (bill.ocs.units, bill.ocs.kept, bill.ocs.free) == (3, 48, 3 * 256 - 200)
    cost = sum(line.cost_usd for line in bill.lines if line.table == "ocs")
    assert cost == pytest.approx(3 * 2 * load_catalog().ocs("ocs-136").cost_usd)
    slice_of_it = replace(plant, share=0.25)
    quarter = fabric_bill(PlantTorus(spec, runs=(run(100, 60, "ocs"),), billed_ocs=slice_of_it), load_catalog())
    assert sum(line.cost_usd for line in quarter.lines if line.table == "ocs") == pytest.approx(cost / 4)
    assert any("bears 0.25" in text for text in quarter.assumptions)
    with pytest.raises(InternalError, match="take 1000 ports"):
        fabric_bill(PlantTorus(spec, runs=(run(500, 60, "ocs"),), billed_ocs=plant), load_catalog())


def test_links_of_another_rate_have_their_own_class() -> None:
    bill = fabric_bill(with_runs(run(1, 2), run(1, 2, rate=2.0), run(1, 2, rate=4.0)), load_catalog())
    assert bill.run_classes == ("dac-400g", "dac-800g", "dac-800g")
    assert bill.count_of("dac-800g", table="cable") == 1 + 2


def test_adapters_are_counted_by_port_beside_the_total_or_in_it() -> None:
    spec, catalog = Clos(accelerators=512, planes=2), load_catalog()
    beside, inside = price_fabric(spec), price_fabric(spec, options=replace(ALL_IN, spares="left_out"))
    assert inside.count_of("nic-400g", table="adapter") == 1024
    assert beside.count_of("nic-400g", table="adapter") == 0
    assert inside.cost_usd - beside.cost_usd == pytest.approx(1024 * catalog.adapter("nic-400g").cost_usd)
    assert any(line.table == "adapter" and line.count == 1024 for line in beside.beside)
    assert "network adapters are not in the total, but listed beside it" in beside.assumptions
    assert not any("network adapters" in text for text in inside.assumptions)


def test_a_torus_has_no_adapters() -> None:
    bill = price_fabric(Torus(shape=(8, 8)), options=ALL_IN)
    assert not any(line.table == "adapter" for line in bill.lines)
    assert any("no network adapters" in text for text in bill.assumptions)


def test_switches_of_a_rack_are_not_bought_again() -> None:
    bill = fabric_bill(RackClos(Clos(accelerators=512)), load_catalog(), options=WITHOUT_EXTRAS)
    built_in, spines = (line for line in bill.lines if line.table == "switch")
    assert (built_in.item, built_in.count, built_in.cost_usd) == ("", 16, 0)
    assert (spines.count, spines.cost_usd) == (8, 8 * 14280)


@pytest.mark.parametrize(
    ("mean", "probability", "least"),
    [
        # exp(-0.1) = 0.905, with 1: 0.995; exp(-1)(1 + 1 + 1/2 + 1/6) = 0.981, with 1/24: 0.996
        (0.0, 0.99, 0), (0.1, 0.9, 0), (0.1, 0.99, 1), (1.0, 0.98, 3), (1.0, 0.99, 4),
    ],
)  # fmt: skip
def test_spares_are_a_poisson_quantile(mean: float, probability: float, least: int) -> None:
    assert poisson_quantile(mean, probability) == least


def test_spares_of_a_pod_cover_a_month_of_failures() -> None:
    # 4096 DACs and 8192 AOCs: 4096 x 0.0005 and 8192 x 0.004 a year, a twelfth and a bit of them in 30 days
    bill = price_fabric(Clos(accelerators=4096))
    spares = {line.item: line.count for line in bill.beside if line.what == "spares"}
    catalog = load_catalog()
    for item, installed in (("dac-400g", 4096), ("aoc-400g", 8192)):
        mean = installed * catalog.cable(item).failures_per_year * 30 / 365
        assert spares[item] == poisson_quantile(mean, 0.99) > mean
    assert all(line.power_w == 0 for line in bill.beside if line.what == "spares")
    again = price_fabric(Clos(accelerators=4096), options=BillOptions(spares_rule=SparesRule(lead_time_days=90)))
    assert sum(line.count for line in again.beside) > sum(line.count for line in bill.beside)


def test_every_line_says_where_its_price_comes_from() -> None:
    overridden = load_catalog({"switch.ndr-64x400g": {"cost_usd": 20_000}})
    for spec in SPECS:
        for line in (*price_fabric(spec).lines, *price_fabric(spec).beside):
            assert line.source and line.confidence in ("high", "medium", "low")
            assert line.is_indicative
    line = next(line for line in price_fabric(SPECS[2], catalog=overridden).lines if line.table == "switch")
    assert (line.source, line.is_indicative) == ("scenario override", False)


@settings(max_examples=25, deadline=None)
@given(spec=st.sampled_from(SPECS), factor=st.sampled_from([0.0, 0.5, 2.0, 3.7]))
def test_prices_times_a_factor_are_costs_times_the_factor(spec: FabricSpec, factor: float) -> None:
    catalog = load_catalog()
    once = price_fabric(spec, catalog=catalog, options=ALL_IN)
    scaled = price_fabric(spec, catalog=at_prices_times(factor, catalog), options=ALL_IN)
    assert scaled.cost_usd == pytest.approx(factor * once.cost_usd, rel=1e-12)
    if factor:
        assert scaled.power_kw == once.power_kw


@settings(max_examples=200, deadline=None)
@given(
    short=st.floats(0.1, 2000),
    long=st.floats(0.1, 2000),
    gbps=st.sampled_from([100.0, 400.0, 800.0, 1600.0]),
)
def test_longer_cables_never_cost_less(short: float, long: float, gbps: float) -> None:
    short, long = min(short, long), max(short, long)
    catalog = load_catalog()
    costs = [link_parts(run(1, length), gbps, catalog).cost_usd for length in (short, long)]
    assert costs[0] <= costs[1]


@pytest.mark.parametrize("spec", SPECS)
def test_lines_of_the_table_add_up_to_the_cent(spec: FabricSpec) -> None:
    # radix 32 of a catalogue of 64 and fiber by the metre make fractions of cents
    bill = price_fabric(spec, catalog=at_prices_times(1 / 3, load_catalog()))
    rows = list(csv.DictReader(io.StringIO(fabric_bill_csv(bill).decode())))
    assert len(rows) == len(bill.lines) + len(bill.beside)
    for column, total in (("cost_usd", bill.cost_usd), ("beside_cost_usd", bill.beside_cost_usd)):
        assert sum(Decimal(row[column]) for row in rows) == round(Decimal(total), 2)
    for row in rows:
        own = Decimal(row["cost_usd"]) + Decimal(row["beside_cost_usd"])
        assert abs(own - Decimal(row["quantity"]) * Decimal(row["unit_cost_usd"])) < 1
    assert bill.cost_usd_per_accelerator * bill.accelerators == pytest.approx(bill.cost_usd)
    assert bill.power_w_per_accelerator * bill.accelerators == pytest.approx(1000 * bill.power_kw)


def test_a_catalogue_without_a_kind_of_equipment_is_refused_by_name() -> None:
    bare = replace(load_catalog(), adapters=(), circuit_switches=())
    with pytest.raises(InvalidInput, match="'adapter'"):
        price_fabric(Clos(accelerators=8), catalog=bare)
    with pytest.raises(InvalidInput, match="'ocs'"):
        fabric_bill(with_runs(run(1, 5, "ocs")), bare)
    with pytest.raises(InvalidInput, match="medium trace"):
        fabric_bill(with_runs(run(1, 1, "trace")), replace(bare, cables=(load_catalog().cable("dac-400g"),)))


def test_cables_with_modules_name_them_and_others_do_not() -> None:
    with pytest.raises(InvalidInput, match=r"cable\.module"):
        CableClass(id="x", name="X", reach_m=1, port_gbps=400, cost_usd=1, power_w=0, medium="optics")
    with pytest.raises(InvalidInput, match=r"cable\.module"):
        CableClass(id="x", name="X", reach_m=1, port_gbps=400, cost_usd=1, power_w=0, module="dr4-400g")
