"""What the service keeps, as the client sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import SweepCounts, SweepDefinition

JobState = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
ExportFormat = Literal["geojson", "plan-json", "bom-csv", "gpkg", "report-html", "geoparquet"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
SweepFormat = Literal["csv", "parquet", "report-html", "gpkg"]
SWEEP_FORMATS: tuple[SweepFormat, ...] = get_args(SweepFormat)
JobKind = Literal["plan", "sweep"]
FINAL_STATES: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScenario:
    """A scenario that the service keeps.

    ``name`` is its resource name (``scenarios/...``), ``title`` the scenario's own. ``scenario`` is ``None`` in lists.
    """

    name: str
    title: str
    created: datetime
    scenario: Scenario | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan that the service keeps. In lists it lacks lightpaths, segments, verification and fabrics.

    ``name`` is its resource name (``plans/...``); ``scenario_name`` that of the scenario, empty when the scenario came
    with the request.
    """

    name: str
    scenario_name: str
    created: datetime
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedJob:
    """A job by its operation's name, and the scenario that it was given, where the caller has it."""

    name: str
    scenario: Scenario | None = None

    @property
    def plan_name(self) -> str:
        """The name that the plan has once it is made."""
        return "plans/" + self.name.removeprefix("operations/")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSweep:
    """A sweep that the service keeps, in any state; ``name`` is its resource name (``sweeps/...``).

    ``scenario_name`` is empty when the scenario came with the request.
    """

    name: str
    scenario_name: str
    created: datetime
    state: JobState
    counts: SweepCounts
    definition: SweepDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedSweep:
    """A sweep by its operation's name, and what it is of, where the caller has it."""

    name: str
    scenario: Scenario | None = None
    definition: SweepDefinition | None = None

    @property
    def sweep_name(self) -> str:
        """Its resource name."""
        return "sweeps/" + self.name.removeprefix("operations/")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """State of a job. ``name`` is that of the operation.

    ``plan_name`` is the one that its plan has or will have, ``sweep_name`` that of a sweep, ``counts`` its points; what
    is of the other kind is empty.
    """

    name: str
    plan_name: str
    state: JobState
    created: datetime
    updated: datetime
    attempts: int
    progress: PlanEvent | None = None
    error: str = ""
    kind: JobKind = "plan"
    sweep_name: str = ""
    counts: SweepCounts | None = None

    @property
    def is_done(self) -> bool:
        return self.state in FINAL_STATES
