"""A change of the definitions that a client of the released API could not live with is found before it is merged."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

PROTOS = Path(__file__).resolve().parents[2] / "protos"


@pytest.fixture(scope="module")
def breaking() -> ModuleType:
    spec = importlib.util.spec_from_file_location("breaking", PROTOS / "breaking.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROTOS, tmp_path / "protos"))


def change(copy: Path, file: str, old: str, new: str) -> None:
    path = copy / "topodesign" / "v1" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_definitions_break_no_client_of_the_released_api(breaking: ModuleType) -> None:
    assert breaking.breaks() == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "finding"),
    [
        ("optics_service.proto", "optional double length_km = 1 ", "optional float length_km = 1 ", "changed type"),
        ("catalog_service.proto", "rpc ListEquipment(", "rpc ListAllEquipment(", "deleted"),
    ],
)
def test_a_change_that_breaks_clients_is_told(
    file: str, old: str, new: str, finding: str, copy: Path, breaking: ModuleType
) -> None:
    change(copy, file, old, new)
    assert finding in breaking.breaks(protos=copy)


def test_a_definition_that_moves_to_another_file_is_told(copy: Path, breaking: ModuleType) -> None:
    (copy / "topodesign" / "v1" / "catalog_service.proto").unlink()
    assert "catalog_service.proto" in breaking.breaks(protos=copy)


def test_an_added_field_is_no_break(copy: Path, breaking: ModuleType) -> None:
    added = "message ListModesRequest {\n  // More.\n  bool more = 99;\n"
    change(copy, "optics_service.proto", "message ListModesRequest {\n", added)
    assert breaking.breaks(protos=copy) == ""
