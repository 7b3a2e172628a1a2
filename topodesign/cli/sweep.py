"""``topodesign sweep``: many plans of one scenario with figures varied, in a folder that can be gone on with."""

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Literal, Self, TextIO

import typer

from topodesign.cli.engine_options import ChosenEngine, with_engine_options
from topodesign.cli.given_paths import ScenarioFolder, path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.solve_options import (
    DEFAULTS,
    Gap,
    ObjectiveName,
    Seed,
    Threads,
    TimeLimit,
    require_default,
    require_in_range,
)
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.scenario_sweep import PointResult, SweepDefinition, SweepOutcome

EXAMPLE = (
    "Example: topodesign sweep sample_sites/regional-nova --vary policy.max_sites=4..8 "
    "--vary workload.sync_time_s=0.5,1,2 --out out/sweep"
)


@with_engine_options
def sweep(
    scenario_dir: ScenarioFolder,
    out: Annotated[
        Path,
        typer.Option("--out", parser=path, help="Folder of the sweep; one that was begun there is gone on with."),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            help="What to vary, any number of times: policy.max_sites=2..8, workload.sync_time_s=0.1,0.3,1, "
            "policy.max_zone_share=0.4..1:0.2, zones.*.headroom_mw*=0.5,1 (multiplies), "
            "catalog.transceiver.zrplus-400.cost_usd*=0.5..2 (with random and lhs).",
        ),
    ] = None,
    definition: Annotated[
        Path | None,
        typer.Option("--definition", parser=path, help="TOML file with design, points, seed, [limits], [vary]."),
    ] = None,
    design: Annotated[
        Literal["grid", "random", "lhs"],
        typer.Option("--design", help="Every combination, independent draws, or a Latin hypercube."),
    ] = "grid",
    points: Annotated[int | None, typer.Option("--points", help="How many to draw, with random and lhs.")] = None,
    seed: Seed = DEFAULTS.seed,
    *,
    engine: ChosenEngine,
    threads: Threads = 1,
    memory_gib: Annotated[float, typer.Option("--memory-gib", help="Memory that one point may take.")] = 8.0,
    time_limit: TimeLimit = DEFAULTS.time_limit_s,
    gap: Gap = DEFAULTS.gap,
    objective: ObjectiveName = None,
    cold: Annotated[
        bool, typer.Option("--cold", help="No point begins from another's plan or bound: slower, and independent.")
    ] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: points, counts, files.")
    ] = False,
) -> None:
    """Plan many variants of a scenario: a grid or drawn points, each with a bound proven and verified.

    Writes points.csv, points.parquet, sweep.gpkg, charts and sweep.html beside the plans. The same command goes on
    with a sweep that was interrupted or killed; finished points are not solved again, failed ones are. Limits and
    threads are of each point; the seed is also that of drawn points. A point without a plan (infeasible, invalid,
    failed) is a result with its reason. With --engine dask points are solved on a cluster, and the folder stays here.
    Exits with 130 when interrupted.
    """
    import topodesign
    from topodesign.domain.plan import SolveLimits
    from topodesign.domain.scenario_sweep import SweepDefinition
    from topodesign.sweeps.definition_file import definition_from_toml
    from topodesign.sweeps.grammar import axis_of
    from topodesign.sweeps.running import run_sweep
    from topodesign.sweeps.saving import save_sweep
    from topodesign.sweeps.target import require_sweep_folder

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    if (definition is None) == (not vary):
        raise InvalidInput("give either --vary, any number of times, or --definition", field_path="--vary")
    if definition is not None:
        require_default(
            sweep,
            "--vary",
            design=design,
            points=points,
            seed=seed,
            threads=threads,
            cold=cold,
            time_limit=time_limit,
            gap=gap,
            objective=objective,
        )
        wanted = definition_from_toml(definition)
    else:
        limits = SolveLimits(time_limit_s=time_limit, gap=gap, seed=seed, threads=threads, objective=objective)
        axes = tuple(axis_of(text, design=design) for text in vary or ())
        wanted = SweepDefinition(axes=axes, design=design, points=points, seed=seed, limits=limits, begins_cold=cold)
    require_sweep_folder(out)
    scenario = topodesign.load_scenario(scenario_dir)
    stop = StopRequest("what is finished will be written, and the same command goes on with the rest")
    with stop.on_interrupt(), engine as running:
        with _ProgressLine(sys.stderr) as progress:
            done = run_sweep(
                wanted,
                scenario,
                folder=out,
                engine=running,
                memory_gib=memory_gib,
                on_progress=lambda finished, count, latest: progress.tell(_progress(finished, count, latest)),
                should_stop=stop,
            )
        files = save_sweep(out, wanted, scenario, done.results)
    if json_output:
        emit_json(_document(done, files))
    else:
        _describe(done, out, files)
    if not done.is_complete:
        raise typer.Exit(ExitCode.INTERRUPTED)


