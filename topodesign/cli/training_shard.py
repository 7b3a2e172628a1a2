"""``topodesign training shard``: which dimension of parallelism crosses which links."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import equipment_ids
from topodesign.cli.output import emit_json, say
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.training_model import ShardingPlan

SHARD_EXAMPLE = (
    "Example: topodesign training shard --model llama-3-405b --pod-accelerators 72 "
    "--site ashburn=8@east --site columbus=6@east --site dallas=6@south"
)
SITE = re.compile(r"(?P<site>[^=@]+)=(?P<pods>-?\d{1,18})(?:@(?P<region>[^=@]+))?")
MEMBERS = {"pods": "replica", "sites": "site", "regions": "region"}


def shard(
    model: Annotated[
        str,
        typer.Option(
            "--model", autocompletion=equipment_ids("training_model"), help="Id from topodesign training models."
        ),
    ],
    pod_accelerators: Annotated[int, typer.Option("--pod-accelerators", help="Accelerators of a pod.")],
    site: Annotated[
        list[str], typer.Option("--site", help="A site, its pods, its region: ashburn=8@east; for every site.")
    ],
    accelerator: Annotated[
        str,
        typer.Option(
            "--accelerator",
            autocompletion=equipment_ids("accelerator"),
            help="Id from topodesign catalog list accelerator.",
        ),
    ] = "h100-sxm",
    bits: Annotated[float, typer.Option("--bits", help="Bits of an element between pods and sites.")] = 16.0,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: replica_pods, dimensions, ...")
    ] = False,
) -> None:
    """Say which dimension of parallelism crosses which links: inside pods, between pods, sites, regions.

    GB are of one step, leaving each member (or crossing each boundary of a pipeline) in each direction.
    """
    from topodesign.training.sharding import plan_sharding

    pods, regions = _places(site)
    found = plan_sharding(
        model, accelerator, pods=pods, regions=regions, pod_accelerators=pod_accelerators, bits_per_element=bits
    )
    if json_output:
        emit_json(found)
    else:
        _show(found)


def _places(given: Sequence[str]) -> tuple[dict[str, int], dict[str, str]]:
    pods: dict[str, int] = {}
    regions: dict[str, str] = {}
    for text in given:
        match = SITE.fullmatch(text)
        if match is None or match["site"] in pods:
            again = match is not None
            raise InvalidInput(
                f"--site {text[:60]!r} "
                + (
                    "names a site again; give every site once"
                    if again
                    else "must be site=pods or site=pods@region; write it like ashburn=8@east"
                ),
                field_path="pods",
                metadata={"value": text[:60]},
            )
        pods[match["site"]] = int(match["pods"])
        if match["region"] is not None:
            regions[match["site"]] = match["region"]
    return pods, regions


def _show(found: "ShardingPlan") -> None:
    across = "; it lies in several sites" if found.replica_crosses_sites else ""
    say(f"one replica fills {found.replica_pods:,} {'pod' if found.replica_pods == 1 else 'pods'}{across}")
    for item in found.dimensions:
        if item.links == "pod":
            say(f"{item.dimension:<14} inside pods       (across sites {item.bits_across_sites / 8e9:,.0f} GB)")
            continue
        each = "a boundary" if item.dimension == "pipeline" else f"a {MEMBERS[item.links]}"
        say(f"{item.dimension:<14} between {item.links:<8}{item.bits_per_step / 8e9:>10,.0f} GB a step, of {each}")
    for item in found.dimensions:
        say(f"{item.dimension}, {item.links}: {item.reason}")
