"""Published instances solved by parts of our engine, and by plain formulations with the same solver in the same run.

    python -m benchmarks.published [--bench FOLDER] [--instances cap41,polska] [--time-limit 60] [--json FILE]

``FOLDER`` (default ``../shared/bench``) holds the instances and their best known values; its README.md has the sources.

facility       capacitated facility location (OR-Library cap, Holmberg): ours against all strong rows and against none
fixed-charge   fixed-charge multicommodity network design (Canad C): the same ways (benchmarks/strong_rows.py)
modular        modular network design that survives any one link (SNDlib): ours against the textbook programme
               (benchmarks/modular_design.py)

``to best`` is (objective - best known) / best known. Holmberg's best known values let no customer be split, which is
allowed here, so ours may lie below them. ``gap`` is against the bound of the same run. ``time ratio`` is plain seconds
over ours, where both proved their answer; ``>``: the plain one had not when its time was up, so it is at least that.
"""

import argparse
import dataclasses
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import instances as read
from benchmarks.modular_design import CapacitySpace, solve_plain
from benchmarks.strong_rows import Formulation, Way, facility_formulation, fixed_charge_formulation, solve
from benchmarks.tables import RESULTS, ROOT, environment, markdown_table, percent, write_json

PROVEN_GAP = 1e-6

Figures = tuple[float | None, float, float, int]
"""Objective (``None``: nothing found), proven bound, seconds, rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, relative gap and seed of every solve."""

    time_limit_s: float = 60.0
    gap: float = PROVEN_GAP
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way of solving one instance: objective (``None``: nothing found), proven bound, seconds, rows."""

    family: str
    instance: str
    way: str
    best_known: float | None
    objective: float | None
    bound: float
    wall_s: float
    rows: int

    @property
    def gap(self) -> float | None:
        """(objective - bound) / objective."""
        if self.objective is None or not math.isfinite(self.objective) or self.objective <= 0:
            return None
        return max(0.0, self.objective - self.bound) / self.objective

    @property
    def to_best(self) -> float | None:
        """(objective - best known) / best known."""
        if self.objective is None or self.best_known is None or not math.isfinite(self.objective):
            return None
        return (self.objective - self.best_known) / self.best_known

    @property
    def is_proven(self) -> bool:
        """Whether objective and bound meet, up to the gap asked for and rounding."""
        return self.gap is not None and self.gap <= 2 * PROVEN_GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Instances of one kind: where they and their best known values are, and how they are solved."""

    name: str
    folder: str
    suffix: str
    best_known: str
    best_prefix: str
    instances: tuple[str, ...]
    solve: Callable[[Path, Limits], Mapping[str, Figures]]


def _by_strong_rows(formulation: Formulation, limits: Limits) -> dict[str, Figures]:
    ways: tuple[Way, ...] = ("ours", "plain-strong", "plain")
    found: dict[str, Figures] = {}
    for way in ways:
        done = solve(formulation, way, time_limit_s=limits.time_limit_s, gap=limits.gap, seed=limits.seed)
        found[way] = (done.objective, done.bound, done.wall_s, done.rows)
    return found


def solve_orlib(path: Path, limits: Limits) -> Mapping[str, Figures]:
    """A cap instance, all ways."""
    return _by_strong_rows(facility_formulation(read.read_orlib(path)), limits)


def solve_holmberg(path: Path, limits: Limits) -> Mapping[str, Figures]:
    """A Holmberg instance with customers that may be split, all ways."""
    return _by_strong_rows(facility_formulation(read.read_holmberg(path)), limits)


def solve_canad(path: Path, limits: Limits) -> Mapping[str, Figures]:
    """A Canad instance, all ways."""
    return _by_strong_rows(fixed_charge_formulation(read.read_canad(path)), limits)


def solve_modular(path: Path, limits: Limits) -> Mapping[str, Figures]:
    """An SNDlib network that survives any one link, both ways."""
    instance = read.read_sndlib(path)
    ours = CapacitySpace(instance).solve(time_limit_s=limits.time_limit_s, gap=limits.gap, seed=limits.seed)
    plain = solve_plain(instance, time_limit_s=limits.time_limit_s, gap=limits.gap, seed=limits.seed)
    return {
        way: (done.objective, done.bound, done.wall_s, done.rows) for way, done in (("ours", ours), ("plain", plain))
    }


