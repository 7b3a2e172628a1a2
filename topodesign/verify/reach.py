"""Optical reach of every transparent stretch: formulation (11), and the figures that a plan states about it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from topodesign.domain.equipment import FiberKind, TransceiverMode
from topodesign.domain.plan import Violation
from topodesign.domain.scenario import FiberSegment
from topodesign.verify.evidence import Evidence, Route
from topodesign.verify.fiber import span_count, width_ghz
from topodesign.verify.finding import disagrees, found
from topodesign.verify.gaussian_noise import LIGHT_SPEED, Comb, Glass, best_launch_dbm, booster_noise, span_noise
from topodesign.verify.tolerance import REACH_DB, agrees, exceeds

RULES = (
    "reach_gsnr",
    "reach_length",
    "reach_spans",
    "reach_dispersion",
    "reach_measured",
    "reach_pmd",
    "lightpath_gsnr",
    "lightpath_margin",
    "lightpath_latency",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the verifier computes for a lightpath: worst stretch's GSNR and margin above need, one-way latency."""

    gsnr_db: float
    margin_db: float
    latency_ms: float


def segment_delay_ms(evidence: Evidence, segment: FiberSegment) -> float:
    """One-way delay of light over a segment."""
    return segment.length_km * evidence.catalog.fiber(segment.fiber_type).group_index / LIGHT_SPEED * 1e6


def glass_of(fiber: FiberKind) -> Glass:
    """A fiber of the catalogue in SI units."""
    return Glass.of(
        loss_db_per_km=fiber.loss_db_per_km,
        dispersion_ps_nm_km=fiber.dispersion_ps_nm_km,
        area_um2=fiber.effective_area_um2,
        index_m2_w=fiber.nonlinear_index_m2_w,
    )


def comb_of(evidence: Evidence, mode: TransceiverMode) -> Comb:
    """Channels of a mode that fill the band."""
    width = width_ghz(mode, evidence.scenario.optics)
    return Comb.filling(band_ghz=evidence.line_system.band_ghz, width_ghz=width, baud_gbd=mode.baud_gbd)


def segment_launch_dbm(evidence: Evidence, mode: TransceiverMode, segment: FiberSegment) -> float:
    """Power per channel in dBm into each of the segment's spans: the best one that the amplifiers can give."""
    system, fiber = evidence.line_system, evidence.catalog.fiber(segment.fiber_type)
    return best_launch_dbm(
        glass_of(fiber),
        comb_of(evidence, mode),
        span_km=segment.length_km / span_count(segment.length_km, evidence.scenario.optics.span_km),
        loss_db_per_km=fiber.loss_db_per_km,
        connector_db=system.connector_loss_db,
        noise_figure_db=system.noise_figure_db,
        most_total_dbm=system.max_total_power_dbm,
    )


def stretch_gsnr_db(evidence: Evidence, mode: TransceiverMode, stretch: Sequence[FiberSegment]) -> float:
    """GSNR in 0.1 nm at the end of a transparent stretch, the transmitter's noise included."""
    return -10 * math.log10(10 ** (-mode.tx_osnr_db / 10) + line_noise(evidence, mode, stretch))


def line_noise(evidence: Evidence, mode: TransceiverMode, stretch: Sequence[FiberSegment]) -> float:
    """Noise-to-signal ratio in 0.1 nm that segments add, the transmitter's aside."""
    return math.fsum(_segment_noise(evidence, mode, segment) for segment in stretch)


def _segment_noise(evidence: Evidence, mode: TransceiverMode, segment: FiberSegment) -> float:
    """Noise over signal of a segment: its spans, and the booster behind the node in front."""
    system, fiber, comb = evidence.line_system, evidence.catalog.fiber(segment.fiber_type), comb_of(evidence, mode)
    spans = span_count(segment.length_km, evidence.scenario.optics.span_km)
    launch_dbm = segment_launch_dbm(evidence, mode, segment)
    each = span_noise(
        glass_of(fiber),
        comb,
        span_km=segment.length_km / spans,
        loss_db_per_km=fiber.loss_db_per_km,
        connector_db=system.connector_loss_db,
        noise_figure_db=system.noise_figure_db,
        most_total_dbm=system.max_total_power_dbm,
        launch_dbm=launch_dbm,
    )
    booster = booster_noise(
        comb,
        terminal_loss_db=system.terminal_loss_db,
        noise_figure_db=system.noise_figure_db,
        launch_dbm=launch_dbm,
    )
    return spans * each + booster


def stretch_pmd_ps(evidence: Evidence, stretch: Sequence[FiberSegment]) -> float:
    """Polarization mode dispersion in ps: fibers, the nodes at the ends of the segments, in-line amplifiers."""
    system = evidence.line_system
    squares = [(len(stretch) + 1) * system.terminal_pmd_ps**2]
    for segment in stretch:
        in_line = span_count(segment.length_km, evidence.scenario.optics.span_km) - 1
        fiber = evidence.catalog.fiber(segment.fiber_type)
        squares += [segment.length_km * fiber.pmd_ps_sqrt_km**2, in_line * system.amplifier_pmd_ps**2]
    return math.sqrt(math.fsum(squares))


def measured_reach_km(evidence: Evidence, mode: TransceiverMode, fiber_type: str) -> float | None:
    """Reach that was measured for a mode on a fiber: the scenario's row, else the catalogue's; ``None``: none was."""
    for row in evidence.scenario.measured_reaches:
        if (row.mode, row.fiber_type) == (mode.id, fiber_type):
            return row.reach_km
    return mode.reach_km


