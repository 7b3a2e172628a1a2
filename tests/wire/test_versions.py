"""The versions that have to fit together, and generated code that fits the definitions."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import google.protobuf
import ortools
import pytest
from google.longrunning import operations_pb2

ROOT = Path(__file__).resolve().parents[2]
GENERATED = sorted((ROOT / "topodesign" / "v1").glob("*_pb2.py"))


def test_ortools_and_protobuf_are_the_pair_that_fits() -> None:
    # An unpinned install takes ortools 9.10, because newer gRPC tools want a protobuf that ortools 9.15 refuses.
    assert ortools.__version__.startswith("9.15.")
    assert google.protobuf.__version__.startswith("6.33.")


def test_the_generator_is_below_the_release_that_needs_another_protobuf() -> None:
    assert tuple(map(int, version("grpcio-tools").split(".")[:2])) < (1, 82)


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_generated_code_is_not_newer_than_the_runtime(path: Path) -> None:
    match = re.search(r"^# Protobuf Python Version: (\d+)\.(\d+)\.(\d+)$", path.read_text(), re.MULTILINE)
    assert match is not None
    assert [int(part) for part in match.groups()] <= [int(part) for part in version("protobuf").split(".")]


def test_generated_code_is_current() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "protos" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_definitions_are_free_of_lint() -> None:
    buf = Path(sys.executable).with_name("buf")
    run = subprocess.run([str(buf), "lint"], cwd=ROOT / "protos", capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_operations_have_the_name_under_which_our_definitions_import_them() -> None:
    assert operations_pb2.DESCRIPTOR.name == "google/longrunning/operations.proto"
