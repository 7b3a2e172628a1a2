"""``topodesign fabric`` with values that nobody should give: exit status 2 and an error in words, never a traceback."""

import json
from pathlib import Path

import pytest

from topodesign.cli.app import run
from topodesign.cli.fabric_kinds import FLAGS, KINDS, flag, kind_options

SOUND = {
    "torus": {"shape": "4x4"},
    "clos": {"accelerators": "16", "radix": "4"},
    "fat-tree": {"radix": "4"},
    "reconfigurable-torus": {"shape": "4x4x8"},
    "hypercube": {"dimension": "4"},
    "hyperx": {"shape": "4x4"},
    "hammingmesh": {"board": "2x2", "shape": "2x2"},
    "scale-up-clos": {"accelerators": "16", "domain": "4", "scale_up_switches": "2", "radix": "8"},
    "dragonfly": {"p": "1", "a": "2", "h": "1"},
    "dragonfly-plus": {"p": "2", "leaves": "2", "spines": "2", "h": "1"},
    "direct-blocks": {"blocks": "3", "p": "2", "leaves": "2", "aggregations": "2", "h": "1"},
    "slimfly": {"q": "5", "p": "1"},
    "jellyfish": {"switches": "6", "network_ports": "3", "server_ports": "2"},
    "custom": {"edges": "links.csv"},
}
NEVER = ("nan", "-1", "9" * 40, "x")


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status and message ("" without an error)."""
    code = run(["fabric", *arguments, "--json"])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    found = json.loads(captured.out)
    return code, found.get("error", {}).get("message", "")


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_make_no_sense_end_with_2(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(SOUND) == set(KINDS)
    for name in set(kind_options(kind)) - FLAGS:
        for value in NEVER:
            given = {**SOUND[kind], name: value}
            arguments = [part for option, text in sorted(given.items()) for part in (flag(option), text)]
            code, message = outcome(capsys, "evaluate", kind, *arguments)
            assert code == 2, (name, value, code)
            assert message


@pytest.mark.parametrize("option", ["--link-gbps", "--message-bytes"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "0", "-5"])
def test_rates_and_sizes_that_are_no_numbers_end_with_2(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = outcome(capsys, "evaluate", "torus", "--shape", "4x4", option, value)
    assert code == 2
    assert option.strip("-").replace("-", "_") in message
    assert outcome(capsys, "compare", "--accelerators", "64", option, value)[0] == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1 must say which names are accelerators"),
        ("accelerators\n", "must say which names are accelerators"),
        ("accelerators,g1,g1,g2\ng1,g2\n", "'g1' twice"),
        ("accelerators,g*\ng1,g1\n", "to itself"),
        ("accelerators,g*\ng1,g2,1,nan\n", "finite"),
        ("accelerators,g*\ng1,g2,1,-400\n", "greater than 0"),
        ("accelerators,g*\ng1,g2,1,1e999\n", "finite"),
        ("accelerators,g*\ng1\n", "2 to 4"),
        ("accelerators,g*\ng1,,1\n", "names are 1 to 100"),
        ("\x00\x01", "accelerators"),
    ],
)
def test_broken_edge_lists_end_with_2(text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "links.csv").write_text(text)
    code, message = outcome(capsys, "evaluate", "custom", "--edges", str(tmp_path / "links.csv"))
    assert code == 2
    assert says in message
