"""``topodesign fabric``: keys of the JSON documents, options, exit codes."""

import json
from typing import Any

import pytest

from topodesign.cli.app import run

KEYS = {
    "accelerators",
    "switches",
    "switches_by_tier",
    "links",
    "diameter_hops",
    "mean_hops",
    "bisection",
    "alltoall",
    "allreduce_s",
    "latency_us",
    "cost_usd",
    "power_kw",
}


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert run(["fabric", *arguments, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_evaluate_torus_has_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "evaluate", "torus", "--shape", "16x16x16", "--link-gbps", "360")
    assert found.keys() >= KEYS
    assert found["bisection"].keys() >= {"links", "gbps", "lower_gbps", "upper_gbps", "method", "exact"}
    assert found["alltoall"].keys() >= {"rate_per_pair", "gbps_per_accelerator", "exact"}
    assert found["latency_us"].keys() >= {"min", "mean", "p50", "p99", "max"}
    assert (found["bisection"]["links"], found["bisection"]["gbps"]) == (512, 512 * 360)


def test_torus_options_reach_the_fabric(capsys: pytest.CaptureFixture[str]) -> None:
    mesh = document(capsys, "evaluate", "torus", "--shape", "4x4", "--wrap", "0,0")
    assert mesh["bisection"]["links"] == 4
    single = document(capsys, "evaluate", "torus", "--shape", "2x2", "--two-wide", "single")
    assert single["bisection"]["links"] == 2


def test_evaluate_clos(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "evaluate", "clos", "--accelerators", "4096", "--radix", "64", "--message-bytes", "5e8")
    assert found["switches_by_tier"] == [128, 128, 64]
    assert found["message_bytes"] == 5e8
    planes = document(capsys, "evaluate", "clos", "--accelerators", "1536", "--oversubscription", "3", "--planes", "2")
    assert planes["bisection"]["links"] == 2 * 256
    assert document(capsys, "evaluate", "clos", "--accelerators", "64", "--tiers", "3")["switches_by_tier"] == [2, 2, 1]
    rails = document(capsys, "evaluate", "clos", "--accelerators", "1024", "--rail-optimized")
    assert rails["name"].endswith("rail-optimized")


def test_evaluate_fat_tree_is_the_full_three_tiers(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "evaluate", "fat-tree", "--radix", "32")
    assert (found["accelerators"], found["switches"], found["diameter_hops"]) == (8192, 1280, 6)


def test_compare_is_at_equal_size_in_the_order_asked(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "compare", "--accelerators", "4608", "--kinds", "clos,torus")
    assert [fabric["kind"] for fabric in found["fabrics"]] == ["clos", "torus"]
    assert all(fabric["accelerators"] == 4608 and fabric.keys() >= KEYS for fabric in found["fabrics"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("evaluate", "dragonfly"), "clos, fat-tree, torus"),
        (("compare", "--accelerators", "64", "--kinds", "torus,moebius"), "moebius"),
        (("evaluate", "torus"), "--shape 16x16x16"),
        (("evaluate", "clos"), "--accelerators 4096"),
        (("evaluate", "fat-tree"), "--radix 32"),
        (("evaluate", "torus", "--shape", "4x-4"), "4x-4"),
        (("evaluate", "torus", "--shape", "4x4", "--wrap", "yes"), "0 or 1"),
        (("evaluate", "torus", "--shape", "4x4", "--wrap", "1"), "one entry per axis"),
        (("evaluate", "torus", "--shape", "2x2", "--two-wide", "triple"), "single or double"),
        (("evaluate", "torus", "--shape", "4x4", "--radix", "64"), "--radix does not belong to torus"),
        (("evaluate", "clos", "--accelerators", "64", "--radix", "7"), "even"),
        (("evaluate", "clos", "--accelerators", "70000"), "larger radix"),
    ],
)
def test_bad_input_ends_with_2_and_names_the_remedy(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = document(capsys, *arguments, code=2)["error"]
    assert says in error["message"]
    assert error["problems"]


def test_people_get_a_table_with_units(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fabric", "compare", "--accelerators", "4096"]) == 0
    shown = capsys.readouterr().out
    for text in ("torus 16x16x16", "Clos, 3 tiers, radix 64", "Tbit/s", "MUSD", "kW", "204.8", "819.2", "assumed:"):
        assert text in shown
