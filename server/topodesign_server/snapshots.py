"""Snapshots: the best plan so far of a job that has not ended, verified by the attempt that found it.

One row for each job, and none once the job has ended: a result is no snapshot any more. They count towards no quota.
"""

from dataclasses import dataclass

from topodesign.v1 import plan_pb2

LEAST_IS_BEST = "s"
"""Unit of the goal of which less is better."""
UNFINISHED = (plan_pb2.STOPPED_BY_TIME_LIMIT, plan_pb2.STOPPED_BY_WORK_LIMIT, plan_pb2.STOPPED_BY_CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A serialized ``Plan``, and the number of the attempt that found it."""

    attempt: int
    content: bytes

    def plan(self) -> plan_pb2.Plan:
        return plan_pb2.Plan.FromString(self.content)


def is_better(one: plan_pb2.Plan, than: plan_pb2.Plan) -> bool:
    """Whether a snapshot is better than another plan of its job: in its goal, at equal goals in its cost.

    None is better than what a search ended with that was brought to its gap, or to a proof that there is no plan.
    """
    return than.stopped_by in UNFINISHED and _rank(one) < _rank(than)


def plan_of(snapshot: Snapshot, *, progress: bytes | None, stopped_by: plan_pb2.StoppedBy.ValueType) -> plan_pb2.Plan:
    """The result of a job that ends with its snapshot.

    Parameters
    ----------
    progress : bytes or None
        Latest serialized ``PlanEvent`` of the attempt that found the snapshot: its bound is later than the plan's. A
        later attempt may have other lightpath candidates, to which its bounds are relative: they say nothing here.
    stopped_by : StoppedBy
        What ended the search.
    """
    plan = snapshot.plan()
    plan.stopped_by = stopped_by
    if progress is not None:
        event = plan_pb2.PlanEvent.FromString(progress)
        plan.wall_s = max(plan.wall_s, event.wall_s)
        if not plan.HasField("goal"):  # bounds on the way to a goal are of the level that was looked at
            _raise_bound(plan, event.bound_usd)
    return plan


def _raise_bound(plan: plan_pb2.Plan, bound_usd: float) -> None:
    """The gaps are those of topodesign.verify: (cost - bound) over the cost, and over the network cost."""
    if bound_usd <= plan.lower_bound_usd or plan.cost_usd <= 0:
        return
    plan.lower_bound_usd = min(bound_usd, plan.cost_usd)
    left_usd = plan.cost_usd - plan.lower_bound_usd
    plan.gap = left_usd / plan.cost_usd
    if plan.HasField("network_gap"):
        plan.network_gap = left_usd / plan.network_cost_usd


def _rank(plan: plan_pb2.Plan) -> tuple[bool, float, float]:
    if not plan.HasField("cost_usd"):
        return (True, 0.0, 0.0)
    goal = 0.0
    if plan.HasField("goal"):
        goal = plan.goal.value if plan.goal.unit == LEAST_IS_BEST else -plan.goal.value
    return (False, goal, plan.cost_usd)
