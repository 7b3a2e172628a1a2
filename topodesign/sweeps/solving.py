"""One point or question, in the process that solves it: bytes in, bytes out."""

import dataclasses
import functools
import hashlib
import time

import msgspec

from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Infeasibility, Plan, SolveLimits, Status
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, PointFigures, PointResult, PointStatus, SweepAxis
from topodesign.sweeps.fields import with_values

SOLVE_POINT = "topodesign.sweeps.solving:solve_point"
SOLVE_QUESTION = "topodesign.sweeps.solving:solve_question"


class PointOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to solve: the values of a point, and what it begins from. ``bound_from``: that point's bound holds here."""

    number: int
    axes: tuple[SweepAxis, ...]
    values: tuple[AxisValue, ...]
    limits: SolveLimits
    started_from: int | None = None
    bound_from: int | None = None


class QuestionOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How to solve a scenario. ``bound_usd``: no plan of it costs less, as ``bound_basis`` tells; 0 if not known.
    ``bound_is_of_optimum``: it was proven over all routes, not only over some candidates."""

    limits: SolveLimits
    bound_usd: float = 0.0
    bound_basis: str = ""
    bound_is_of_optimum: bool = False
    explains: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a question gave, apart from the plan itself.

    Parameters
    ----------
    status, message, stopped_by
        As in :class:`~topodesign.domain.scenario_sweep.PointResult`.
    figures : PointFigures, optional
    site_ids : tuple of str
        The used sites, sorted.
    plan_digest : str
        The name of the plan among the kept ones; empty where there is none.
    solve_s : float
        Seconds in its process.
    infeasibility : Infeasibility, optional
        Why there is no plan, with clashing limits and relief, where that was proven.
    """

    status: PointStatus
    message: str = ""
    stopped_by: str = ""
    figures: PointFigures | None = None
    site_ids: tuple[str, ...] = ()
    plan_digest: str = ""
    solve_s: float = 0.0
    infeasibility: Infeasibility | None = None


class SolvedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, and its plan as it goes into a file (empty where there is none)."""

    answer: Answer
    plan: bytes


class SolvedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The result, and the plan as it goes into a file (empty where there is none)."""

    result: PointResult
    plan: bytes


def encode_scenario(scenario: Scenario) -> bytes:
    """A scenario for a process: unlike JSON this form keeps infinities."""
    return msgspec.msgpack.encode(msgspec.to_builtins(scenario, str_keys=True))


@functools.lru_cache(maxsize=4)
def decode_scenario(content: bytes) -> Scenario:
    """The scenario again; a warm process has read it already."""
    return msgspec.msgpack.decode(content, type=Scenario)


def solve_point(payload: tuple[bytes, ...]) -> bytes:
    """Scenario, :class:`PointOrder`, plan to begin from (or nothing) -> :class:`SolvedPoint`, all encoded."""
    began_s = time.monotonic()
    order = msgspec.msgpack.decode(payload[1], type=PointOrder)
    start = decode_json(payload[2], Plan, what="plan to begin from") if payload[2] else None
    result, plan = solve_order(order, decode_scenario(payload[0]), start)
    return encode_solved(result, b"" if plan is None else encode_json(plan), began_s=began_s)


def solve_order(order: PointOrder, scenario: Scenario, start: Plan | None) -> tuple[PointResult, Plan | None]:
    """The result of a point, but for the seconds that it took, and its plan where it has one."""
    try:
        varied = with_values(scenario, order.axes, order.values)
        plan = _planned(varied, order, start)
    except InvalidInput as refused:
        return PointResult(number=order.number, values=order.values, status="invalid", message=refused.message), None
    has_plan = plan.status in ("optimal", "feasible")
    result = PointResult(
        number=order.number,
        values=order.values,
        status=plan.status,
        message=_why_none(plan),
        stopped_by=plan.stopped_by,
        started_from=order.started_from,
        bound_from=order.bound_from if start is not None and _took_over(plan, start) else None,
        figures=figures_of(varied, plan) if has_plan else None,
        sites=plan.sites,
        plan_digest=plan_digest(encode_json(plan)) if has_plan else "",
    )
    return result, plan if has_plan else None


def encode_solved(result: PointResult, plan: bytes, *, began_s: float) -> bytes:
    """A :class:`SolvedPoint`; the point began at that moment of the monotonic clock."""
    timed = dataclasses.replace(result, solve_s=time.monotonic() - began_s)
    return msgspec.msgpack.encode(SolvedPoint(result=timed, plan=plan))


