"""``topodesign optics modes``: lists the modes that links are designed with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.output import emit_json, say

if TYPE_CHECKING:
    from topodesign.domain.equipment import Origin, TransceiverMode

MODES_EXAMPLE = "Example: topodesign optics modes --rate 400"


def modes(
    rate: Annotated[float | None, typer.Option("--rate", help="Only modes of this rate, Gbit/s.")] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: modes, each figure with its origin.")
    ] = False,
) -> None:
    """List the transceiver modes of the catalogue: rate, spectrum, required OSNR, limits of reach, power, price.

    The highest rate comes first. OSNR is in 0.1 nm (12.5 GHz); power and price are of one module, of which a lightpath
    has two. Prices are indicative.
    """
    from topodesign.api import list_modes

    found = list_modes(rate_gbps=rate)
    if json_output:
        emit_json({"modes": list(found)})
    elif found:
        _show(found)
    else:
        rates = sorted({mode.rate_gbps for mode in list_modes()})
        say(f"no mode has {rate:g} Gbit/s; there are modes of {', '.join(f'{known:g}' for known in rates)} Gbit/s")


def _show(found: "Sequence[TransceiverMode]") -> None:
    width = max(len(mode.id) for mode in found)
    say(f"{'mode':<{width}}  Gbit/s     GBd   GHz  OSNR dB  most km  most spans  most ps/nm    W  USD (indicative)")
    for mode in found:
        spans = f"{mode.max_spans:,}" if mode.max_spans else "any"
        measured = "" if mode.reach_km is None else f"  measured reach {mode.reach_km:,g} km"
        say(
            f"{mode.id:<{width}}  {mode.rate_gbps:>6g} {mode.baud_gbd:>7.2f} {mode.width_ghz:>5g} "
            f"{mode.required_osnr_db:>8.1f} {mode.max_km:>8,.0f} {spans:>11} {mode.max_dispersion_ps_nm:>11,.0f} "
            f"{mode.power_w:>4,.0f} {mode.cost_usd:>17,.0f}{measured}"
        )
    say("")
    say("where the prices come from (--json has the origin of every figure):")
    for origin, names in _by_origin(found, "cost_usd").items():
        say(f"  {', '.join(names)}: {origin.source} ({origin.date}, confidence {origin.confidence})")


def _by_origin(found: "Sequence[TransceiverMode]", figure: str) -> "dict[Origin, list[str]]":
    """Ids of the modes by the origin of one of their figures."""
    named: dict[Origin, list[str]] = {}
    for mode in found:
        named.setdefault(mode.origins.get(figure) or mode.origins["*"], []).append(mode.id)
    return named
