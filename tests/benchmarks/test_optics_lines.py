"""The benchmark of the line model computes the same lines from arrays as from objects."""

import numpy as np

from benchmarks.optics_lines import as_objects, measure, random_lines
from topodesign.optics.gaussian_noise import Comb
from topodesign.optics.line_model import line_quality
from topodesign.optics.lines import Lines


def test_lines_as_objects_are_the_lines_as_arrays():
    lines = random_lines(7, 3, Comb(baud_gbd=60, spacing_ghz=75, channels=64), seed=3)
    again = Lines.of(as_objects(lines), lines.comb, max_total_power_dbm=26.0)
    np.testing.assert_allclose(line_quality(again).gsnr_db, line_quality(lines).gsnr_db, rtol=1e-12)


def test_every_band_and_input_is_measured():
    found = measure(3, 2, runs=1, seed=0)
    assert [(row["band"], row["input"]) for row in found] == [
        ("C", "arrays"),
        ("C", "objects"),
        ("C+L", "arrays"),
        ("C+L", "objects"),
    ]
