"""Which mode carries light over which stretch of fiber, with how much margin.

1/GSNR adds over spans and boosters, so each segment has one noise-to-signal number per mode and a stretch is feasible
when the sum of its segments' numbers, plus the transmitter's, stays below what the mode tolerates (docs/formulation.md
(11)). Where reach was measured, that decides instead (:mod:`topodesign.optics.measured`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog, LineSystem, TransceiverMode
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import FiberSegment, MeasuredReach, OpticsRules
from topodesign.optics.gaussian_noise import LIGHT_SPEED_M_S, Comb
from topodesign.optics.measured import ROUNDING, MeasuredReaches
from topodesign.optics.span_noise import SpanNoise, span_noise_to_signal

LINE_SYSTEM_OF_BAND = {"c": "c-band", "c+l": "c+l-band"}


def db(ratio: float) -> float:
    """Decibels of a power ratio."""
    return 10 * math.log10(ratio)


def span_count(length_km: float, span_km: float) -> int:
    """Spans of equal length, none longer than ``span_km``."""
    return max(1, math.ceil(length_km / span_km - 1e-9))


def channel_width_ghz(mode: TransceiverMode, rules: OpticsRules) -> float:
    """Spectrum of one channel in GHz, rounded up to the grid where the rules give one."""
    if rules.grid_ghz is None:
        return mode.width_ghz
    return math.ceil(mode.width_ghz / rules.grid_ghz - 1e-9) * rules.grid_ghz


def pmd_ps(system: LineSystem, *, fiber_ps2: float, spans: int, segments: int) -> float:
    """Polarization mode dispersion of a stretch in ps: root of the sum of squares.

    ``fiber_ps2`` is the sum of coefficient squared times length over its fibers; a node stands at either end of each
    segment, an in-line amplifier between two spans.
    """
    nodes_ps2 = (segments + 1) * system.terminal_pmd_ps**2
    return math.sqrt(fiber_ps2 + nodes_ps2 + (spans - segments) * system.amplifier_pmd_ps**2)


def allowed_modes(catalog: Catalog, rules: OpticsRules) -> tuple[TransceiverMode, ...]:
    """The modes of the chosen catalogue that the rules allow.

    Raises
    ------
    InvalidInput
        When none is left.
    """
    known = catalog.modes_of(rules.catalog)
    modes = tuple(mode for mode in known if "*" in rules.modes or mode.id in rules.modes)
    if not modes:
        raise InvalidInput(
            f"optics.modes {list(rules.modes)} allows no mode of the catalogue {rules.catalog!r}; "
            f"known: {', '.join(mode.id for mode in known)}",
            reason="MODES_EMPTY",
            field_path="optics.modes",
        )
    return modes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What one transparent stretch gives: GSNR at the receiver and margin in dB (0.1 nm), and whether it holds.

    ``is_measured``: a measured reach decided that, and GSNR and margin are for information.
    """

    gsnr_db: float
    margin_db: float
    is_feasible: bool
    is_measured: bool = False


