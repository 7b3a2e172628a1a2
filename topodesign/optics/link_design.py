"""One link designed on its own: GSNR of its line, and of every mode margin, reach and what it lacks.

Modes are judged as the planner judges them (:mod:`topodesign.optics.reach`): a full band of the mode, noise added over
the spans and the booster of the terminal in front, margin, dispersion of both kinds, length and number of spans within
the mode's limits. Here spans may differ, and the amplifiers' figures may be given. The figures of the line itself are
without terminals.
"""

import math

import numpy as np

from topodesign.domain.equipment import Catalog, FiberKind, LineSystem, TransceiverMode
from topodesign.domain.errors import InvalidInput
from topodesign.domain.link import LinkDesign, LinkMode, LinkRequest, LinkSize
from topodesign.optics.gaussian_noise import LIGHT_SPEED_M_S, Comb
from topodesign.optics.line_model import LineQuality, line_quality
from topodesign.optics.lines import Launch, Line, Lines, Span, Terminal
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND, db, pmd_ps, span_count

SPAN_KM = 80.0
"""Longest span where none are given: the usual hut spacing, as in the default rules of a scenario."""
ROUNDING = 1e-9
"""What a whole number of spans or lightpaths, or a power in dBm, may differ by in floating-point arithmetic."""


def design_link(request: LinkRequest, catalog: Catalog) -> LinkDesign:
    """Evaluate a line and every mode of the catalogue on it.

    Raises
    ------
    NotFound
        For a fiber that the catalogue does not have.
    InvalidInput
        For a rate that no mode has, or a launch power beyond the amplifiers'.
    """
    link = _Link(request, catalog)
    quality = link.quality(link.comb, link.launch)
    gsnr = float(quality.worst_gsnr_db[0])
    modes = tuple(link.mode(mode) for mode in _modes(request, catalog))
    best = _best(modes)
    cheapest = _cheapest(modes)
    return LinkDesign(
        length_km=request.length_km,
        fiber=request.fiber,
        spans=link.spans_km,
        amplifiers=len(link.spans_km) - 1,
        gsnr_db=gsnr,
        gsnr_with_tx_db=-db(10 ** (-gsnr / 10) + 10 ** (-request.tx_osnr_db / 10)),
        osnr_db=float(quality.osnr_db[0].min()),
        launch_dbm=tuple(float(power) for power in quality.launch_dbm),
        launch_is_capped=bool(quality.launch_is_capped.any()),
        dispersion_ps_nm=float(quality.dispersion_ps_nm[0]),
        pmd_ps=float(quality.pmd_ps[0]),
        latency_ms=link.delay_ms,
        line_cost_usd=link.line_usd,
        line_power_w=link.line_w,
        modes=modes,
        best=tuple(mode.name for mode in best),
        cheapest=None if cheapest is None else cheapest.name,
        explanation=(*_explanation(request, modes, best), *_size_in_words(request, cheapest)),
        assumptions=link.assumptions(),
    )


