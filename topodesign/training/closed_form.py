"""Utilization for a bandwidth, and bandwidth for a utilization: in closed form, over arrays.

Symbols, with docs/training.md: an exchange of V bits per site and direction every H steps of T seconds, in K fragments
of n layers each (K = 1: the model's L layers at once), over B bit/s of which a share beta is of use, with a serial
latency l. Gradients are released during the last a T of a step, so that an exchange may begin a (1 - 1/n) T before the
step's end; it must have ended tau steps after it. A whole model's gradients come layer by layer, so that the last
layer's V / L begin when the step has ended; a fragment's come in smaller buckets. With w = tau + a (1 - 1/n), and m(x)
= floor(x K / H) + 1 exchanges under way at a time, so that the lateness of one is that of the others, H steps take

(T1)  max( H T + max( K / m(w)   max(0, V/(K beta B) + l - w T),       the exchange is longer than its window
                      K / m(tau) max(0, V'/(beta B) + l - tau T) ),    what is released last
           V/(beta B) )                                                a link that is never idle

with V' = V / L if K = 1, else 0,
and utilization is H T over that; exact where K divides H or w < floor(H / K), since fragments are taken as evenly
spaced, which whole steps need not allow otherwise (then it is up to an eighth off). (T2), the bandwidth for a
utilization, is (T1) solved for B.

References: arXiv:2501.18512 (Streaming DiLoCo), section 3 and its bandwidth table, for the schedule that (T1)
describes.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64] | np.float64
"""Arrays, or NumPy's scalars, which take a tenth of the time where there is one job only."""

BACKWARD_SHARE = 2.0 / 3.0
"""Share of a step in which gradients are released: the backward pass has two of three equal matrix products."""

ROUNDING = 1e-12
"""Relative error of time that is not there in exact arithmetic, when what is left for stalls is a difference near 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is exchanged when; every field a float array, or a number, that broadcast together.

    Parameters
    ----------
    volume_bits : array
        V: bits that leave each site, and that enter it, in one exchange of the whole model.
    step_s : array
        T: seconds of computation in one step.
    inner_steps : array
        H, at least 1: steps between two exchanges of the same parameters.
    fragments : array
        K, at least 1 and at most H.
    layers : array
        L, at least K: layers of the model. 1 where nothing is known of them: nothing is then hidden behind a backward
        pass.
    overlap_steps : array
        tau, 0 to H: steps that go on while an exchange is under way.
    backward_overlap : array
        a, in [0, 1]: share of a step during which gradients are released.
    latency_s : array
        l: serial latency of one exchange.
    straggler_s : array
        Seconds per step that sites wait for the slowest of them; added to every step.
    """

    volume_bits: FloatArray
    step_s: FloatArray
    inner_steps: FloatArray
    fragments: FloatArray
    layers: FloatArray
    overlap_steps: FloatArray
    backward_overlap: FloatArray
    latency_s: FloatArray
    straggler_s: FloatArray

    @property
    def compute_s(self) -> FloatArray:
        """H T: seconds of computation between two exchanges of the same parameters."""
        return self.inner_steps * self.step_s

    @property
    def window_steps(self) -> FloatArray:
        """w = tau + a (1 - 1/n): steps that an exchange may take without stall."""
        return self.overlap_steps + self.backward_overlap * (1.0 - self.fragments / self.layers)

    def under_way(self, window_steps: FloatArray) -> FloatArray:
        """m: exchanges under way at a time when each may take so many steps; late together, they stall but once."""
        return np.floor(window_steps * self.fragments / self.inner_steps + ROUNDING) + 1.0

    @property
    def released_last_bits(self) -> FloatArray:
        """V': bits that are released only when the step has ended."""
        return np.where(self.fragments <= 1.0, self.volume_bits / self.layers, 0.0)


def exchange_s(schedule: Schedule, useful_bps: FloatArray) -> FloatArray:
    """Seconds that one exchange (of a fragment, where there are several) takes from its first bit to its last."""
    return schedule.volume_bits / (schedule.fragments * useful_bps) + schedule.latency_s


def stall_s(schedule: Schedule, useful_bps: FloatArray) -> FloatArray:
    """Seconds per step that computation stands still for exchanges, on average: (T1) less H T, over H.

    Parameters
    ----------
    schedule : Schedule
    useful_bps : array
        beta B in bit/s, above 0: what a site can send, and receive, at the same time.
    """
    whole_s = schedule.volume_bits / useful_bps
    window, overlap = schedule.window_steps, schedule.overlap_steps
    late = exchange_s(schedule, useful_bps) - window * schedule.step_s
    last = schedule.released_last_bits / useful_bps + schedule.latency_s - overlap * schedule.step_s
    stalls = np.maximum(late / schedule.under_way(window), last / schedule.under_way(overlap))
    waiting = np.maximum(schedule.fragments * stalls, whole_s - schedule.compute_s)
    return np.maximum(0.0, waiting) / schedule.inner_steps


def utilization(schedule: Schedule, useful_bps: FloatArray) -> FloatArray:
    """Share of the time that is spent computing: T / (T + stall + straggler), between 0 and 1."""
    return schedule.step_s / (schedule.step_s + stall_s(schedule, useful_bps) + schedule.straggler_s)


def allowed_exchange_s(schedule: Schedule, target: FloatArray) -> FloatArray:
    """Seconds that V bits may take so that the target is met; 0 or less where no bandwidth meets it.

    The three terms are those of (T1), each solved for V / (beta B).
    """
    compute_s, fragments = schedule.compute_s, schedule.fragments
    spare = compute_s * (1.0 / target - 1.0) - schedule.inner_steps * schedule.straggler_s
    stalls = np.maximum(0.0, spare)
    window, overlap = schedule.window_steps, schedule.overlap_steps
    late = fragments * (window * schedule.step_s - schedule.latency_s) + stalls * schedule.under_way(window)
    last = overlap * schedule.step_s - schedule.latency_s + stalls * schedule.under_way(overlap) / fragments
    allowed = np.minimum(late, compute_s + stalls)
    allowed = np.where(fragments <= 1.0, np.minimum(allowed, schedule.layers * last), allowed)
    slack = -ROUNDING * compute_s
    return np.where((spare < slack) | (last < slack), 0.0, allowed)


def required_bps(schedule: Schedule, target: FloatArray) -> FloatArray:
    """Useful bit/s (beta B) that each site needs, in each direction, to reach a utilization: (T2).

    Infinite where no bandwidth is enough: latency and stragglers alone keep utilization below the target.
    """
    allowed = allowed_exchange_s(schedule, target)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = schedule.volume_bits / np.where(allowed > 0.0, allowed, 0.0)
    return np.where(schedule.volume_bits > 0.0, needed, np.where(allowed >= 0.0, 0.0, np.inf))


def highest_utilization(schedule: Schedule) -> FloatArray:
    """What utilization tends to as bandwidth grows without limit."""
    return utilization(schedule, np.asarray(np.inf))
