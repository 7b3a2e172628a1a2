"""A link's design in words: which rate fits, and what the others lack."""

from collections.abc import Sequence

from topodesign.domain.link import GreyMode, LinkMode, LinkRequest

AnyMode = LinkMode | GreyMode
BEYOND = " beyond the margin"


def explain_link(
    request: LinkRequest, modes: Sequence[AnyMode], best: Sequence[AnyMode], cheapest: AnyMode | None
) -> tuple[str, ...]:
    """The short answer, then rate by rate, then the size. ``modes`` are in falling order of rate, then of merit."""
    by_rate: dict[float, list[AnyMode]] = {}
    for mode in modes:
        by_rate.setdefault(mode.rate_gbps, []).append(mode)
    fitting = {mode.rate_gbps: mode for mode in best}
    return (
        _headline(request, by_rate, fitting),
        *(_of_rate(request, rate, found, fitting.get(rate)) for rate, found in by_rate.items()),
        *_size(request, modes, cheapest),
    )


def _headline(request: LinkRequest, by_rate: dict[float, list[AnyMode]], fitting: dict[float, AnyMode]) -> str:
    """``800G has 0.9 dB too little on 640 km; 600G fits with 2.1 dB``: down to the highest rate that fits."""
    told: list[str] = []
    for rate, modes in by_rate.items():
        where = "" if told else f" on {request.length_km:g} km"
        if rate in fitting:
            told.append(f"{rate:g}G fits{where} with {_spare(request, fitting[rate])}".removesuffix(BEYOND))
            return "; ".join(told)
        lack = _nearest(request, modes).reasons[0].partition(" (")[0]  # the reach itself stands in the line of the rate
        told.append(f"{rate:g}G has {lack}{where}")
    return "; ".join((*told, "no rate fits"))


def _of_rate(request: LinkRequest, rate: float, modes: list[AnyMode], chosen: AnyMode | None) -> str:
    where = f"on {request.length_km:g} km"
    if chosen is not None:
        return f"{rate:g}G fits {where}: {chosen.name} with {_spare(request, chosen)}"
    lacks = "; ".join(f"{mode.name} has {', '.join(mode.reasons)}" for mode in _worth_telling(modes))
    return f"{rate:g}G does not fit {where}: {lacks}"


def _spare(request: LinkRequest, mode: AnyMode) -> str:
    """What a mode that fits has left: decibels beyond the margin, or kilometers of its reach."""
    if isinstance(mode, GreyMode) or mode.is_measured:
        return f"{mode.reach_km - request.length_km:g} km of reach left"
    return f"{mode.margin_db - request.margin_db:.1f} dB{BEYOND}"


def _nearest(request: LinkRequest, modes: list[AnyMode]) -> AnyMode:
    """The mode that lacks least: fewest reasons, then least of its margin or reach."""

    def lack(mode: AnyMode) -> tuple[bool, int, float]:
        if isinstance(mode, GreyMode):
            return (True, len(mode.reasons), request.length_km / mode.reach_km)
        short = request.length_km / mode.reach_km if mode.is_measured else -mode.margin_db
        return (False, len(mode.reasons), short)

    return min(modes, key=lack)


def _worth_telling(modes: list[AnyMode]) -> list[AnyMode]:
    """All modes that the line model judges; of those with a reach of their own, grey or measured, the farthest."""
    grey = [mode for mode in modes if isinstance(mode, GreyMode)]
    measured = [mode for mode in modes if isinstance(mode, LinkMode) and mode.is_measured]
    told: list[AnyMode] = [mode for mode in modes if isinstance(mode, LinkMode) and not mode.is_measured]
    if measured:
        told.append(max(measured, key=lambda mode: mode.reach_km))
    if grey:
        told.append(max(grey, key=lambda mode: mode.reach_km))
    return told


def _size(request: LinkRequest, modes: Sequence[AnyMode], cheapest: AnyMode | None) -> tuple[str, ...]:
    if request.capacity_gbps is None:
        return ()
    wanted = f"{request.capacity_gbps / 1000:,.1f} Tbit/s over {request.length_km:g} km"
    if cheapest is None or cheapest.size is None:
        fewest = min((mode.size.fiber_pairs for mode in modes if mode.size), default=None)
        if fewest is None:
            return (f"{wanted}: no mode fits",)
        return (f"{wanted}: takes at least {fewest:,} fiber pairs, {request.pairs_available:,} are on offer",)
    size = cheapest.size
    return (
        f"{wanted} cost least with {cheapest.name}: {size.lightpaths:,} lightpaths on "
        f"{size.fiber_pairs:,} fiber pairs, {size.transceivers:,} transceivers, {size.amplifiers:,} amplifiers, "
        f"{size.power_w / 1e6:,.2f} MW, {size.cost_usd / 1e6:,.1f} million USD (transceivers "
        f"{size.transceiver_usd / 1e6:,.1f}, line {size.line_usd / 1e6:,.1f}, fiber {size.fiber_usd / 1e6:,.1f}; "
        "indicative, purchase only)",
    )
