"""Published bills of fabrics: counts are exact, money to the digits that are published."""

from dataclasses import dataclass, replace

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import CableClass, Catalog, Switch
from topodesign.domain.fabric import Clos, Torus
from topodesign.domain.fabric_bill import BillOptions, FabricBill
from topodesign.fabric import price_fabric
from topodesign.fabric.bill import fabric_bill
from topodesign.fabric.topology import CableRun
from topodesign.fabric.torus import TorusTopology

WITHOUT_EXTRAS = BillOptions(adapters="left_out", spares="left_out")


@pytest.fixture(scope="module")
def hammingmesh_prices() -> Catalog:
    """Prices from which the cost table of HammingMesh (Hoefler et al., SC 2022) re-derives.

    A 64-port switch $14,280, a copper cable up to 5 m $272, an active optical cable $603 (of 20 m; the table has one
    price for all optical cables, hence the reach).
    """
    return replace(
        load_catalog(),
        switches=(
            Switch(id="sw64", name="64 ports", radix=64, port_gbps=400, cost_usd=14_280, power_w=1000, latency_ns=330),
        ),
        cables=(
            CableClass(id="dac", name="5 m DAC", reach_m=5, port_gbps=400, cost_usd=272, power_w=0),
            CableClass(
                id="aoc", name="AoC", reach_m=1000, port_gbps=400, cost_usd=603, power_w=16, medium="active_optical"
            ),
            CableClass(id="board", name="Board", reach_m=1, port_gbps=400, cost_usd=0, power_w=0, medium="trace"),
        ),
    )


@pytest.mark.parametrize(
    ("accelerators", "switches_per_plane", "millions"),
    [
        # 16 planes. ~1k: 48 x 16 x 14280 + 16 x 1024 x (272 + 603) = 25,303,040.
        # ~16k: 1280 x 16 x 14280 + 16 x 16384 x (272 + 2 x 603) = 679,903,232
        (1024, 48, 25.303),
        (16384, 1280, 679.9),
    ],
)
def test_price_of_the_non_blocking_fat_trees_of_hammingmesh(
    hammingmesh_prices: Catalog, accelerators: int, switches_per_plane: int, millions: float
) -> None:
    spec = Clos(accelerators=accelerators, radix=64, planes=16)
    bill = price_fabric(spec, catalog=hammingmesh_prices, options=WITHOUT_EXTRAS)
    assert bill.count_of("sw64", table="switch") == 16 * switches_per_plane
    assert bill.count_of("dac", table="cable") == 16 * accelerators
    assert bill.cost_usd / 1e6 == pytest.approx(millions, abs=0.5 * 10 ** -len(str(millions).split(".")[1]))


@dataclass(frozen=True)
class BoardTorus(TorusTopology):
    """A 2D torus on boards of 2x2 accelerators: along each axis every other link is a trace of a board."""

    def cable_runs(self) -> tuple[CableRun, ...]:
        on_boards = self.accelerators  # per axis half of the N links, two axes
        return (
            CableRun(what="on boards", count=on_boards, length_m=0.5, kind="trace"),
            CableRun(what="between boards", count=2 * self.accelerators - on_boards, length_m=20),
        )


@pytest.mark.parametrize(
    ("side", "millions"),
    [
        # 4 planes, one AoC per accelerator and plane: 4 x 1024 x 603 = 2,469,888; 4 x 16384 x 603 = 39,518,208
        (32, 2.470),
        (128, 39.518),
    ],
)
def test_price_of_the_2d_tori_of_hammingmesh(hammingmesh_prices: Catalog, side: int, millions: float) -> None:
    # links of four planes are bundles of four 400G cables
    torus = BoardTorus(Torus(shape=(side, side), link_gbps=4 * 400))
    bill = fabric_bill(torus, hammingmesh_prices, options=WITHOUT_EXTRAS)
    assert bill.count_of("aoc", table="cable") == 4 * side * side
    assert bill.cost_usd / 1e6 == pytest.approx(millions, abs=5e-4)


@pytest.mark.parametrize(
    ("accelerators", "switches", "cables"),
    [
        # NVIDIA DGX SuperPOD reference architecture (B200), compute fabric: leaf, spine, core; node-leaf, leaf-spine,
        # spine-core cables
        (512, (16, 8), (512, 512)),
        (1024, (32, 16), (1024, 1024)),
        (4096, (128, 128, 64), (4096, 4096, 4096)),
    ],
)
def test_superpod_bills_have_the_published_switches_and_cables(
    accelerators: int, switches: tuple[int, ...], cables: tuple[int, ...]
) -> None:
    bill = price_fabric(Clos(accelerators=accelerators, radix=64), options=BillOptions(spares="left_out"))
    assert tuple(line.count for line in bill.lines if line.table == "switch") == switches
    assert tuple(line.count for line in bill.lines if line.table == "cable") == cables
    # one adapter port per GPU
    assert [line.count for line in bill.beside if line.table == "adapter"] == [accelerators]


@dataclass(frozen=True)
class SwitchedPod(TorusTopology):
    """A torus whose links between blocks of 4x4x4 run by way of optical circuit switches, as in a TPU v4 pod."""

    def cable_runs(self) -> tuple[CableRun, ...]:
        return tuple(
            replace(run, kind="ocs", length_m=100.0) if "between" in run.what else run for run in super().cable_runs()
        )


def tpu_v4_pod() -> FabricBill:
    return fabric_bill(SwitchedPod(Torus(shape=(16, 16, 16))), load_catalog(), options=WITHOUT_EXTRAS)


def test_a_tpu_v4_pod_has_48_optical_circuit_switches_and_6144_strands() -> None:
    # Jouppi et al., ISCA 2023, section 2: 64 blocks of 96 optical links out, 48 switches of 136 ports, 128 in use and 8
    # spare, 48 x 128 = 6144 strands, 3072 optical links
    pod = tpu_v4_pod()
    assert pod.ocs is not None
    assert (pod.ocs.units, pod.ocs.used, pod.ocs.kept, pod.ocs.free) == (48, 48 * 128, 48 * 8, 0)
    assert pod.ocs.strands == 6144
    assert pod.optical_links == 3072
    assert pod.count_of("bidi-400g", table="module") == 2 * 3072
