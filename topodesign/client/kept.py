"""What the service keeps, as the client sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.scenario import Scenario

JobState = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
ExportFormat = Literal["geojson", "plan-json", "bom-csv", "gpkg", "report-html", "geoparquet"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
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
class JobStatus:
    """State of a job. ``name`` is that of the operation, ``plan_name`` the one that its plan has or will have."""

    name: str
    plan_name: str
    state: JobState
    created: datetime
    updated: datetime
    attempts: int
    progress: PlanEvent | None = None
    error: str = ""

    @property
    def is_done(self) -> bool:
        return self.state in FINAL_STATES
