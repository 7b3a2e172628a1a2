"""``topodesign training goodput``: how often a job is interrupted, and what is left of its time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import equipment_ids
from topodesign.cli.output import emit_json, say
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.goodput import FailingParts, Rejoining
    from topodesign.domain.goodput_request import GoodputEstimate

GOODPUT_EXAMPLE = (
    "Example: topodesign training goodput --accelerators 16384 --write-s 30 --restart-s 180 --sites 4 --round-s 600"
)


def goodput(
    write_s: Annotated[float, typer.Option("--write-s", help="Seconds to write a checkpoint.")],
    restart_s: Annotated[float, typer.Option("--restart-s", help="Seconds to restart from one.")],
    accelerators: Annotated[
        int | None, typer.Option("--accelerators", help="In all sites, failing as the catalogue says.")
    ] = None,
    accelerator: Annotated[
        str,
        typer.Option(
            "--accelerator",
            autocompletion=equipment_ids("accelerator"),
            help="Id from topodesign catalog list accelerator.",
        ),
    ] = "h100-sxm",
    sites: Annotated[int, typer.Option("--sites", help="Sites that the accelerators lie in.")] = 1,
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part", help="What else stops all sites: name:count:mtbf-hours[:wait-s], such as zone:1:2000:3600."
        ),
    ] = None,
    interval_s: Annotated[
        float | None, typer.Option("--interval-s", help="Training between checkpoints; default: the best.")
    ] = None,
    round_s: Annotated[
        float | None,
        typer.Option("--round-s", help="Also a job whose other sites go on: training between exchanges, seconds."),
    ] = None,
    rejoin_s: Annotated[
        float | None, typer.Option("--rejoin-s", help="Until a site trains again; default --restart-s.")
    ] = None,
    reform_s: Annotated[
        float, typer.Option("--reform-s", help="All stand still when a site leaves or comes back, seconds.")
    ] = 0.0,
    simulate: Annotated[
        int, typer.Option("--simulate", help="Draw so many interruptions beside the closed form; 0: none.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of the simulation.")] = 0,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: restart, intervals, shares, elastic, ...")
    ] = False,
) -> None:
    """Say how often a job is interrupted, how often to write checkpoints, and the share of time that ends in training.

    Exact for exponential failures; Young's and Daly's intervals beside the best. Formulas: docs/training.md.
    """
    from topodesign.api import estimate_goodput

    found = estimate_goodput(
        write_s=write_s,
        restart_s=restart_s,
        interval_s=interval_s,
        accelerators=accelerators,
        accelerator=accelerator,
        site_count=sites,
        parts=_parts(part or ()),
        rejoining=_rejoining(round_s, restart_s if rejoin_s is None else rejoin_s, reform_s),
        interruptions=simulate,
        seed=seed,
    )
    if json_output:
        emit_json(found)
    else:
        _show(found)


def _rejoining(round_s: float | None, rejoin_s: float, reform_s: float) -> "Rejoining | None":
    from topodesign.domain.goodput import Rejoining

    return None if round_s is None else Rejoining(round_s=round_s, restart_s=rejoin_s, reform_s=reform_s)


def _parts(given: Sequence[str]) -> "tuple[FailingParts, ...]":
    from topodesign.domain.goodput import FailingParts

    found: list[FailingParts] = []
    for text in given:
        name, *figures = text.split(":")
        numbers = [_number(figure) for figure in figures]
        if len(numbers) not in (2, 3) or None in numbers:
            raise InvalidInput(
                f"--part {text[:60]!r} must be name:count:mtbf-hours or name:count:mtbf-hours:wait-seconds; "
                "write it like zone:1:2000:3600",
                field_path="parts",
                metadata={"value": text[:60]},
            )
        count, mtbf_h, wait_s, *_ = (*(number or 0.0 for number in numbers), 0.0)
        found.append(FailingParts(name=name, count=count, mtbf_h=mtbf_h, wait_s=wait_s))
    return tuple(found)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _show(found: "GoodputEstimate") -> None:
    restart = found.restart
    say(f"interrupted every {restart.mtti_h:,.4g} h; goodput {restart.useful:.4f} if all restart together")
    say(
        f"of the time: writing {restart.writing:.4f}, rework {restart.rework:.4f}, restart {restart.restart:.4f}, "
        f"waiting {restart.waiting:.4f}; a checkpoint every {restart.interval_s:,.0f} s of training"
    )
    for item in found.intervals:
        say(f"  {item.rule:<5} every {item.interval_s:>9,.0f} s: goodput {item.goodput:.4f}")
    if found.elastic is not None:
        say(
            f"goodput {found.elastic.goodput:.4f} if the other sites go on; all stand still "
            f"{found.elastic.reforming:.4f} of the time"
        )
    for drawn, what in ((found.simulated, "all restart"), (found.simulated_elastic, "the others go on")):
        if drawn is not None:
            say(
                f"simulated, {what}: {drawn.goodput:.4f} +- {drawn.standard_error:.4f} (standard error, "
                f"{drawn.interruptions:,} interruptions, seed {drawn.seed})"
            )
    for share in found.shares:
        say(f"  {share.share:>6.1%} {share.name}")
    for line in found.assumptions:
        say(f"assumed: {line}")
