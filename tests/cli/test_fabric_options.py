"""``topodesign fabric``: conditions, bills, equal cost, budgets and goodput, by options and in JSON."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from topodesign.cli.app import run
from topodesign.cli.fabric_conditions import CONDITIONS, conditions_of
from topodesign.domain.codec import to_builtins
from topodesign.domain.fabric import Clos, Torus
from topodesign.domain.fabric_bill import BillOptions, SparesRule
from topodesign.domain.fabric_conditions import FabricConditions, LatencyInputs, LoadInputs
from topodesign.fabric import compare_at_equal_cost, evaluate_fabric, fabrics_for_budget, price_fabric

SMALL_CLOS = ("evaluate", "clos", "--accelerators", "64", "--radix", "16")


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert run(["fabric", *arguments, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_every_field_of_the_conditions_has_its_option() -> None:
    expected = {
        (part, item.name)
        for part in (FabricConditions, LatencyInputs, LoadInputs)
        for item in fields(part)
        if not is_dataclass(getattr(FabricConditions(), item.name, None))
    }
    assert {(item.part, item.field) for item in CONDITIONS.values()} == expected


def test_conditions_are_those_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        "--adapter-ns",
        "700",
        "--direct-hop-ns",
        "300",
        "--cable-ns-per-m",
        "5",
        "--latency-bytes",
        "1e6",
        "--store-and-forward",
        "--utilization",
        "0.3",
        "--efficiency",
        "0.8",
        "--packet-bytes",
        "512",
        "--flows-per-accelerator",
        "2",
        "--step-s",
        "0.01",
        "--wanted-share",
        "0.9",
        "--in-network-reduction",
        "--in-network-efficiency",
        "0.74",
    ]
    conditions = FabricConditions(
        latency=LatencyInputs(
            adapter_ns=700, direct_hop_ns=300, cable_ns_per_m=5, message_bytes=1e6, store_and_forward=True
        ),
        load=LoadInputs(
            utilization=0.3, efficiency=0.8, packet_bytes=512, flows_per_accelerator=2, step_s=0.01, wanted_share=0.9
        ),
        in_network_reduction=True,
        in_network_efficiency=0.74,
    )
    found = document(capsys, *SMALL_CLOS, *options)
    assert found == to_builtins(evaluate_fabric(Clos(accelerators=64, radix=16), conditions=conditions))
    compared = document(capsys, "compare", "--accelerators", "64", "--kinds", "torus", *options)
    assert compared["fabrics"] == [to_builtins(evaluate_fabric(Torus(shape=(4, 4, 4)), conditions=conditions))]
    assert conditions_of({}) == FabricConditions()


def test_a_bill_has_lines_that_add_up_and_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, *SMALL_CLOS, "--adapters", "in-total", "--spares-days", "90", "--spares-level", "0.999")
    rule = SparesRule(lead_time_days=90, service_level=0.999)
    bill = price_fabric(Clos(accelerators=64, radix=16), options=BillOptions(adapters="in_total", spares_rule=rule))
    assert found["bill"]["lines"][0].keys() >= {"item", "count", "unit_cost_usd", "cost_usd", "source", "source_date"}
    assert sum(line["count"] * line["unit_cost_usd"] for line in found["bill"]["lines"]) == pytest.approx(bill.cost_usd)
    assert found["bill"]["cost_usd"] == found["cost_usd"] == bill.cost_usd
    assert [line["count"] for line in found["bill"]["beside"]] == [line.count for line in bill.beside]


def test_a_bill_that_was_not_asked_for_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, *SMALL_CLOS)["bill"] is None


def test_people_see_the_bill_with_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fabric", *SMALL_CLOS, "--bill"]) == 0
    shown = capsys.readouterr().out
    for text in ("Bill of materials", "USD each, indicative", "total", "listed beside", "HammingMesh", "confidence"):
        assert text in shown


def test_hosts_that_fail_have_as_many_accelerators_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("evaluate", "torus", "--shape", "4x4x4", "--failures", "host=each", "--accelerators-per-host", "2")
    assert document(capsys, *arguments)["failures"]["sets"][0]["outcomes"] == 32


def test_equal_cost_is_that_of_the_library_and_names_kinds_without_the_size(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("compare", "--accelerators", "64", "--kinds", "torus,clos,slimfly", "--equal-cost")
    found = document(capsys, *arguments)
    expected = compare_at_equal_cost(("torus", "clos"), accelerators=64)
    assert [item["spec"] for item in found["fabrics"]] == [to_builtins(item.spec) for item in expected.fabrics]
    assert [item["bill"]["cost_usd"] for item in found["fabrics"]] == [item.bill.cost_usd for item in expected.fabrics]
    assert found["target_usd_per_accelerator"] == expected.target_usd_per_accelerator
    assert [item["kind"] for item in found["impossible"]] == ["slimfly"]
    given = document(capsys, "compare", "--accelerators", "64", "--kinds", "clos", "--usd-per-accelerator", "5000")
    assert (given["target_usd_per_accelerator"], given["target_of"]) == (5000, "given")


def test_a_budget_buys_what_the_library_says(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("compare", "--kinds", "torus,clos", "--budget-usd", "3e5", "--accelerator-usd", "1000")
    found = document(capsys, *arguments)
    expected = fabrics_for_budget(("torus", "clos"), budget_usd=3e5, accelerator_usd=1000)
    assert [item["accelerators"] for item in found["fabrics"]] == [item.accelerators for item in expected.fabrics]
    assert all(0 < item["cost_usd"] <= 3e5 < item["next_cost_usd"] for item in found["fabrics"])
    assert all(item["bill"]["cost_usd"] + 1000 * item["accelerators"] == item["cost_usd"] for item in found["fabrics"])


def test_money_is_shown_as_indicative(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fabric", "compare", "--accelerators", "64", "--equal-cost"]) == 0
    shown = capsys.readouterr().out
    assert "% of target" in shown
    assert "indicative" in shown
    # even the smallest fabric costs more
    assert run(["fabric", "compare", "--budget-usd", "100"]) == 0
    shown = capsys.readouterr().out
    assert "none" in shown
    assert "indicative" in shown


def test_goodput_of_half_a_pod_is_a_half_with_circuit_switches(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "goodput",
        "--blocks",
        "64",
        "--hosts-per-block",
        "16",
        "--slice-blocks",
        "32",
        "--host-availability",
        "0.99",
    ]
    found = document(capsys, *arguments)
    # by hand: q = 0.99^16, without switches 2 q^32 32/64 = q^32; the TPU v4 paper has 0.5 with them (ISCA 2023)
    assert found["without_ocs"] == pytest.approx(0.99**512)
    assert found["with_ocs"] == pytest.approx(0.5, abs=0.01)
    assert run(["fabric", *arguments]) == 0
    assert "goodput with OCS: 50" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*SMALL_CLOS, "--utilization", "nan"), "utilization is nan"),
        ((*SMALL_CLOS, "--utilization", "0.7"), "utilization"),
        ((*SMALL_CLOS, "--latency-bytes", "-1"), "latency_bytes is -1"),
        ((*SMALL_CLOS, "--in-network-efficiency", "2"), "in_network_efficiency"),
        ((*SMALL_CLOS, "--flows-per-accelerator", "1.5"), "flows-per-accelerator"),
        ((*SMALL_CLOS, "--spares", "plenty"), "in-total, beside, left-out"),
        ((*SMALL_CLOS, "--spares-days", "0"), "spares_days is 0"),
        ((*SMALL_CLOS, "--message-bytes", "inf"), "message_bytes"),
        (("compare", "--kinds", "torus"), "--accelerators 4096"),
        (("compare", "--accelerators", "64", "--budget-usd", "1e6"), "leave the others out"),
        (("compare", "--equal-cost", "--budget-usd", "1e6"), "leave the others out"),
        (("compare", "--accelerators", "64", "--accelerator-usd", "1e4"), "is for --budget-usd"),
        (("compare", "--accelerators", "64", "--adapters", "beside"), "--equal-cost"),
        (("compare", "--budget-usd", "nan"), "budget_usd is nan"),
        (("compare", "--accelerators", "64", "--usd-per-accelerator", "-5"), "usd_per_accelerator is -5"),
        (
            ("goodput", "--blocks", "4", "--hosts-per-block", "1", "--slice-blocks", "5", "--host-availability", "1"),
            "5",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused_with_a_remedy(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in document(capsys, *arguments, code=2)["error"]["message"]
