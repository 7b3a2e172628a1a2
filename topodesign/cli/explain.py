"""``topodesign explain``: why a plan is as it is, in whole or one thing of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import plan_folders, scenario_folders
from topodesign.cli.explain_subject import Subject, find_subjects
from topodesign.cli.explain_words import Asked, binding_sentence, extra_cost_sentence, sentences_about
from topodesign.cli.given_paths import path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.planned import load_planned, plan_folder
from topodesign.domain.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection

    from topodesign.domain.explanation import Explanation
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario

EXAMPLE = "Example: topodesign explain out/nova --time-limit 60 --save, or topodesign explain out/nova NOVA01--NOVA03"


def explain(
    plan: Annotated[
        Path,
        typer.Argument(parser=path, autocompletion=plan_folders, help="The folder that `plan --out` wrote."),
    ],
    what: Annotated[
        str | None,
        typer.Argument(help="Id of a site, zone or segment, a link a--z, a limit or a cost item; default: everything."),
    ] = None,
    scenario_dir: Annotated[
        Path | None,
        typer.Option(
            "--scenario",
            parser=path,
            autocompletion=scenario_folders,
            help="Scenario folder that the plan was made for; default: as it is kept in the plan's folder.",
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option("--time-limit", help="Seconds for all re-solves together.", min=1.0)
    ] = 300.0,
    sites: Annotated[int, typer.Option("--sites", help="Unused sites to look at, cheapest first.", min=0)] = 8,
    save: Annotated[
        bool, typer.Option("--save", help="Keep it as explanation.json in the plan's folder, for its report.")
    ] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: cost_usd, binding, unused; with WHAT its answers.")
    ] = False,
) -> None:
    """Explain a plan, or one thing of it, by solving again.

    Without WHAT: what a step more of every limit that binds would save, and what every tempting unused site would cost
    more. With WHAT also how it is used, what doing without it costs, and which failures need it. Figures are of plans
    found in re-solves, with what is proven beside them. Ctrl-C tells what was found so far.
    """
    if save and what is not None:
        raise InvalidInput("--save keeps the explanation of the whole plan; leave WHAT out", reason="USAGE_INVALID")
    if save:
        _require_savable(plan)
    scenario, loaded = load_planned(plan, scenario_dir)
    if not loaded.sites:
        raise InvalidInput(f"{plan}: a plan with status {loaded.status!r} has nothing to explain", reason="PLAN_EMPTY")
    resolve = _Resolve(scenario, loaded, time_limit_s=time_limit, most_sites=sites)
    if what is not None:
        _answer(what, plan_folder(plan), resolve, json_output=json_output)
    else:
        found = resolve(None)
        if save:
            _save(found, plan)
        if json_output:
            emit_json(found)
        else:
            _describe(found)
    if resolve.is_interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)


class _Resolve:
    """Solves a plan's scenario again with changes, until Ctrl-C."""

    def __init__(self, scenario: "Scenario", plan: "Plan", *, time_limit_s: float, most_sites: int) -> None:
        self.scenario, self.plan = scenario, plan
        self._time_limit_s, self._most_sites = time_limit_s, most_sites
        self.is_interrupted = False

    def __call__(self, about: "Collection[str] | None") -> "Explanation":
        import topodesign

        stop = StopRequest("what was found so far will be told")
        with stop.on_interrupt():
            found = topodesign.explain(
                self.scenario,
                self.plan,
                time_limit_s=self._time_limit_s,
                most_sites=self._most_sites,
                about=about,
                should_stop=stop,
            )
        self.is_interrupted = stop.is_set
        return found


def _answer(what: str, folder: Path, resolve: _Resolve, *, json_output: bool) -> None:
    """Say what there is to say of one thing."""
    subjects = find_subjects(what, resolve.scenario, resolve.plan)
    explanation, why_not = _found_about(subjects, folder, resolve)
    asked = Asked(scenario=resolve.scenario, plan=resolve.plan, explanation=explanation)
    answers = [(subject, sentences_about(subject, asked)) for subject in subjects]
    if json_output:
        told = [{"kind": subject.kind, "id": subject.id, "sentences": list(lines)} for subject, lines in answers]
        emit_json({"what": what, "answers": told, "explanation": explanation, "not_solved_again": why_not})
        return
    for _, lines in answers:
        for line in lines:
            say(line)
    if why_not is not None:
        say(f"not solved again: {why_not}")


def _found_about(
    subjects: tuple[Subject, ...], folder: Path, resolve: _Resolve
) -> "tuple[Explanation | None, str | None]":
    """What is kept beside the plan, as far as it goes, else what solving again finds; or why it was not."""
    from topodesign.outputs.saved_explanation import explanation_beside

    about = {subject.id for subject in subjects if subject.kind not in ("link", "cost item")}
    if not about:
        return None, None
    kept = explanation_beside(folder, resolve.plan)
    if kept is not None and all(_is_covered(subject, kept) for subject in subjects):
        return kept, None
    try:
        return resolve(about), None
    except InvalidInput as error:
        if error.reason != "GOAL_UNSUPPORTED":
            raise
        return None, error.message


def _is_covered(subject: Subject, kept: "Explanation") -> bool:
    """All binding limits are in a kept explanation, but not all sites."""
    sites = {site.site_id for site in kept.unused} | {site.site_id for site in kept.used}
    return subject.kind != "site" or subject.id in sites


def _require_savable(folder: Path) -> None:
    """Before minutes are spent on what is to be kept there."""
    from topodesign.outputs.saved_explanation import EXPLANATION_FILE
    from topodesign.outputs.target import require_usable_file

    if not folder.is_dir():
        raise Conflict(f"{folder} is no plan's folder to --save into; give the folder", reason="NOT_A_DIRECTORY")
    require_usable_file(folder / EXPLANATION_FILE)


def _save(found: "Explanation", folder: Path) -> None:
    from topodesign.domain.codec import encode_json
    from topodesign.outputs.saved_explanation import EXPLANATION_FILE
    from topodesign.scenario.whole_folders import write_whole_file

    target = folder / EXPLANATION_FILE
    write_whole_file(target, lambda fresh: fresh.write_bytes(encode_json(found)))
    note(f"kept as {target}; topodesign report {folder} puts it into the report")


def _describe(found: "Explanation") -> None:
    say(f"the plan costs {found.cost_usd / 1e6:,.2f} million USD; {found.basis}")
    say("")
    if not found.binding:
        say("no limit binds")
    for item in found.binding:
        say(f"  {binding_sentence(item)}")
    say("")
    for site in found.unused:
        say(f"  {extra_cost_sentence(site, 'using it')}")
