"""How many optical lines a second the closed-form line model computes, on one core.

    python -m benchmarks.optics_lines --lines 20000 --spans 10

``arrays``: from arrays of span figures to GSNR and OSNR of every channel, launch powers and dispersion, checks of the
input included. ``objects``: the same from Python objects of spans, which are turned into arrays first.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.tables import RESULTS, environment, markdown_table, write_json
from topodesign.catalog import load_catalog
from topodesign.optics.gaussian_noise import Comb
from topodesign.optics.line_model import line_quality
from topodesign.optics.lines import Line, Lines, Span

BANDS_GHZ = {"C": 4800.0, "C+L": 9600.0}


def random_lines(count: int, spans: int, comb: Comb, *, seed: int) -> Lines:
    """Lines of ``spans`` spans of 40 to 120 km of all the catalogue's fibers."""
    random = np.random.default_rng(seed)
    fibers = load_catalog().fibers
    total = count * spans
    return Lines(
        comb=comb,
        max_total_power_dbm=26.0,
        fibers=fibers,
        span_counts=np.full(count, spans),
        length_km=random.uniform(40, 120, total),
        fiber_index=random.integers(len(fibers), size=total),
        connector_loss_db=np.full(total, 1.0),
        noise_figure_db=random.uniform(4.5, 7, total),
        express_nodes=np.zeros(count, dtype=np.int64),
    )


def as_objects(lines: Lines) -> list[Line]:
    """The same lines as Python objects."""
    spans = [
        Span(
            fiber=lines.fibers[lines.fiber_index[place]],
            length_km=float(lines.length_km[place]),
            connector_loss_db=float(lines.connector_loss_db[place]),
            noise_figure_db=float(lines.noise_figure_db[place]),
        )
        for place in range(lines.length_km.size)
    ]
    ends = np.cumsum(lines.span_counts)
    return [Line(spans=tuple(spans[end - count : end])) for count, end in zip(lines.span_counts, ends, strict=True)]


def best_seconds(work: Callable[[], object], runs: int) -> float:
    """Least processor time of some runs, summed over threads, hence of one core; after a run that warms caches."""
    work()
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def measure(count: int, spans: int, *, runs: int, seed: int) -> list[dict[str, object]]:
    """Rates of both bands and both kinds of input."""
    found: list[dict[str, object]] = []
    for band, band_ghz in BANDS_GHZ.items():
        comb = Comb.filling(band_ghz=band_ghz, spacing_ghz=75.0, baud_gbd=60.0)
        lines = random_lines(count, spans, comb, seed=seed)
        objects = as_objects(lines)

        def from_arrays(comb: Comb = comb) -> object:
            return line_quality(random_lines(count, spans, comb, seed=seed))

        def from_objects(comb: Comb = comb, objects: list[Line] = objects) -> object:
            return line_quality(Lines.of(objects, comb, max_total_power_dbm=26.0))

        for name, work in (("arrays", from_arrays), ("objects", from_objects)):
            cpu_s = best_seconds(work, runs)
            found.append(
                {
                    "band": band,
                    "channels": comb.channels,
                    "input": name,
                    "cpu_s": cpu_s,
                    "lines_per_s": count / cpu_s,
                }
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000, help="lines computed together")
    parser.add_argument("--spans", type=int, default=10, help="spans of each line")
    parser.add_argument("--runs", type=int, default=5, help="runs, of which the fastest counts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = measure(options.lines, options.spans, runs=options.runs, seed=options.seed)
    rows = [
        [str(row["band"]), str(row["input"]), f"{row['channels']}", str(options.spans), f"{row['lines_per_s']:,.0f}"]
        for row in found
    ]
    header = ["band", "input", "channels", "spans", "lines a second"]
    sys.stdout.write(markdown_table(header, rows, left=2))
    write_json(
        RESULTS / "optics_lines.json", {"environment": environment(), "options": vars(options), "measured": found}
    )


if __name__ == "__main__":
    main()
