"""``topodesign stress``: random outages, cuts and delays, and what is left of a plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import plan_folders, scenario_folders
from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, say
from topodesign.cli.planned import load_planned
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.stress import StressReport

EXAMPLE = "Example: topodesign stress plan-out --out out/stress --samples 100000 --late-site NOVA03=0.2"
PARTS_SHOWN = 8


def stress(
    plan: Annotated[
        Path,
        typer.Argument(
            parser=path, autocompletion=plan_folders, help="The folder that `plan --out` wrote, or its plan.json."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", parser=path, help="Folder of the report.")],
    scenario_dir: Annotated[
        Path | None,
        typer.Option(
            "--scenario",
            parser=path,
            autocompletion=scenario_folders,
            help="Scenario folder that the plan was made for; default: as it is kept in the plan's folder.",
        ),
    ] = None,
    samples: Annotated[int, typer.Option("--samples", help="States to draw.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draw.")] = 0,
    confidence: Annotated[float, typer.Option("--confidence", help="Of the intervals.")] = 0.95,
    late_site: Annotated[
        list[str] | None,
        typer.Option("--late-site", help="SITE=PROBABILITY of not being in service, any number of times."),
    ] = None,
    late_segment: Annotated[
        list[str] | None,
        typer.Option("--late-segment", help="SEGMENT=PROBABILITY of not being in service, any number of times."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report as one JSON document.")] = False,
) -> None:
    """Stress a plan: power zones and sites out, conduits cut, sites and segments late, each at random.

    Probabilities come from the zones' availability and the catalogue's figures for cuts, repairs and site outages.
    Tells in how many states all accelerators run in one job at the sync target, what is left in bad ones, and the
    parts whose outages hurt most, with intervals, and checks the draw against states that were enumerated. Writes
    stress.json, tables, a chart and stress.html.
    """
    import topodesign
    from topodesign.domain.codec import to_builtins
    from topodesign.domain.stress import StressOptions
    from topodesign.uncertainty.stress_saving import require_stress_folder, save_stress

    options = StressOptions(
        samples=samples,
        seed=seed,
        confidence=confidence,
        late_sites=_chances("--late-site", late_site or ()),
        late_segments=_chances("--late-segment", late_segment or ()),
    )
    require_stress_folder(out)
    report = topodesign.stress(*load_planned(plan, scenario_dir), options)
    files = save_stress(out, report)
    if json_output:
        emit_json({**to_builtins(report), "files": [str(file) for file in files]})
    else:
        _describe(report, out, files)


def _chances(option: str, given: list[str] | tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in given:
        item, equals, chance = text.rpartition("=")
        try:
            found[item] = float(chance)
        except ValueError:
            equals = ""
        if not equals or not item:
            raise InvalidInput(f"{option} {text}: write ID=PROBABILITY, such as NOVA03=0.2", field_path=option)
    return found


def _describe(report: "StressReport", out: Path, files: tuple[Path, ...]) -> None:
    from topodesign.uncertainty.stress_chart import shares
    from topodesign.uncertainty.stress_page import check_words, share_words, stress_words

    say(stress_words(report))
    for words, estimate in shares(report).items():
        say(f"  {words:<30} {share_words(estimate)}")
    for part in [item for item in report.parts if (item.avoidable_share or 0) > 0][:PARTS_SHOWN]:
        say(
            f"  {part.kind} {part.id}: out with probability {part.probability:.3g}; {part.avoidable_share:.1%} of "
            f"the mean loss is due to it, {part.lost_accelerators_when_out or 0:,.0f} accelerators when out"
        )
    for check in report.checks:
        drawn, exact = check_words(check)
        verdict = "agrees with" if check.agrees else "DISAGREES with"
        say(f"  not so: {check.what}: drawn {drawn} {verdict} {exact} enumerated")
    say(f"written to {out}: {', '.join(file.name for file in files)}")