def solve_question(payload: tuple[bytes, ...]) -> bytes:
    """Scenario, :class:`QuestionOrder`, plan to begin from (or nothing) -> :class:`SolvedQuestion`, all encoded."""
    from topodesign.making import plan_within  # with all solvers: whoever only asks does not load them

    began_s = time.monotonic()
    order = msgspec.msgpack.decode(payload[1], type=QuestionOrder)
    start = decode_json(payload[2], Plan, what="plan to begin from") if payload[2] else None
    scenario = decode_scenario(payload[0])
    try:
        plan = plan_within(
            scenario, order.limits, start=start, known_bound_usd=order.bound_usd, explains=order.explains
        )
    except InvalidInput as refused:
        answer = Answer(status="invalid", message=refused.message, solve_s=time.monotonic() - began_s)
        return msgspec.msgpack.encode(SolvedQuestion(answer=answer, plan=b""))
    if order.bound_usd > 0 and plan.lower_bound_usd == order.bound_usd:
        plan = _with_basis(plan, order.bound_basis, is_of_optimum=order.bound_is_of_optimum)
    has_plan = plan.status in ("optimal", "feasible")
    content = encode_json(plan) if has_plan else b""
    answer = Answer(
        status=plan.status,
        message=_why_none(plan),
        stopped_by=plan.stopped_by,
        figures=figures_of(scenario, plan) if has_plan else None,
        site_ids=tuple(sorted(site.id for site in plan.sites)),
        plan_digest=plan_digest(content) if has_plan else "",
        solve_s=time.monotonic() - began_s,
        infeasibility=plan.infeasibility,
    )
    return msgspec.msgpack.encode(SolvedQuestion(answer=answer, plan=content))


def plan_digest(content: bytes) -> str:
    """SHA-256 (hexadecimal) of a plan's JSON without the time that it took: equal plans have equal digests."""
    document = {**msgspec.json.decode(content, type=dict[str, object]), "wall_s": None, "progress": None}
    return hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()


def has_digest(content: bytes, digest: str) -> bool:
    """Whether a file is the plan that was written; what is no JSON is none."""
    try:
        return plan_digest(content) == digest
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False


def figures_of(scenario: Scenario, plan: Plan) -> PointFigures:
    """What a plan comes to; see :class:`~topodesign.domain.scenario_sweep.PointFigures`."""
    assert plan.cost_usd is not None  # the caller has a plan
    pods: dict[str, int] = {}
    for site in plan.sites:
        pods[site.zone_id] = pods.get(site.zone_id, 0) + site.pods
    hours = HOURS_PER_YEAR * scenario.economics.load_factor
    grams = [site.power_mw * scenario.zone_by_id[site.zone_id].carbon_g_per_kwh for site in plan.sites]
    sync = plan.sync
    return PointFigures(
        cost_usd=plan.cost_usd,
        lower_bound_usd=plan.lower_bound_usd,
        gap=plan.gap,
        network_cost_usd=plan.network_cost_usd,
        accelerator_purchase_usd=plan.accelerator_purchase_usd,
        site_count=len(plan.sites),
        accelerators=sum(site.accelerators for site in plan.sites),
        power_mw=sum(site.power_mw for site in plan.sites),
        largest_zone_share=max(pods.values()) / sum(pods.values()),
        site_carbon_t_per_year=sum(grams) * hours / 1e3,  # MW x h x g/kWh is kg
        sync_time_s=None if sync is None else sync.time_s,
        sync_latency_s=None if sync is None else sync.latency_s,
        strength_gbps=None if sync is None else sync.strength_gbps,
        worst_strength_gbps=None if sync is None else sync.worst_strength_gbps,
        effective_exaflops=_effective_exaflops(plan),
    )


def _planned(scenario: Scenario, order: PointOrder, start: Plan | None) -> Plan:
    from topodesign.making import plan_within

    known_usd = 0.0
    if start is not None and order.bound_from is not None and start.lower_bound_usd is not None:
        known_usd = start.lower_bound_usd  # to the cent, as the costs that it bounds
    plan = plan_within(scenario, order.limits, start=start, known_bound_usd=known_usd)
    if start is None or known_usd <= 0 or not _took_over(plan, start):
        return plan
    basis = f"proven of point {order.bound_from}, whose limits are no tighter: {start.provenance.bound_basis}"
    return _with_basis(plan, basis, is_of_optimum=start.status == "optimal")


def _with_basis(plan: Plan, basis: str, *, is_of_optimum: bool) -> Plan:
    """A plan that took over a bound, and says whose.

    A bound over some routes proves no optimum over all of them, even where the plan's own candidates are all.
    """
    status: Status = plan.status if is_of_optimum else "feasible"
    return dataclasses.replace(plan, status=status, provenance=dataclasses.replace(plan.provenance, bound_basis=basis))


def _took_over(plan: Plan, start: Plan) -> bool:
    """Whether a plan's bound is the one that was known before."""
    if plan.lower_bound_usd is None or start.lower_bound_usd is None:
        return False
    return plan.lower_bound_usd == start.lower_bound_usd


def _effective_exaflops(plan: Plan) -> float | None:
    if plan.training is None:
        return None
    found = [plan.training.shown(column).effective_exaflops for column in plan.training.columns]
    return max((value for value in found if value is not None), default=None)


def _why_none(plan: Plan) -> str:
    if plan.infeasibility is not None:
        return plan.infeasibility.message
    return "the limits of the solve ended it before there was a plan; give more time" if plan.status == "limit" else ""
