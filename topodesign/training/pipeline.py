"""A pipeline whose stages lie in several sites: one-forward-one-backward (1F1B) over slow boundaries.

With t = t_f + t_b the time of one micro-batch at a stage, p stages, m micro-batches, and a delay of d seconds each way
at a boundary, plain 1F1B waits d for every micro-batch: two of them share one round trip. If the stages before a
boundary begin e micro-batches ahead, e + 2 share it. Boundaries near each other delay the same micro-batches: from the
stage before one boundary to the stage after a later one, with b boundaries and g links between stages on the way, a
round trip takes (g + 1) t + 2 (their d together) and g + 1 + b e micro-batches share it. So, with c the stages before
the last boundary of such a run, n = m - (p - c), s the time that one micro-batch occupies a link, and the maximum over
all runs,

(T3)  step = (m + p - 1) t + max(n / w max(0, (g + 1) t + 2 D - w t), n max(0, s - t)) + 2 (all d),  w = g + 1 + b e.

For one boundary g = 1 and b = 1, and n / w is rounded down: micro-batches that do not fill a round trip wait for none.
:func:`simulate_pipeline_s` checks it, event by event, where m is at least 8 p: equal for one boundary (but for
rounding), within 5 % for up to four.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.domain.checks import require

MOST_SITES_OF_PIPELINE = 256
"""The closed form looks at every run of boundaries, and a search for a bandwidth at every one dozens of times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Between two stages in different sites.

    ``after`` counts the stages before it, ``send_s`` is how long a micro-batch's activations occupy the link in either
    direction, ``latency_s`` the way from one site to the other.
    """

    after: int
    latency_s: float
    send_s: float = 0.0

    @property
    def delay_s(self) -> float:
        return self.send_s + self.latency_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """``stages`` that each take ``forward_s`` and ``backward_s`` for one of ``micro_batches``.

    ``extra_in_flight``: micro-batches that stages before a boundary begin ahead of plain 1F1B, for each boundary.
    ``boundaries`` are in the order of the stages.
    """

    stages: int
    micro_batches: int
    forward_s: float
    backward_s: float
    boundaries: Sequence[Boundary] = ()
    extra_in_flight: int = 0

    def __post_init__(self) -> None:
        require(
            len(self.boundaries) < MOST_SITES_OF_PIPELINE,
            field="sites",
            value=len(self.boundaries) + 1,
            limit=f"at most {MOST_SITES_OF_PIPELINE:,} for a pipeline",
            remedy="run several pipelines side by side, and data parallelism between them",
        )

    @property
    def base_s(self) -> float:
        """(m + p - 1) (t_f + t_b): the step within one site."""
        return (self.micro_batches + self.stages - 1) * (self.forward_s + self.backward_s)


def pipeline_s(pipeline: Pipeline) -> float:
    """Seconds of one step in closed form, (T3)."""
    filling = sum(2 * boundary.delay_s for boundary in pipeline.boundaries)
    return pipeline.base_s + _held_back_s(pipeline) + filling


def _held_back_s(pipeline: Pipeline) -> float:
    """The middle term of (T3): the most over all runs from one boundary (a row) to another (a column)."""
    if not pipeline.boundaries:
        return 0.0
    together = pipeline.forward_s + pipeline.backward_s
    after = np.array([item.after for item in pipeline.boundaries])
    delay = np.array([item.delay_s for item in pipeline.boundaries])
    place = np.arange(len(after))
    count = place[None, :] - place[:, None] + 1
    alone = count == 1
    until = np.cumsum(delay)
    delays = np.where(alone, delay, until[None, :] - until[:, None] + delay[:, None])
    stages = after[None, :] - after[:, None] + 2
    sharing = np.maximum(1, stages + count * pipeline.extra_in_flight)
    batches = np.maximum(0, pipeline.micro_batches - (pipeline.stages - after))
    round_trips = np.where(alone, batches // sharing, batches / sharing)
    waiting = round_trips * np.maximum(0.0, stages * together + 2 * delays - sharing * together)
    sending = batches * np.maximum(0.0, np.array([item.send_s for item in pipeline.boundaries]) - together)
    return float(max(waiting[count >= 1].max(), sending.max()))


def extra_in_flight_needed(pipeline: Pipeline) -> int:
    """The least number of extra micro-batches with which only the filling of the pipeline waits for the boundaries.

    A run of b boundaries is hidden when b e >= 2 (their d together) / t, so each alone decides: e >= 2 d / t.
    """
    together = pipeline.forward_s + pipeline.backward_s
    longest = max((boundary.delay_s for boundary in pipeline.boundaries), default=0.0)
    return math.ceil(2 * longest / together - 1e-9)


def boundary_bps(*, bits_per_micro_batch: float, forward_s: float, backward_s: float) -> float:
    """Useful bit/s in each direction with which a boundary keeps up with the stages around it."""
    return bits_per_micro_batch / min(forward_s, backward_s)


def simulate_pipeline_s(pipeline: Pipeline) -> float:
    """Seconds of one step, event by event: every stage does its forward and backward passes in the order of 1F1B.

    A pass begins when its stage is free and its input is there; a micro-batch occupies the link of a boundary, in its
    direction, for ``send_s``, and arrives ``latency_s`` later.
    """
    orders = [_order(pipeline, stage) for stage in range(pipeline.stages)]
    places = [0] * pipeline.stages
    free = [0.0] * pipeline.stages
    arrived: dict[tuple[str, int, int], float] = {("F", 0, batch): 0.0 for batch in range(pipeline.micro_batches)}
    links: dict[tuple[str, int], float] = {}
    crossing = {boundary.after: boundary for boundary in pipeline.boundaries}
    left = sum(len(order) for order in orders)
    while left:
        for stage, order in enumerate(orders):
            while places[stage] < len(order):
                kind, batch = order[places[stage]]
                ready = arrived.pop((kind, stage, batch), None)
                if ready is None:
                    break
                done = max(free[stage], ready) + (pipeline.forward_s if kind == "F" else pipeline.backward_s)
                free[stage] = done
                places[stage] += 1
                left -= 1
                _hand_on(kind, stage, batch, done, pipeline.stages, crossing, links, arrived)
    return max(free)


def _order(pipeline: Pipeline, stage: int) -> list[tuple[str, int]]:
    """Passes of one stage: forwards that fill the pipeline, then a forward and a backward in turn, then backwards."""
    ahead = sum(1 for boundary in pipeline.boundaries if boundary.after > stage) * pipeline.extra_in_flight
    first = min(pipeline.micro_batches, pipeline.stages - 1 - stage + ahead)
    order = [("F", batch) for batch in range(first)]
    for batch in range(first, pipeline.micro_batches):
        order += [("F", batch), ("B", batch - first)]
    return order + [("B", batch) for batch in range(pipeline.micro_batches - first, pipeline.micro_batches)]


def _hand_on(
    kind: str,
    stage: int,
    batch: int,
    done: float,
    stages: int,
    crossing: dict[int, Boundary],
    links: dict[tuple[str, int], float],
    arrived: dict[tuple[str, int, int], float],
) -> None:
    """Give a pass's output to the stage that needs it: the next one, or after the last one its own backward pass."""
    if kind == "F" and stage == stages - 1:
        arrived["B", stage, batch] = done
        return
    target = stage + 1 if kind == "F" else stage - 1
    if target < 0:
        return
    boundary = crossing.get(max(stage, target))
    if boundary is not None:
        sent = max(done, links.get((kind, boundary.after), 0.0)) + boundary.send_s
        links[kind, boundary.after] = sent
        done = sent + boundary.latency_s
    arrived[kind, target, batch] = done
