"""``topodesign optics``: designs one optical link on its own, and prints how far every mode reaches."""

from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import equipment_ids
from topodesign.cli.optics_modes import MODES_EXAMPLE, modes
from topodesign.cli.output import emit_json, say
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.link import LinkDesign
    from topodesign.domain.reach_table import ReachTable

REACH_EXAMPLE = "Example: topodesign optics reach --span-km 100 --margin-db 3"
LINK_EXAMPLE = "Example: topodesign optics link --km 480 --spans 6x80 --rate 400 --json"

optics = typer.Typer(
    help="Design one optical link, or print how far every mode reaches.",
    epilog=LINK_EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)
optics.command("modes", epilog=MODES_EXAMPLE)(modes)


@optics.command("link", epilog=LINK_EXAMPLE)
def link(
    km: Annotated[float, typer.Option("--km", help="Length of the fiber in km.")],
    spans: Annotated[
        str | None,
        typer.Option("--spans", help="Spans in km: 6x80, or 80+75.5+60; default: equal ones of at most 80 km."),
    ] = None,
    fiber: Annotated[
        str, typer.Option("--fiber", autocompletion=equipment_ids("fiber"), help="ssmf, g654e or hollow_core.")
    ] = "ssmf",
    rate: Annotated[float | None, typer.Option("--rate", help="Only modes of this rate, Gbit/s.")] = None,
    baud_gbd: Annotated[float, typer.Option("--baud-gbd", help="Symbol rate of the comb, GBd.")] = 59.84,
    grid_ghz: Annotated[float, typer.Option("--grid-ghz", help="Spacing of the comb, GHz.")] = 75.0,
    channels: Annotated[
        int | None, typer.Option("--channels", help="Channels of the comb; default: as many as the C band holds.")
    ] = None,
    launch_dbm: Annotated[
        float | None, typer.Option("--launch-dbm", help="Launch power per channel, dBm; default: the best per span.")
    ] = None,
    noise_figure_db: Annotated[
        float | None, typer.Option("--noise-figure-db", help="Of every amplifier, dB; default: the catalogue's.")
    ] = None,
    connector_db: Annotated[
        float | None,
        typer.Option("--connector-db", help="Loss of a connector, two per span, dB; default: the catalogue's."),
    ] = None,
    terminal_db: Annotated[
        float | None,
        typer.Option("--terminal-db", help="Loss of ROADM or multiplexer before the booster, dB; as the catalogue's."),
    ] = None,
    tx_osnr_db: Annotated[float, typer.Option("--tx-osnr-db", help="Of the comb's transmitter, dB in 0.1 nm.")] = 37.0,
    margin_db: Annotated[float, typer.Option("--margin-db", help="That a mode must keep, dB.")] = 3.0,
    gbps: Annotated[
        float | None, typer.Option("--gbps", help="Size the link for so many Gbit/s in each direction.")
    ] = None,
    usd_per_pair_km: Annotated[
        float, typer.Option("--usd-per-pair-km", help="Price of a fiber pair, US dollars per km (indicative).")
    ] = 2000.0,
    catalog: Annotated[
        str, typer.Option("--catalog", help="Coherent modes: standard, or flexwan with measured reaches.")
    ] = "standard",
    pairs: Annotated[
        int | None, typer.Option("--pairs", help="Fiber pairs on offer for --gbps; default: no limit.")
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: spans, gsnr_db, modes, latency_ms and more.")
    ] = False,
) -> None:
    """Design one link: GSNR and OSNR of its line, and which modes carry light over it, how far, at what cost.

    Ratios are in 0.1 nm (12.5 GHz) for the worst channel. Prices are indicative.
    """
    from topodesign.api import design_link

    design = design_link(
        km,
        spans_km=() if spans is None else _spans(spans),
        fiber=fiber,
        rate_gbps=rate,
        baud_gbd=baud_gbd,
        grid_ghz=grid_ghz,
        channels=channels,
        launch_dbm=launch_dbm,
        noise_figure_db=noise_figure_db,
        connector_db=connector_db,
        terminal_db=terminal_db,
        tx_osnr_db=tx_osnr_db,
        margin_db=margin_db,
        capacity_gbps=gbps,
        usd_per_pair_km=usd_per_pair_km,
        catalog=catalog,
        pairs_available=pairs,
    )
    if json_output:
        emit_json(design)
    else:
        _show(design)