class _Link:
    def __init__(self, request: LinkRequest, catalog: Catalog) -> None:
        self.request = request
        self.fiber: FiberKind = catalog.fiber(request.fiber)
        self.system: LineSystem = catalog.line_system(LINE_SYSTEM_OF_BAND["c"])
        spans = span_count(request.length_km, SPAN_KM)
        self.spans_km = request.spans_km or (request.length_km / spans,) * spans
        filling = Comb.filling(band_ghz=self.system.band_ghz, spacing_ghz=request.grid_ghz, baud_gbd=request.baud_gbd)
        channels = filling.channels if request.channels is None else request.channels
        self.comb = Comb(baud_gbd=request.baud_gbd, spacing_ghz=request.grid_ghz, channels=channels)
        self.delay_ms = request.length_km * self.fiber.group_index / (LIGHT_SPEED_M_S / 1e6)
        self.launch: Launch = "best_per_span" if request.launch_dbm is None else request.launch_dbm
        given = request.noise_figure_db
        self.noise_figure_db = self.system.noise_figure_db if given is None else given
        loss = request.connector_db
        self.connectors_db = self.system.connector_loss_db if loss is None else 2 * loss
        node = request.terminal_db
        node = self.system.terminal_loss_db if node is None else node
        self.terminal = Terminal(loss_db=node, noise_figure_db=self.noise_figure_db)

    @property
    def line_usd(self) -> float:
        """Terminals and amplifiers of one fiber pair, US dollars."""
        return 2 * self.system.terminal_cost_usd + (len(self.spans_km) - 1) * self.system.amplifier_cost_usd

    @property
    def line_w(self) -> float:
        """The same in watts."""
        return 2 * self.system.terminal_power_w + (len(self.spans_km) - 1) * self.system.amplifier_power_w

    def quality(self, comb: Comb, launch: Launch, terminal: Terminal | None = None) -> LineQuality:
        """The line under a comb."""
        lines = Lines.of(
            [Line(spans=tuple(self._span(km) for km in self.spans_km))],
            comb,
            max_total_power_dbm=self.system.max_total_power_dbm,
            launch=launch,
            terminal=terminal,
        )
        return line_quality(lines)

    def mode(self, mode: TransceiverMode) -> LinkMode:
        """One mode, its comb filling the band."""
        comb = Comb.filling(band_ghz=self.system.band_ghz, spacing_ghz=mode.width_ghz, baud_gbd=mode.baud_gbd)
        most_dbm = self.system.max_total_power_dbm - db(comb.channels)
        launch = self.launch if isinstance(self.launch, str) else min(self.launch, most_dbm)
        quality = self.quality(comb, launch, self.terminal)
        noise, of_booster = float(quality.noise_to_signal.max()), float(quality.booster_noise_to_signal[0])
        own = 10 ** (-mode.tx_osnr_db / 10)
        gsnr = -db(noise + own)
        reasons = self._reasons(mode, gsnr - mode.required_osnr_db, quality)
        if not isinstance(self.launch, str) and self.launch > most_dbm + ROUNDING:
            reasons = (
                *reasons,
                f"{self.launch:g} dBm per channel, its {comb.channels} channels get {most_dbm:.2f} dBm",
            )
        return LinkMode(
            name=mode.id,
            rate_gbps=mode.rate_gbps,
            width_ghz=mode.width_ghz,
            gsnr_db=gsnr,
            required_osnr_db=mode.required_osnr_db,
            margin_db=gsnr - mode.required_osnr_db,
            reach_km=self._reach_km(mode, (noise - of_booster) / len(self.spans_km), own + of_booster),
            feasible=not reasons,
            reasons=reasons,
            latency_ms=self.delay_ms + mode.latency_us / 1e3,
            cost_usd=2 * mode.cost_usd,
            power_w=2 * mode.power_w,
            pair_gbps=comb.channels * mode.rate_gbps,
            size=None if reasons else self._size(mode, comb.channels),
        )

    def assumptions(self) -> tuple[str, ...]:
        """What the figures rest on."""
        system, request = self.system, self.request
        launch = "the best for each span" if request.launch_dbm is None else f"{request.launch_dbm:g} dBm per channel"
        return (
            f"line system {system.id}: {system.band_ghz:g} GHz, at most {system.max_total_power_dbm:g} dBm in all; "
            "cost and power of one fiber pair, prices indicative",
            f"noise figure {self.noise_figure_db:g} dB, {self.connectors_db:g} dB of connectors per span; "
            f"launch {launch}",
            f"comb of {self.comb.channels} channels of {self.comb.baud_gbd:g} GBd every {self.comb.spacing_ghz:g} GHz; "
            "each mode is judged with a band full of its own channels",
            f"each mode counts the terminals: {self.terminal.loss_db:g} dB of ROADM or multiplexer in front of the "
            f"booster, {system.terminal_pmd_ps:g} ps of polarization mode dispersion; the line's own GSNR is without",
            f"margin of {request.margin_db:g} dB above the required OSNR; closed-form Gaussian-noise model, "
            "no Raman tilt",
            f"fiber {request.usd_per_pair_km:g} USD per pair and km",
        )

    def _size(self, mode: TransceiverMode, channels: int) -> LinkSize | None:
        """Whole lightpaths for the capacity, on as few pairs as hold them."""
        if self.request.capacity_gbps is None:
            return None
        lightpaths = math.ceil(self.request.capacity_gbps / mode.rate_gbps - ROUNDING)
        pairs = math.ceil(lightpaths / channels)
        transceiver_usd = 2 * lightpaths * mode.cost_usd
        line_usd = pairs * self.line_usd
        fiber_usd = pairs * self.request.length_km * self.request.usd_per_pair_km
        return LinkSize(
            lightpaths=lightpaths,
            fiber_pairs=pairs,
            transceivers=2 * lightpaths,
            amplifiers=pairs * (len(self.spans_km) - 1),
            transceiver_usd=transceiver_usd,
            line_usd=line_usd,
            fiber_usd=fiber_usd,
            cost_usd=transceiver_usd + line_usd + fiber_usd,
            power_w=2 * lightpaths * mode.power_w + pairs * self.line_w,
        )

    def _span(self, km: float) -> Span:
        return Span(
            fiber=self.fiber,
            length_km=km,
            connector_loss_db=self.connectors_db,
            noise_figure_db=self.noise_figure_db,
        )

    def _reasons(self, mode: TransceiverMode, margin: float, quality: LineQuality) -> tuple[str, ...]:
        """Why the mode is not feasible here, each with its figure and limit."""
        request, reasons = self.request, []
        dispersion, spans = float(quality.dispersion_ps_nm[0]), len(self.spans_km)
        pmd = pmd_ps(self.system, fiber_ps2=float(quality.pmd_ps[0]) ** 2, spans=spans, segments=1)
        if margin < request.margin_db:
            reasons.append(f"{request.margin_db - margin:.1f} dB too little")
        if request.length_km > mode.max_km:
            reasons.append(f"{request.length_km:g} km, at most {mode.max_km:g} km")
        if mode.max_spans and spans > mode.max_spans:
            reasons.append(f"{spans} spans, at most {mode.max_spans}")
        if abs(dispersion) > mode.max_dispersion_ps_nm:
            reasons.append(f"{dispersion:,.0f} ps/nm of dispersion, at most {mode.max_dispersion_ps_nm:,.0f}")
        if mode.max_pmd_ps and pmd > mode.max_pmd_ps:
            reasons.append(f"{pmd:.1f} ps of polarization mode dispersion, at most {mode.max_pmd_ps:g}")
        return tuple(reasons)

    def _reach_km(self, mode: TransceiverMode, noise_a_span: float, at_ends: float) -> float:
        """Longest line of such spans (of their mean length) on which the mode holds, in whole spans.

        ``at_ends`` is the noise of transmitter and booster.
        """
        span_km = self.request.length_km / len(self.spans_km)
        allowed = 10 ** (-(mode.required_osnr_db + self.request.margin_db) / 10) - at_ends
        spans = max(0.0, allowed / noise_a_span)
        spans = min(spans, mode.max_km / span_km, mode.max_spans or math.inf)
        spans = min(spans, mode.max_dispersion_ps_nm / (abs(self.fiber.dispersion_ps_nm_km) * span_km))
        if mode.max_pmd_ps:
            spans = min(spans, self._spans_within_pmd(mode.max_pmd_ps, span_km))
        return float(np.floor(spans + ROUNDING) * span_km)

    def _spans_within_pmd(self, limit_ps: float, span_km: float) -> float:
        """n with n fiber + 2 terminals + (n - 1) amplifiers at the limit, all squared; not whole, at least 0."""
        amplifier_ps2 = self.system.amplifier_pmd_ps**2
        a_span_ps2 = self.fiber.pmd_ps_sqrt_km**2 * span_km + amplifier_ps2
        left_ps2 = limit_ps**2 - 2 * self.system.terminal_pmd_ps**2 + amplifier_ps2
        if a_span_ps2 == 0:
            return math.inf if left_ps2 >= 0 else 0.0
        return max(0.0, left_ps2 / a_span_ps2)


