"""One link designed on its own: GSNR of its line, and of every mode margin, reach and what it lacks.

Modes are judged as the planner judges them (:mod:`topodesign.optics.reach`): a full band of the mode, noise added over
the spans and the booster of the terminal in front, margin, dispersion of both kinds, length and number of spans within
the mode's limits, or a measured reach alone. Here spans may differ, and the amplifiers' figures may be given. The
figures of the line itself are without terminals. Grey optics stand beside them where they reach.
"""

from fractions import Fraction

from topodesign.domain.equipment import Catalog, FiberKind, GreyOptic, LineSystem, TransceiverMode
from topodesign.domain.errors import InvalidInput
from topodesign.domain.link import LinkDesign, LinkMode, LinkRequest
from topodesign.optics.exact_cost import Offer, exact, size_of
from topodesign.optics.gaussian_noise import LIGHT_SPEED_M_S, Comb
from topodesign.optics.grey_link import grey_mode, grey_offer
from topodesign.optics.line_model import LineQuality, line_quality
from topodesign.optics.lines import Launch, Line, Lines, Span, Terminal
from topodesign.optics.link_words import AnyMode, explain_link
from topodesign.optics.longest import longest_km
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND, db, pmd_ps, span_count
from topodesign.optics.request_fields import naming_request_fields

SPAN_KM = 80.0
"""Longest span where none are given: the usual hut spacing, as in the default rules of a scenario."""
ROUNDING = 1e-9
"""What a power in dBm may differ by in floating-point arithmetic."""


@naming_request_fields
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
    coherent, grey = _wanted(request, catalog)
    modes = tuple(link.mode(mode) for mode in coherent)
    grey_modes = tuple(grey_mode(optic, request, link.delay_ms) for optic in grey)
    offers = {mode.id: link.offer(mode) for mode in coherent} | {optic.id: grey_offer(optic, request) for optic in grey}
    found: tuple[AnyMode, ...] = (*modes, *grey_modes)
    every = sorted(found, key=lambda mode: (-mode.rate_gbps, *offers[mode.name].rank))
    best = _best(every)
    cheapest = _cheapest(every, offers, request)
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
        explanation=explain_link(request, every, best, cheapest),
        assumptions=link.assumptions(),
        grey_modes=grey_modes,
    )