class ReachModel:
    """Noise, dispersion and delay of segments for every allowed mode, computed once and remembered.

    Parameters
    ----------
    catalog : Catalog
    rules : OpticsRules
    measured : sequence of MeasuredReach
        Rows of the scenario, which decide in place of the line model.

    Raises
    ------
    InvalidInput
        When the rules allow no mode.
    NotFound
        When a row names a mode or fiber that the catalogue does not have.
    """

    def __init__(self, catalog: Catalog, rules: OpticsRules, measured: Sequence[MeasuredReach] = ()) -> None:
        self.rules = rules
        self.measured = MeasuredReaches(catalog, measured)
        self.modes = allowed_modes(catalog, rules)
        self.line_system: LineSystem = catalog.line_system(LINE_SYSTEM_OF_BAND[rules.band])
        self.dispersion_only_grows = all(fiber.dispersion_ps_nm_km > 0 for fiber in catalog.fibers)
        """Whether a stretch that does not hold can hold no more when it is extended."""
        self._catalog = catalog
        self._noise: dict[tuple[str, str, float], SpanNoise] = {}

    def noise_to_signal(self, mode: TransceiverMode, segment: FiberSegment) -> float:
        """Noise-to-signal ratio (linear, 0.1 nm) that a segment, its booster included, adds to a channel of ``mode``.

        The worst channel's, with the band full of the mode, at the launch power that is best for the spans.
        """
        spans = span_count(segment.length_km, self.rules.span_km)
        span_km = segment.length_km / spans
        key = (mode.id, segment.fiber_type, span_km)
        if key not in self._noise:
            self._noise[key] = self._span_and_booster(mode, segment.fiber_type, span_km)
        noise = self._noise[key]
        return spans * noise.of_span + noise.of_booster

    def _span_and_booster(self, mode: TransceiverMode, fiber_type: str, span_km: float) -> SpanNoise:
        """Noise of one span of a band full of ``mode`` at its best launch power, and of the booster in front."""
        system, spacing = self.line_system, channel_width_ghz(mode, self.rules)
        comb = Comb.filling(band_ghz=system.band_ghz, spacing_ghz=spacing, baud_gbd=mode.baud_gbd)
        return span_noise_to_signal(self._catalog.fiber(fiber_type), system, comb, span_km)

    def stretch(self, mode: TransceiverMode, segments: Sequence[FiberSegment]) -> Stretch:
        """Quality of one transparent stretch over ``segments``."""
        noise = 10 ** (-mode.tx_osnr_db / 10) + sum(self.noise_to_signal(mode, segment) for segment in segments)
        gsnr = -db(noise)
        margin = gsnr - mode.required_osnr_db
        spent, rest = self.measured.share(mode, segments)
        if len(rest) == len(segments):
            holds = margin >= self.rules.margin_db and self._is_within_limits(mode, segments)
            return Stretch(gsnr_db=gsnr, margin_db=margin, is_feasible=holds)
        if rest:
            spent += self._share_of_noise(mode, rest)
        holds = spent <= 1 + ROUNDING and self._is_within_limits(mode, rest)
        return Stretch(gsnr_db=gsnr, margin_db=margin, is_feasible=holds, is_measured=True)

    def _share_of_noise(self, mode: TransceiverMode, segments: Sequence[FiberSegment]) -> float:
        """Share of the noise that the mode tolerates, its transmitter's aside, that these segments add."""
        tolerated = 10 ** (-(mode.required_osnr_db + self.rules.margin_db) / 10) - 10 ** (-mode.tx_osnr_db / 10)
        if tolerated <= 0:
            return math.inf
        return math.fsum(self.noise_to_signal(mode, segment) for segment in segments) / tolerated

    def _is_within_limits(self, mode: TransceiverMode, segments: Sequence[FiberSegment]) -> bool:
        """Whether segments without measured reach are within the mode's length, dispersion and number of spans."""
        length = sum(segment.length_km for segment in segments)
        dispersion = sum(
            segment.length_km * self._catalog.fiber(segment.fiber_type).dispersion_ps_nm_km for segment in segments
        )
        spans = sum(span_count(segment.length_km, self.rules.span_km) for segment in segments)
        holds = length <= mode.max_km and abs(dispersion) <= mode.max_dispersion_ps_nm
        holds = holds and (mode.max_pmd_ps == 0 or self._pmd_ps(segments, spans) <= mode.max_pmd_ps)
        return holds and (mode.max_spans == 0 or spans <= mode.max_spans)

    def _pmd_ps(self, segments: Sequence[FiberSegment], spans: int) -> float:
        fiber_ps2 = sum(
            segment.length_km * self._catalog.fiber(segment.fiber_type).pmd_ps_sqrt_km ** 2 for segment in segments
        )
        return pmd_ps(self.line_system, fiber_ps2=fiber_ps2, spans=spans, segments=len(segments))

    def delay_ms(self, segment: FiberSegment) -> float:
        """One-way propagation delay in ms: length x group index / c."""
        index = self._catalog.fiber(segment.fiber_type).group_index
        return segment.length_km * index / (LIGHT_SPEED_M_S / 1e6)
