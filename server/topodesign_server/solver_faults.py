"""Why a solve ended without a last word, as typed errors with the figures and the remedy."""

import signal

from topodesign.domain.errors import CapacityError
from topodesign_server.children import MOST_PROCESSES, Excess
from topodesign_server.memory import SIGNALS, ended_by_signal, memory_exceeded
from topodesign_server.running_attempt import RunningAttempt

SOLVER_TIMEOUT = "SOLVER_TIMEOUT"
SOLVER_CRASHED = "SOLVER_CRASHED"
NEAR_LIMIT = 0.8
"""Part of the memory limit from which a signal is taken for want of memory: the last look was a moment before it."""


def solver_fault(attempt: RunningAttempt) -> CapacityError:
    """The error of a job whose child ended without a last word.

    ``SOLVER_TIMEOUT`` and ``SOLVER_MEMORY`` would come again with the same request; ``SOLVER_CRASHED`` may not.
    """
    if attempt.excess is Excess.TIME:
        return _timeout(attempt)
    if attempt.excess is Excess.MEMORY:
        return memory_exceeded(
            "make_plan",
            limit_bytes=attempt.memory_bytes,
            resident=attempt.usage.resident_bytes,
            processes=attempt.usage.processes,
        )
    code = attempt.exit_code
    is_near = attempt.usage.mapped_bytes >= NEAR_LIMIT * attempt.memory_bytes
    if attempt.excess is None and is_near and code is not None and -code in SIGNALS:
        return ended_by_signal("make_plan", -code, limit_bytes=attempt.memory_bytes)
    return _crash(attempt, code)


def may_pass(attempt: RunningAttempt, error: CapacityError) -> bool:
    """Whether another attempt may succeed where this one ended: not where it met a limit, which it would meet again."""
    return error.reason == SOLVER_CRASHED and attempt.excess is None


def _timeout(attempt: RunningAttempt) -> CapacityError:
    return CapacityError(
        f"the solve of plans/{attempt.job.id} did not stop at its time limit, and had no plan: it was ended after "
        f"{attempt.wall_s:.1f} s, of {attempt.limit_s:g} s that the limit and the service's allowance make; make the "
        "scenario smaller or give it more time",
        reason=SOLVER_TIMEOUT,
        metadata={"id": attempt.job.id, "wall_s": f"{attempt.wall_s:.1f}", "limit_s": f"{attempt.limit_s:g}"},
    )


def _crash(attempt: RunningAttempt, code: int | None) -> CapacityError:
    job = attempt.job
    if attempt.excess is Excess.PROCESSES:
        how = f"was ended because it started {attempt.usage.processes} processes of the {MOST_PROCESSES} it may have"
    elif code is not None and code < 0:
        how = f"was ended by {_signal_name(-code)}"
    else:
        how = f"ended without a plan (exit code {code})"
    return CapacityError(
        f"the solve of plans/{job.id} {how}, {job.attempt_count} times in all, when it had at most "
        f"{attempt.usage.resident_bytes / 1e9:.2f} GB of memory; ask for it again, and when that ends alike make the "
        "scenario smaller or tell the operator",
        reason=SOLVER_CRASHED,
        metadata={
            "id": job.id,
            "exit_code": str(code),
            "attempts": str(job.attempt_count),
            "memory_bytes": str(attempt.usage.resident_bytes),
            "processes": str(attempt.usage.processes),
        },
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
