"""``topodesign buildout``: what to build in which year, in a folder that can be gone on with."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.engine_options import ChosenEngine, with_engine_options
from topodesign.cli.given_paths import ScenarioFolder, path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.plan_answer import infeasible_document, note_infeasibility
from topodesign.cli.solve_options import DEFAULTS, Gap, Seed, Threads, TimeLimit, require_in_range

if TYPE_CHECKING:
    from topodesign.domain.buildout import Buildout
    from topodesign.sweeps.solving import Answer

EXAMPLE = "Example: topodesign buildout sample_sites/regional-nova --years docs/examples/years.toml --out out/buildout"
EXITS = {"infeasible": ExitCode.INFEASIBLE, "limit": ExitCode.LIMIT, "cancelled": ExitCode.INTERRUPTED}


@with_engine_options
def buildout(
    scenario_dir: ScenarioFolder,
    out: Annotated[
        Path,
        typer.Option("--out", parser=path, help="Folder of the build-out; one that was begun there is gone on with."),
    ],
    years: Annotated[
        Path | None,
        typer.Option("--years", parser=path, help="TOML file with [[year]] tables; default: years.toml of SCENARIO."),
    ] = None,
    *,
    engine: ChosenEngine,
    threads: Threads = 1,
    memory_gib: Annotated[float, typer.Option("--memory-gib", help="Memory that one solve may take.")] = 8.0,
    time_limit: TimeLimit = DEFAULTS.time_limit_s,
    gap: Gap = DEFAULTS.gap,
    seed: Seed = DEFAULTS.seed,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: cost, bound, years, files.")
    ] = False,
) -> None:
    """Plan what to build when, over several years, at least net present cost.

    Sites, zones, fiber, prices of energy and the target may change by year; what one year built stands in all later
    ones. Every year is verified, and the cost is proven within a gap. Writes buildout.json, buildout.html with a
    timeline, tables, buildout.geojson, and a plan's folder for every year. Limits are of one solve; there are at most
    four for every year, on a cluster with --engine dask. The same command goes on after an interruption. Exits with 3
    where one year has no plan even on its own, with 5 where no sequence was found, with 130 when interrupted.
    """
    import topodesign
    from topodesign.buildout.searching import plan_buildout
    from topodesign.buildout.target import require_buildout_folder
    from topodesign.buildout.years_file import YEARS_FILE, years_from_toml
    from topodesign.domain.plan import SolveLimits

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    wanted = years_from_toml(years if years is not None else scenario_dir / YEARS_FILE)
    require_buildout_folder(out, [given.year for given in wanted])
    scenario = topodesign.load_scenario(scenario_dir)
    stop = StopRequest("answers so far are kept, and the same command goes on from there")
    with stop.on_interrupt(), engine as running:
        found = plan_buildout(
            scenario,
            wanted,
            limits=SolveLimits(time_limit_s=time_limit, gap=gap, seed=seed, threads=threads),
            folder=out,
            engine=running,
            memory_gib=memory_gib,
            on_answer=_Answers(most=4 * len(wanted)),
            should_stop=stop,
        )
        files = topodesign.save_buildout(out, topodesign.yearly_scenarios(scenario, wanted), found)
    if json_output:
        emit_json(_document(found, files))
    else:
        _describe(found, out)
    if found.status in EXITS:
        raise typer.Exit(EXITS[found.status])


class _Answers:
    """Tells of each answer, on a terminal."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._count = 0

    def __call__(self, answer: "Answer") -> None:
        self._count += 1
        if sys.stderr is not None and sys.stderr.isatty():
            note(f"{self._count} solved, at most {self._most}: {answer.status} in {answer.solve_s:.1f} s")


def _document(found: "Buildout", files: tuple[Path, ...]) -> dict[str, object]:
    """The JSON document: what buildout.json has, with the years as in years.csv."""
    from topodesign.buildout.tables import site_rows, spending_rows, year_rows
    from topodesign.domain.codec import to_builtins

    why = {} if found.infeasibility is None else infeasible_document(found.infeasibility)
    return {
        **why,
        "status": found.status,
        "npc_usd": found.npc_usd,
        "lower_bound_usd": found.lower_bound_usd,
        "gap": found.gap,
        "npc_items": dict(found.npc_items),
        "verified": found.verification is not None and found.verification.valid,
        "infeasible_year": found.infeasible_year,
        "course": found.course,
        "courses": to_builtins(found.courses),
        "bounds": to_builtins(found.bounds),
        "years": year_rows(found),
        "sites": site_rows(found),
        "spending": spending_rows(found),
        "files": [str(file) for file in files],
    }


def _describe(found: "Buildout", out: Path) -> None:
    if found.status == "cancelled":
        note("interrupted; the same command goes on from the answers that are kept")
    elif found.status == "infeasible":
        note(f"infeasible: {found.infeasible_year} has no plan even on its own")
        if found.infeasibility is not None:
            note_infeasibility(found.infeasibility)
    elif not found.years:
        _describe_dead_ends(found)
    else:
        _describe_years(found)
        say(f"written to {out}")


def _describe_dead_ends(found: "Buildout") -> None:
    from topodesign.domain.proven_figures import millions_at_least

    note("no build-out was found, though there may be one; give more time, or look at what ended each course:")
    for item in found.courses:
        note(f"  {item.course}: {item.message}")
    if found.lower_bound_usd is not None:
        note(f"any build-out costs at least {millions_at_least(found.lower_bound_usd)}, proven")


def _describe_years(found: "Buildout") -> None:
    assert found.npc_usd is not None and found.lower_bound_usd is not None and found.gap is not None  # it has years
    from topodesign.buildout.tables import year_rows
    from topodesign.domain.proven_figures import gap_percent_digits, millions_at_least

    say(
        f"{found.scenario_name}: {found.status}, every year verified; {found.npc_usd / 1e6:,.2f} million USD net "
        f"present cost over {found.horizon_years} years, proven within {gap_percent_digits(found.gap)} % "
        f"(bound {millions_at_least(found.lower_bound_usd)}); prices are indicative"
    )
    say("")
    say(f"  {'year':<6}{'sites':>6}{'pods':>7}{'MW':>10}{'pairs':>7}{'spent M USD':>14}{'running M USD/y':>17}  new")
    for row, item in zip(year_rows(found), found.years, strict=True):
        grown = [f"{site} +{pods}" for site, pods in item.new.pods.items()]
        say(
            f"  {row['year']:<6}{row['sites']:>6}{row['pods']:>7,}{row['power_mw']:>10,.1f}{row['fiber_pairs']:>7,}"
            f"{sum(item.capital_usd.values()) / 1e6:>14,.2f}{sum(item.running_usd_per_year.values()) / 1e6:>17,.2f}"
            f"  {', '.join(grown) or '-'}"
        )
    say("")
