"""Sweeps of a service in the commands that take any job: how ``watch`` shows one, and how ``fetch`` writes one."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from topodesign.cli.client_options import leave
from topodesign.cli.interrupt import own_interrupt
from topodesign.cli.output import emit_json, exit_code_of, note, say

if TYPE_CHECKING:
    from topodesign.client import JobStatus, SweepJob
    from topodesign.domain.scenario_sweep import SweepCounts, SweepEvent


def follow_sweep(sweep: "SweepJob", server: str, *, after_sequence: int, json_output: bool) -> None:
    """Show the points of a sweep on a terminal until it ends, then how it ended; raises :class:`typer.Exit`."""
    stream = sweep.watch(after_sequence=after_sequence)
    is_left = False
    try:
        with own_interrupt():
            for event in stream:
                if sys.stderr.isatty():
                    note(_told(event))
    except KeyboardInterrupt:
        is_left = True
    status, failure = sweep.status(), sweep.failure()
    if json_output:
        told = {"name": status.name, "state": status.state, "counts": status.counts}
        emit_json({**told, "sequence": stream.sequence, "error": status.error})
    else:
        say(f"{status.name}: {status.state}, {counts_of(status)}")
        if status.error:
            note(f"error: {status.error}")
    if is_left and not status.is_done:
        raise leave(status.name, server)
    if failure is not None:
        raise typer.Exit(exit_code_of(failure))


def write_sweep(sweep: "SweepJob", out: Path, *, timeout_s: float | None, json_output: bool) -> None:
    """Wait for a sweep to end, and write tables, charts and page of what is finished, as ``topodesign sweep`` does."""
    from topodesign.sweeps.saving import save_sweep

    outcome = sweep.result(timeout_s)
    files = save_sweep(out, outcome.definition, sweep.scenario(), outcome.results)
    if json_output:
        emit_json(
            {
                "name": sweep.sweep_name,
                "complete": outcome.is_complete,
                "count": outcome.definition.count,
                "finished": len(outcome.results),
                "files": [str(file) for file in files],
            }
        )
    else:
        finished = f"{len(outcome.results):,} of {outcome.definition.count:,} points"
        say(f"{sweep.sweep_name}: {finished}; wrote {', '.join(str(file) for file in files)}")


def counts_of(status: "JobStatus") -> str:
    """How far a sweep is."""
    return "" if status.counts is None else _finished(status.counts)


def _told(event: "SweepEvent") -> str:
    figures = event.point.figures
    cost = "" if figures is None else f", {figures.cost_usd / 1e6:,.1f} million USD"
    return f"{_finished(event.counts)}; point {event.point.number}: {event.point.status}{cost}"


def _finished(counts: "SweepCounts") -> str:
    return f"{counts.finished_count:,} of {counts.point_count:,} points"
