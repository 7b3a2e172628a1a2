"""``topodesign fabric``: evaluates one fabric, or several side by side."""

from typing import Annotated

import typer

from topodesign.cli import fabric_compare, fabric_goodput, fabric_sweep
from topodesign.cli.completion import words_of
from topodesign.cli.fabric_bill import bill_document, bill_options_of, bill_parameters, given_bill, show_bill
from topodesign.cli.fabric_conditions import condition_parameters, conditions_of
from topodesign.cli.fabric_failures import DEFAULT_SAMPLES, show_failures
from topodesign.cli.fabric_kinds import KINDS, OPTIONS, kind_parameters, spec_of
from topodesign.cli.fabric_options import given_of, take_options
from topodesign.cli.fabric_table import show_fabrics
from topodesign.cli.output import emit_json
from topodesign.domain.codec import to_builtins
from topodesign.domain.fabric import FabricEvaluation
from topodesign.domain.fabric_failures import FailureSpec

EXAMPLE = (
    "Example: topodesign fabric evaluate torus --shape 16x16x16 --link-gbps 360 --json, or "
    "topodesign fabric evaluate clos --accelerators 4096 --radix 64 --bill, or "
    "topodesign fabric evaluate dragonfly --p 4 --a 8 --h 4 --failures switch=each"
)

fabric = typer.Typer(
    help="Evaluate and compare fabrics inside a site.",
    epilog=EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)


def evaluate(
    kind: Annotated[str, typer.Argument(autocompletion=words_of(KINDS), help=f"Kind of fabric: {', '.join(KINDS)}.")],
    link_gbps: Annotated[float, typer.Option("--link-gbps", help="Rate of one link, one direction, Gbit/s.")] = 400.0,
    message_bytes: Annotated[
        float, typer.Option("--message-bytes", help="Bytes of each accelerator in the all-reduce and the all-to-all.")
    ] = 1e9,
    failures: Annotated[
        str | None,
        typer.Option(
            "--failures", help="What fails: link, switch, nic, host, ocs or block, such as switch=2,link=1%;ocs=each."
        ),
    ] = None,
    failure_samples: Annotated[
        int, typer.Option("--failure-samples", help="Draws of each set of --failures that is not each.")
    ] = DEFAULT_SAMPLES,
    failure_seed: Annotated[int, typer.Option("--failure-seed", help="Seed of these draws.")] = 0,
    accelerators_per_host: Annotated[
        int | None,
        typer.Option("--accelerators-per-host", help="Accelerators of a host that fails; default: 8, or 4 on tori."),
    ] = None,
    bill: Annotated[
        bool, typer.Option("--bill", help="Also the bill of materials; options about adapters and spares imply it.")
    ] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: accelerators, switches, links, bisection and more.")
    ] = False,
    **given: str | float | bool | None,
) -> None:
    """Evaluate one fabric: hops, bisection, throughput, collectives, latency, indicative cost, power.

    Bandwidths count one direction; hops are links from accelerator to accelerator. With --failures also what is left of
    it when parts fail, with --bill also what it is made of.
    """
    from topodesign.fabric import evaluate_fabric

    asked = None
    if failures is not None:
        asked = FailureSpec.parse(
            failures, samples=failure_samples, seed=failure_seed, accelerators_per_host=accelerators_per_host
        )
    evaluation = evaluate_fabric(
        spec_of(kind, given_of(given, OPTIONS), link_gbps=link_gbps),
        message_bytes=message_bytes,
        conditions=conditions_of(given),
        failures=asked,
        bill=bill_options_of(given) if bill or given_bill(given) else None,
    )
    if json_output:
        emit_json(_document(evaluation))
        return
    show_fabrics([evaluation])
    if evaluation.failures is not None:
        show_failures(evaluation.failures)
    if evaluation.bill is not None:
        show_bill(evaluation.bill)


def _document(evaluation: FabricEvaluation) -> dict[str, object]:
    document: dict[str, object] = to_builtins(evaluation)
    if evaluation.bill is not None:
        document["bill"] = bill_document(evaluation.bill)
    return document


take_options(evaluate, first=kind_parameters(), last=[*condition_parameters(), *bill_parameters()])
fabric.command("evaluate", epilog=EXAMPLE)(evaluate)
fabric.command("compare", epilog=fabric_compare.EXAMPLE)(fabric_compare.compare)
fabric.command("sweep", epilog=fabric_sweep.EXAMPLE)(fabric_sweep.sweep)
fabric.command("goodput", epilog=fabric_goodput.EXAMPLE)(fabric_goodput.goodput)
