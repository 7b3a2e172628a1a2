"""Published and derived figures of racks of fully switched accelerators."""

import pytest

from topodesign.domain.fabric_switched import ScaleUpClos
from topodesign.fabric.scale_up import ScaleUpClosTopology


def test_nvl72_rack() -> None:
    # GB200 NVL72: 72 GPUs, 9 switch trays of 2 chips, one NVLink 5 link of every GPU to each of the 18 chips, 1.8 TB/s
    # per GPU both directions. Derived: 36 x 0.9 TB/s = 32.4 TB/s across the middle, one direction; exact
    topology = ScaleUpClosTopology(ScaleUpClos(accelerators=72))
    assert topology.switches_by_tier == (18,)
    assert [run.count for run in topology.cable_runs()] == [72 * 18]
    assert topology.bisection().exact
    assert topology.bisection().upper * topology.link_gbps / 8 / 1000 == pytest.approx(32.4)
    assert 2 * 71 * topology.alltoall().rate * topology.link_gbps / 8 / 1000 == pytest.approx(1.8)


def test_a_scalable_unit_of_8_racks_has_576_gpus() -> None:
    # DGX GB200 SuperPOD: 8 racks of 72 are a scalable unit of 576 GPUs with 144 NVLink switch chips
    topology = ScaleUpClosTopology(ScaleUpClos(accelerators=576, domain_rails=4))
    assert topology.places.domains == 8
    assert topology.switches_by_tier[0] == 144
