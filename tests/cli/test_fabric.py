"""``topodesign fabric``: keys of the JSON documents, options, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from topodesign.cli.app import run
from topodesign.cli.fabric_kinds import KINDS, OPTIONS, kind_options

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
        (("evaluate", "dragonfyl", "--p", "2"), "did you mean 'dragonfly'?"),
        (("evaluate", "moebius"), "clos, custom, direct-blocks, dragonfly"),
        (("evaluate", "dragonfly", "--p", "2"), "--a 8"),
        (("evaluate", "dragonfly", "--p", "2", "--a", "4", "--h", "2", "--q", "5"), "takes --a, --groups, --h, --p"),
        (("evaluate", "slimfly", "--q", "6"), "use 5 or 7"),
        (("evaluate", "torus", "--shape", "4x4x4", "--twist"), "4x4x8"),
        (("evaluate", "jellyfish", "--switches", "1e3"), "a whole number"),
        (("evaluate", "scale-up-clos", "--accelerators", "72", "--rails", "some"), "none or optimized or only"),
        (("evaluate", "custom", "--edges", "no-such-file.csv"), "cannot be read"),
        (("compare", "--accelerators", "4096", "--kinds", "slimfly"), "3380 or 6144"),
        (("evaluate", "clos", "--accelerators", "64", "--radix", "0"), "at least 2"),
        (("evaluate", "torus", "--shape", "0x4"), "at least 1"),
        (("evaluate", "torus", "--shape", "1000x1000x1000"), "at most 1e+07"),
        (("evaluate", "clos", "--accelerators", "1000000000"), "at most 1e+07"),
        (("evaluate", "jellyfish", "--switches", "9" * 5000, "--network-ports", "4"), "a whole number"),
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


@pytest.mark.parametrize(
    ("arguments", "accelerators"),
    [
        # sizes by hand: p a (a h + 1), 2 q^2 p with p = 4, sides, boards x board, switches x servers, 2^dimension
        (("torus", "--shape", "4x4x8", "--twist"), 128),
        (("reconfigurable-torus", "--shape", "4x4x8"), 128),
        (("dragonfly", "--p", "2", "--a", "4", "--h", "2"), 72),
        (("dragonfly-plus", "--p", "2", "--leaves", "2", "--spines", "2", "--h", "2"), 20),
        (("direct-blocks", "--blocks", "4", "--p", "4", "--leaves", "4", "--aggregations", "4", "--h", "4"), 64),
        (("slimfly", "--q", "5"), 200),
        (("hyperx", "--shape", "4x6"), 24),
        (("hammingmesh", "--board", "2x2", "--shape", "3x4"), 48),
        (("jellyfish", "--switches", "20", "--network-ports", "4", "--server-ports", "2", "--seed", "1"), 40),
        (("hypercube", "--dimension", "5"), 32),
        (("scale-up-clos", "--accelerators", "144"), 144),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_every_kind_is_evaluated_by_its_options(
    arguments: tuple[str, ...], accelerators: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, "evaluate", *arguments)
    assert found.keys() >= KEYS
    assert found["accelerators"] == accelerators
    assert 0 < found["bisection"]["lower_gbps"] <= found["bisection"]["upper_gbps"]


def test_every_kind_has_options_and_every_option_a_kind() -> None:
    assert {name for kind in KINDS for name in kind_options(kind)} == set(OPTIONS)


def test_an_edge_list_that_is_apart_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edges = tmp_path / "links.csv"
    edges.write_text("accelerators,gpu-*\ngpu-0,leaf-0\ngpu-1,leaf-0\ngpu-2,leaf-1\n")
    found = document(capsys, "evaluate", "custom", "--edges", str(edges))
    assert (found["disconnected_pairs"], found["bisection"]["links"], found["allreduce_s"]) == (4, 0, None)
    assert run(["fabric", "evaluate", "custom", "--edges", str(edges)]) == 0
    shown = capsys.readouterr().out
    assert "never" in shown
    assert "disconnected pairs" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("accelerators,gpu-*\ngpu-0,gpu-0\n", "to itself"),
        ("gpu-0,gpu-1\n", "accelerators,gpu-*"),
        ("accelerators,gpu-*\ngpu-0,gpu-1,0\n", "count"),
        ("accelerators,gpu-*\n" + "gpu-0,gpu-1\n" * 500_001, "beyond the 500000 edges"),
    ],
    ids=["self-loop", "no accelerators", "no links", "too many edges"],
)
def test_malicious_edge_lists_are_refused(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edges = tmp_path / "links.csv"
    edges.write_text(text)
    assert says in document(capsys, "evaluate", "custom", "--edges", str(edges), code=2)["error"]["message"]


def test_kinds_without_a_size_are_named_with_the_nearest_that_they_have(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("compare", "--accelerators", "100", "--kinds", "torus,hypercube,slimfly,torus")
    found = document(capsys, *arguments)
    assert [fabric["kind"] for fabric in found["fabrics"]] == ["torus"]
    # 2^6 and 2^7; Slim Fly of q = 4 has 32 routers of 3, of q = 5 50 routers of 4
    assert {item["kind"]: item["nearest"] for item in found["impossible"]} == {
        "hypercube": [64, 128],
        "slimfly": [96, 200],
    }
    assert run(["fabric", *arguments]) == 0
    assert "not compared: hypercube" in capsys.readouterr().err


def test_people_get_a_table_with_units(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fabric", "compare", "--accelerators", "4096"]) == 0
    shown = capsys.readouterr().out
    for text in ("torus 16x16x16", "Clos, 3 tiers, radix 64", "Tbit/s", "MUSD", "kW", "204.8", "819.2", "assumed:"):
        assert text in shown


def test_failures_are_told_beside_the_whole_fabric(capsys: pytest.CaptureFixture[str]) -> None:
    # 4x4x4 has a bisection of 2 x 4 x 4 = 32 links across any axis, so one dead link of any axis leaves a cut of 31
    found = document(capsys, "evaluate", "torus", "--shape", "4x4x4", "--failures", "link=1;host=each")
    links, hosts = found["failures"]["sets"]
    assert found["failures"]["whole"]["bisection_upper_gbps"] == 32 * 400
    assert (links["failures"], links["outcomes"], links["enumerated"]) == ("link=1", 20, False)
    assert links["bisection_gbps"]["upper"]["max"] == 31 * 400
    assert (hosts["failures"], hosts["outcomes"], hosts["enumerated"]) == ("host=each", 16, True)
    assert hosts["in_service"]["min"] == 60


def test_failures_are_shown_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "clos", "--accelerators", "64", "--radix", "16", "--failures", "switch=1"]
    assert run(["fabric", *arguments, "--failure-samples", "3", "--failure-seed", "7"]) == 0
    shown = capsys.readouterr().out
    assert "switch=1" in shown
    assert "in service" in shown


@pytest.mark.parametrize("text", ["", "switch", "switch=0", "laser=1", "link=101%", "switch=1,switch=2", "ocs=1"])
def test_failures_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str], text: str) -> None:
    arguments = ["evaluate", "clos", "--accelerators", "64", "--radix", "16", "--failures", text]
    assert "error" in document(capsys, *arguments, code=2)