class _Link:
    def __init__(self, request: LinkRequest, catalog: Catalog) -> None:
        self.request = request
        self.fiber: FiberKind = catalog.fiber(request.fiber)
        self.system: LineSystem = catalog.line_system(LINE_SYSTEM_OF_BAND["c"])
        spans = span_count(request.length_km, SPAN_KM)
        self.spans_km = request.spans_km or (request.length_km / spans,) * spans
        baud, spacing, channels = request.baud_gbd, request.grid_ghz, request.channels
        if channels is None:
            self.comb = Comb.filling(band_ghz=self.system.band_ghz, spacing_ghz=spacing, baud_gbd=baud)
        else:
            self.comb = Comb(baud_gbd=baud, spacing_ghz=spacing, channels=channels)
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
        gsnr = -db(noise + 10 ** (-mode.tx_osnr_db / 10))
        reasons = self._reasons(mode, gsnr - mode.required_osnr_db, quality)
        if not isinstance(self.launch, str) and self.launch > most_dbm + ROUNDING:
            reasons = (
                *reasons,
                f"{self.launch:g} dBm per channel, its {comb.channels} channels get {most_dbm:.2f} dBm",
            )
        offer = self.offer(mode)
        sized = None if reasons else size_of(offer, self.request)
        return LinkMode(
            name=mode.id,
            rate_gbps=mode.rate_gbps,
            width_ghz=mode.width_ghz,
            gsnr_db=gsnr,
            required_osnr_db=mode.required_osnr_db,
            margin_db=gsnr - mode.required_osnr_db,
            reach_km=self._reach_km(mode, (noise - of_booster) / len(self.spans_km), of_booster),
            feasible=not reasons,
            reasons=reasons,
            latency_ms=self.delay_ms + mode.latency_us / 1e3,
            cost_usd=2 * mode.cost_usd,
            power_w=2 * mode.power_w,
            pair_gbps=comb.channels * mode.rate_gbps,
            size=None if sized is None else sized.size,
            lightpath_usd=float(offer.lightpath_usd),
            is_measured=mode.reach_km is not None,
        )

    def offer(self, mode: TransceiverMode) -> Offer:
        """What the mode takes on the link, exactly."""
        system, request, amplifiers = self.system, self.request, len(self.spans_km) - 1
        comb = Comb.filling(band_ghz=system.band_ghz, spacing_ghz=mode.width_ghz, baud_gbd=mode.baud_gbd)
        return Offer(
            name=mode.id,
            rate_gbps=mode.rate_gbps,
            modules_usd=2 * exact(mode.cost_usd),
            modules_w=2 * exact(mode.power_w),
            lightpaths_a_pair=Fraction(comb.channels),
            line_usd=2 * exact(system.terminal_cost_usd) + amplifiers * exact(system.amplifier_cost_usd),
            fiber_usd=exact(request.length_km) * exact(request.usd_per_pair_km),
            pair_w=2 * exact(system.terminal_power_w) + amplifiers * exact(system.amplifier_power_w),
            amplifiers_a_pair=amplifiers,
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
            f"margin of {request.margin_db:g} dB above the required OSNR, which sentences count as spent; closed-form "
            "Gaussian-noise model, no Raman tilt",
            f"fiber {request.usd_per_pair_km:g} USD per pair and km",
            "grey optics: reach of their standards on G.652 fiber, whole fiber pairs for each module, no line system",
            *self._of_catalog(),
        )

    def _of_catalog(self) -> tuple[str, ...]:
        if self.request.catalog != "flexwan":
            return ()
        return (
            "FlexWAN's modes (SIGCOMM 2023) hold up to their measured reach, whatever GSNR and margin say; their "
            "symbol rate, transmitter, price and power are not published but assumed",
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
        request = self.request
        if mode.reach_km is not None:
            missing = request.length_km - mode.reach_km
            return (f"{missing:g} km too little (measured reach {mode.reach_km:g} km)",) if missing > 0 else ()
        reasons = []
        dispersion, spans = float(quality.dispersion_ps_nm[0]), len(self.spans_km)
        pmd = pmd_ps(self.system, float(quality.pmd_ps[0]) ** 2, float(spans), 1.0)
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

    def _reach_km(self, mode: TransceiverMode, noise_a_span: float, of_booster: float) -> float:
        """Measured reach, else the longest line of such spans (of their mean length) on which the mode holds."""
        if mode.reach_km is not None:
            return mode.reach_km
        return longest_km(
            mode,
            self.fiber,
            self.system,
            span_km=self.request.length_km / len(self.spans_km),
            noise_a_span=noise_a_span,
            of_booster=of_booster,
            margin_db=self.request.margin_db,
        )


def _wanted(request: LinkRequest, catalog: Catalog) -> tuple[list[TransceiverMode], list[GreyOptic]]:
    """Coherent modes of the chosen catalogue and grey optics, of the rate asked for."""
    known = catalog.modes_of(request.catalog)
    modes = [mode for mode in known if request.rate_gbps in (None, mode.rate_gbps)]
    grey = [optic for optic in catalog.grey_optics if request.rate_gbps in (None, optic.rate_gbps)]
    if not modes:
        rates = ", ".join(f"{rate:g}" for rate in sorted({mode.rate_gbps for mode in known}))
        raise InvalidInput(
            f"rate_gbps is {request.rate_gbps:g}, but no mode of the catalogue has that rate; choose one of {rates}",
            reason="MODES_EMPTY",
            field_path="rate_gbps",
        )
    modes.sort(key=lambda mode: (-mode.rate_gbps, mode.cost_usd, mode.power_w, mode.width_ghz, mode.id))
    return modes, sorted(grey, key=lambda optic: (-optic.rate_gbps, optic.reach_km, optic.cost_usd, optic.id))


def _best(modes: list[AnyMode]) -> list[AnyMode]:
    """For every rate the first feasible mode, where modes are in order of cost, power and spectrum."""
    best: dict[float, AnyMode] = {}
    for mode in modes:
        if mode.feasible:
            best.setdefault(mode.rate_gbps, mode)
    return list(best.values())


def _cheapest(modes: list[AnyMode], offers: dict[str, Offer], request: LinkRequest) -> AnyMode | None:
    """The mode of least cost for the capacity among those whose pairs are on offer, ties by power, then by pairs."""
    most = request.pairs_available
    ranked = [
        (sized.rank, mode)
        for mode in modes
        if mode.feasible and (sized := size_of(offers[mode.name], request)) is not None
        if most is None or sized.size.fiber_pairs <= most
    ]
    return min(ranked, key=lambda item: item[0])[1] if ranked else None
