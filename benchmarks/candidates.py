"""How long the candidate lightpaths of all pairs of sites take, from 12 to 500 sites.

    python -m benchmarks.candidates --sample 300

Each row runs in a process of its own, on one core: fiber graph, round trips, routes, and every mode judged on every
route. ``limit`` counts the pairs within the policy's round trip, ``all`` every pair. ``old`` is the way that goes pair
by pair (benchmarks/candidates_reference.py), with routes compared by their length in floats as it used to be, on a
seeded sample of the same pairs in the same process, with the noise of the segments known already; ``ratio`` is its
seconds a pair over the new way's, which include that noise. ``changed`` counts pairs of the sample with other
candidates than by the old way: they have several routes of the same length. Asked to rank those alike, the two ways
must agree on every pair of the sample, else the benchmark fails.
"""

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import combinations

from benchmarks.candidates_reference import ReferenceFinder
from benchmarks.scenarios import build
from benchmarks.tables import RESULTS, ROOT, environment, markdown_table, write_json
from topodesign.catalog import load_catalog
from topodesign.domain.scenario import Scenario
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.lightpaths import LightpathCandidate, LightpathFinder, candidate_lightpaths, round_trips
from topodesign.optics.reach import ReachModel
from topodesign.training.demand import sync_demand

SCENARIOS = ("regional-nova", "us-multi-region", "europe", "stress-200", "stress-500")
WITHIN_S, WITHIN_MB = 30.0, 2000.0
"""What the largest row is held to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scenario, with its round-trip limit or without; times are processor seconds."""

    scenario: str
    sites: int
    limit_ms: float | None
    pairs: int
    routes: int
    candidates: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    sampled: int
    old_s_per_pair: float
    changed: int
    differing: int

    @property
    def ratio(self) -> float:
        return self.old_s_per_pair / (self.cpu_s / self.pairs)


def measure(scenario: Scenario, *, is_limited: bool, sample: int, seed: int) -> Row:
    """Candidates of all pairs of sites, timed, and those of a sample of the pairs the old way."""
    catalog = load_catalog(scenario.catalog_overrides)
    demand_gbps = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator)).demand_gbps
    limit_ms = scenario.policy.max_rtt_ms if is_limited else math.inf
    cpu, wall = time.process_time(), time.perf_counter()
    graph = FiberGraph.of(scenario)
    reach = ReachModel(catalog, scenario.optics)
    sites = range(len(scenario.sites))
    trips = round_trips(graph, reach, sites)
    finder = LightpathFinder(scenario, graph, reach, demand_gbps=demand_gbps)
    candidates = candidate_lightpaths(finder, trips, max_rtt_ms=limit_ms)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak_mb = _peak_mb()
    pairs = [(a, z) for a, z in combinations(sites, 2) if trips.rtt_ms[a][z] <= limit_ms]
    sampled = sorted(random.Random(seed).sample(pairs, min(sample, len(pairs))))
    old_s, changed, differing = _old_way(scenario, sampled, candidates, demand_gbps=demand_gbps)
    return Row(
        scenario=scenario.name,
        sites=len(sites),
        limit_ms=limit_ms if math.isfinite(limit_ms) else None,
        pairs=len(pairs),
        routes=len({(path.a, path.z, path.route) for path in candidates}),
        candidates=len(candidates),
        cpu_s=cpu,
        wall_s=wall,
        peak_mb=peak_mb,
        sampled=len(sampled),
        old_s_per_pair=old_s / max(1, len(sampled)),
        changed=changed,
        differing=differing,
    )


