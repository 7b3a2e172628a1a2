"""How long a sweep of training estimates takes, on one core.

    python -m benchmarks.training_sweep --estimates 10000

Every row is random: model, step, sites, method, latency, jitter. ``utilization`` asks for the utilization that a
bandwidth gives, ``bandwidth`` for the bandwidth that a utilization takes; checks of the input included.
"""

import argparse
import sys

import numpy as np
from numpy.typing import NDArray

from benchmarks.optics_lines import best_seconds
from benchmarks.tables import RESULTS, environment, markdown_table, write_json
from topodesign.training.sweep import TrainingSweep, sweep_training


def random_jobs(count: int, *, seed: int) -> dict[str, NDArray[np.float64]]:
    """Jobs of 1e9 to 1e14 parameters over 2 to 24 sites, half of them streaming."""
    random = np.random.default_rng(seed)
    streams = random.random(count) < 0.5
    fragments = np.where(streams, random.integers(2, 37, count), 1)
    return {
        "parameters": 10 ** random.uniform(9, 14, count),
        "step_s": random.uniform(0.1, 30, count),
        "sites": random.integers(2, 25, count),
        "bits_per_element": random.choice([4.0, 8.0, 16.0, 32.0], count),
        "inner_steps": np.where(streams, fragments * random.integers(1, 11, count), random.choice([1, 100], count)),
        "fragments": fragments,
        "layers": fragments * random.integers(1, 9, count),
        "overlap_steps": np.where(streams, 1, 0),
        "rtt_ms": random.uniform(0, 100, count),
        "goodput_factor": random.uniform(0.5, 1, count),
        "jitter_s": random.uniform(0, 0.05, count),
    }


def sweep(jobs: dict[str, NDArray[np.float64]], asked: str, *, seed: int) -> TrainingSweep:
    """One sweep over all jobs, each with a bandwidth or a utilization of its own."""
    random = np.random.default_rng(seed)
    count = jobs["sites"].size
    if asked == "utilization":
        return sweep_training(gbps=10 ** random.uniform(1, 6, count), **jobs)
    return sweep_training(utilization=random.uniform(0.5, 0.95, count), **jobs)


def measure(count: int, *, runs: int, seed: int) -> list[dict[str, str | float]]:
    """Processor seconds of a sweep, the best of some runs."""
    jobs = random_jobs(count, seed=seed)
    rows: list[dict[str, str | float]] = []
    for asked in ("utilization", "bandwidth"):
        seconds = best_seconds(lambda asked=asked: sweep(jobs, asked, seed=seed), runs)  # type: ignore[misc]
        rows.append({"asked": asked, "estimates": count, "seconds": seconds, "per_s": count / seconds})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--estimates", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5, help="runs, of which the fastest counts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = measure(options.estimates, runs=options.runs, seed=options.seed)
    rows = [
        [str(row["asked"]), f"{row['estimates']:,}", f"{row['seconds']:.4f}", f"{row['per_s']:,.0f}"] for row in found
    ]
    sys.stdout.write(markdown_table(["asked for", "estimates", "seconds", "estimates a second"], rows, left=1))
    write_json(
        RESULTS / "training_sweep.json", {"environment": environment(), "options": vars(options), "measured": found}
    )


if __name__ == "__main__":
    main()
