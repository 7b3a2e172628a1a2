"""One plan made in a process of its own, with its time line, its peak memory and the verifier's finding.

    python -m benchmarks.measured_plan SCENARIO [--method METHOD] [--time-limit S] [--gap G] [--seed N] [--threads N]
                                       [--sites A,B,C] [--until-first-plan]

prints one JSON document. :func:`measure_plan` runs that and reads it back. A process of its own keeps the memory of one
run out of the next one's peak, and a run that dies from taking the others with it.
"""

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from topodesign.domain.errors import InternalError, VerificationFailed
from topodesign.domain.plan import Plan, PlanEvent, SolveLimits
from topodesign.domain.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]

Method = Literal["planner", "facility", "median", "monolith", "monolith-reduced", "monolith-detours", "monolith-cuts"]
"""The planner; a siting model and then the planner's sizing (benchmarks/siting.py); the textbook programme
(benchmarks/monolith.py): with every failure state, without those that others imply, the latter with more lightpath
candidates, or the latter with cuts only."""
MOST_COLUMNS = 1_000_000
"""Columns above which a textbook programme is not built: SCIP takes a few kB for each and the rows that go with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to plan and how: a name of :mod:`benchmarks.scenarios`, limits, and sites that are decided beforehand.

    With ``until_first_plan`` the planner is asked to stop as soon as it has any plan, so that ``wall_s`` tells how long
    a first verified plan takes, verification included. ``memory_mb``, above 0, is all the address space that the
    process gets, in MB (10^6 bytes): a textbook programme would take all there is.
    """

    scenario: str
    method: Method = "planner"
    time_limit_s: float = 60.0
    gap: float = 0.005
    seed: int = 0
    threads: int = 2
    sites: tuple[str, ...] = ()
    until_first_plan: bool = False
    most_columns: int = MOST_COLUMNS
    memory_mb: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePoint:
    """Best cost and proven bound in US dollars ``wall_s`` seconds into the run."""

    wall_s: float
    incumbent_usd: float | None
    bound_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPlan:
    """The outcome. ``verified``: a verification after the run found nothing; memory in MB (10^6 bytes).

    ``wall_s`` counts everything from the scenario in memory to the plan; ``note`` says what the numbers do not.
    """

    request: Request
    status: str
    stopped_by: str
    cost_usd: float | None
    lower_bound_usd: float | None
    network_cost_usd: float | None
    gap: float | None
    network_gap: float | None
    wall_s: float
    peak_mb: float
    verified: bool
    site_count: int
    segment_count: int
    used_sites: tuple[str, ...]
    time_line: tuple[TimePoint, ...]
    note: str = ""

    @property
    def first_plan_s(self) -> float | None:
        """Seconds to the first incumbent (which is verified at the end only)."""
        return next((point.wall_s for point in self.time_line if point.incumbent_usd is not None), None)

    def gap_reached_s(self, gap_usd: float) -> float | None:
        """Seconds until incumbent and bound were at most ``gap_usd`` apart; ``None`` when they never were."""
        for point in self.time_line:
            if point.incumbent_usd is None or point.bound_usd is None:
                continue
            if point.incumbent_usd - point.bound_usd <= gap_usd:
                return point.wall_s
        is_reached = self.cost_usd is not None and self.cost_usd - (self.lower_bound_usd or 0.0) <= gap_usd
        return self.wall_s if is_reached else None


def measure_plan(request: Request) -> MeasuredPlan:
    """Plan in a new process.

    Raises
    ------
    InternalError
        When the process dies; the message has the end of what it wrote to standard error.
    """
    command = [sys.executable, "-m", "benchmarks.measured_plan", request.scenario, "--method", request.method]
    command += ["--time-limit", str(request.time_limit_s), "--gap", str(request.gap)]
    command += ["--seed", str(request.seed), "--threads", str(request.threads)]
    command += ["--most-columns", str(request.most_columns)]
    command += ["--sites", ",".join(request.sites)] if request.sites else []
    command += ["--until-first-plan"] if request.until_first_plan else []
    command += ["--memory", str(request.memory_mb)] if request.memory_mb else []
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0 and request.memory_mb:
        return _died(request, wall_s=time.monotonic() - started, why=done.stderr)
    if done.returncode != 0:
        raise InternalError(
            f"planning {request.scenario} ended with exit code {done.returncode}: {done.stderr[-2000:]}",
            reason="BENCHMARK_FAILED",
        )
    return measured_from(json.loads(done.stdout))


