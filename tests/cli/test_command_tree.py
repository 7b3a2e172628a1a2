"""What holds for every command that there is: ``--json``, an example, one document, the nearest name, a quick help."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from typer.main import get_command

from topodesign.cli.app import COMMANDS, build_app, run
from topodesign.cli.fabric_compare import ALL_KINDS, OFFERED_KINDS
from topodesign.cli.fetch import FORMATS

Path = tuple[str, ...]


@cache
def commands() -> dict[Path, Any]:
    """Every command that does something, by the words that name it."""
    found: dict[Path, Any] = {}
    for name in COMMANDS:
        group: Any = get_command(build_app(name))
        found.update(leaves((name,), group.commands[name]))
    return found


def leaves(path: Path, command: Any) -> Iterator[tuple[Path, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, item in inner.items():
        yield from leaves((*path, name), item)


PATHS = sorted(commands())


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_takes_json_and_has_an_example_and_a_summary(path: Path) -> None:
    command = commands()[path]
    options = {name for parameter in command.params for name in parameter.opts}
    assert "--json" in options
    assert command.help
    assert (
        f"Example: topodesign {' '.join(path)}" in command.epilog or f"topodesign {' '.join(path)} " in command.epilog
    )
    for parameter in command.params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_with_json_a_wrong_option_is_one_document_that_names_the_nearest(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--jsom", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["reason"] == "USAGE_INVALID"
    assert "did you mean '--json'?" in json.loads(out)["error"]["message"]
    assert f"topodesign {' '.join(path)} --help" in json.loads(out)["error"]["message"]
    assert err == ""


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("plam", "plan"),
        ("fabric evalute", "evaluate"),
        ("optics mods", "modes"),
        ("plan x --out y --objective cst", "cost"),
        ("fetch plans/x --out y --format geojsn", "geojson"),
        ("init x --template regions", "region"),
        ("fabric evaluate tours --shape 4x4", "torus"),
        ("fabric compare --accelerators 64 --kinds torus,close", "clos"),
        ("fabric evaluate clos --accelerators 64 --radix 64 --failures swich=1", "switch"),
        ("fabric evaluate clos --accelerators 64 --radix 64 --spares besides", "beside"),
        ("catalog show zr400", "zr-400"),
        ("catalog list switchs", "switch"),
        ("optics link --km 80 --fiber smf", "ssmf"),
        ("training estimate --parameters 1e12 --step-s 1 --sites 2 --gbps 100 --method dilco", "diloco"),
        ("training estimate --model llama-3 --accelerators 64 --sites 2 --gbps 100", "llama-3-405b"),
        ("training shard --model llama-3-405b --pod-accelerators 72 --site a=8 --accelerator h100", "h100-sxm"),
    ],
)
def test_a_misspelled_name_is_answered_with_the_nearest(
    line: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    out, err = capsys.readouterr()
    assert f"did you mean '{meant}'?" in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize(
    "line",
    [
        "catalog list fiber",
        "catalog show zr-400",
        "check sample_sites/two-campus",
        "check sample_sites",
        "fabric compare --accelerators 64 --kinds torus,clos",
        "fabric evaluate torus --shape 4x4x4",
        "fabric goodput --blocks 8 --hosts-per-block 4 --slice-blocks 2 --host-availability 0.99",
        "optics link --km 80",
        "optics modes",
        "optics reach",
        "training estimate --parameters 1e12 --step-s 1 --sites 2 --gbps 100",
        "training goodput --accelerators 1024 --write-s 30 --restart-s 60",
        "training models",
        "training shard --model llama-3-405b --pod-accelerators 72 --site a=8 --site b=8",
        "training sweep --parameters 1e12 --step-s 1 --sites 2,4 --gbps 100",
        "verify sample_sites/two-campus nowhere.json",
    ],
)
def test_with_json_stdout_has_one_document_and_nothing_else(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    run([*line.split(), "--json"])
    out, _ = capsys.readouterr()
    assert isinstance(json.loads(out), dict)
    assert out.endswith("}\n")


def test_words_that_are_offered_are_those_that_are_taken() -> None:
    from typing import get_args

    from topodesign.client.kept import ExportFormat
    from topodesign.fabric import fabric_kinds

    assert set(OFFERED_KINDS) == {ALL_KINDS, *fabric_kinds()}
    assert set(FORMATS) == set(get_args(ExportFormat))


HEAVY = {"grpc", "matplotlib", "numpy", "ortools", "pandas", "scipy", "shapely", "sqlalchemy"}


def test_no_help_and_no_completion_imports_what_makes_it_slow() -> None:
    """Seconds depend on the machine; what they are spent on does not. Every command is built in one process."""
    code = (
        "import sys; from topodesign.cli.app import COMMANDS, build_app\n"
        "from typer.main import get_command\n"
        "from topodesign.cli.completion import equipment_ids\n"
        "[get_command(build_app(name)) for name in COMMANDS]; equipment_ids()('')\n"
        f"print(*sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []


def test_the_overview_imports_no_command() -> None:
    code = (
        "import sys; from topodesign.cli.app import run; run(['--help'])\n"
        "print(*sorted(name for name in sys.modules if name.startswith('topodesign.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    imported = set(done.stderr.split())
    assert not imported & {entry.module for entry in COMMANDS.values()}
    assert "topodesign.domain.plan" not in imported  # dataclasses by the hundred
