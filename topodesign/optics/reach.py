"""Which mode carries light over which stretch of fiber, with how much margin.

1/GSNR adds over spans and boosters, so each segment has one noise-to-signal number per mode and a stretch is feasible
when the sum of its segments' numbers, plus the transmitter's, stays below what the mode tolerates (docs/formulation.md
(11)). Where reach was measured, that decides instead (:mod:`topodesign.optics.measured`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from topodesign.domain.equipment import Catalog, LineSystem, TransceiverMode
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import FiberSegment, MeasuredReach, OpticsRules
from topodesign.optics.gaussian_noise import LIGHT_SPEED_M_S, Comb
from topodesign.optics.measured import ROUNDING, MeasuredReaches
from topodesign.optics.span_noise import SpanNoise, span_noise_to_signal

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Figure = TypeVar("Figure", float, Floats)

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


def pmd_ps(system: LineSystem, fiber_ps2: Figure, spans: Figure, segments: Figure) -> Figure:
    """Polarization mode dispersion of stretches in ps: root of the sum of squares.

    ``fiber_ps2`` is the sum of coefficient squared times length over the fibers; a node stands at either end of each
    segment, an in-line amplifier between two spans.
    """
    nodes_ps2 = (segments + 1) * system.terminal_pmd_ps**2
    root: Figure = (fiber_ps2 + nodes_ps2 + (spans - segments) * system.amplifier_pmd_ps**2) ** 0.5
    return root


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


class StretchSums(NamedTuple, Generic[Figure]):
    """What adds up along a transparent stretch, for one mode: numbers of one stretch, or arrays of many stretches.

    Whatever a rule about stretches needs is a field here: one stretch and many are then added up and judged alike.
    ``noise_to_signal`` is of all segments; ``measured_share`` is the share of the mode's measured reach that is spent
    on ``measured_segments``, and all other fields are of the ``modelled_segments``, which have none.
    """

    noise_to_signal: Figure
    measured_share: Figure
    measured_segments: Figure
    modelled_noise: Figure
    modelled_segments: Figure
    length_km: Figure
    dispersion_ps_nm: Figure
    spans: Figure
    fiber_pmd_ps2: Figure


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

    def figures(self, mode: TransceiverMode, segment: FiberSegment) -> StretchSums[float]:
        """What one segment adds to a stretch."""
        fiber = self._catalog.fiber(segment.fiber_type)
        reach_km = self.measured.reach_km(mode, segment.fiber_type)
        noise, is_modelled = self.noise_to_signal(mode, segment), float(reach_km is None)
        return StretchSums(
            noise_to_signal=noise,
            measured_share=0.0 if reach_km is None else segment.length_km / reach_km,
            measured_segments=1.0 - is_modelled,
            modelled_noise=is_modelled * noise,
            modelled_segments=is_modelled,
            length_km=is_modelled * segment.length_km,
            dispersion_ps_nm=is_modelled * segment.length_km * fiber.dispersion_ps_nm_km,
            spans=is_modelled * span_count(segment.length_km, self.rules.span_km),
            fiber_pmd_ps2=is_modelled * segment.length_km * fiber.pmd_ps_sqrt_km**2,
        )

    def noise_at_receiver(self, mode: TransceiverMode, sums: StretchSums[Figure]) -> Figure:
        """Noise-to-signal ratio (linear, 0.1 nm) at the end of a stretch, the transmitter's own included."""
        return 10 ** (-mode.tx_osnr_db / 10) + sums.noise_to_signal

    def holds(self, mode: TransceiverMode, sums: StretchSums[Floats]) -> Flags:
        """Which stretches the mode carries light over: the one place where (11) is decided, for arrays of them."""
        most_noise = 10 ** (-(mode.required_osnr_db + self.rules.margin_db) / 10)
        tolerated = most_noise - 10 ** (-mode.tx_osnr_db / 10)
        hopeless = np.where(sums.modelled_segments > 0, np.inf, 0.0)
        noise_share = sums.modelled_noise / tolerated if tolerated > 0 else hopeless
        holds = np.where(
            sums.measured_segments == 0,
            self.noise_at_receiver(mode, sums) <= most_noise,
            sums.measured_share + noise_share <= 1 + ROUNDING,
        )
        holds &= sums.length_km <= mode.max_km
        holds &= np.abs(sums.dispersion_ps_nm) <= mode.max_dispersion_ps_nm
        if mode.max_pmd_ps:
            holds &= pmd_ps(self.line_system, sums.fiber_pmd_ps2, sums.spans, sums.modelled_segments) <= mode.max_pmd_ps
        if mode.max_spans:
            holds &= sums.spans <= mode.max_spans
        return holds

    def stretch(self, mode: TransceiverMode, segments: Sequence[FiberSegment]) -> Stretch:
        """Quality of one transparent stretch over ``segments``."""
        sums = _sums(self.figures(mode, segment) for segment in segments)
        gsnr = -db(self.noise_at_receiver(mode, sums))
        holds = self.holds(mode, StretchSums(*(np.array([value]) for value in sums)))
        return Stretch(
            gsnr_db=gsnr,
            margin_db=gsnr - mode.required_osnr_db,
            is_feasible=bool(holds[0]),
            is_measured=sums.measured_segments > 0,
        )

    def delay_ms(self, segment: FiberSegment) -> float:
        """One-way propagation delay in ms: length x group index / c."""
        index = self._catalog.fiber(segment.fiber_type).group_index
        return segment.length_km * index / (LIGHT_SPEED_M_S / 1e6)


def _sums(figures: Iterable[StretchSums[float]]) -> StretchSums[float]:
    """Added one after the other, as arrays of stretches are, so that both give the same numbers to the last bit."""
    total = StretchSums(*(0.0 for _ in StretchSums._fields))
    for added in figures:
        total = StretchSums(*(a + b for a, b in zip(total, added, strict=True)))
    return total