def _died(request: Request, *, wall_s: float, why: str) -> MeasuredPlan:
    """A run that ended itself within its memory: a result of the benchmark, with the last line of what it said."""
    last = why.strip().rpartition("\n")[2][:200] if why.strip() else "no message"
    return MeasuredPlan(
        request=request,
        status="died",
        stopped_by="",
        cost_usd=None,
        lower_bound_usd=None,
        network_cost_usd=None,
        gap=None,
        network_gap=None,
        wall_s=wall_s,
        peak_mb=request.memory_mb,
        verified=False,
        site_count=0,
        segment_count=0,
        used_sites=(),
        time_line=(),
        note=f"ended without a plan within {request.memory_mb:,.0f} MB of memory: {last}",
    )


def measured_from(document: dict[str, object]) -> MeasuredPlan:
    """A :class:`MeasuredPlan` from its JSON."""
    import msgspec

    return msgspec.convert(document, MeasuredPlan)


def plan_here(request: Request) -> MeasuredPlan:
    """Plan in this process, and verify the result once more."""
    from benchmarks.scenarios import build, with_sites

    scenario = build(request.scenario)
    if request.sites:
        scenario = with_sites(scenario, request.sites)
    if request.method.startswith("monolith"):
        return _by_monolith(request, scenario)
    if request.method in ("facility", "median"):
        return _place_then_size(request, scenario)
    return _by_planner(request, scenario, time_limit_s=request.time_limit_s)


def _by_planner(
    request: Request, scenario: Scenario, *, time_limit_s: float, before_s: float = 0.0, note: str = ""
) -> MeasuredPlan:
    """The planner's plan; ``before_s`` are seconds spent before it, counted in."""
    import topodesign as td

    time_line: list[TimePoint] = []
    has_plan = False

    def follow(event: PlanEvent) -> None:
        nonlocal has_plan
        has_plan = has_plan or event.incumbent_usd is not None
        at = before_s + event.wall_s
        time_line.append(TimePoint(wall_s=at, incumbent_usd=event.incumbent_usd, bound_usd=event.bound_usd))

    started = time.monotonic()
    try:
        plan = td.plan(
            scenario,
            time_limit_s=time_limit_s,
            gap=request.gap,
            seed=request.seed,
            threads=request.threads,
            on_progress=follow,
            should_stop=lambda: request.until_first_plan and has_plan,
        )
    except VerificationFailed as error:
        wall_s = before_s + time.monotonic() - started
        return _without_plan(
            request, scenario, status="rejected", wall_s=wall_s, time_line=time_line, note=_joined(note, str(error))
        )
    if plan.infeasibility is not None:
        note = _joined(note, plan.infeasibility.message)
    return _measured(request, scenario, plan, wall_s=before_s + plan.wall_s, time_line=time_line, note=note)


def _place_then_size(request: Request, scenario: Scenario) -> MeasuredPlan:
    """Sites by a siting model, then the planner's sizing of them in the time that is left."""
    from benchmarks.scenarios import with_sites
    from benchmarks.siting import choose_sites

    model: Literal["facility", "median"] = "median" if request.method == "median" else "facility"
    siting = choose_sites(scenario, model, time_limit_s=request.time_limit_s, seed=request.seed)
    word = "proven" if siting.is_proven else "not proven"
    note = f"siting {word} in {siting.wall_s:.1f} s"
    if siting.site_ids is None:
        status = "infeasible" if siting.is_proven else "limit"
        return _without_plan(request, scenario, status=status, wall_s=siting.wall_s, time_line=(), note=note)
    left_s = max(1.0, request.time_limit_s - siting.wall_s)
    fixed = with_sites(scenario, siting.site_ids)
    return _by_planner(request, fixed, time_limit_s=left_s, before_s=siting.wall_s, note=note)