@optics.command("reach", epilog=REACH_EXAMPLE)
def reach(
    fiber: Annotated[
        str, typer.Option("--fiber", autocompletion=equipment_ids("fiber"), help="ssmf, g654e or hollow_core.")
    ] = "ssmf",
    span_km: Annotated[float, typer.Option("--span-km", help="Length of every span in km, at most 200.")] = 80.0,
    margin_db: Annotated[float, typer.Option("--margin-db", help="That a mode must keep, dB.")] = 3.0,
    catalog: Annotated[str, typer.Option("--catalog", help="standard, or flexwan with measured reaches.")] = "standard",
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: rows with mode, rate_gbps, reach_km and more.")
    ] = False,
) -> None:
    """Print the ladder of reach: for every mode its reach, GSNR after one span, and what a full fiber pair carries.

    GSNR is in 0.1 nm for the worst channel of a full band, transmitter included.
    """
    from topodesign.api import reach_table

    table = reach_table(fiber, span_km=span_km, margin_db=margin_db, catalog=catalog)
    if json_output:
        emit_json(table)
    else:
        _show_reach(table)


def _show_reach(table: "ReachTable") -> None:
    say(f"{table.fiber}, spans of {table.span_km:g} km, margin {table.margin_db:g} dB")
    say("")
    say("  mode               Gbit/s     GHz  reach km  GSNR dB  Tbit/s a pair")
    for row in table.rows:
        measured = "  measured" if row.is_measured else ""
        say(
            f"  {row.mode:<18} {row.rate_gbps:>6g} {row.width_ghz:>7g} {row.reach_km:>9,.0f} {row.gsnr_db:>8.2f} "
            f"{row.pair_gbps / 1000:>14.1f}{measured}"
        )
    say("")
    for line in table.assumptions:
        say(f"assumed: {line}")


def _spans(text: str) -> tuple[float, ...]:
    """``6x80`` or ``80+75.5+60``, also mixed."""
    spans: list[float] = []
    for part in text.lower().replace(" ", "").split("+"):
        count, times, km = part.rpartition("x")
        number = _number(count) if times else 1.0
        length = _number(km)
        if number not in range(1, 1001) or length is None:
            raise InvalidInput(
                f"--spans is {text[:60]!r}, but it must be lengths in km such as 6x80 or 80+75.5+60; "
                "give at most 1,000 spans that add up to --km",
                field_path="spans_km",
                metadata={"value": text[:60]},
            )
        spans.extend([length] * int(number or 1))
    return tuple(spans)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _show(design: "LinkDesign") -> None:
    lengths = sorted(set(design.spans))
    spans = f"{lengths[0]:.1f} km" if len(lengths) == 1 else f"{lengths[0]:.1f} to {lengths[-1]:.1f} km"
    say(f"{design.length_km:g} km of {design.fiber}: {_counted(len(design.spans), 'span')} of {spans}")
    say(
        f"line: GSNR {design.gsnr_db:.2f} dB, OSNR {design.osnr_db:.2f} dB, with transmitter "
        f"{design.gsnr_with_tx_db:.2f} dB; one way {design.latency_ms:.3f} ms; {design.dispersion_ps_nm:,.0f} ps/nm"
    )
    powers = " to ".join(dict.fromkeys(f"{power:.2f}" for power in (min(design.launch_dbm), max(design.launch_dbm))))
    capped = ", held down by the amplifiers' total power" if design.launch_is_capped else ""
    say(f"launch {powers} dBm per channel{capped}")
    amplifiers = _counted(design.amplifiers, "amplifier site")
    say(f"one fiber pair: {amplifiers}, {design.line_cost_usd:,.0f} USD (indicative), {design.line_power_w:,.0f} W")
    say("")
    say("  mode               Gbit/s  margin dB  reach km  USD (indicative)     W  Tbit/s a pair")
    for mode in design.modes:
        mark = "*" if mode.name in design.best else " "
        lacks = "" if mode.feasible else f"  no: {'; '.join(mode.reasons)}"
        say(
            f"{mark} {mode.name:<18} {mode.rate_gbps:>6g} {mode.margin_db:>10.1f} {mode.reach_km:>9,.0f} "
            f"{mode.cost_usd:>17,.0f} {mode.power_w:>5,.0f} {mode.pair_gbps / 1000:>14.1f}{lacks}"
        )
    for grey in design.grey_modes:
        if grey.feasible:
            mark = "*" if grey.name in design.best else " "
            say(
                f"{mark} {grey.name:<18} {grey.rate_gbps:>6g} {'grey':>10} {grey.reach_km:>9,g} "
                f"{grey.cost_usd:>17,.0f} {grey.power_w:>5,.0f} {grey.pair_gbps / 1000:>14.1f}"
            )
    if not any(grey.feasible for grey in design.grey_modes):
        say("  grey optics: none reaches")
    say("")
    for line in design.explanation:
        say(line)
    for line in design.assumptions:
        say(f"assumed: {line}")