def _old_way(
    scenario: Scenario,
    pairs: list[tuple[int, int]],
    candidates: tuple[LightpathCandidate, ...],
    *,
    demand_gbps: float,
) -> tuple[float, int, int]:
    """Processor seconds, pairs with other candidates, and pairs with other candidates though ranked alike."""
    made: dict[tuple[int, int], list[LightpathCandidate]] = {pair: [] for pair in pairs}
    for path in candidates:
        if (path.a, path.z) in made:
            made[path.a, path.z].append(path)
    graph = FiberGraph.of(scenario)
    reach = ReachModel(load_catalog(scenario.catalog_overrides), scenario.optics)
    old = ReferenceFinder(scenario, graph, reach, demand_gbps=demand_gbps, weight=graph.length_km)
    alike = ReferenceFinder(scenario, graph, reach, demand_gbps=demand_gbps, weight=graph.ranking)
    for pair in pairs:  # noise of the segments is computed once: left out, since the sample would bear all of it
        alike.between(*pair)
    start = time.process_time()
    found = {pair: list(old.between(*pair)) for pair in pairs}
    seconds = time.process_time() - start
    changed = [pair for pair in pairs if found[pair] != made[pair]]
    return seconds, len(changed), sum(list(alike.between(*pair)) != made[pair] for pair in pairs)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def measure_in_child(name: str, *, is_limited: bool, sample: int, seed: int) -> Row:
    """The same in a process of its own, so that its peak memory is its own.

    Raises
    ------
    RuntimeError
        When the process failed; with what it wrote.
    """
    command = [sys.executable, "-m", "benchmarks.candidates", "--only", name, "--sample", str(sample)]
    command += ["--seed", str(seed), *(["--limited"] if is_limited else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"candidates of {name} failed: {done.stderr.strip()}")
    return Row(**json.loads(done.stdout))


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    header = ["scenario", "round trip", "sites", "pairs", "routes", "candidates", "CPU s", "s", "peak MB"]
    header += ["old ms a pair", "new ms a pair", "ratio", "changed"]
    cells = [
        [
            row.scenario,
            "all" if row.limit_ms is None else f"{row.limit_ms:g} ms",
            f"{row.sites}",
            f"{row.pairs:,}",
            f"{row.routes:,}",
            f"{row.candidates:,}",
            f"{row.cpu_s:.2f}",
            f"{row.wall_s:.2f}",
            f"{row.peak_mb:,.0f}",
            f"{1e3 * row.old_s_per_pair:.2f}",
            f"{1e3 * row.cpu_s / row.pairs:.3f}",
            f"{row.ratio:,.0f}",
            f"{row.changed} of {row.sampled}",
        ]
        for row in rows
    ]
    return markdown_table(header, cells, left=2)


def faults(row: Row) -> list[str]:
    """What a row fails: time and memory of the limits above, and agreement with the old way where ranked alike."""
    found = []
    if row.cpu_s > WITHIN_S:
        found.append(f"{row.scenario}: {row.cpu_s:.1f} s exceed {WITHIN_S:g} s")
    if row.peak_mb > WITHIN_MB:
        found.append(f"{row.scenario}: {row.peak_mb:,.0f} MB exceed {WITHIN_MB:,.0f} MB")
    if row.differing:
        found.append(f"{row.scenario}: {row.differing} of {row.sampled} pairs differ from those found one by one")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), help="see python -m benchmarks.scenarios")
    parser.add_argument("--sample", type=int, default=300, help="pairs that are done the old way too")
    parser.add_argument("--seed", type=int, default=0, help="draws the sample")
    parser.add_argument("--only", metavar="SCENARIO", help="one row in this process, written as JSON")
    parser.add_argument("--limited", action="store_true", help="with --only: within the policy's round trip")
    options = parser.parse_args()
    if options.only:
        row = measure(build(options.only), is_limited=options.limited, sample=options.sample, seed=options.seed)
        sys.stdout.write(json.dumps(asdict(row)))
        return
    rows = [
        measure_in_child(name, is_limited=is_limited, sample=options.sample, seed=options.seed)
        for name in options.scenarios
        for is_limited in (True, False)
    ]
    sys.stdout.write(table(rows))
    write_json(
        RESULTS / "candidates.json",
        {"environment": environment(), "options": vars(options), "rows": [asdict(row) for row in rows]},
    )
    wrong = [fault for row in rows for fault in faults(row)]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
