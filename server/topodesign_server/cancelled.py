"""The plan of a job that was cancelled before it had one: a result that says so, not an error."""

import platform
from importlib.metadata import PackageNotFoundError, version

from topodesign.domain.plan import Plan, PlanEvent, Provenance, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.scenario import scenario_digest
from topodesign.v1 import plan_pb2, scenario_pb2
from topodesign.wire import from_proto, to_proto


def cancelled_plan(
    *, scenario: bytes, limits: bytes, progress: bytes | None, scenario_sha256: str | None = None
) -> plan_pb2.Plan:
    """A plan with ``status`` ``limit`` and ``stopped_by`` ``cancelled``, and the bound that was proven so far.

    Parameters
    ----------
    scenario, limits, progress : bytes
        Serialized ``Scenario``, ``SolveLimits`` and latest ``PlanEvent`` (``None``: not started).
    scenario_sha256 : str, optional
        The scenario's fingerprint. With it only the head of the scenario is looked at: to make the domain's objects of
        328 kB holds the interpreter for 0.05 s, of 60 MB for half a minute, and here a server's callers wait.
    """
    asked_for = scenario_pb2.Scenario.FromString(scenario)
    asked = from_proto(plan_pb2.SolveLimits.FromString(limits), SolveLimits, path="limits")
    event = PlanEvent(phase="queued", wall_s=0.0)
    if progress is not None:
        event = from_proto(plan_pb2.PlanEvent.FromString(progress), PlanEvent, path="progress")
    plan = Plan(
        scenario_name=asked_for.name,
        status="limit",
        stopped_by="cancelled",
        lower_bound_usd=event.bound_usd,
        wall_s=event.wall_s,
        seed=asked.seed,
        attribution=asked_for.attribution,
        assumptions=tuple(asked_for.assumptions),
        provenance=Provenance(
            topodesign_version=_installed("topodesign"),
            ortools_version=_installed("ortools"),
            python_version=platform.python_version(),
            scenario_sha256=scenario_sha256 or _fingerprint(asked_for),
            seed=asked.seed,
            threads=asked.threads,
        ),
    )
    message = to_proto(plan)
    assert isinstance(message, plan_pb2.Plan)
    return message


def _fingerprint(scenario: scenario_pb2.Scenario) -> str:
    """That of a scenario or a job that was kept before fingerprints were, and where there is no store to keep them."""
    return scenario_digest(from_proto(scenario, Scenario, path="scenario"))


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