def spent_reach(evidence: Evidence, mode: TransceiverMode, stretch: Sequence[FiberSegment]) -> float | None:
    """Share of its reach that a mode spends on a stretch, formulation (11a); ``None`` where no reach was measured."""
    spent, modelled = [], []
    for segment in stretch:
        reach = measured_reach_km(evidence, mode, segment.fiber_type)
        if reach is None:
            modelled.append(segment)
        else:
            spent.append(segment.length_km / reach)
    if not spent:
        return None
    if modelled:
        need = mode.required_osnr_db + evidence.scenario.optics.margin_db
        tolerated = 10 ** (-need / 10) - 10 ** (-mode.tx_osnr_db / 10)
        spent.append(line_noise(evidence, mode, modelled) / tolerated if tolerated > 0 else math.inf)
    return math.fsum(spent)


def holds_as_measured(evidence: Evidence, mode: TransceiverMode, stretch: Sequence[FiberSegment]) -> bool | None:
    """Whether a stretch stays within its measured reach; ``None`` where no reach was measured."""
    spent = spent_reach(evidence, mode, stretch)
    if spent is None:
        return None
    is_all = all(measured_reach_km(evidence, mode, segment.fiber_type) is not None for segment in stretch)
    # lengths are exact; the noise of fiber that was not measured is as close as GSNR is elsewhere
    return not exceeds(spent, 1.0 if is_all else 10 ** (REACH_DB / 10))


def figures(evidence: Evidence, route: Route) -> Figures:
    """GSNR, margin and latency of a lightpath."""
    gsnr = min(stretch_gsnr_db(evidence, route.mode, stretch) for stretch in route.stretches)
    light = math.fsum(segment_delay_ms(evidence, segment) for segment in route.segments)
    conversions = 1 + len(route.regeneration_nodes)
    return Figures(
        gsnr_db=gsnr,
        margin_db=gsnr - route.mode.required_osnr_db,
        latency_ms=light + conversions * route.mode.latency_us / 1e3,
    )


def check_reach(evidence: Evidence) -> Iterator[Violation]:
    """Violations of :data:`RULES`."""
    for route in evidence.routes:
        for stretch in route.stretches:
            yield from _check_stretch(evidence, route, stretch)
        own, stated, thing = figures(evidence, route), route.stated, route.label
        if not agrees(stated.gsnr_db, own.gsnr_db, absolute=REACH_DB):
            yield disagrees("lightpath_gsnr", thing, "gsnr_db", stated.gsnr_db, own.gsnr_db, "dB")
        if not agrees(stated.margin_db, own.margin_db, absolute=REACH_DB):
            yield disagrees("lightpath_margin", thing, "margin_db", stated.margin_db, own.margin_db, "dB")
        if not agrees(stated.latency_ms, own.latency_ms):
            yield disagrees("lightpath_latency", thing, "latency_ms", stated.latency_ms, own.latency_ms, "ms")


def _check_stretch(evidence: Evidence, route: Route, stretch: Sequence[FiberSegment]) -> Iterator[Violation]:
    mode, rules = route.mode, evidence.scenario.optics
    where = f"over {' > '.join(segment.segment_id for segment in stretch)} with {mode.id}"
    need = mode.required_osnr_db + rules.margin_db
    gsnr = stretch_gsnr_db(evidence, mode, stretch)
    measured = holds_as_measured(evidence, mode, stretch)
    if measured is not None:
        if not measured:
            yield _beyond_measured(evidence, route, stretch)
        stretch = [item for item in stretch if measured_reach_km(evidence, mode, item.fiber_type) is None]
    elif gsnr < need - REACH_DB:
        yield found(
            "reach_gsnr",
            route.label,
            f"GSNR {where} is {gsnr:.3f} dB, below the {need:.3f} dB needed (margin {rules.margin_db:g} dB included)",
            value=gsnr,
            limit=need,
            unit="dB",
            remedy="use a more robust mode, a shorter route or regeneration",
        )
    length = math.fsum(segment.length_km for segment in stretch)
    dispersion = math.fsum(
        segment.length_km * evidence.catalog.fiber(segment.fiber_type).dispersion_ps_nm_km for segment in stretch
    )
    spans: float = sum(span_count(segment.length_km, rules.span_km) for segment in stretch)
    for rule, value, limit, unit in (
        ("reach_length", length, mode.max_km, "km"),
        ("reach_dispersion", abs(dispersion), mode.max_dispersion_ps_nm, "ps/nm"),
        ("reach_pmd", stretch_pmd_ps(evidence, stretch), mode.max_pmd_ps or math.inf, "ps"),
        ("reach_spans", spans, mode.max_spans or math.inf, "spans"),
    ):
        if exceeds(value, limit):
            yield found(
                rule,
                route.label,
                f"the stretch {where} has {value:.12g} {unit}, above the mode's limit of {limit:.12g} {unit}",
                value=value,
                limit=limit,
                unit=unit,
                remedy="use another mode, a shorter route or regeneration",
            )


def _beyond_measured(evidence: Evidence, route: Route, stretch: Sequence[FiberSegment]) -> Violation:
    spent, mode = spent_reach(evidence, route.mode, stretch), route.mode.id
    fibers = ", ".join(f"{item.length_km:.12g} km of {item.fiber_type} ({item.segment_id})" for item in stretch)
    return found(
        "reach_measured",
        route.label,
        f"{mode} over {fibers} spends {spent:.6g} of its measured reach, above 1",
        value=spent,
        limit=1,
        unit="",
        remedy="use another mode, a shorter route or regeneration",
    )