FAMILIES = (
    Family(
        name="facility",
        folder="orlib-cap",
        suffix=".txt",
        best_known="best_known_cflp.csv",
        best_prefix="",
        instances=("cap41", "cap61", "cap74", "cap92", "cap101", "cap104"),
        solve=solve_orlib,
    ),
    Family(
        name="facility, Holmberg",
        folder="holmberg",
        suffix="",
        best_known="best_known_sscflp.csv",
        best_prefix="",
        instances=("p1", "p12", "p20", "p28", "p30", "p35"),
        solve=solve_holmberg,
    ),
    Family(
        name="fixed-charge",
        folder="canad/C",
        suffix=".dow",
        best_known="../best_known.csv",
        best_prefix="C/",
        instances=("c33", "c36", "c41", "c43", "c44"),
        solve=solve_canad,
    ),
    Family(
        name="modular, N-1",
        folder="sndlib/native",
        suffix=".txt",
        best_known="../best_known_n1.csv",
        best_prefix="",
        instances=("polska", "france"),
        solve=solve_modular,
    ),
)


def run_instance(family: Family, instance: str, bench: Path, limits: Limits) -> list[Run]:
    """All ways on one instance, ours first."""
    folder = bench / family.folder
    best = read.read_best_known(folder / family.best_known).get(family.best_prefix + instance)
    return [
        Run(
            family=family.name,
            instance=instance,
            way=way,
            best_known=best,
            objective=objective,
            bound=bound,
            wall_s=wall_s,
            rows=rows,
        )
        for way, (objective, bound, wall_s, rows) in family.solve(folder / f"{instance}{family.suffix}", limits).items()
    ]


def time_ratio(run: Run, ours: Run) -> str:
    """Plain seconds over ours, with ``>`` where the plain one proved nothing, ``<`` where ours did not."""
    if run.way == "ours":
        return "1"
    sign = ">" if ours.is_proven and not run.is_proven else "<" if run.is_proven and not ours.is_proven else ""
    if not (run.is_proven or ours.is_proven):
        return "-"
    return f"{sign} {run.wall_s / ours.wall_s:.2f}".strip()


def table(runs: Sequence[Run]) -> str:
    """The results as a Markdown table."""
    header = ("family", "instance", "way", "best known", "objective", "to best", "gap", "rows", "time, s", "time ratio")
    ours = {(run.family, run.instance): run for run in runs if run.way == "ours"}
    rows = [
        (
            run.family,
            run.instance,
            run.way,
            "-" if run.best_known is None else f"{run.best_known:,.2f}",
            "-" if run.objective is None else f"{run.objective:,.2f}",
            percent(run.to_best, 3),
            percent(run.gap, 3),
            f"{run.rows:,}",
            f"{run.wall_s:.2f}",
            time_ratio(run, ours[run.family, run.instance]),
        )
        for run in runs
    ]
    return markdown_table(header, rows, left=3)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the instances, print the table, write everything as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.published", description="Published instances.")
    parser.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench", metavar="FOLDER")
    parser.add_argument("--instances", default="", help="names joined by commas; by default all that are listed here")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S", help="of each way on each instance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=RESULTS / "published.json", metavar="FILE")
    given = parser.parse_args(arguments)
    wanted = [name for name in given.instances.split(",") if name]
    known = {name for family in FAMILIES for name in family.instances}
    if set(wanted) - known:
        raise SystemExit(f"unknown: {', '.join(sorted(set(wanted) - known))}; known: {', '.join(sorted(known))}")
    if not given.bench.is_dir():
        raise SystemExit(f"{given.bench} is no folder; give the one with orlib-cap, holmberg, canad and sndlib")
    limits = Limits(time_limit_s=given.time_limit, seed=given.seed)
    runs: list[Run] = []
    for family in FAMILIES:
        for instance in family.instances:
            if not wanted or instance in wanted:
                runs.extend(run_instance(family, instance, given.bench, limits))
                sys.stderr.write(f"{family.name}: {instance}\n")
    sys.stdout.write(table(runs))
    write_json(
        given.json,
        {
            "environment": environment(),
            "limits": dataclasses.asdict(limits),
            "runs": [dataclasses.asdict(run) for run in runs],
        },
    )


if __name__ == "__main__":
    main()
