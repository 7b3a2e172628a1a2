"""``topodesign fabric goodput``: which share of a pod runs slices of one size while hosts fail."""

from typing import Annotated

import typer

from topodesign.cli.output import emit_json, say

EXAMPLE = (
    "Example: topodesign fabric goodput --blocks 64 --hosts-per-block 16 --slice-blocks 32 --host-availability 0.99"
)


def goodput(
    blocks: Annotated[int, typer.Option("--blocks", help="Blocks of the pod: 64 of 4x4x4 in a TPU v4 pod.")],
    hosts_per_block: Annotated[int, typer.Option("--hosts-per-block", help="Hosts of a block; all must be up.")],
    slice_blocks: Annotated[int, typer.Option("--slice-blocks", help="Blocks of a slice.")],
    host_availability: Annotated[
        float, typer.Option("--host-availability", help="Share of the time that a host is up, 0 to 1.")
    ],
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: with_ocs, without_ocs, block_availability.")
    ] = False,
) -> None:
    """Expected share of a pod's accelerators that run jobs, when all jobs are slices of one size.

    With optical circuit switches (OCS) any blocks that are up make a slice; without them a slice has fixed blocks.
    """
    from topodesign.fabric import slice_goodput

    found = slice_goodput(
        blocks=blocks,
        hosts_per_block=hosts_per_block,
        slice_blocks=slice_blocks,
        host_availability=host_availability,
    )
    if json_output:
        emit_json(found)
        return
    say(f"blocks that are up: {found.block_availability:.2%}")
    say(f"goodput with OCS: {found.with_ocs:.2%} of the pod's accelerators")
    say(f"goodput without: {found.without_ocs:.2%}")