def _by_monolith(request: Request, scenario: Scenario) -> MeasuredPlan:
    """The textbook programme; its plan is verified like any other."""
    from benchmarks.monolith import solve_monolith

    limits = SolveLimits(time_limit_s=request.time_limit_s, gap=request.gap, seed=request.seed, threads=request.threads)
    outcome = solve_monolith(
        scenario,
        limits=limits,
        with_all_states=request.method == "monolith",
        with_detours=request.method == "monolith-detours",
        cuts_only=request.method == "monolith-cuts",
        most_columns=request.most_columns,
    )
    if outcome.plan is None:
        return _without_plan(request, scenario, status="limit", wall_s=outcome.wall_s, time_line=(), note=outcome.note)
    return _measured(request, scenario, outcome.plan, wall_s=outcome.wall_s, time_line=(), note=outcome.note)


def _measured(
    request: Request,
    scenario: Scenario,
    plan: Plan,
    *,
    wall_s: float,
    time_line: Sequence[TimePoint],
    note: str,
) -> MeasuredPlan:
    from topodesign.verify import verify_plan

    verified = False
    if plan.cost_usd is not None:
        verification = verify_plan(scenario, plan)
        verified = verification.valid
        note = _joined(note, *(str(violation) for violation in verification.violations[:3]))
    return MeasuredPlan(
        request=request,
        status=plan.status,
        stopped_by=plan.stopped_by,
        cost_usd=plan.cost_usd,
        lower_bound_usd=plan.lower_bound_usd,
        network_cost_usd=plan.network_cost_usd,
        gap=plan.gap,
        network_gap=plan.network_gap,
        wall_s=wall_s,
        peak_mb=peak_mb(),
        verified=verified,
        site_count=len(scenario.sites),
        segment_count=len(scenario.segments),
        used_sites=tuple(site.id for site in plan.sites),
        time_line=tuple(time_line),
        note=note,
    )


def _without_plan(
    request: Request, scenario: Scenario, *, status: str, wall_s: float, time_line: Sequence[TimePoint], note: str
) -> MeasuredPlan:
    """No plan, or one that the verifier rejected: a result of the benchmark, not the end of it."""
    return MeasuredPlan(
        request=request,
        status=status,
        stopped_by="",
        cost_usd=None,
        lower_bound_usd=None,
        network_cost_usd=None,
        gap=None,
        network_gap=None,
        wall_s=wall_s,
        peak_mb=peak_mb(),
        verified=False,
        site_count=len(scenario.sites),
        segment_count=len(scenario.segments),
        used_sites=(),
        time_line=tuple(time_line),
        note=note,
    )


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1.0 if sys.platform == "darwin" else 1024.0) / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Plan once and print the outcome as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measured_plan", description="Plan once, measured.")
    parser.add_argument("scenario", help="a name of benchmarks/scenarios.py")
    parser.add_argument("--method", choices=get_args(Method), default="planner")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S", help="seconds, model building included")
    parser.add_argument("--gap", type=float, default=0.005, metavar="G", help="relative gap to stop at")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sites", default="", help="ids joined by commas: these are used and no others")
    parser.add_argument("--until-first-plan", action="store_true", help="stop at the first plan")
    parser.add_argument("--most-columns", type=int, default=MOST_COLUMNS, help="of a textbook programme")
    parser.add_argument("--memory", type=float, default=0.0, metavar="MB", help="address space; 0: without limit")
    given = parser.parse_args(arguments)
    if given.memory:
        resource.setrlimit(resource.RLIMIT_AS, (int(given.memory * 1e6), int(given.memory * 1e6)))
    request = Request(
        scenario=given.scenario,
        method=given.method,
        time_limit_s=given.time_limit,
        gap=given.gap,
        seed=given.seed,
        threads=given.threads,
        sites=tuple(site for site in given.sites.split(",") if site),
        until_first_plan=given.until_first_plan,
        most_columns=given.most_columns,
        memory_mb=given.memory,
    )
    sys.stdout.write(json.dumps(dataclasses.asdict(plan_here(request))) + "\n")


if __name__ == "__main__":
    main()