class _ProgressLine:
    """On a terminal one line that is written over; nothing in a pipe."""

    def __init__(self, stream: TextIO | None) -> None:
        self._terminal = stream if stream is not None and stream.isatty() else None
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tell("")
        self.tell("")  # leaves the cursor at the start of the line

    def tell(self, text: str) -> None:
        if self._terminal is not None:
            self._terminal.write("\r" + text.ljust(self._width))
            self._terminal.flush()
            self._width = len(text)


def _progress(finished: int, count: int, latest: "PointResult") -> str:
    cost = "" if latest.figures is None else f", {latest.figures.cost_usd / 1e6:,.1f} million USD"
    return f"{finished:,} of {count:,} points; point {latest.number}: {latest.status}{cost}"


def _document(done: "SweepOutcome", files: tuple[Path, ...]) -> dict[str, object]:
    """Points as in points.csv, with the values of the axes by name."""
    from topodesign.sweeps.tables import axis_cells, point_rows

    rows = point_rows(done.definition, done.results)
    points = []
    for row, result in zip(rows, done.results, strict=True):
        values = axis_cells(done.definition, result)
        points.append({"values": values, **{name: cell for name, cell in row.items() if name not in values}})
    return {
        "complete": done.is_complete,
        "count": done.definition.count,
        "resumed": done.resumed,
        "statuses": _counts(done),
        "points": points,
        "files": [str(file) for file in files],
    }


def _counts(done: "SweepOutcome") -> dict[str, int]:
    counts: dict[str, int] = {}
    for result in done.results:
        counts[result.status] = counts.get(result.status, 0) + 1
    return counts


def _describe(done: "SweepOutcome", out: Path, files: tuple[Path, ...]) -> None:
    """For people: how it went, the cheapest points, and what has no plan."""
    words = ", ".join(f"{count:,} {status}" for status, count in sorted(_counts(done).items()))
    say(f"{len(done.results):,} of {done.definition.count:,} points ({done.resumed:,} from before): {words}")
    planned = sorted(
        (result.figures.cost_usd, result.number, result) for result in done.results if result.figures is not None
    )
    for cost, number, result in planned[:5]:
        say(f"  {cost / 1e6:>14,.2f} million USD  point {number}: {_values(done.definition, result)}")
    if len(planned) > 5:
        say(f"  and {len(planned) - 5:,} more, up to {planned[-1][0] / 1e6:,.2f} million USD; prices are indicative")
    for result in [item for item in done.results if item.status == "failed"]:
        note(f"point {result.number} failed: {result.message}")
    say(f"written to {out}: {', '.join(file.name for file in files)}")
    if not done.is_complete:
        note("interrupted; the same command goes on with the rest")


def _values(definition: "SweepDefinition", result: "PointResult") -> str:
    from topodesign.sweeps.told import shown

    return ", ".join(f"{axis.name} {shown(value)}" for axis, value in zip(definition.axes, result.values, strict=True))
