"""``topodesign explain``: what binds a plan, and why sites that it leaves out are left out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import emit_json, say

if TYPE_CHECKING:
    from topodesign.domain.explanation import Explanation

EXAMPLE = "Example: topodesign explain sample_sites/regional-nova out/nova --time-limit 60"


def explain(
    scenario_dir: Annotated[Path, typer.Argument(parser=path, help="Scenario folder that the plan was made for.")],
    plan: Annotated[Path, typer.Argument(parser=path, help="plan.json, or the folder that `plan --out` wrote.")],
    time_limit: Annotated[
        float, typer.Option("--time-limit", help="Seconds for all re-solves together.", min=1.0)
    ] = 300.0,
    sites: Annotated[int, typer.Option("--sites", help="Unused sites to look at, cheapest first.", min=0)] = 8,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Explain a plan of least cost by solving again.

    With a step more of every limit that binds: what that would save. With every tempting unused site forced in: what
    that would cost more. Figures are of plans found in re-solves, with what is proven beside them. Ctrl-C prints what
    was found so far.
    """
    import topodesign

    scenario = topodesign.load_scenario(scenario_dir)
    stop = StopRequest()
    with stop.on_interrupt():
        found = topodesign.explain(
            scenario, topodesign.load_plan(plan), time_limit_s=time_limit, most_sites=sites, should_stop=stop
        )
    if json_output:
        emit_json(found)
    else:
        _describe(found)


def _describe(found: "Explanation") -> None:
    say(f"the plan costs {found.cost_usd / 1e6:,.2f} million USD; {found.basis}")
    say("")
    if not found.binding:
        say("no limit binds")
    for item in found.binding:
        name = f"{item.limit} {item.id}".strip()
        say(
            f"  {name}: {item.used:,.6g} of {item.value:,.6g} {item.unit}; {item.step:+,.6g} saves "
            f"{item.saving_usd / 1e6:,.2f} million USD (at most {item.saving_upper_usd / 1e6:,.2f})"
        )
    say("")
    for site in found.unused:
        if site.extra_usd is None:
            lower = site.extra_lower_usd
            proven = "" if lower is None else f", at least {lower / 1e6:+,.2f} million USD"
            say(f"  site {site.site_id}: {site.reason}{proven}")
        else:
            assert site.extra_lower_usd is not None  # a plan comes with a bound
            say(
                f"  site {site.site_id}: using it costs {site.extra_usd / 1e6:+,.2f} million USD "
                f"(at least {site.extra_lower_usd / 1e6:+,.2f}); {site.reason}"
            )
