"""``topodesign fabric``: evaluates one fabric, or several of equal size side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from topodesign.cli.output import emit_json, say
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, FabricEvaluation, FabricSpec, Torus, TwoWide

if TYPE_CHECKING:
    from rich.table import Table

EVALUATE_EXAMPLE = (
    "Example: topodesign fabric evaluate torus --shape 16x16x16 --link-gbps 360 --json, or "
    "topodesign fabric evaluate clos --accelerators 4096 --radix 64"
)
COMPARE_EXAMPLE = "Example: topodesign fabric compare --accelerators 4096 --kinds torus,clos"
Value = TypeVar("Value")
KINDS = ("clos", "fat-tree", "torus")

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


@fabric.command("evaluate", epilog=EVALUATE_EXAMPLE)
def evaluate(
    kind: Annotated[str, typer.Argument(help=f"Kind of fabric: {', '.join(KINDS)}.")],
    shape: Annotated[str | None, typer.Option("--shape", help="torus: sides, such as 16x16x16.")] = None,
    wrap: Annotated[
        str | None, typer.Option("--wrap", help="torus: 1 or 0 for each axis, such as 1,1,0; default: all wrap.")
    ] = None,
    two_wide: Annotated[
        str | None,
        typer.Option(
            "--two-wide", help="torus: a wrapped axis of side 2 has one link (single) or two (double, default)."
        ),
    ] = None,
    accelerators: Annotated[int | None, typer.Option("--accelerators", help="clos: accelerators.")] = None,
    radix: Annotated[
        int | None, typer.Option("--radix", help="clos, fat-tree: ports of a switch; clos has 64 by default.")
    ] = None,
    tiers: Annotated[int | None, typer.Option("--tiers", help="clos: 2 or 3; default: the least that fits.")] = None,
    oversubscription: Annotated[
        float | None, typer.Option("--oversubscription", help="clos: capacity down over up at the leaves; default 1.")
    ] = None,
    planes: Annotated[int | None, typer.Option("--planes", help="clos: parallel copies; default 1.")] = None,
    rail_optimized: Annotated[
        bool, typer.Option("--rail-optimized", help="clos: accelerators of one rank share a leaf.")
    ] = False,
    link_gbps: LinkGbps = 400.0,
    message_bytes: MessageBytes = 1e9,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: accelerators, switches, links, bisection and more.")
    ] = False,
) -> None:
    """Evaluate one fabric: hops, bisection, all-to-all, all-reduce, latency, indicative cost, power.

    Bandwidths count one direction; hops are links from accelerator to accelerator.
    """
    from topodesign.fabric import evaluate_fabric

    options: dict[str, object | None] = {
        "--shape": shape,
        "--wrap": wrap,
        "--two-wide": two_wide,
        "--accelerators": accelerators,
        "--radix": radix,
        "--tiers": tiers,
        "--oversubscription": oversubscription,
        "--planes": planes,
        "--rail-optimized": rail_optimized or None,
    }
    _require_fitting(kind, options)
    spec: FabricSpec
    if kind == "torus":
        spec = Torus(
            shape=_sides(_given(shape, "--shape", kind, "16x16x16")),
            wrap=None if wrap is None else _flags(wrap),
            two_wide=_two_wide(two_wide),
            link_gbps=link_gbps,
        )
    elif kind == "fat-tree":
        ports = _given(radix, "--radix", kind, "32")
        spec = Clos(accelerators=max(1, ports**3 // 4), radix=ports, tiers=3, link_gbps=link_gbps)
    else:
        spec = Clos(
            accelerators=_given(accelerators, "--accelerators", kind, "4096"),
            radix=64 if radix is None else radix,
            tiers=tiers,
            oversubscription=1.0 if oversubscription is None else oversubscription,
            planes=1 if planes is None else planes,
            rail_optimized=rail_optimized,
            link_gbps=link_gbps,
        )
    evaluation = evaluate_fabric(spec, message_bytes=message_bytes)
    if json_output:
        emit_json(evaluation)
    else:
        _show([evaluation])


@fabric.command("compare", epilog=COMPARE_EXAMPLE)
def compare(
    accelerators: Annotated[int, typer.Option("--accelerators", help="Accelerators of every fabric.")],
    kinds: Annotated[str, typer.Option("--kinds", help="Kinds with commas between them.")] = "torus,clos",
    link_gbps: LinkGbps = 400.0,
    message_bytes: MessageBytes = 1e9,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: fabrics.")] = False,
) -> None:
    """Compare fabrics with exactly the same number of accelerators and the same link rate."""
    from topodesign.fabric import compare_fabrics, fabric_of_size

    names = [name.strip() for name in kinds.split(",")]
    specs = [fabric_of_size(name, accelerators, link_gbps=link_gbps) for name in names]
    evaluations = compare_fabrics(specs, message_bytes=message_bytes)
    if json_output:
        emit_json({"fabrics": list(evaluations)})
    else:
        _show(evaluations)


_OPTIONS_BY_KIND = {
    "torus": {"--shape", "--wrap", "--two-wide"},
    "clos": {"--accelerators", "--radix", "--tiers", "--oversubscription", "--planes", "--rail-optimized"},
    "fat-tree": {"--radix"},
}


def _require_fitting(kind: str, options: dict[str, object | None]) -> None:
    """The kind exists, and no option of another kind was given: a silently ignored option would mislead."""
    if kind not in KINDS:
        raise InvalidInput(
            f"fabric kind is {kind!r}, but it must be one of {', '.join(KINDS)}; choose one of these",
            reason="FABRIC_KIND_UNKNOWN",
            field_path="kind",
            metadata={"value": kind, "limit": ", ".join(KINDS)},
        )
    for option, value in options.items():
        if value is not None and option not in _OPTIONS_BY_KIND[kind]:
            known = ", ".join(sorted(_OPTIONS_BY_KIND[kind]))
            raise InvalidInput(
                f"{option} does not belong to {kind}; leave it out, {kind} takes {known}",
                reason="USAGE_INVALID",
                field_path=option,
                metadata={"kind": kind},
            )


def _given(value: Value | None, option: str, kind: str, example: str) -> Value:
    if value is None:
        raise InvalidInput(
            f"{kind} needs {option}; add for example {option} {example}", reason="USAGE_INVALID", field_path=option
        )
    return value


def _sides(text: str) -> tuple[int, ...]:
    parts = text.lower().split("x")
    if not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in parts):
        raise InvalidInput(
            f"--shape is {text!r}, but it must be whole numbers with x between them; give for example 16x16x16",
            field_path="shape",
            metadata={"value": text},
        )
    return tuple(int(part) for part in parts)


def _flags(text: str) -> tuple[bool, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part in ("0", "1") for part in parts):
        raise InvalidInput(
            f"--wrap is {text!r}, but it must be 0 or 1 for each axis; give for example 1,1,0",
            field_path="wrap",
            metadata={"value": text},
        )
    return tuple(part == "1" for part in parts)


def _two_wide(text: str | None) -> TwoWide:
    if text is None or text == "double":
        return "double"
    if text == "single":
        return "single"
    raise InvalidInput(
        f"--two-wide is {text!r}, but it must be single or double; choose one",
        field_path="two_wide",
        metadata={"value": text},
    )


def _show(evaluations: Sequence[FabricEvaluation]) -> None:
    import shutil

    from rich.console import Console

    # a pipe gets the whole table, a terminal one that fits it
    console = Console(width=max(100, shutil.get_terminal_size().columns), highlight=False)
    console.print(_table(evaluations))
    for evaluation in evaluations:
        say(f"{evaluation.name}:")
        for assumption in evaluation.assumptions:
            say(f"  assumed: {assumption}")


def _table(evaluations: Sequence[FabricEvaluation]) -> "Table":
    from rich.table import Table

    table = Table("measure", "unit")
    for evaluation in evaluations:
        table.add_column(evaluation.name, justify="right")
    columns = [_rows(evaluation) for evaluation in evaluations]
    for cells in zip(*columns, strict=True):
        table.add_row(cells[0][0], cells[0][1], *(value for _, _, value in cells))
    return table


def _rows(evaluation: FabricEvaluation) -> list[tuple[str, str, str]]:
    bisection, alltoall, latency = evaluation.bisection, evaluation.alltoall, evaluation.latency_us
    width = f"{bisection.gbps / 1000:,.1f}"
    if not bisection.exact:
        width = f"{bisection.lower_gbps / 1000:,.1f} to {width}"
    tiers = " + ".join(f"{count:,}" for count in evaluation.switches_by_tier)
    return [
        ("accelerators", "", f"{evaluation.accelerators:,}"),
        ("switches by tier", "", tiers or "none"),
        ("links (optical)", "", f"{evaluation.links:,} ({evaluation.optical_links:,})"),
        ("diameter, mean", "hops", f"{evaluation.diameter_hops}, {evaluation.mean_hops:.3f}"),
        ("bisection, one direction", "Tbit/s", width),
        (
            "all-to-all per accelerator",
            "Gbit/s",
            f"{'' if alltoall.exact else 'up to '}{alltoall.gbps_per_accelerator:,.1f}",
        ),
        ("all-to-all", "ms", f"{alltoall.time_s * 1e3:,.2f}"),
        ("all-reduce", "ms", f"{evaluation.allreduce_s * 1e3:,.2f}"),
        ("all-reduce by", "", evaluation.allreduce_algorithm),
        ("latency mean, 99 %", "us", f"{latency.mean:,.2f}, {latency.p99:,.2f}"),
        ("cost, indicative", "MUSD", f"{evaluation.cost_usd / 1e6:,.2f}"),
        ("power", "kW", f"{evaluation.power_kw:,.1f}"),
    ]