def _modes(request: LinkRequest, catalog: Catalog) -> list[TransceiverMode]:
    modes = [mode for mode in catalog.transceivers if request.rate_gbps in (None, mode.rate_gbps)]
    if not modes:
        known = ", ".join(f"{rate:g}" for rate in sorted({mode.rate_gbps for mode in catalog.transceivers}))
        raise InvalidInput(
            f"rate_gbps is {request.rate_gbps:g}, but no mode of the catalogue has that rate; choose one of {known}",
            reason="MODES_EMPTY",
            field_path="rate_gbps",
        )
    return sorted(modes, key=lambda mode: (-mode.rate_gbps, mode.cost_usd, mode.power_w, mode.width_ghz, mode.id))


def _best(modes: tuple[LinkMode, ...]) -> list[LinkMode]:
    """For every rate the feasible mode of least cost, power and spectrum, highest rate first."""
    best: dict[float, LinkMode] = {}
    for mode in modes:
        if mode.feasible:
            best.setdefault(mode.rate_gbps, mode)
    return list(best.values())


def _explanation(request: LinkRequest, modes: tuple[LinkMode, ...], best: list[LinkMode]) -> tuple[str, ...]:
    """Rate by rate, which mode fits and what the others lack."""
    told = []
    for rate in dict.fromkeys(mode.rate_gbps for mode in modes):
        chosen = next((mode for mode in best if mode.rate_gbps == rate), None)
        if chosen is not None:
            told.append(f"{rate:g}G fits on {request.length_km:g} km: {chosen.name} with {chosen.margin_db:.1f} dB")
            continue
        lacks = "; ".join(f"{mode.name} has {', '.join(mode.reasons)}" for mode in modes if mode.rate_gbps == rate)
        told.append(f"{rate:g}G does not fit on {request.length_km:g} km: {lacks}")
    return tuple(told)


def _cheapest(modes: tuple[LinkMode, ...]) -> LinkMode | None:
    """The mode of least cost for the capacity, ties by power, then by fiber pairs."""
    sized = [(mode.size.cost_usd, mode.size.power_w, mode.size.fiber_pairs, mode) for mode in modes if mode.size]
    return min(sized, key=lambda item: (item[:3], item[3].name))[3] if sized else None


def _size_in_words(request: LinkRequest, cheapest: LinkMode | None) -> tuple[str, ...]:
    if request.capacity_gbps is None:
        return ()
    wanted = f"{request.capacity_gbps / 1000:,.1f} Tbit/s"
    if cheapest is None or cheapest.size is None:
        return (f"{wanted} over {request.length_km:g} km: no mode fits",)
    size = cheapest.size
    return (
        f"{wanted} over {request.length_km:g} km cost least with {cheapest.name}: {size.lightpaths:,} lightpaths on "
        f"{size.fiber_pairs:,} fiber pairs, {size.transceivers:,} transceivers, {size.amplifiers:,} amplifiers, "
        f"{size.power_w / 1e6:,.2f} MW, {size.cost_usd / 1e6:,.1f} million USD (transceivers "
        f"{size.transceiver_usd / 1e6:,.1f}, line {size.line_usd / 1e6:,.1f}, fiber {size.fiber_usd / 1e6:,.1f}; "
        "indicative, purchase only)",
    )
