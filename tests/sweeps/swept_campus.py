"""The sweep that the tests run: eight points of the two campuses, with and without a plan."""

import dataclasses
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition, SweepOutcome
from topodesign.sweeps.grammar import axis_of

CAMPUS = "sample_sites/two-campus"
VARIED = ("policy.min_sites=1,2", "policy.max_sites=1,2", "workload.sync_time_s=1,2")
DEFINITION = SweepDefinition(axes=tuple(axis_of(text) for text in VARIED), limits=SolveLimits(gap=0.0, threads=1))


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    scenario: Scenario
    outcome: SweepOutcome
    folder: Path
    files: tuple[Path, ...]

    @property
    def by_values(self) -> Mapping[tuple[object, ...], PointResult]:
        return {result.values: result for result in self.outcome.results}


def without_times(results: tuple[PointResult, ...]) -> list[PointResult]:
    return [dataclasses.replace(result, solve_s=0.0) for result in results]


def finished_rows(folder: Path) -> dict[int, bytes]:
    """Results by number, as another process sees them."""
    database = folder / "sweep.db"
    if not database.exists():
        return {}
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        return dict(connection.execute("SELECT number, result FROM points").fetchall())
    except sqlite3.OperationalError:
        return {}  # it is being made
    finally:
        connection.close()
