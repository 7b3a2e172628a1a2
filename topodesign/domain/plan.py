"""The planner's answer. JSON keys of ``plan.json`` are the field names here."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from topodesign.domain.availability import PlanAvailability
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import FabricEvaluation
from topodesign.domain.progress import ProgressPoint
from topodesign.domain.scenario import Scenario
from topodesign.domain.solve_limits import Objective as Objective
from topodesign.domain.solve_limits import SolveLimits as SolveLimits
from topodesign.domain.training_report import PlanTraining

if TYPE_CHECKING:
    from pathlib import Path

    from geopandas import GeoDataFrame

Status = Literal["optimal", "feasible", "infeasible", "limit"]
StoppedBy = Literal["gap", "time_limit", "work_limit", "cancelled", "proof"]
TRANSIENT: Mapping[str, bool] = {"transient": True}
"""Metadata of a field that is carried in memory only: neither JSON nor the wire has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """A used site: integer pods, accelerators, and MW at the meter (pods and transceivers, PUE included)."""

    id: str
    zone_id: str
    pods: int
    accelerators: int
    power_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumRun:
    """Adjacent channels that lightpaths of one route take on one transparent stretch of it.

    ``stretch`` counts from 0 at ``a``: the route is cut at its regenerations. ``first_ghz`` is the lower edge of the
    first channel in GHz above the lower edge of the band; ``channels`` follow one another at the mode's width.
    ``pairs`` are the numbers, from 1, of the fiber pair on every segment of the stretch, in order.
    """

    stretch: int
    first_ghz: float
    channels: int
    pairs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lightpath:
    """``count`` parallel lightpaths between sites ``a`` and ``z`` over ``segments`` in order from ``a``.

    ``regenerations`` are the nodes on the way where the signal is regenerated. ``rate_gbps`` is of one lightpath,
    per direction. ``gsnr_db`` is the worst transparent stretch's (0.1 nm, transmitter included), ``margin_db`` what
    is left above the mode's need. ``latency_ms`` is one way, transceivers and regenerations included. ``spectrum``
    says which channels of the band, and which fiber pairs, they take: on each stretch ``count`` channels in all.
    """

    a: str
    z: str
    mode: str
    count: int
    segments: tuple[str, ...]
    regenerations: tuple[str, ...] = ()
    rate_gbps: float
    length_km: float
    gsnr_db: float
    margin_db: float
    latency_ms: float
    spectrum: tuple[SpectrumRun, ...] = ()

    @property
    def capacity_gbps(self) -> float:
        return self.count * self.rate_gbps


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A logical link: all lightpaths of one mode between two sites. ``length_km`` is the longest of their routes.

    ``gsnr_db`` and ``margin_db`` are the least of them; ``spectrum_ghz`` is what all their channels take on a segment,
    ``pairs`` how many fiber pairs they run on where they leave ``a``, ``amplifiers`` the in-line amplifiers on all the
    pairs that they run on; other links may share both. ``None``: not stated.
    """

    a: str
    z: str
    mode: str
    lightpaths: int
    capacity_gbps: float
    length_km: float
    gsnr_db: float | None = None
    margin_db: float | None = None
    spectrum_ghz: float | None = None
    pairs: int | None = None
    amplifiers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlan:
    """Fiber in use: ``pairs`` in all, ``amplifiers`` in-line (all pairs together), ``utilization`` of the spectrum."""

    segment_id: str
    pairs: int
    built: bool
    spans: int
    amplifiers: int
    utilization: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What the all-reduce between sites needs and gets.

    ``demand_gbps`` is B, ``strength_gbps`` sigma with everything up (``None``: one site, unbounded),
    ``worst_failure`` the failure state with the least strength, ``time_s`` = V / (beta sigma) in seconds,
    ``latency_s`` is reported beside it, never inside: twice the radius of the graph of lightpaths, a lower bound on the
    leaf-root-leaf delay of any tree that reduces and broadcasts.
    """

    demand_gbps: float
    strength_gbps: float | None
    worst_failure: str | None
    worst_strength_gbps: float | None
    time_s: float | None
    latency_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitClash:
    """A limit that takes part in an infeasibility: its name, whose it is, its value and unit."""

    limit: str
    id: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """A change of one limit that (with the others listed) makes the scenario feasible."""

    limit: str
    id: str
    from_value: float
    to_value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Infeasibility:
    """Why no plan exists: the clashing limits, the least relief found, and a sentence for people."""

    message: str
    clashing: tuple[LimitClash, ...]
    relief: tuple[Relief, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What was optimised under a budget: the value reached, and the proven bound that no plan can better.

    ``unit`` is ``accelerators`` or ``EFLOP/s`` (more is better), or ``s`` (less is better).
    """

    objective: Objective
    value: float
    bound: float
    gap: float
    unit: str
    budget_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is needed to repeat the plan."""

    topodesign_version: str
    ortools_version: str
    python_version: str
    scenario_sha256: str
    seed: int
    threads: int
    bound_basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossSiteEvaluation:
    """One fabric kind at every chosen site, joined by the plan's inter-site links.

    ``bisection_gbps`` (one direction) is the least capacity between any two halves of all accelerators, as an
    interval; ``worst_pair_latency_us`` is one way between the two farthest accelerators.
    """

    kind: str
    bisection_lower_gbps: float
    bisection_upper_gbps: float
    bisection_exact: bool
    bisection_method: str
    worst_pair_latency_us: float
    worst_pair: tuple[str, str] | None
    hierarchical_allreduce_s: float | None
    cost_usd: float
    power_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFabrics:
    """Fabric candidates for one chosen site at equal accelerators; ``chosen`` is the name of the one that it gets.

    ``chosen`` is ``None`` where the kind that was asked for cannot have the site's accelerators.
    """

    site_id: str
    fabrics: tuple[FabricEvaluation, ...]
    chosen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricReport:
    """Fabric candidates, torus and Clos among them, for every chosen site and end to end across sites.

    ``choice`` says in words by which rule sites got their fabrics, and what could not be had.
    """

    sites: tuple[SiteFabrics, ...]
    across_sites: tuple[CrossSiteEvaluation, ...]
    choice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A limit that a plan breaks, found by the independent verifier."""

    rule: str
    id: str
    value: float | str | None
    limit: float | str | None
    unit: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureStrength:
    """Strength of the surviving inter-site graph in one failure state, Gbit/s; ``None``: one site, unbounded."""

    failure: str
    strength_gbps: float | None
    required_gbps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The independent verifier's finding: ``valid`` exactly when there are no ``violations``.

    ``cost_usd`` is the verifier's own total; ``checks`` names every rule that was checked.
    """

    valid: bool
    violations: tuple[Violation, ...]
    strength_gbps: float | None
    failures: tuple[FailureStrength, ...]
    cost_usd: float | None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan, or the finding that there is none (``status`` ``infeasible`` or ``limit``).

    ``cost_usd`` is the net present cost without the purchase of accelerators (reported beside it);
    ``gap`` = (cost - bound) / cost, ``network_gap`` = (cost - bound) / network cost. ``cost_items`` sum to ``cost_usd``
    to the cent. ``scenario`` is the input that the plan answers; it is carried along for the outputs but is no part
    of the plan: it is neither compared nor written. ``progress`` tells how the search went; it is written, but with
    its times is no two runs' the same, so that it is not compared.
    """

    scenario_name: str
    status: Status
    stopped_by: StoppedBy
    cost_usd: float | None = None
    lower_bound_usd: float | None = None
    gap: float | None = None
    network_cost_usd: float | None = None
    network_gap: float | None = None
    accelerator_purchase_usd: float | None = None
    wall_s: float
    seed: int
    sites: tuple[SitePlan, ...] = ()
    links: tuple[Link, ...] = ()
    lightpaths: tuple[Lightpath, ...] = ()
    segments: tuple[SegmentPlan, ...] = ()
    sync: Sync | None = None
    verified: bool = False
    verification: Verification | None = None
    cost_items: Mapping[str, float] = field(default_factory=dict)
    goal: Goal | None = None
    fabrics: FabricReport | None = None
    infeasibility: Infeasibility | None = None
    attribution: str = ""
    assumptions: tuple[str, ...] = ()
    provenance: Provenance
    availability: PlanAvailability | None = None
    training: PlanTraining | None = None
    progress: tuple[ProgressPoint, ...] = field(default=(), compare=False, repr=False)
    scenario: Scenario | None = field(default=None, compare=False, repr=False, metadata=TRANSIENT)

    def of(self, scenario: Scenario) -> "Plan":
        """The same plan with the scenario that it answers, for the outputs."""
        return replace(self, scenario=scenario)

    def save(self, directory: "str | PathLike[str]") -> "tuple[Path, ...]":
        """Write everything that ``topodesign plan --out`` writes into a folder; the files written."""
        files: tuple[Path, ...] = _outputs().save_plan(self._answered(), self, directory)
        return files

    def to_geojson(self) -> dict[str, object]:
        """The site plan as an RFC 7946 FeatureCollection."""
        collection: dict[str, object] = _outputs().plan_to_geojson(self._answered(), self)
        return collection

    def to_geodataframes(self) -> "dict[str, GeoDataFrame]":
        """One GeoDataFrame (WGS 84) for each layer."""
        frames: dict[str, GeoDataFrame] = _outputs().plan_to_geodataframes(self._answered(), self)
        return frames

    def _answered(self) -> Scenario:
        if self.scenario is None:
            raise InvalidInput(
                "this plan does not know the scenario that it answers; use plan.of(scenario)", reason="SCENARIO_MISSING"
            )
        return self.scenario


def _outputs() -> Any:
    """The outputs room, found by name: the domain depends on no other room, yet a plan knows how to save itself."""
    return importlib.import_module("topodesign.outputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """Progress of a solve: costs in US dollars, ``gap`` relative; ``None`` while there is none yet.

    Bounds rise, but for new beginnings: at the phase ``routes`` more routes became candidates, and plans over them
    may cost less.
    """

    phase: str
    wall_s: float
    incumbent_usd: float | None = None
    bound_usd: float | None = None
    gap: float | None = None
    message: str = ""
