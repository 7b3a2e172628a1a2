"""Columns on disk: whole, or what was there before."""

from pathlib import Path

import numpy as np
import pytest

from topodesign.cli.column_output import require_column_file, write_columns


def test_a_failure_half_way_leaves_the_earlier_file(tmp_path: Path) -> None:
    place = tmp_path / "points.csv"
    place.write_text("earlier")
    uneven = {"a": np.arange(3), "b": np.arange(2)}
    with pytest.raises(ValueError, match="shorter"):
        write_columns(uneven, place, rows_name="points", as_json=False)
    assert place.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_an_earlier_file_is_replaced_not_written_over(tmp_path: Path, ending: str) -> None:
    place, beside = tmp_path / f"points{ending}", tmp_path / "beside"
    place.write_text("earlier")
    beside.hardlink_to(place)
    require_column_file(place)
    write_columns({"a": np.arange(3)}, place, rows_name="points", as_json=False)
    assert beside.read_text() == "earlier"
    assert place.read_bytes() != b"earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside", place.name]
