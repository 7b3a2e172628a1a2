"""``topodesign fabric``: evaluates one fabric, or several of equal size side by side."""

import inspect
from typing import Annotated, Any

import typer

from topodesign.cli.fabric_failures import DEFAULT_SAMPLES, show_failures
from topodesign.cli.fabric_kinds import FLAGS, KINDS, OPTIONS, flag, kinds_with, spec_of
from topodesign.cli.fabric_table import show_fabrics
from topodesign.cli.output import emit_json, note
from topodesign.domain.codec import to_builtins
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_failures import FailureSpec

EVALUATE_EXAMPLE = (
    "Example: topodesign fabric evaluate torus --shape 16x16x16 --link-gbps 360 --json, or "
    "topodesign fabric evaluate clos --accelerators 4096 --radix 64, or "
    "topodesign fabric evaluate dragonfly --p 4 --a 8 --h 4 --failures switch=each"
)
COMPARE_EXAMPLE = "Example: topodesign fabric compare --accelerators 4096 --kinds torus,clos,hyperx"
ALL_KINDS = "all"

fabric = typer.Typer(
    help="Evaluate and compare fabrics inside a site.",
    epilog=EVALUATE_EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)

LinkGbps = Annotated[float, typer.Option("--link-gbps", help="Rate of one link, one direction, Gbit/s.")]
MessageBytes = Annotated[
    float, typer.Option("--message-bytes", help="Bytes of each accelerator in the all-reduce and the all-to-all.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document: accelerators, switches, links, bisection and more.")
]


def evaluate(
    kind: Annotated[str, typer.Argument(help=f"Kind of fabric: {', '.join(KINDS)}.")],
    link_gbps: LinkGbps = 400.0,
    message_bytes: MessageBytes = 1e9,
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
    json_output: Json = False,
    **given: str | bool | None,
) -> None:
    """Evaluate one fabric: hops, bisection, throughput, collectives, latency, indicative cost, power.

    Bandwidths count one direction; hops are links from accelerator to accelerator. With --failures also what is left of
    it when parts fail.
    """
    from topodesign.fabric import evaluate_fabric, failure_report

    # a flag that is not given is the same as one that is false
    spec = spec_of(kind, {name: value or None for name, value in given.items()}, link_gbps=link_gbps)
    asked = None
    if failures is not None:
        asked = FailureSpec.parse(failures, samples=failure_samples, seed=failure_seed)
    evaluation = evaluate_fabric(spec, message_bytes=message_bytes)
    report = None if asked is None else failure_report(spec, asked)
    if json_output:
        emit_json(evaluation if report is None else {**to_builtins(evaluation), "failures": to_builtins(report)})
        return
    show_fabrics([evaluation])
    if report is not None:
        show_failures(report)


def _signature_with_kind_options() -> inspect.Signature:
    """The signature of :func:`evaluate` with an option for every field that some kind has; typer reads it."""
    plain = inspect.signature(evaluate, eval_str=True)
    own = [item for item in plain.parameters.values() if item.kind is not inspect.Parameter.VAR_KEYWORD]
    return plain.replace(parameters=[own[0], *(_parameter(name) for name in OPTIONS), *own[1:]])


def _parameter(name: str) -> inspect.Parameter:
    option = typer.Option(flag(name), help=f"{', '.join(kinds_with(name))}: {OPTIONS[name][1]}.")
    annotation: Any = Annotated[bool, option] if name in FLAGS else Annotated[str | None, option]
    return inspect.Parameter(
        name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=False if name in FLAGS else None,
        annotation=annotation,
    )


evaluate.__signature__ = _signature_with_kind_options()  # type: ignore[attr-defined]
fabric.command("evaluate", epilog=EVALUATE_EXAMPLE)(evaluate)


@fabric.command("compare", epilog=COMPARE_EXAMPLE)
def compare(
    accelerators: Annotated[int, typer.Option("--accelerators", help="Accelerators of every fabric.")],
    kinds: Annotated[
        str, typer.Option("--kinds", help="Kinds with commas between them, or all that have that size.")
    ] = "torus,clos",
    link_gbps: LinkGbps = 400.0,
    message_bytes: MessageBytes = 1e9,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: fabrics, and kinds without that size.")
    ] = False,
) -> None:
    """Compare fabrics with exactly the same number of accelerators and the same link rate.

    Kinds that cannot have that number are named with the nearest sizes that they have; the others are compared.
    """
    from topodesign.fabric import compare_fabrics, fabric_kinds

    names = fabric_kinds() if kinds == ALL_KINDS else [name.strip() for name in kinds.split(",")]
    specs, impossible = _of_size(list(dict.fromkeys(names)), accelerators, link_gbps)
    if not specs:
        raise next(iter(impossible.values()))
    evaluations = compare_fabrics(specs, message_bytes=message_bytes)
    if json_output:
        emit_json({"fabrics": list(evaluations), "impossible": [_document(*item) for item in impossible.items()]})
        return
    show_fabrics(evaluations)
    for kind, error in impossible.items():
        note(f"not compared: {kind}: {error.message}")


def _of_size(kinds: list[str], accelerators: int, link_gbps: float) -> tuple[list[FabricSpec], dict[str, InvalidInput]]:
    """The fabrics of a size, and the refusals of kinds that do not have it."""
    from topodesign.fabric import fabric_of_size

    specs: list[FabricSpec] = []
    impossible: dict[str, InvalidInput] = {}
    for kind in kinds:
        try:
            specs.append(fabric_of_size(kind, accelerators, link_gbps=link_gbps))
        except InvalidInput as error:
            if error.reason != "FABRIC_SIZE_IMPOSSIBLE":
                raise
            impossible[kind] = error
    return specs, impossible


def _document(kind: str, error: InvalidInput) -> dict[str, object]:
    nearest = [int(size) for size in error.metadata["nearest"].split(",") if size]
    return {"kind": kind, "reason": error.reason, "message": error.message, "nearest": nearest}
