"""Monte Carlo of the same jobs: failures are drawn part by part, and the time is added up as it passes.

Nothing of the closed forms is used. The first part to fail decides when the job stops and how long it waits; of the
time to the next failure the first R seconds are restart, and what is left holds as many whole intervals as fit. Cycles
from failure to failure are independent and alike, so goodput is a ratio of means, and its standard error is that of the
mean of U - g T over the cycles, divided by the mean of T (U: useful time, T: all time).
"""

import math
from collections.abc import Sequence

import numpy as np

from topodesign.domain.checks import require, require_number
from topodesign.domain.durations import SECONDS_PER_HOUR
from topodesign.domain.goodput import Checkpointing, FailingParts, JobSite, Rejoining, SimulatedGoodput
from topodesign.training.checked_arrays import Floats
from topodesign.training.checkpointing import exact_goodput
from topodesign.training.checkpointing_elastic import require_sites

MOST_INTERRUPTIONS = 10_000_000


def simulate_goodput(
    parts: Sequence[FailingParts],
    checkpointing: Checkpointing,
    *,
    seed: int = 0,
    interruptions: int = 100_000,
) -> SimulatedGoodput:
    """Goodput of a job that goes back to its last checkpoint whenever a part fails.

    Parameters
    ----------
    parts : sequence of FailingParts
        Times to failure are exponential.
    checkpointing : Checkpointing
        With an interval: what is best is the closed form's business.
    seed : int
        Same seed, same estimate.
    interruptions : int
        How many to draw, 2 to 10 million; the standard error falls with their square root.

    Raises
    ------
    InvalidInput
        Without an interval, or with a number of interruptions out of range.
    """
    _require_count(interruptions)
    interval = checkpointing.interval_s
    require(
        interval is not None and math.isfinite(interval),
        field="checkpointing.interval_s",
        value=interval,
        limit="given and finite",
        remedy="take best_interval_s",
    )
    assert interval is not None
    failing = [item for item in parts if item.rate_per_h > 0]
    if not failing:
        whole = exact_goodput(interval, write_s=checkpointing.write_s, restart_s=0, mtti_s=math.inf)
        return SimulatedGoodput(goodput=float(whole), standard_error=0.0, interruptions=0, seed=seed)
    gaps, waits = _failures(failing, np.random.default_rng(seed), interruptions)
    useful = _useful(np.maximum(0.0, gaps - checkpointing.restart_s), interval, checkpointing.write_s)
    time = gaps + waits
    ratio = float(useful.mean() / time.mean())
    residual = useful - ratio * time
    error = float(residual.std(ddof=1) / math.sqrt(interruptions) / time.mean())
    return SimulatedGoodput(goodput=ratio, standard_error=error, interruptions=interruptions, seed=seed)


def simulate_elastic(
    sites: Sequence[JobSite], rejoining: Rejoining, *, seed: int = 0, interruptions: int = 100_000
) -> SimulatedGoodput:
    """Goodput of a job whose others go on when one is hit; ``interruptions`` are drawn for each replica that fails.

    Raises
    ------
    InvalidInput
        Without sites, or with a number of interruptions out of range.
    """
    require_sites(sites)
    _require_count(interruptions)
    total = math.fsum(site.accelerators for site in sites)
    units = [(site, number, replica) for number, site in enumerate(sites) for replica in range(site.replicas)]
    reform_s = rejoining.reform_s if len(units) > 1 else 0.0
    drawn: list[tuple[Floats, Floats, Floats]] = []
    for site, number, replica in units:
        weight = site.accelerators / site.replicas / total
        failing = [item for item in site.parts if item.rate_per_h > 0]
        if not failing:
            drawn.append((np.ones(1), weight * np.ones(1), np.zeros(1)))
            continue
        stream = np.random.default_rng([seed, number, replica])
        gaps, waits = _failures(failing, stream, interruptions)
        useful = _useful(np.maximum(0.0, gaps - rejoining.restart_s), rejoining.round_s, 0.0)
        standing = np.where(gaps > rejoining.restart_s, 2 * reform_s, 0.0)  # it had come back
        drawn.append((gaps + waits, weight * useful, standing))
    return _combined(drawn, seed)


def _combined(drawn: Sequence[tuple[Floats, Floats, Floats]], seed: int) -> SimulatedGoodput:
    """Sum of the sites' useful rates over 1 + the sum of their rates of standing still, with its first-order error."""
    useful = math.fsum(float(useful.mean() / time.mean()) for time, useful, _ in drawn)
    wall = 1 + math.fsum(float(standing.mean() / time.mean()) for time, _, standing in drawn)
    estimate = useful / wall
    variance = 0.0
    for time, of_site, standing in drawn:
        if len(time) > 1:
            residual = of_site - time * float(of_site.mean() / time.mean())
            residual -= estimate * (standing - time * float(standing.mean() / time.mean()))
            variance += float(residual.var(ddof=1)) / len(time) / float(time.mean() * wall) ** 2
    return SimulatedGoodput(
        goodput=estimate,
        standard_error=math.sqrt(variance),
        interruptions=sum(len(time) for time, _, _ in drawn if len(time) > 1),
        seed=seed,
    )


def _failures(parts: Sequence[FailingParts], stream: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Seconds to the first failure of any part, ``count`` times, and the wait of the part that was first."""
    first, waits = np.full(count, math.inf), np.zeros(count)
    for item in parts:
        seconds = stream.exponential(SECONDS_PER_HOUR / item.rate_per_h, size=count)
        waits = np.where(seconds < first, item.wait_s, waits)
        first = np.minimum(first, seconds)
    return first, waits


def _useful(running_s: Floats, interval_s: float, write_s: float) -> Floats:
    """Training that is safe by the end of each stretch: whole intervals, or all of it where they have no length."""
    if interval_s + write_s == 0:
        return running_s
    return np.asarray(np.floor(running_s / (interval_s + write_s)) * interval_s)


def _require_count(interruptions: int) -> None:
    require_number(interruptions, field="interruptions", at_least=2, at_most=MOST_INTERRUPTIONS)
