"""Share of the time that a job computes, from the time of its exchange: formulation (2a), forwards, and by bisection.

Written from docs/formulation.md on its own; the planner has the inverse as a formula.
"""

import math

from topodesign.domain.equipment import Accelerator
from topodesign.domain.scenario import Workload

HALVINGS = 200
"""Each halves the interval; double precision is exhausted after fewer than 60."""
WHOLE = 1e-12
"""How far below a whole number of exchanges under way rounding may leave one."""


def step_s(workload: Workload, accelerator: Accelerator, accelerators: int) -> float:
    """Seconds of computation in one step of so many accelerators."""
    active = workload.parameters if workload.active_parameters is None else workload.active_parameters
    speed = workload.flops_utilization * accelerator.peak_tflops * 1e12 * accelerators
    return 6 * active * workload.global_batch_tokens / speed


def utilization(workload: Workload, one_step_s: float, exchange_s: float) -> float:
    """Share of the time spent computing when one exchange of the whole model takes so many seconds."""
    steps = workload.inner_steps
    computing = steps * one_step_s
    overlap = {"synchronous": 0.0, "asynchronous": float(steps)}.get(workload.method, workload.overlap_steps)
    parts, layers = _parts(workload), _layers(workload)
    window = overlap + workload.backward_overlap * (1 - parts / layers)
    late = exchange_s / parts - window * one_step_s
    waits = parts * max(0.0, late) / _under_way(window, parts, steps)
    if parts == 1:
        last = exchange_s / layers - overlap * one_step_s
        waits = max(waits, max(0.0, last) / _under_way(overlap, 1, steps))
    return computing / max(computing + waits, exchange_s)


def longest_exchange_s(workload: Workload, one_step_s: float, least_utilization: float) -> float:
    """The longest time of one exchange that keeps a utilization below 1, in seconds."""
    short, long = 0.0, one_step_s
    while utilization(workload, one_step_s, long) >= least_utilization:
        short, long = long, 2 * long
    for _ in range(HALVINGS):
        middle = (short + long) / 2
        if utilization(workload, one_step_s, middle) >= least_utilization:
            short = middle
        else:
            long = middle
    return short


def _parts(workload: Workload) -> int:
    """Fragments that the model is exchanged in."""
    if workload.method != "streaming" or workload.layers is None:
        return 1
    return math.ceil(workload.layers / workload.fragment_layers)


def _layers(workload: Workload) -> int:
    return 1 if workload.layers is None else workload.layers


def _under_way(window_steps: float, parts: int, steps: int) -> int:
    """Exchanges that are under way at a time when each may take so many steps."""
    return math.floor(window_steps * parts / steps + WHOLE) + 1
