"""``topodesign verify``: checks a plan, ours or anyone's, independently of the planner."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import plan_folders, scenario_folders
from topodesign.cli.given_paths import path
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.domain.codec import to_builtins
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.plan import Verification
    from topodesign.verify.gnpy_judge import Judgement, LightpathJudgement

EXAMPLE = "Example: topodesign verify sample_sites/two-campus plan-out/plan.json --json"

LARGEST_PLAN_BYTES = 256 * 1024 * 1024
"""Refused unread above this size; a plan of 500 sites is below 10 MB."""


def verify(
    scenario_dir: Annotated[
        Path,
        typer.Argument(
            parser=path, autocompletion=scenario_folders, help="Scenario folder that the plan was made for."
        ),
    ],
    plan_json: Annotated[
        Path,
        typer.Argument(
            parser=path,
            autocompletion=plan_folders,
            help="Plan file with the keys of plan.json, derived ones may be absent; or the folder that has it.",
        ),
    ],
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: valid, violations, strength_gbps and more.")
    ] = False,
    gnpy: Annotated[
        bool, typer.Option("--gnpy", help="Have GNPy judge every lightpath too; needs the extra topodesign[gnpy].")
    ] = False,
) -> None:
    """Check a plan against every limit of its scenario, from first principles and without the planner's code.

    Power, reach, spectrum, strength in every failure state and cost to the cent are derived again; every violation is
    listed with its value, its limit and a remedy. Exits with 0 when the plan is valid and with 4 when it is not.

    With --gnpy every lightpath is also propagated by GNPy, a program of others, in a process of its own. A lightpath
    that GNPy does not call feasible makes the plan invalid.
    """
    from topodesign.catalog import load_catalog
    from topodesign.scenario import load_scenario
    from topodesign.verify import read_plan, verify_plan

    if gnpy:
        from topodesign.verify.gnpy_process import require_gnpy

        require_gnpy()
    scenario = load_scenario(scenario_dir)
    catalog = load_catalog(scenario.catalog_overrides)
    plan_json = plan_json / "plan.json" if plan_json.is_dir() else plan_json
    plan = read_plan(_read(plan_json), scenario, catalog, what=str(plan_json))
    verification = verify_plan(scenario, plan, catalog=catalog)
    judgement = None
    if gnpy:
        from topodesign.verify.gnpy_judge import judge_plan, with_judgement

        judgement = judge_plan(scenario, plan, catalog=catalog)
        verification = with_judgement(verification, judgement)
    if json_output:
        emit_json(verification if judgement is None else {**to_builtins(verification), "gnpy": to_builtins(judgement)})
    else:
        _describe(plan_json, verification)
        if judgement is not None:
            _describe_judgement(judgement)
    if not verification.valid:
        raise typer.Exit(ExitCode.UNVERIFIED)


def _read(file: Path) -> bytes:
    size = file.stat().st_size
    if size > LARGEST_PLAN_BYTES:
        raise InvalidInput(
            f"{file} has {size} bytes, above the limit of {LARGEST_PLAN_BYTES}; it is no plan file",
            reason="FILE_TOO_LARGE",
            metadata={"size": str(size), "limit": str(LARGEST_PLAN_BYTES)},
        )
    return file.read_bytes()


def _describe(file: Path, verification: "Verification") -> None:
    """The finding for people: the verdict, then one line per violation."""
    violations = verification.violations
    strength = verification.strength_gbps
    if verification.valid:
        worst = min(
            (state.strength_gbps for state in verification.failures if state.strength_gbps is not None), default=None
        )
        say(f"{file}: valid; {len(verification.checks)} rules checked in {len(verification.failures)} failure states")
        if strength is not None and worst is not None:
            say(f"  strength {strength:,.0f} Gbit/s, after the worst failure {worst:,.0f} Gbit/s")
        say(f"  cost {verification.cost_usd:,.2f} USD")
        return
    say(f"{file}: NOT valid; {len(violations)} violation{'s' if len(violations) != 1 else ''}")
    for violation in violations:
        say(f"  {violation.message} [{violation.rule}]")


def _describe_judgement(judgement: "Judgement") -> None:
    """GNPy's finding for people: the summary, then one line per lightpath."""
    say(f"GNPy {judgement.gnpy_version}: {len(judgement.lightpaths)} lightpaths over {judgement.lines} distinct lines")
    if judgement.largest_difference_db is not None:
        say(f"  largest difference {judgement.largest_difference_db:+.2f} dB ({judgement.largest_difference_id})")
    disputed = ", ".join(judgement.disputed)
    say(f"  feasible to us but not to GNPy: {disputed or 'none'}")
    for lit in judgement.lightpaths:
        say(
            f"  {lit.id} {lit.a} - {lit.z} {lit.mode}: GSNR {lit.gsnr_db:.2f} dB, GNPy {lit.gnpy_gsnr_db:.2f} dB"
            f" ({lit.difference_db:+.2f}), needs {lit.required_db:.2f} dB{_outcome(lit)}"
        )
    for warning in judgement.warnings:
        note(f"warning: {warning}")


def _outcome(lit: "LightpathJudgement") -> str:
    if lit.is_measured:
        return "; measured reach decides"
    return "" if lit.gnpy_is_feasible else "; NOT feasible to GNPy"
