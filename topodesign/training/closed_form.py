"""Utilization for a bandwidth, and bandwidth for a utilization: in closed form, over arrays.

Symbols, with docs/training.md: an exchange of V bits per site and direction every H steps of T seconds, in K fragments
of n layers each (K = 1: the model's L layers at once), over B bit/s of which a share beta is of use, with a serial
latency l. Gradients are released during the last a T of a step, so that an exchange may begin a (1 - 1/n) T before the
step's end; it must have ended tau steps after it. With w = tau + a (1 - 1/n), the steps an exchange may take without
stall, and m = max(1, ceil(w K / H)), the exchanges that are under way at a time, the H steps take

(T1)  max( H T + max( K/m max(0, V/(K beta B) + l - w T),               every fragment that is late
                      max(0, V/(L beta B) + l - tau T) where K = 1 ),   the last layer, released at the step's very end
           V/(beta B) )                                                 a link that is never idle

and utilization is H T over that. (T2), the bandwidth for a utilization, is (T1) solved for B.

References: arXiv:2501.18512 (Streaming DiLoCo), section 3 and its bandwidth table, for the schedule that (T1) describes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

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
        L, at least K: layers of the model. 1 where nothing is known of them: nothing is then hidden behind a backward pass.
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

    @property
    def under_way(self) -> FloatArray:
        """m: exchanges that are under way at a time; the lateness of one delays the others by the same."""
        return np.maximum(1.0, np.ceil(self.window_steps * self.fragments / self.inner_steps - 1e-9))

    @property
    def is_whole(self) -> NDArray[np.bool_]:
        """Whether all layers are exchanged at once, so that the last of them is released at the step's end."""
        return self.fragments <= 1.0


def exchanged_whole(*, volume_bits: float, step_s: float, inner_steps: float = 1.0) -> Schedule:
    """The whole model at once after every so many steps, with nothing overlapped."""
    zero, one = np.asarray(0.0), np.asarray(1.0)
    return Schedule(
        volume_bits=np.asarray(volume_bits),
        step_s=np.asarray(step_s),
        inner_steps=np.asarray(float(inner_steps)),
        fragments=one,
        layers=one,
        overlap_steps=zero,
        backward_overlap=zero,
        latency_s=zero,
        straggler_s=zero,
    )


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
    late = np.maximum(0.0, exchange_s(schedule, useful_bps) - schedule.window_steps * schedule.step_s)
    stalls = late * schedule.fragments / schedule.under_way
    last_layer = whole_s / schedule.layers + schedule.latency_s - schedule.overlap_steps * schedule.step_s
    stalls = np.where(schedule.is_whole, np.maximum(stalls, last_layer), stalls)
    waiting = np.maximum(stalls, whole_s - schedule.compute_s)
    return np.maximum(0.0, waiting) / schedule.inner_steps


def utilization(schedule: Schedule, useful_bps: FloatArray) -> FloatArray:
    """Share of the time that is spent computing: T / (T + stall + straggler), between 0 and 1."""
    return schedule.step_s / (schedule.step_s + stall_s(schedule, useful_bps) + schedule.straggler_s)


def allowed_exchange_s(schedule: Schedule, target: FloatArray) -> FloatArray:
    """Seconds that V bits may take so that the target is met; 0 or less where no bandwidth meets it.

    The three terms are those of (T1), each solved for V / (beta B).
    """
    spare = schedule.compute_s * (1.0 / target - 1.0) - schedule.inner_steps * schedule.straggler_s
    stalls = np.maximum(0.0, spare)
    window_s = schedule.window_steps * schedule.step_s - schedule.latency_s
    every_fragment = schedule.fragments * window_s + stalls * schedule.under_way
    last_layer = schedule.layers * (schedule.overlap_steps * schedule.step_s + stalls - schedule.latency_s)
    allowed = np.minimum(every_fragment, schedule.compute_s + stalls)
    allowed = np.where(schedule.is_whole, np.minimum(allowed, last_layer), allowed)
    return np.where(spare < -ROUNDING * schedule.compute_s, 0.0, allowed)


def required_bps(schedule: Schedule, target: FloatArray) -> FloatArray:
    """Useful bit/s (beta B) that each site needs, in each direction, to reach a utilization: (T2).

    Infinite where no bandwidth is enough: latency and stragglers alone keep utilization below the target.
    """
    allowed = allowed_exchange_s(schedule, target)
    with np.errstate(divide="ignore"):
        needed = schedule.volume_bits / np.where(allowed > 0.0, allowed, 0.0)
    return np.where(schedule.volume_bits > 0.0, needed, np.where(allowed >= 0.0, 0.0, np.inf))


def highest_utilization(schedule: Schedule) -> FloatArray:
    """What utilization tends to as bandwidth grows without limit."""
    return utilization(schedule, np.asarray(np.inf))
