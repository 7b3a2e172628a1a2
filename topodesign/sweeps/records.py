"""Where a sweep's finished points are kept: a folder, a service's store, or memory."""

from collections.abc import Mapping
from typing import Protocol

from topodesign.domain.scenario_sweep import PointResult


class SweepRecords(Protocol):
    """The durable truth of one sweep. All calls come from one thread.

    Plans are bytes that only the process which solves points reads; the store gives back what it was given.
    """

    def results(self) -> Mapping[int, PointResult]:
        """Finished points by number."""

    def finish(self, result: PointResult, plan: bytes, *, attempts: int) -> None:
        """Keep a point's result, and its plan where it has one."""

    def plan_of(self, result: PointResult) -> bytes:
        """The plan of a finished point that has one."""
